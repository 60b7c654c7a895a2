"""Topics that do not ring for a while, and the hits that were kept back for it."""

from sqlalchemy import Column, ForeignKey, Index, PrimaryKeyConstraint, Table, Text

from workers.model.message import Recipient
from workers.store.columns import Moment, Packed, Words
from workers.store.tables.base import metadata

__all__ = ["muted", "mutes"]

mutes = Table(
    "mutes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("topic", Words, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("because", Words, nullable=False),
    # Who would have been told: for a topic that is gone by the time its mute ends.
    Column("recipients", Packed(tuple[Recipient, ...]), nullable=False),
    Column("told_at", Moment),  # None: it lasts, or nobody was told of its end yet
)
_untold = mutes.c.told_at.is_(None)
Index(
    "ix_mutes_untold",
    mutes.c.topic,
    unique=True,
    sqlite_where=_untold,
    postgresql_where=_untold,
)

muted = Table(
    "muted",
    metadata,
    # A version that knows no mutes removes alerts too.
    Column("alert_id", Text, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    Column("topic", Words, nullable=False),
    Column("mute", Text, nullable=False),  # stays when its mute is forgotten
    Column("severity", Text, nullable=False),
    Column("source", Words, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("alert_id", "topic"),
    Index(None, "mute", "at"),
)
