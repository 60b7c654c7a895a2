"""Topics that do not ring for a while: how a mute stands, and what ends it."""

from datetime import datetime

from workers.model.base import Record
from workers.model.message import Recipient
from workers.model.topic import Severity

__all__ = ["MuteEnd", "MuteLine"]


class MuteLine(Record, frozen=True, kw_only=True):
    """A mute of which nobody was told yet that it is over."""

    id: str
    topic: str
    since: datetime
    until: datetime
    because: str
    """The operator's own words, "" if there were none."""
    hits: int
    """What would have rung so far, each event once."""
    ended: bool
    """Whether it is over, and its end is to be told."""


class MuteEnd(Record, frozen=True, kw_only=True):
    """What a process that ends a mute knows of its topic."""

    version: int
    """The accepted topics that it goes by."""
    known: bool
    """Whether the topic is one of them. One that is not is muted no longer."""
    severity: Severity = "normal"
    to: tuple[Recipient, ...] = ()
    """Who is told of the topic."""
    off: frozenset[str] = frozenset()
    """Names of sinks that are disabled: what goes there waits."""
