"""The tables. ``migrations/`` makes them; a test proves that both say the same."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
    func,
    literal_column,
    text,
)

from workers.model.alert import Alert
from workers.model.article import ZoneLine
from workers.model.feed import Activity, FeedHints, StandIn, Validators
from workers.model.message import OperatorEvent, SummaryFacts
from workers.model.topic import Clause
from workers.store.columns import Moment, Packed, Words

__all__ = [
    "TITLE_HEAD",
    "accepted",
    "addresses",
    "alerts",
    "articles",
    "bursts",
    "dead",
    "deliveries",
    "entries",
    "events",
    "feeds",
    "held",
    "keys",
    "left",
    "messages",
    "meta",
    "metadata",
    "rung",
    "sinks",
    "subscriptions",
    "title_head",
    "told",
    "trace",
    "undone",
    "work",
]

Strings = Packed(tuple[str, ...])
Clauses = Packed(tuple[Clause, ...])

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _partial(name: str, *columns: Column[Any], where: ColumnElement[bool]) -> None:
    """Add an index over the rows that ``where`` says, in every dialect."""
    Index(name, *columns, sqlite_where=where, postgresql_where=where)


feeds = Table(
    "feeds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Words, nullable=False),
    Column("configured", Words, nullable=False),  # the address that the operator wrote last
    Column("name", Words, nullable=False),
    Column("tags", Strings, nullable=False),
    Column("weight", Double, nullable=False),
    Column("interval_fixed_s", Double),
    Column("parked", Boolean, nullable=False, server_default=false()),
    Column("title", Words, nullable=False),
    Column("kind", Text),
    Column("validators", Packed(Validators), nullable=False),
    Column("marks", LargeBinary),  # of the entries that the last document listed, packed
    Column("hints", Packed(FeedHints), nullable=False),
    Column("activity", Packed(Activity), nullable=False),
    Column("baselined_at", Moment),
    Column("next_poll_at", Moment),
    Column("last_poll_at", Moment),
    Column("last_good_at", Moment),
    Column("last_new_at", Moment),
    Column("interval_s", Double),
    Column("why", Strings, nullable=False),
    Column("score", Double, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("last_error", Words),
    Column("failing_since", Moment),
    Column("moved_to", Words),
    Column("moved_count", Integer, nullable=False),
    Column("moved_since", Moment),
    Column("gone_count", Integer, nullable=False),
    Column("gone_since", Moment),
    Column("pages_got", Integer, nullable=False, server_default=text("0")),
    Column("pages_tried", Integer, nullable=False, server_default=text("0")),
    Column("quiet", Words),  # in what it is quieter than ever
    Column("gone_at", Moment),  # when it was given up for its 410s
    Column("excused_at", Moment),  # when a poll failed last for our own network
    Column("disabled_at", Moment),  # by `tocsin feeds disable`
    Column("stand_in", Packed(StandIn)),  # what is read in the place of the page at url
)

addresses = Table(
    "feed_addresses",
    metadata,
    Column("key", Words, primary_key=True),  # the address without its scheme
    Column("feed_id", Text, ForeignKey("feeds.id"), nullable=False, index=True),
    Column("url", Words, nullable=False),
    Column("how", Text, nullable=False),  # configured, former, moved
)

articles = Table(
    "articles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Words),
    Column("title", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("zones", Packed(tuple[ZoneLine, ...]), nullable=False),
    Column("published", Moment),
    Column("published_from", Text),
    Column("author", Words),
    Column("language", Words),
    Column("canonical", Words),
    Column("verdict", Text),
    Column("reasons", Strings, nullable=False),
    Column("text_from", Text, nullable=False),
    Column("first_seen", Moment, nullable=False, index=True),
    Column("fetched_at", Moment),
    Column("settled_at", Moment),
    Column("settled_entries", Integer, nullable=False),
    Column("merged_into", Text, ForeignKey("articles.id", ondelete="SET NULL"), index=True),
    Column("topics_version", Integer),  # the accepted topics that it was matched with last
)

keys = Table(
    "article_keys",
    metadata,
    Column("key", Words, primary_key=True),
    Column(
        "article_id",
        Text,
        ForeignKey("articles.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
)

entries = Table(
    "entries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("feed_id", Text, ForeignKey("feeds.id"), nullable=False),
    Column("identity", Words, nullable=False),
    Column("article_id", Text, ForeignKey("articles.id"), nullable=False, index=True),
    Column("url", Words),
    Column("title", Words, nullable=False),
    Column("summary", Words, nullable=False),
    Column("content", Words, nullable=False),
    Column("published", Moment),
    Column("updated", Moment),
    Column("seen", Moment, nullable=False, index=True),
    Column("listed", Boolean, nullable=False),  # whether the feed's latest document has it
    Column("last_listed", Moment, nullable=False),
    Column("authors", Strings, nullable=False),
    Column("tags", Strings, nullable=False),
    Column("language", Words),
    Column("digest", Words, nullable=False),
    Column("twin", Words, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("baseline", Boolean, nullable=False),
    Column("rings", Boolean, nullable=False),
    # The id is a hash of both, and lookups go by it: PostgreSQL could not hold every identity.
    UniqueConstraint("feed_id", "identity").ddl_if(dialect="sqlite"),
    Index(None, "feed_id", "twin"),
    Index(None, "feed_id", "title").ddl_if(dialect="sqlite"),
)
TITLE_HEAD = 200
"""Characters of a title that PostgreSQL indexes: a row of an index has 2,700 bytes at most."""
title_head = func.substr(
    entries.c.title, literal_column("1"), literal_column(str(TITLE_HEAD)), type_=Words
)
Index("ix_entries_feed_id_title_head", entries.c.feed_id, title_head).ddl_if(dialect="postgresql")
_partial("ix_entries_listed", entries.c.feed_id, where=entries.c.listed.is_(True))
_partial("ix_entries_unlisted", entries.c.last_listed, where=entries.c.listed.is_(False))

work = Table(
    "work",
    metadata,
    Column("kind", Text, nullable=False),  # page, ring, delivery
    Column("id", Text, nullable=False),
    Column("stream", Words, nullable=False),
    Column("next_at", Double),  # None is closed
    Column("relayed_at", Double),
    Column("turn", Integer, nullable=False),  # only ever grows
    Column("attempts", Integer, nullable=False),
    Column("deaths", Integer, nullable=False),
    Column("first_at", Moment),
    Column("asked_at", Double, nullable=False),  # since when it is open
    Column("traceparent", Text),  # W3C trace context of whoever asked first
    PrimaryKeyConstraint("kind", "id"),
    Column("host", Words),  # of a page: whom it is asked for
)
_partial(
    "ix_work_due",
    work.c.stream,
    work.c.next_at,
    where=work.c.relayed_at.is_(None) & work.c.next_at.is_not(None),
)
_partial(
    "ix_work_marked",
    work.c.relayed_at,
    where=work.c.relayed_at.is_not(None) & work.c.next_at.is_not(None),
)

_partial("ix_work_closed", work.c.asked_at, where=work.c.next_at.is_(None))

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("event", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("severity", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("title", Words, nullable=False),
    Column("url", Words),
    Column("topics", Strings, nullable=False),
    Column("body", Packed(Alert), nullable=False),  # its clauses lie in rung
    UniqueConstraint("event", "revision"),
)

rung = Table(
    "rung",
    metadata,
    Column("event", Text, nullable=False),
    Column("topic", Words, nullable=False),
    Column("alert_id", Text, nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("receipt", Clauses),
    Column("page_receipt", Clauses),
    PrimaryKeyConstraint("event", "topic"),
    Index(None, "topic", "at"),
)
_partial("ix_rung_receipts", rung.c.at, where=rung.c.receipt.is_not(None))

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # event.raised, summary.created
    Column("at", Moment, nullable=False, index=True),
    Column("severity", Text, nullable=False),
    Column("title", Words, nullable=False),
    Column("body", Packed(OperatorEvent | SummaryFacts), nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("alert_id", Text, ForeignKey("alerts.id"), index=True),  # this, or a message
    Column("sink", Words, nullable=False),
    Column("recipient", Words, nullable=False),
    Column("topics", Strings, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_answer", Words),
    Column("last_at", Moment),
    Column("held_reason", Text),
    Column("made_at", Moment, nullable=False),
    Column("message_id", Text, ForeignKey("messages.id"), index=True),
)
undone = deliveries.c.state.in_(
    [literal_column("'open'"), literal_column("'retry'"), literal_column("'held'")]
)
"""Deliveries that are still to be sent: written out, so that it is seen to be the index's own."""
_partial(
    "ix_deliveries_undone",
    deliveries.c.sink,
    deliveries.c.state,
    deliveries.c.made_at,
    where=undone,
)

events = Table(
    "events",
    metadata,
    Column("kind", Text, nullable=False),
    Column("subject", Words, nullable=False),
    Column("id", Text, nullable=False),  # of the latest time that it began
    Column("severity", Text, nullable=False),
    Column("text", Words, nullable=False),
    Column("since", Moment, nullable=False),
    Column("raised_at", Moment, nullable=False),
    Column("ended_at", Moment),  # None is open
    PrimaryKeyConstraint("kind", "subject"),
)

bursts = Table(
    "bursts",
    metadata,
    Column("sink", Words, nullable=False),
    Column("topic", Words, nullable=False),
    Column("number", Integer, nullable=False),  # of alerts decided; its row is the lock
    PrimaryKeyConstraint("sink", "topic"),
)

told = Table(
    "told",
    metadata,
    Column("sink", Words, nullable=False),
    Column("topic", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("alert_id", Text, nullable=False),
    PrimaryKeyConstraint("sink", "topic", "at", "alert_id"),
)

held = Table(
    "held",
    metadata,
    Column("alert_id", Text, ForeignKey("alerts.id"), nullable=False),
    Column("sink", Words, nullable=False),
    Column("recipient", Words, nullable=False),
    Column("topic", Words, nullable=False),
    Column("severity", Text, nullable=False),
    Column("source", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("message_id", Text, ForeignKey("messages.id"), index=True),  # None: waits for its list
    PrimaryKeyConstraint("alert_id", "sink", "recipient", "topic"),
)
_partial(
    "ix_held_waiting",
    held.c.sink,
    held.c.recipient,
    held.c.topic,
    held.c.at,
    where=held.c.message_id.is_(None),
)

left = Table(
    "left_recipients",
    metadata,
    Column("sink", Words, nullable=False),
    Column("recipient", Words, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("sink", "recipient"),
)

sinks = Table(
    "sinks",
    metadata,
    Column("name", Words, primary_key=True),
    Column("state", Text, nullable=False),  # enabled, disabled
    Column("since", Moment, nullable=False),
    Column("reason", Words),
    Column("failing_since", Moment),  # nothing but failures since then
    Column("refused_since", Moment),  # the first of them that is the endpoint's fault
    Column("gone_since", Moment),  # the first of them that said so (410)
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("feed_id", Text, ForeignKey("feeds.id"), nullable=False, index=True),
    Column("hub", Words, nullable=False),
    Column("topic", Words, nullable=False),
    Column("callback", Words, nullable=False),  # our address that the hub was given
    Column("secret", Text),  # what its pushes are signed with
    Column("state", Text, nullable=False),  # wanted, asked, live, refused, leaving
    Column("tries", Integer, nullable=False),
    Column("next_at", Moment, nullable=False, index=True),  # when its hub is to be asked again
    Column("asked_at", Moment),
    Column("verified_at", Moment),
    Column("expires_at", Moment),
    Column("pushed_at", Moment),
    Column("missed_at", Moment),  # when a poll found what was not pushed
    Column("said", Words),
)
Index(
    "uq_subscriptions_of_feed",
    subscriptions.c.feed_id,
    unique=True,
    sqlite_where=subscriptions.c.state != "leaving",
    postgresql_where=subscriptions.c.state != "leaving",
)

dead = Table(
    "dead",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("sink", Words),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("title", Words, nullable=False),
    Column("last_answer", Words),
    Column("content", Words),  # of an entry that could not be stored: all that a replay needs
    PrimaryKeyConstraint("kind", "id"),
)

trace = Table(
    "trace",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("stage", Text, nullable=False),
    Column("decision", Words, nullable=False),
    Column("because", Words, nullable=False),
    Column("article", Text),
    Column("entry", Text),
    Column("topic", Words),
    Column("at", Moment, nullable=False, index=True),
)
_partial("ix_trace_article", trace.c.article, where=trace.c.article.is_not(None))
_partial("ix_trace_entry", trace.c.entry, where=trace.c.entry.is_not(None))

accepted = Table(
    "accepted",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("content", Words, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Words, nullable=False),
)
