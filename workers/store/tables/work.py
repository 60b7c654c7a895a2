"""What is to be done, and what could not be."""

from sqlalchemy import Column, Double, Integer, PrimaryKeyConstraint, Table, Text

from workers.store.columns import Moment, Words
from workers.store.tables.base import metadata, partial

__all__ = ["dead", "work"]

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
partial(
    "ix_work_due",
    work.c.stream,
    work.c.next_at,
    where=work.c.relayed_at.is_(None) & work.c.next_at.is_not(None),
)
partial(
    "ix_work_marked",
    work.c.relayed_at,
    where=work.c.relayed_at.is_not(None) & work.c.next_at.is_not(None),
)
partial("ix_work_closed", work.c.asked_at, where=work.c.next_at.is_(None))

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
