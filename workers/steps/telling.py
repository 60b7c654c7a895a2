"""What is told of a reading: its lines of trace, and the dead letter of one that found nothing."""

from collections.abc import Sequence
from datetime import datetime

from workers.model.alert import LED_TO, DeadLine, TraceLine, TraceStage
from workers.model.article import Extracted, PageJob
from workers.model.topic import Match, TopicSpec
from workers.steps.documents import feed_text
from workers.text.lines import Change
from workers.text.urls import canonical, identity_key

__all__ = ["dead_letter", "line", "missed", "read_again", "told"]

_WHY = {
    "edited": "its entry has changed",
    "later": "{hours} after it was first seen",
    "live": "it is live",
}
SHOWN = 200
"""Characters of what was added that are told."""


def told(
    job: PageJob,
    read: Extracted,
    matched: Sequence[tuple[TopicSpec, Match]],
    now: datetime,
    *,
    may_ring: bool,
) -> tuple[TraceLine, ...]:
    """Return the lines of a reading that came to its end."""
    names = ", ".join(spec.name for spec, _ in matched)
    how = f"{read.verdict}, text from {read.text_from}"
    lines = [
        line("read", how, "; ".join([*_led_to(job, read), *read.reasons]), job, now),
        line("match", names or "no topic", _in_what(read, matched), job, now),
    ]
    if matched and may_ring:
        already = [spec.name for spec, _ in matched if spec.name in job.rung]
        decision = "nothing new" if len(already) == len(matched) else "rings"
        before = f"rung before: {', '.join(already) or 'none'}"
        lines.append(line("ring", decision, before, job, now))
    elif matched:
        silent = "no entry of it may ring: baseline, or older than max_age"
        lines.append(line("ring", "silent", silent, job, now))
    return tuple(lines)


def _led_to(job: PageJob, read: Extracted) -> list[str]:
    """Return where the link of the article led, if elsewhere: `tocsin why` finds it by that."""
    listed, found = job.article.url, canonical(read.url)
    if listed is None or found is None or identity_key(found) == identity_key(listed):
        return []
    return [f"{LED_TO}{found}"]


def _in_what(read: Extracted, matched: Sequence[tuple[TopicSpec, Match]]) -> str:
    """Return what was searched, and which topics rest on lines that may not belong to it."""
    said = f"title and {len(read.text)} letters"
    doubted = ", ".join(spec.name for spec, match in matched if match.doubted)
    if not doubted:
        return said
    return f"{said}; only in lines that the page's own copy of the text lacks: {doubted}"


def read_again(
    job: PageJob, because: str | None, read: Extracted, changed: Change | None, now: datetime
) -> TraceLine:
    """Return the line of a page that was read again: why, and what of it is new."""
    how = f"again, {_why(job, because, now)}: {read.verdict}, text from {read.text_from}"
    return line("read", how, "; ".join([_changed(changed), *read.reasons]), job, now)


def missed(  # noqa: PLR0913, PLR0917 - what was wanted, what came, and what is to come
    job: PageJob,
    because: str,
    reason: str | None,
    detail: str,
    again: datetime | None,
    now: datetime,
) -> TraceLine:
    """Return the line of a page that was to be read again, but could not be had."""
    how = f"not again, {_why(job, because, now)}: {reason or 'a page stands before it'}"
    then = f"what it said stays; tried {'again later' if again else 'no more'}"
    return line("read", how, "; ".join(filter(None, [detail, then])), job, now)


def _why(job: PageJob, because: str | None, now: datetime) -> str:
    minutes = round((now - job.article.first_seen).total_seconds() / 60)
    hours = f"{minutes / 60:.0f} h" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004
    return _WHY.get(because or "", "asked").format(hours=hours)


def _changed(changed: Change | None) -> str:
    if changed is None:
        return "the very same page"
    if not changed:
        return "no line changed"
    counts = f"{len(changed.added)} lines added, {len(changed.removed)} removed"
    return f"{counts}: {changed.added[0][:SHOWN]}" if changed.added else counts


def line(stage: TraceStage, decision: str, because: str, job: PageJob, now: datetime) -> TraceLine:
    """Return a line of trace about the job's article."""
    return TraceLine(
        stage=stage, decision=decision, because=because[:500], article=job.article.id, at=now
    )


def dead_letter(job: PageJob, read: Extracted, reason: str, now: datetime) -> DeadLine | None:
    """Return the letter of an article of which neither page nor feed text could be matched."""
    if read.text or read.title or any(feed_text(entry) for entry in job.entries):
        return None
    return DeadLine(
        id=job.article.id,
        kind="page",
        sink=None,
        reason=reason or "empty",
        at=now,
        attempts=job.work.attempts + 1,
        title=job.article.url or job.article.id,
        last_answer=reason or None,
    )
