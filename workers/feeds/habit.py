"""A feed's posting habit: how many posts a day, and at what hours."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import exp, isfinite

from msgspec.structs import replace

from workers.feeds.quiet import counted
from workers.model.feed import Activity

__all__ = ["day_rate", "hour_profile", "hour_share", "noted"]

DAY_S = 86400.0
POSTS_FADE_S = 7 * DAY_S
HOURS_FADE_S = 21 * DAY_S
EARLIEST = timedelta(days=28)
"""Posts before that say nothing about now."""
PRIOR = 0.3
"""Posts that a feed is believed to have made before anything is known of it."""
MOST_RATE = 1e6
"""Posts a day that are believed."""
UNKNOWN = (0.0,) * 24


def noted(activity: Activity, posted: Sequence[datetime], now: datetime) -> Activity:
    """Return the habit after new posts, faded to ``now``.

    The first posts noted may lie in the past: counting then begins with the oldest of them.
    """
    times = [min(time, now) for time in posted if now - time <= EARLIEST]
    since = activity.since or min(times, default=now)
    passed = (now - (activity.at or now)).total_seconds()
    known = activity.posts if isfinite(activity.posts) else 0.0
    posts = known * exp(-max(0.0, passed) / POSTS_FADE_S)
    fade = exp(-max(0.0, passed) / HOURS_FADE_S)
    hours = [count * fade for count in _counts(activity)]
    for time in times:
        age = (now - time).total_seconds()
        posts += exp(-age / POSTS_FADE_S)
        hours[time.astimezone(UTC).hour] += exp(-age / HOURS_FADE_S)
    kept = counted(activity, times, now)
    return replace(kept, since=since, at=now, posts=posts, hours=tuple(hours))


def day_rate(activity: Activity, now: datetime) -> float:
    """Return posts a day, of a habit faded to ``now``."""
    age = (now - activity.since).total_seconds() if activity.since else 0.0
    seen = 7.0 * (1.0 - exp(-max(0.0, age) / POSTS_FADE_S))
    posts = activity.posts if isfinite(activity.posts) else 0.0
    return min((max(posts, 0.0) + PRIOR) / (seen + PRIOR), MOST_RATE)


def hour_profile(activity: Activity) -> tuple[float, ...]:
    """Return for each UTC hour how much busier it is than the mean: 24 numbers around 1."""
    counts = _counts(activity)
    whole = sum(counts) + 24.0
    raw = [24.0 * (count + 1.0) / whole for count in counts]
    return tuple(
        0.25 * raw[hour - 1] + 0.5 * raw[hour] + 0.25 * raw[(hour + 1) % 24] for hour in range(24)
    )


def hour_share(activity: Activity, hour: int) -> float:
    """Return one number of `hour_profile`, without making the others."""
    counts = _counts(activity)
    near = 0.25 * counts[hour - 1] + 0.5 * counts[hour] + 0.25 * counts[(hour + 1) % 24]
    return 24.0 * (near + 1.0) / (sum(counts) + 24.0)


def _counts(activity: Activity) -> Sequence[float]:
    """Return posts per hour; what is no such thing counts as nothing known."""
    hours = activity.hours
    known = len(hours) == len(UNKNOWN) and min(hours) >= 0.0 and isfinite(sum(hours))
    return hours if known else UNKNOWN
