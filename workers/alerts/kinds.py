"""The table of events: what each kind is called, how severe it is, and whether it lasts."""

from workers.model.base import Record
from workers.model.message import EventKind
from workers.model.topic import Severity

__all__ = ["EVENTS", "EventRule"]


class EventRule(Record, frozen=True, kw_only=True):
    """What one kind of event is."""

    title: str
    """In a few words, before the subject's name."""
    severity: Severity
    heavy: Severity | None = None
    """Severity for a feed of weight 3 or more, where that is another."""
    lasting: bool = True
    """Whether it is a condition that ends; False for what just happened."""


EVENTS: dict[EventKind, EventRule] = {
    "sink_refused": EventRule(title="Sink refuses all messages", severity="critical"),
    "sink_disabled": EventRule(title="Sink was disabled", severity="critical"),
    "disk_low": EventRule(title="Disk space runs out", severity="critical"),
    "network_down": EventRule(title="Our own network is down", severity="critical"),
    "topic_refused": EventRule(title="Topic cannot be used as written", severity="critical"),
    "dead_growing": EventRule(title="Dead letters grow", severity="critical"),
    "feed_quiet": EventRule(
        title="Feed is quieter than it ever was", severity="high", heavy="critical"
    ),
    "feed_failing": EventRule(title="Feed cannot be read", severity="high", heavy="critical"),
    "feed_blind": EventRule(title="Feed shows less than it posts", severity="high"),
    "feed_back": EventRule(title="Feed is back", severity="normal", lasting=False),
    "feed_moved": EventRule(title="Feed moved", severity="normal", lasting=False),
    "feed_gone": EventRule(title="Feed is gone for good", severity="high"),
    "feed_rebaselined": EventRule(title="Feed was made anew", severity="normal", lasting=False),
    "budget_exhausted": EventRule(title="Polls do not suffice", severity="normal"),
    "pages_blocked": EventRule(title="Pages cannot be read", severity="high"),
    "recipient_left": EventRule(title="Recipient left", severity="high", lasting=False),
}
"""Every kind there is. Critical ones go to every sink that does not refuse them."""
