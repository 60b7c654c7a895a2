"""What is told of a reading: its lines of trace, and the dead letter of one that found nothing."""

from collections.abc import Sequence
from datetime import datetime

from workers.model.alert import DeadLine, TraceLine, TraceStage
from workers.model.article import Extracted, PageJob
from workers.model.topic import Match, TopicSpec
from workers.steps.documents import feed_text

__all__ = ["dead_letter", "line", "told"]


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
        line("read", how, "; ".join(read.reasons), job, now),
        line("match", names or "no topic", f"title and {len(read.text)} letters", job, now),
    ]
    if matched and may_ring:
        already = ", ".join(spec.name for spec, _ in matched if spec.name in job.rung)
        lines.append(line("ring", "rings", f"rung before: {already or 'none'}", job, now))
    elif matched:
        silent = "no entry of it may ring: baseline, or older than max_age"
        lines.append(line("ring", "silent", silent, job, now))
    return tuple(lines)


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
