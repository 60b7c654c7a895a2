"""Events: what Tocsin tells of itself, and who is told."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from workers.alerts.compose import SinkRoute
from workers.alerts.kinds import EVENTS
from workers.alerts.words import shorten
from workers.model.message import EventIntent, EventKind, Recipient
from workers.model.topic import Severity

__all__ = ["event", "intent_of", "severity_of_event", "told_of_events"]

HEAVY = 3.0
"""A feed of this weight or more is missed at once."""
MOST_SUBJECT = 300
MOST_TEXT = 2000
MOST_TOPICS = 100
_OWN: frozenset[EventKind] = frozenset({"sink_refused", "sink_disabled"})
"""Events about a sink, which cannot carry them itself."""


def event(  # noqa: PLR0913 - what happened, in its own words
    kind: EventKind,
    subject: str,
    text: str,
    sinks: Iterable[SinkRoute],
    *,
    weight: float = 1.0,
    topics: Sequence[str] = (),
    since: datetime | None = None,
) -> EventIntent:
    """Return the event to raise, with everybody who is told of it.

    Args:
        kind: What happened.
        subject: The feed, sink, topic or host that it is about.
        text: What happened, and what to do, in a sentence or two; without secrets.
        sinks: Every sink that is configured.
        weight: Of the feed that it is about: from 3 on some events are critical.
        topics: Names of the topics that it may keep from ringing.
        since: When the condition began, if that is known better than "now".
    """
    severity = severity_of_event(kind, weight)
    told = told_of_events(kind, subject, severity, sinks)
    return intent_of(kind, subject, text, told, weight=weight, topics=topics, since=since)


def severity_of_event(kind: EventKind, weight: float = 1.0) -> Severity:
    """Return how much an event matters; ``weight`` is that of the feed that it is about."""
    rule = EVENTS[kind]
    return rule.heavy if rule.heavy is not None and weight >= HEAVY else rule.severity


def intent_of(  # noqa: PLR0913 - as `event`
    kind: EventKind,
    subject: str,
    text: str,
    told: tuple[Recipient, ...],
    *,
    weight: float = 1.0,
    topics: Sequence[str] = (),
    since: datetime | None = None,
) -> EventIntent:
    """Return the event to raise, told to just these."""
    return EventIntent(
        kind=kind,
        subject=shorten(subject, MOST_SUBJECT),
        text=shorten(text, MOST_TEXT),
        severity=severity_of_event(kind, weight),
        lasting=EVENTS[kind].lasting,
        since=since,
        topics=tuple(topics[:MOST_TOPICS]),
        to=told,
    )


def told_of_events(
    kind: EventKind, subject: str, severity: Severity, sinks: Iterable[SinkRoute]
) -> tuple[Recipient, ...]:
    """Return who is told: who takes all events, and of critical ones all who do not refuse them.

    A sink that the event is about is not told by itself.
    """
    found = [
        Recipient(sink=sink.name, recipient=recipient, held=not sink.enabled)
        for sink in sinks
        if not (kind in _OWN and sink.name == subject)
        if (severity == "critical" if sink.events is None else sink.events)
        for recipient in sink.recipients
    ]
    return tuple(dict.fromkeys(found))
