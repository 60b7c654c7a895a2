"""Whom it is told: deliveries, what waits for a list, and the state of sinks and receivers."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    literal_column,
)

from workers.store.columns import Moment, Words
from workers.store.tables.base import Strings, metadata, partial

__all__ = ["deliveries", "held", "left", "sinks", "undone"]

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
partial(
    "ix_deliveries_undone",
    deliveries.c.sink,
    deliveries.c.state,
    deliveries.c.made_at,
    where=undone,
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
partial(
    "ix_held_waiting",
    held.c.sink,
    held.c.recipient,
    held.c.topic,
    held.c.at,
    where=held.c.message_id.is_(None),
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

left = Table(
    "left_recipients",
    metadata,
    Column("sink", Words, nullable=False),
    Column("recipient", Words, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("sink", "recipient"),
)
