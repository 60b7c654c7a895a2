"""What was found: articles, the entries that led to them, and how each was decided."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    func,
    literal_column,
)

from workers.model.article import ZoneLine
from workers.store.columns import Moment, Packed, Words
from workers.store.tables.base import Strings, metadata, partial

__all__ = ["TITLE_HEAD", "articles", "entries", "keys", "title_head", "trace"]

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
