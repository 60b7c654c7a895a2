"""What the operator is shown of the database: how much waits, since when, and where."""

from datetime import datetime

from msgspec import field

from workers.model.alert import DeliveryState
from workers.model.base import Record
from workers.model.mute import MuteLine

__all__ = ["Backlog", "Burst", "DeliveryLine", "StoreCounts"]


class Backlog(Record, frozen=True, kw_only=True):
    """What waits in one place."""

    open: int = 0
    """Rows that are not done, whether or not their time has come."""
    held: int = 0
    """Rows that wait for somebody's word."""
    oldest_s: float | None = None
    """For how many seconds the oldest open row has waited; None if there is none."""


class Burst(Record, frozen=True, kw_only=True):
    """What a sink is not sent at once, but in a list."""

    held: int
    """Alerts, counted for each topic and recipient."""
    first_s: float
    """For how many seconds the first of them has waited."""


class StoreCounts(Record, frozen=True, kw_only=True):
    """How much of everything there is."""

    feeds: dict[str, int] = field(default_factory=dict)
    """By state: ``ok``, ``failing``, ``new`` (never polled well), ``parked``."""
    pages: dict[str, Backlog] = field(default_factory=dict)
    """Articles that wait to be read, by stream."""
    behind_s: float = 0.0
    """For how many seconds the page that is due longest has waited for a reader."""
    sinks: dict[str, Backlog] = field(default_factory=dict)
    """Deliveries that were not sent, by sink; a sink without any is missing."""
    bursts: dict[str, Burst] = field(default_factory=dict)
    """What waits for its list, by sink; a sink without any is missing."""
    mutes: tuple[MuteLine, ...] = ()
    """Topics that do not ring for a while, by name."""
    dead: dict[str, int] = field(default_factory=dict)
    """Dead letters by kind: ``entry``, ``page`` or ``delivery``."""
    last_entry: datetime | None = None
    """When an entry was last seen for the first time."""
    last_alert: datetime | None = None


class DeliveryLine(Record, frozen=True, kw_only=True):
    """How one delivery of an alert stands."""

    id: str
    sink: str
    recipient: str
    topics: tuple[str, ...]
    state: DeliveryState
    attempts: int
    last_answer: str | None
    last_at: datetime | None
    held_reason: str | None
    made_at: datetime
