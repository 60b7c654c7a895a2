"""The journey of an article: what is kept of it, made into steps that say what and why.

Rules alone: facts of the database and the settings in, steps out. Nothing is guessed: what the
database does not keep any more is said to be so.
"""

from monitor.journey.listed import listed
from monitor.journey.read import read
from monitor.journey.rung import rung
from monitor.journey.sent import declining, sent, unsaid
from monitor.journey.steps import By, Step, clock, counted, in_order
from workers.model.alert import TraceStage
from workers.model.journey import Journey

__all__ = [
    "By",
    "Step",
    "clock",
    "counted",
    "declining",
    "in_order",
    "left_out",
    "steps_of",
    "waits_for",
]


def steps_of(facts: Journey, by: By, topic: str | None = None) -> list[Step]:
    """Return the steps of a journey, in the order of time.

    Args:
        facts: what is kept of the article.
        by: what the settings say.
        topic: the one topic of which sinks are told that they were not chosen; None is all that
            have rung.
    """
    names = [one.topic for one in facts.rung]
    if topic is not None:
        names = [name for name in names if name == topic]
    lines = (
        Step(at=line.at, stage=line.stage, decision=line.decision, because=line.because)
        for line in unsaid(facts)
    )
    return in_order(
        [
            *lines,
            *listed(facts, by),
            *read(facts),
            *rung(facts),
            *sent(facts, by),
            *declining(facts, by, names),
        ]
    )


def left_out(facts: Journey) -> int:
    """Return how many older lines of trace and entries there are besides."""
    return facts.trace_count - len(facts.trace)


def waits_for(facts: Journey) -> TraceStage | None:
    """Return the stage that something of the journey waits for and is due; None if nothing is."""
    for work in facts.queued:
        if work.at <= facts.now:
            return "read" if work.kind == "page" else "ring"
    sending = (one.queued for one in facts.deliveries if one.queued is not None)
    if any(work.at <= facts.now for work in sending):
        return "deliver"
    return None
