"""The whole reasoning of a feed's next interval, for whoever asks why."""

from datetime import datetime

from msgspec.structs import replace

from workers.feeds.budget import Spending
from workers.feeds.habit import day_rate, hour_profile
from workers.feeds.interval import auto_interval, bounds, floor_of, span
from workers.feeds.pressure import slowed, stretched
from workers.feeds.quiet import QuietStanding, quiet_standing
from workers.feeds.schedule import JITTER, fixed_of, need_of
from workers.feeds.skipped import until_wanted
from workers.feeds.websub import paced
from workers.model.base import Record
from workers.model.feed import FeedHints, FeedRow
from workers.model.websub import Subscription
from workers.options import PollOptions

__all__ = ["Reasoning", "beside_hub", "reasoning"]


class Reasoning(Record, frozen=True, kw_only=True):
    """What the interval would be made of if the feed were polled well now."""

    interval_s: float
    """In seconds, as all that ends so."""
    why: tuple[str, ...]
    fixed_s: float | None
    """The operator's own word; then nothing of the rest counts but errors."""
    posts_a_day: float
    posts_since: datetime | None
    hours: tuple[float, ...]
    """Of each hour in UTC, how much busier it is than the mean."""
    this_hour: float
    weight: float
    spending: Spending
    least_s: float
    """The shortest interval that it could have now, with the publisher's word,"""
    most_s: float
    """and the longest."""
    floor_s: float | None
    """What the publisher asks for,"""
    floor: str | None
    """and where."""
    hints: FeedHints
    skips: bool
    """Whether skipHours and skipDays are obeyed,"""
    skips_until_s: float | None
    """and after how many seconds that lets the next poll come, if later than the interval."""
    behind_s: float
    slowed_by: float
    """The factor by which pages that wait stretch the interval; 1 for none."""
    jitter: float
    """The share of the interval by which chance moves it at most."""
    quiet: QuietStanding


def reasoning(
    feed: FeedRow, spending: Spending, now: datetime, options: PollOptions, behind_s: float
) -> Reasoning:
    """Return why the interval of a feed is what it is, as of now.

    Args:
        feed: Its row.
        spending: How the budget is shared out among all feeds.
        now: The present.
        options: The settings, as they are for this feed.
        behind_s: For how long the page that is due longest has waited.
    """
    need = need_of(feed, options)
    fixed = fixed_of(feed, options)
    rate, profile = day_rate(feed.activity, now), hour_profile(feed.activity)
    interval, why = auto_interval(need, now, options, spending.budget)
    kept = stretched(interval, feed.weight * rate, behind_s, options)
    if fixed is not None:
        interval, kept, why = fixed, fixed, (f"fixed: every {span(fixed)}",)
    slowest = spending.budget.slowest_s or options.slowest_s
    least, most = bounds(need, now, options, slowest)
    floor = floor_of(feed.hints, now)
    wait = until_wanted(feed.hints, now, kept) if options.skip_hours and fixed is None else kept
    return Reasoning(
        interval_s=kept,
        why=why,
        fixed_s=fixed,
        posts_a_day=rate,
        posts_since=feed.activity.since,
        hours=profile,
        this_hour=profile[now.hour],
        weight=feed.weight,
        spending=spending,
        least_s=least,
        most_s=most,
        floor_s=floor[0] if floor else None,
        floor=floor[1] if floor else None,
        hints=feed.hints,
        skips=options.skip_hours,
        skips_until_s=wait if wait > kept else None,
        behind_s=behind_s,
        slowed_by=kept / interval if slowed(behind_s) else 1.0,
        jitter=0.0 if fixed is not None else JITTER,
        quiet=quiet_standing(feed.activity, feed.interval_s or kept, now),
    )


def beside_hub(
    reasons: Reasoning,
    feed: FeedRow,
    hub: Subscription | None,
    now: datetime,
    options: PollOptions,
) -> Reasoning:
    """Return the reasoning with what a poll makes of a hub that pushes the feed, if one does."""
    row = replace(feed, interval_s=reasons.interval_s, next_poll_at=None, why=reasons.why)
    pushed = paced(row, hub, now, options, jitter=0.0)
    return replace(reasons, interval_s=pushed.interval_s or reasons.interval_s, why=pushed.why)
