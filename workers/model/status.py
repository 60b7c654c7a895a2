"""What the database counts for health reports."""

from datetime import datetime

from workers.model.base import Record

__all__ = ["Counts", "QueueCount"]


class QueueCount(Record, frozen=True, kw_only=True):
    """Open work of one stream."""

    open: int = 0
    """Rows that want work, now or later."""
    held: int = 0
    """Deliveries that wait for an operator."""
    oldest_s: float | None = None
    """Seconds since the oldest of them was made, None if there is none."""


class Counts(Record, frozen=True, kw_only=True):
    """The state of an installation, as SQL tells it."""

    feeds: dict[str, int]
    """By state: ok, failing, quiet, parked, new."""
    pages: dict[str, QueueCount]
    """By stream."""
    sinks: dict[str, QueueCount]
    """By sink; only those that have open or held deliveries."""
    dead: dict[str, int]
    """By kind: page, delivery."""
    last_entry: datetime | None = None
    last_alert: datetime | None = None
