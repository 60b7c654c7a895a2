"""What is told: alerts and what rang for them, messages, events, how much each sink was told."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from workers.model.alert import Alert
from workers.model.message import OperatorEvent, SummaryFacts
from workers.store.columns import Moment, Packed, Words
from workers.store.tables.base import Clauses, Strings, metadata, partial

__all__ = ["alerts", "bursts", "events", "messages", "rung", "told"]

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
partial("ix_rung_receipts", rung.c.at, where=rung.c.receipt.is_not(None))

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
