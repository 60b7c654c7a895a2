"""skipHours and skipDays of RSS: hours (GMT) and days in which a publisher asks not to be read."""

from datetime import UTC, datetime, timedelta

from workers.model.feed import FeedHints

__all__ = ["until_wanted"]

DAY_S = 86400.0
"""Nobody is skipped for longer than that."""
HOURS, DAYS = 24, 7
SPREAD_S = 300.0
"""Those who wait for the same hour come within so many seconds of its beginning."""


def until_wanted(hints: FeedHints, now: datetime, wait_s: float, jitter: float = 0.0) -> float:
    """Return the seconds until a poll that would be due after ``wait_s`` is not asked to wait.

    Args:
        hints: What the publisher says; who skips all hours or all days says nothing.
        now: The present.
        wait_s: The interval in seconds; no shorter one is returned.
        jitter: From -1 to 1, spreads those who wait for the same hour.
    """
    hours = {hour for hour in hints.skip_hours if 0 <= hour < HOURS}
    days = {day for day in hints.skip_days if 0 <= day < DAYS}
    if len(hours) == HOURS:
        hours = set()
    if len(days) == DAYS:
        days = set()
    due = first = now.astimezone(UTC) + timedelta(seconds=wait_s)
    latest = now + timedelta(seconds=max(wait_s, DAY_S))
    while due < latest and (due.hour in hours or due.weekday() in days):
        due = due.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if due == first:
        return wait_s
    due += timedelta(seconds=SPREAD_S * (1.0 + max(-1.0, min(1.0, jitter))) / 2)
    return (min(due, latest) - now).total_seconds()
