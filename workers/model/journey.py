"""The journey of an article: all that is kept of how it was decided about, in one look."""

from datetime import datetime
from typing import Literal

from workers.model.alert import DeadLine, DeliveryState, Evidence, RungTopic, TraceLine
from workers.model.article import ArticleRow, Edition
from workers.model.base import Record
from workers.model.feed import EntryRow
from workers.model.sink import SinkHealth
from workers.model.topic import Severity

__all__ = [
    "AtSite",
    "HeldAlert",
    "Journey",
    "Known",
    "Merged",
    "MutedHit",
    "Nearby",
    "Queued",
    "RungLine",
    "Sent",
    "ToldAlert",
    "Version",
]


class Queued(Record, frozen=True, kw_only=True):
    """Work that is open: where it stands."""

    kind: Literal["page", "ring", "delivery"]
    id: str
    stream: str
    at: datetime
    """When it is due."""
    attempts: int
    asked_at: datetime
    taken: bool
    """Whether the relay has handed it on: it is worked on, or about to be."""
    ahead: int | None = None
    """Of a page that is due: how many others go before it."""


class Merged(Record, frozen=True, kw_only=True):
    """An article that turned out to be another one."""

    id: str
    url: str | None
    first_seen: datetime


class RungLine(Record, frozen=True, kw_only=True):
    """That a topic has rung for an article, or for another one with the same text."""

    topic: str
    alert: str
    at: datetime
    evidence: Evidence


class ToldAlert(Record, frozen=True, kw_only=True):
    """An alert about the article, or about what is new on its live page."""

    id: str
    event: str
    revision: int
    at: datetime
    severity: Severity
    evidence: Evidence
    topics: tuple[RungTopic, ...]
    """Without their clauses."""
    url: str | None = None
    """Of the article that it tells of."""


class Sent(Record, frozen=True, kw_only=True):
    """How one delivery of an alert stands."""

    id: str
    alert: str
    sink: str
    recipient: str
    topics: tuple[str, ...]
    state: DeliveryState
    attempts: int
    last_answer: str | None
    last_at: datetime | None
    held_reason: str | None
    made_at: datetime
    queued: Queued | None = None
    """None for what is not to be sent."""


class HeldAlert(Record, frozen=True, kw_only=True):
    """An alert that a sink is told of in a list."""

    alert: str
    sink: str
    recipient: str
    topic: str
    at: datetime
    first: datetime
    """Since when the first of what the list will tell waits."""
    message: str | None = None
    """The list; None while it is not made."""
    delivery: str | None = None
    """The list's, to this recipient."""
    state: DeliveryState | None = None
    """How that delivery stands."""
    last_at: datetime | None = None
    last_answer: str | None = None


class MutedHit(Record, frozen=True, kw_only=True):
    """A topic of an alert of which nobody was told, because it was muted."""

    alert: str
    topic: str
    at: datetime
    until: datetime | None = None
    """When the mute ends; None where that is no longer kept."""
    because: str = ""
    """The operator's own words."""
    told_at: datetime | None = None
    """When its end was told, in a list of what it kept back."""


class Version(Record, frozen=True, kw_only=True):
    """Topics that were accepted: their number and when."""

    number: int
    at: datetime


class Journey(Record, frozen=True, kw_only=True):
    """What is kept of an article, from the feed that listed it to who was told."""

    now: datetime
    """The present of the database."""
    article: ArticleRow
    entries: tuple[EntryRow, ...]
    """Oldest first; of very many the newest."""
    entries_count: int
    merged: tuple[Merged, ...] = ()
    trace: tuple[TraceLine, ...] = ()
    """Oldest first; of very many the newest."""
    trace_count: int = 0
    editions: tuple[Edition, ...] = ()
    queued: tuple[Queued, ...] = ()
    """Work on the article itself: its page, its ringing on the feed's text."""
    dead: tuple[DeadLine, ...] = ()
    """Of the article, and of deliveries of its alerts."""
    rung: tuple[RungLine, ...] = ()
    alerts: tuple[ToldAlert, ...] = ()
    """Oldest first; of very many the newest."""
    more_alerts: bool = False
    """Whether there are older ones."""
    deliveries: tuple[Sent, ...] = ()
    held: tuple[HeldAlert, ...] = ()
    muted: tuple[MutedHit, ...] = ()
    sinks: dict[str, SinkHealth] = {}  # noqa: RUF012 - msgspec copies it
    """Those that have failed or were disabled."""
    left: frozenset[tuple[str, str]] = frozenset()
    """Sinks and recipients who unsubscribed."""
    versions: tuple[Version, ...] = ()
    """Of accepted topics, as far as they are kept; oldest first."""


class Known(Record, frozen=True, kw_only=True):
    """An address that is known, with its article."""

    key: str
    article: str


class AtSite(Record, frozen=True, kw_only=True):
    """What a feed has listed of some hosts."""

    feed: str
    """Its id."""
    entries: int
    first: datetime
    """When the first of them was seen,"""
    last: datetime
    """and the last."""


class Nearby(Record, frozen=True, kw_only=True):
    """What is known of the site of an address that nobody listed."""

    known: tuple[Known, ...] = ()
    at_site: tuple[AtSite, ...] = ()
    more: bool = False
    """Whether more addresses of the site are known than were looked at."""
    dead: tuple[DeadLine, ...] = ()
    """Entries with this address that could not be stored."""
