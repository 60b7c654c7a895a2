"""A feed's posting habit: how many posts a day, and at what hours."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import exp, isfinite

from msgspec.structs import replace

from workers.feeds.quiet import counted
from workers.model.feed import Activity

__all__ = ["Hours", "day_rate", "hour_profile", "noted"]

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
    hours = [count * fade for count in Hours(activity).counts]
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


class Hours:
    """A feed's profile: of each UTC hour how much busier it is than the mean, smoothed.

    Made of one hour only when that is asked for: most intervals end within it.
    """

    __slots__ = ("_share", "counts")

    def __init__(self, activity: Activity) -> None:
        hours = activity.hours
        whole = sum(hours)
        # What is no such thing counts as nothing known.
        if len(hours) != len(UNKNOWN) or not isfinite(whole) or min(hours) < 0.0:
            hours, whole = UNKNOWN, 0.0
        self.counts = hours
        self._share = 24.0 / (whole + 24.0)

    def __getitem__(self, hour: int) -> float:
        """Return the number of an hour from 0 to 23; 24 is 0 again."""
        before, at, after = (self.counts[(hour + near) % 24] for near in (-1, 0, 1))
        return self._share * (0.25 * before + 0.5 * at + 0.25 * after + 1.0)


def hour_profile(activity: Activity) -> tuple[float, ...]:
    """Return all 24 numbers of the profile."""
    hours = Hours(activity)
    return tuple(hours[hour] for hour in range(24))
