"""When a sink counts as refusing everything, and when it is given up."""

from datetime import datetime, timedelta

from workers.alerts.events import intent_of
from workers.alerts.retry import proves_alive
from workers.errors import Permanent, Reason, Transient
from workers.model.message import EventIntent, Recipient
from workers.model.sink import SinkHealth, SinkOutcome

__all__ = ["disabled", "outcome_of", "refused", "sink_disabled", "sink_refused"]

REFUSED_TIME = timedelta(minutes=10)
GONE_TIME = timedelta(hours=1)
FAILING_TIME = timedelta(days=5)
_ENDPOINT: frozenset[Reason] = frozenset(
    {"authError", "clientError", "connect", "dns", "tls", "blocked"}
)


def outcome_of(failure: Transient | Permanent) -> SinkOutcome:
    """Return what a failed attempt says of the endpoint."""
    if failure.reason == "disabled":
        return "gone"
    if proves_alive(failure.reason):
        return "alive"
    return "refused" if failure.reason in _ENDPOINT else "failing"


def refused(health: SinkHealth, now: datetime) -> bool:
    """Say whether the endpoint has been wrong for so long that somebody must be told."""
    since = health.refused_since
    return since is not None and health.state == "enabled" and now - since >= REFUSED_TIME


def disabled(health: SinkHealth, outcome: SinkOutcome, now: datetime) -> str | None:
    """Return why a sink that was just tried is to be disabled, None if it is not.

    The hour is that of the endpoint, from the first time that it said so, whatever was sent.
    """
    gone, failing = health.gone_since, health.failing_since
    if outcome == "gone" and gone is not None and now - gone > GONE_TIME:
        return f"it has said since {_when(gone)} that it is gone (410)"
    if outcome != "alive" and failing is not None and now - failing >= FAILING_TIME:
        return f"nothing but failures since {_when(failing)}"
    return None


def sink_refused(health: SinkHealth, told: tuple[Recipient, ...]) -> EventIntent:
    """Return the event of a sink whose endpoint is wrong."""
    text = (
        f"It has taken no message since {_when(health.refused_since or health.since)}: "
        f"{health.reason or 'no answer is known'}. Mend the receiver or its settings; messages "
        "wait for five days."
    )
    return intent_of("sink_refused", health.name, text, told, since=health.refused_since)


def sink_disabled(health: SinkHealth, why: str, told: tuple[Recipient, ...]) -> EventIntent:
    """Return the event of a sink that was disabled just now."""
    text = (
        f"It is told nothing more: {why}. What it would be told waits: "
        f"`tocsin sinks enable {health.name}` sends it."
    )
    return intent_of("sink_disabled", health.name, text, told)


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
