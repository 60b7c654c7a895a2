"""What rings, and who is told: the alert of a `RingUnit`, and the recipients of a topic."""

from collections.abc import Collection, Iterable, Sequence

from workers.alerts.severity import highest, reaches
from workers.model.alert import Alert, Delivery, Made, Recipient, RingUnit, RungTopic
from workers.model.base import Record
from workers.model.ids import alert_id, delivery_id
from workers.model.topic import Severity, TopicSpec

__all__ = ["SinkRoute", "compose", "declined", "routes"]


class SinkRoute(Record, frozen=True, kw_only=True):
    """What routing must know of a sink."""

    name: str
    enabled: bool = True
    """False: what goes there is held until it is enabled."""
    default: bool = True
    """False: only topics that name the sink go there."""
    min_severity: Severity = "low"
    """Topics below it do not go there."""
    recipients: tuple[str, ...] = ("",)
    """One mailbox each for mail; otherwise a single ""."""
    events: bool | None = None
    """What it is told of Tocsin itself: all, nothing, or (None) what is critical."""


def compose(unit: RingUnit, rung: Collection[str], revision: int) -> Made | None:
    """Return the alert of what is new in ``unit``, with one delivery for each recipient.

    A topic in ``rung`` has rung for this event already and is left out. An alert that no recipient
    wants is made all the same, so that it can be found, with no deliveries.

    Returns:
        The alert and its deliveries, or None if every topic has rung before.
    """
    fresh = _fresh(unit.topics, rung)
    if not fresh:
        return None
    alert = Alert(
        id=alert_id(unit.event, revision),
        event=unit.event,
        revision=revision,
        at=unit.at,
        severity=highest(topic.severity for topic in fresh),
        evidence=unit.evidence,
        topics=fresh,
        article=unit.article,
        entries=unit.entries,
    )
    return Made(alert=alert, deliveries=_deliveries(alert, unit))


def _fresh(topics: Iterable[RungTopic], rung: Collection[str]) -> tuple[RungTopic, ...]:
    """Return the topics that have not rung, each name once."""
    found: dict[str, RungTopic] = {}
    for topic in topics:
        if topic.name not in rung:
            found.setdefault(topic.name, topic)
    return tuple(found.values())


def _deliveries(alert: Alert, unit: RingUnit) -> tuple[Delivery, ...]:
    topics: dict[Recipient, dict[str, None]] = {}
    for topic in alert.topics:
        for recipient in unit.routes.get(topic.name, ()):
            topics.setdefault(recipient, {})[topic.name] = None
    return tuple(
        Delivery(
            id=delivery_id(alert.id, to.sink, to.recipient),
            alert=alert.id,
            sink=to.sink,
            recipient=to.recipient,
            topics=tuple(names),
            held=to.held,
            traceparent=unit.traceparent,
        )
        for to, names in topics.items()
    )


def routes(
    topics: Sequence[TopicSpec], sinks: Sequence[SinkRoute]
) -> dict[str, tuple[Recipient, ...]]:
    """Return who is told of each topic, by the topic's name, in the order of ``sinks``.

    A topic that names no sinks goes to every sink that has not ``default = false``. A sink that is
    disabled is told later, once it is enabled. Names that no sink has are ignored: it is the
    settings that report them.
    """
    return {topic.name: _recipients(topic, sinks) for topic in topics}


def _recipients(topic: TopicSpec, sinks: Sequence[SinkRoute]) -> tuple[Recipient, ...]:
    found = [
        Recipient(sink=sink.name, recipient=recipient, held=not sink.enabled)
        for sink in sinks
        if _wants(sink, topic)
        for recipient in sink.recipients
    ]
    return tuple(dict.fromkeys(found))


def _wants(sink: SinkRoute, topic: TopicSpec) -> bool:
    return declined(sink, topic) is None


def declined(sink: SinkRoute, topic: TopicSpec) -> str | None:
    """Return by which rule a sink is not told of a topic, None if it is told."""
    if not reaches(topic.severity, sink.min_severity):
        return f"it has min_severity = {sink.min_severity}, and the topic is {topic.severity}"
    if topic.sinks is None:
        return None if sink.default else "it has default = false, and the topic names no sinks"
    if sink.name in topic.sinks:
        return None
    return f"the topic names its sinks, and this is none of them: {', '.join(topic.sinks)}"
