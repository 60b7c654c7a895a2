"""What is sent besides alerts: events about Tocsin itself, and lists of alerts that were held."""

from datetime import datetime
from typing import Literal

from workers.model.base import Record
from workers.model.topic import Severity

__all__ = [
    "EventChanges",
    "EventEnd",
    "EventIntent",
    "EventKind",
    "EventLine",
    "Muted",
    "OperatorEvent",
    "Raised",
    "Recipient",
    "SummaryFacts",
]

EventKind = Literal[
    "sink_refused",
    "sink_disabled",
    "disk_low",
    "network_down",
    "topic_refused",
    "dead_growing",
    "feed_quiet",
    "feed_failing",
    "feed_blind",
    "feed_back",
    "feed_moved",
    "feed_gone",
    "feed_rebaselined",
    "budget_exhausted",
    "pages_blocked",
    "recipient_left",
]
"""What can be told of Tocsin itself. Bounded, because it is a metric label too."""


class Recipient(Record, frozen=True, kw_only=True):
    """Where a message goes: a sink, and for mail one mailbox (else "")."""

    sink: str
    recipient: str = ""
    held: bool = False
    """Whether the sink is disabled: what goes there waits until it is enabled."""


class OperatorEvent(Record, frozen=True, kw_only=True, tag="event.raised"):
    """A condition that began: what it is and whom it concerns."""

    id: str
    kind: EventKind
    severity: Severity
    subject: str
    """The feed, sink, topic or host that it is about."""
    text: str
    """What happened, and what to do, in a sentence or two."""
    since: datetime
    at: datetime
    """When it was raised."""
    topics: tuple[str, ...] = ()
    """Names of the topics that it may keep from ringing."""


class Muted(Record, frozen=True, kw_only=True):
    """The while in which a topic did not ring."""

    id: str
    since: datetime
    until: datetime
    because: str = ""
    """The operator's own words, "" if there were none."""


class SummaryFacts(Record, frozen=True, kw_only=True, tag="summary.created"):
    """What a list of alerts that were not sent one by one says of them all."""

    id: str
    topic: str
    severity: Severity
    """The highest of its alerts."""
    count: int
    sources: tuple[str, ...]
    """Names of the feeds that brought them, the busiest first."""
    first: datetime
    """When the first of them was held."""
    last: datetime
    at: datetime
    """When the list was made."""
    muted: Muted | None = None
    """None is a burst that held them; then there is at least one."""


class EventIntent(Record, frozen=True, kw_only=True):
    """An event to raise; the transaction that stores it decides whether it is new."""

    kind: EventKind
    subject: str
    text: str
    severity: Severity
    lasting: bool
    """Whether it stays open until it is ended; False for what just happened."""
    since: datetime | None = None
    """When the condition began; None is the present of the database."""
    topics: tuple[str, ...] = ()
    to: tuple[Recipient, ...] = ()


class EventEnd(Record, frozen=True, kw_only=True):
    """A condition that is over, if it ever began."""

    kind: EventKind
    subject: str
    then: EventIntent | None = None
    """What is raised if it was open."""


class EventChanges(Record, frozen=True, kw_only=True):
    """What a step has noticed, to be stored in the transaction of what it noticed."""

    raised: tuple[EventIntent, ...] = ()
    ended: tuple[EventEnd, ...] = ()


class Raised(Record, frozen=True, kw_only=True):
    """An event that a transaction has raised: to be logged and counted."""

    kind: EventKind
    severity: Severity
    subject: str
    text: str


class EventLine(Record, frozen=True, kw_only=True):
    """A condition that holds now."""

    id: str
    kind: EventKind
    subject: str
    severity: Severity
    text: str
    since: datetime
