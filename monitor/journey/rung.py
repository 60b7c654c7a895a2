"""RING in a journey: which alerts there are, and on what they rest."""

from collections.abc import Iterator

from monitor.journey.steps import Step, clock
from workers.model.journey import Journey, RungLine, ToldAlert

__all__ = ["rung", "rung_how"]

_EVIDENCE = {"page": "its page", "feed": "the feed's text"}


def rung(facts: Journey) -> Iterator[Step]:
    """Yield the alerts, those of other articles that stand for it, and what is about to ring."""
    yield from (_alert(facts, one) for one in facts.alerts)
    ids = {one.id for one in facts.alerts}
    yield from (_rung(one) for one in facts.rung if one.alert not in ids)
    for work in facts.queued:
        if work.kind == "ring" and facts.article.settled_at is None:  # else it will do nothing
            yield Step(
                at=facts.now,
                stage="ring",
                decision="rings on the feed's text, unless its page is read before",
                because=f"it matched in its feed; due at {clock(work.at)}",
            )


def _alert(facts: Journey, alert: ToldAlert) -> Step:
    own = alert.event == facts.article.id or alert.event in {one.id for one in facts.merged}
    names = ", ".join(f"{topic.name} ({topic.severity})" for topic in alert.topics)
    doubted = ", ".join(topic.name for topic in alert.topics if topic.doubted)
    parts = [f"revision {alert.revision}", f"on {_EVIDENCE[alert.evidence]}", names]
    if doubted:
        parts.append(f"only in lines that the page's own copy of the text lacks: {doubted}")
    if not own:
        what = "a paragraph of this live page" if alert.event.startswith("par_") else alert.url
        parts.append(f"for {what or alert.event}")
    return Step(at=alert.at, stage="ring", decision=f"alert {alert.id}", because="; ".join(parts))


def _rung(one: RungLine) -> Step:
    """Return that a topic rang, of which the alert is not kept any more."""
    because = f"on {_EVIDENCE[one.evidence]}; the alert {one.alert} is no longer kept"
    return Step(at=one.at, stage="ring", decision=f"rang: {one.topic}", because=because)


def rung_how(facts: Journey, topic: str) -> RungLine | None:
    """Return how a topic rang for the article, None if it did not."""
    return next((one for one in facts.rung if one.topic == topic), None)
