"""Each feed against its own habit: how many posts on each day, and how long it was ever silent.

Pure. Only days on which the feed was read count, so that neither its failures nor a stop of Tocsin
look like silence.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import sqrt
from statistics import fmean, pstdev

from msgspec.structs import replace

from workers.model.base import Record
from workers.model.feed import Activity, FeedRow

__all__ = ["QuietStanding", "counted", "quiet_after", "quiet_standing"]

DAY_S = 86400
WEEK, KEPT = 7, 28
"""Whole days that are judged, and that are kept beside the present one."""
UNSEEN = -1
"""The count of a day on which nobody looked."""
LEAST_DAYS, LEAST_POSTS = 14, 10
"""With a shorter history nothing is a habit."""
SIGMAS = 1.5
SIGMA_SHARE = 0.2
"""Of the mean: days are taken to differ by so much at least."""
SILENT_LEAST_S = 6 * 3600.0
"""Shorter silences are told of no feed, however busy,"""
SILENT_POLLS = 3
"""nor such as so few polls have seen,"""
SILENT_FACTOR = 1.5
"""nor such as are little longer than what was there before."""
OUTLIER_DAYS = 20
"""From so many days on the longest silence of all may have been the exception that it is."""


class QuietStanding(Record, frozen=True, kw_only=True):
    """How far a feed is from being told of as quiet."""

    days: int
    """Whole days on which it was read, of those that are kept,"""
    posts: int
    """and what it posted on them and today."""
    has_habit: bool
    """Whether that is enough to call anything unusual."""
    silent_s: float | None
    """For how long nothing was posted,"""
    told_after_s: float
    """and from when on that would be unusual."""
    week: float | None
    """Posts a day in the last seven whole days, None while they were not all seen,"""
    before: float | None
    """and in the days before."""


def quiet_standing(activity: Activity, interval_s: float, now: datetime) -> QuietStanding:
    """Return how a feed stands with the rule for quiet ones."""
    week, earlier = activity.days[-1 - WEEK : -1], _seen(activity.days[: -1 - WEEK])
    seen = _seen(activity.days)
    return QuietStanding(
        days=max(0, len(seen) - 1),
        posts=sum(seen),
        has_habit=_has_habit(activity),
        silent_s=(now - activity.last).total_seconds() if activity.last else None,
        told_after_s=_unusual_s(activity, interval_s),
        week=fmean(week) if week and UNSEEN not in week else None,
        before=fmean(earlier) if earlier else None,
    )


def counted(activity: Activity, times: Sequence[datetime], now: datetime) -> Activity:
    """Return the habit with posts of these times (none after ``now``) counted to their days.

    The first posts that are ever noted tell of the past too: the days begin with the oldest. Later
    ones count when they are seen: there are feeds that date what they post days back.
    """
    today = max(_day(now), activity.day or 0)
    if activity.day is not None and activity.days:
        days = _until(today - activity.day, activity.days)
    else:
        # A habit that is older than these counts begins to be counted today.
        first = _day(min(times, default=now)) if activity.at is None else today
        days = [0] * (today - first + 1)
    gaps = [*activity.gaps, *(0,) * (len(days) - len(activity.gaps))]
    last = activity.last
    for time in sorted(times) if activity.at is None else [now] * len(times):
        at = len(days) - 1 - (today - _day(time))
        if at >= 0:
            days[at] += days[at] >= 0
            if last is not None and time > last:
                gaps[at] = max(gaps[at], int((time - last).total_seconds() / 60))
        last = time if last is None else max(last, time)
    keep = -(KEPT + 1)
    return replace(
        activity, day=today, days=tuple(days[keep:]), gaps=tuple(gaps[keep:]), last=last
    )


def _until(passed: int, days: Sequence[int]) -> list[int]:
    """Return the counts with the days that have passed; of a stop no day was seen whole."""
    if passed > 1:
        return [*days[:-1], *(UNSEEN,) * min(passed + 1, KEPT + 1)]
    return [*days, *(0,) * passed]


def quiet_after(before: FeedRow, after: FeedRow, now: datetime) -> FeedRow:
    """Return the row after a good poll, with ``quiet`` as it is now.

    What is quiet stays so until it posts again: its habit must not become what it is quiet by.
    At the first poll there is no habit: what is listed then may be a choice of the past.
    """
    if before.baselined_at is None:
        return after
    posted = after.activity.last != before.activity.last
    if before.quiet is not None and not posted:
        return after
    interval_s = after.interval_s or 0.0
    was_silent = before.quiet is not None and _silent(before.activity, interval_s, now) is not None
    found = None
    if _has_habit(after.activity):
        found = _silent(after.activity, interval_s, now)
        # After a silence the last week has few posts, whatever comes now.
        found = found if found or was_silent else _sparse(after.activity)
    if before.quiet is not None and found is None:
        # It is back: the days before are no measure of those that come.
        activity = replace(after.activity, returned=after.activity.day)
        return replace(after, quiet=None, activity=activity)
    return after if after.quiet == found else replace(after, quiet=found)


def _has_habit(activity: Activity) -> bool:
    return len(activity.days) > LEAST_DAYS and sum(_seen(activity.days)) >= LEAST_POSTS


def _silent(activity: Activity, interval_s: float, now: datetime) -> str | None:
    """Say so if nothing came for longer than nearly ever before.

    What counts is each day's longest silence: by single gaps, a feed that posts hundreds of times
    a day would be told of every night.
    """
    if activity.last is None:
        return None
    silence = (now - activity.last).total_seconds()
    if silence <= _unusual_s(activity, interval_s):
        return None
    return (
        f"nothing new since {activity.last:%Y-%m-%d %H:%M} UTC; in four weeks it was hardly ever "
        f"silent for longer than {_span(_usual_s(activity))}"
    )


def _usual_s(activity: Activity) -> float:
    """Return the longest silence in seconds that is nothing unusual for the feed."""
    gaps = sorted(gap for gap in activity.gaps if gap)
    return 60.0 * (gaps[-2 if len(gaps) >= OUTLIER_DAYS else -1] if gaps else 0)


def _unusual_s(activity: Activity, interval_s: float) -> float:
    return max(SILENT_FACTOR * _usual_s(activity), SILENT_LEAST_S, SILENT_POLLS * interval_s)


def _sparse(activity: Activity) -> str | None:
    """Say so if the last seven whole days had far fewer posts than those before."""
    week, earlier = activity.days[-1 - WEEK : -1], _seen(activity.days[: -1 - WEEK])
    since = activity.returned
    if activity.day is None or (since is not None and activity.day - since <= WEEK):
        return None
    if UNSEEN in week or len(earlier) < LEAST_DAYS - WEEK:
        return None
    usual, now = fmean(earlier), fmean(week)
    # A feed that is very even is not quiet for a post less: days may differ by chance at least.
    if now >= usual - SIGMAS * max(pstdev(earlier), sqrt(usual), SIGMA_SHARE * usual):
        return None
    return f"{now:.1f} posts a day in the last week, {usual:.1f} in the weeks before"


def _seen(days: Sequence[int]) -> list[int]:
    return [count for count in days if count != UNSEEN]


def _day(at: datetime) -> int:
    """Return the day in UTC, counted from 1970."""
    return int(at.timestamp() // DAY_S)


def _span(seconds: float) -> str:
    whole = timedelta(seconds=seconds)
    return f"{whole.days} days" if whole.days >= 3 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004
