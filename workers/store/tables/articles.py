"""What was found: articles, the entries that led to them, and how each was decided."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
    literal_column,
    text,
)

from workers.model.article import Live, ZoneLine
from workers.model.feed import Validators
from workers.store.columns import Moment, Packed, Words
from workers.store.tables.base import Strings, metadata, partial

__all__ = [
    "TITLE_HEAD",
    "articles",
    "editions",
    "entries",
    "keys",
    "paragraphs",
    "title_head",
    "trace",
]

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
    Column("validators", Packed(Validators)),  # of the page whose text is stored
    Column("live", Packed(Live)),  # while it is read again every few minutes
    Column("reread_at", Moment),
    Column("changed_at", Moment),
    Column("doubted", Strings, nullable=False, server_default=text("'[]'")),
    Column("hint", Words),  # the key of what its page calls its own address, or its twin's
)
partial("ix_articles_hint", articles.c.hint, where=articles.c.hint.is_not(None))

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

editions = Table(
    "editions",
    metadata,
    Column("article_id", Text, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False),
    Column("since", Moment, nullable=False),  # when the former text had been read
    Column("at", Moment, nullable=False, index=True),
    Column("because", Text, nullable=False),
    Column("title", Words, nullable=False),  # the former one
    Column("added", Strings, nullable=False),
    Column("removed", Strings, nullable=False),
    Column("left_out", Integer, nullable=False),
    PrimaryKeyConstraint("article_id", "since"),
)

paragraphs = Table(
    "paragraphs",
    metadata,
    Column("article_id", Text, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),  # a hash of what a live page has got
    Column("at", Moment, nullable=False, index=True),
    Column("rang", Boolean, nullable=False),  # by itself; else it was held for a list
    PrimaryKeyConstraint("article_id", "key"),
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
partial("ix_entries_listed", entries.c.feed_id, where=entries.c.listed.is_(True))
partial("ix_entries_unlisted", entries.c.last_listed, where=entries.c.listed.is_(False))

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
partial("ix_trace_article", trace.c.article, where=trace.c.article.is_not(None))
partial("ix_trace_entry", trace.c.entry, where=trace.c.entry.is_not(None))
