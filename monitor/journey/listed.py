"""POLL in a journey: which feeds listed the article, and whether that let it be news."""

from collections.abc import Iterator

from monitor.journey.steps import By, Step, clock
from workers.feeds.interval import span
from workers.model.feed import EntryRow
from workers.model.journey import Journey

__all__ = ["listed"]

MOST = 20
"""Entries that may not ring, and are told one by one."""


def listed(facts: Journey, by: By) -> Iterator[Step]:
    """Yield how it was listed, where no line of trace says so; and why it is no news, if so."""
    told = {line.entry for line in facts.trace if line.stage == "poll"}
    for entry in facts.entries[-MOST:]:
        if entry.id not in told:
            yield _listed(entry, by)
    if facts.entries and not any(entry.rings for entry in facts.entries):
        first = facts.entries[0]
        yield Step(
            at=first.seen,
            stage="ring",
            decision="may not ring",
            because="; ".join(_silent(entry, by) for entry in facts.entries[:MOST]),
        )
        if facts.article.settled_at is None and not facts.queued:
            yield Step(
                at=first.seen,
                stage="read",
                decision="not read",
                because="what may not ring is stored as its feed gives it; its page is not asked",
            )


def _listed(entry: EntryRow, by: By) -> Step:
    if entry.rings:
        return Step(
            at=entry.seen, stage="poll", decision="read next", because=f"{entry.feed}: new"
        )
    because = _silent(entry, by)
    return Step(at=entry.seen, stage="poll", decision="stored only", because=because)


def _silent(entry: EntryRow, by: By) -> str:
    """Return why an entry is no news."""
    if entry.baseline:
        return f"{entry.feed}: baseline: listed already when the feed was read at {_when(entry)}"
    dated = entry.published or entry.updated
    told = f"published {clock(dated)}" if dated is not None else "of before"
    limit = span(round(by.max_age_s))
    return (
        f"{entry.feed}: too old: {told}, and first listed at {_when(entry)}; "
        f"[alerts] max_age is {limit}"
    )


def _when(entry: EntryRow) -> str:
    return clock(entry.seen)
