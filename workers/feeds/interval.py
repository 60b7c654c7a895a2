"""Interval "auto": how long until a feed is asked again, from its habit and its publisher's word.

The mean delay of all feeds is least, at a fixed number of polls, where each interval goes with one
over the square root of its posts: busy feeds oftener, but not in proportion.
"""

from datetime import datetime, timedelta
from math import inf, isfinite, sqrt

from workers.feeds.habit import Hours, day_rate
from workers.model.base import Record
from workers.model.feed import FeedHints, FeedNeed
from workers.options import PollOptions

__all__ = ["Budget", "auto_interval", "bounds", "floor_of", "root_of", "span", "weight_of"]

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
FLOOR_MOST_S = HOUR_S
"""A publisher's wish is followed up to here: many say "a day" and post every hour."""
NEW_PER_POLL = 0.1
OFTEN_S = 900.0
"""Oftener than this a feed is polled only where a poll brings `NEW_PER_POLL`, or weight is 2."""
HEAVY = 2.0
LEAST_WEIGHT, MOST_WEIGHT = 0.01, 1e6
"""Weights beyond are taken for these."""


class Budget(Record, frozen=True, kw_only=True):
    """What one feed is told of how many polls there are for all (`workers.feeds.budget`)."""

    k: float = 0.0
    """Seconds between polls of a feed that posts once a day, before any clamp; with 0 each feed
    is polled as often as is of use."""
    slowest_s: float | None = None
    """The longest interval in seconds, where the budget forbids that of the settings."""
    binds: bool = False
    """Whether there are fewer polls than would be of use."""


def auto_interval(
    need: FeedNeed, now: datetime, options: PollOptions, budget: Budget
) -> tuple[float, tuple[str, ...]]:
    """Return the interval in seconds that brings most for its polls, and how it was found."""
    rate, hours = day_rate(need.activity, now), Hours(need.activity)
    why = [f"auto: {rate:.1f} posts a day"]
    if need.weight != 1.0:
        why.append(f"weight: {need.weight:g}")
    slowest = budget.slowest_s if budget.slowest_s is not None else options.slowest_s
    least = min(_least(need, rate * hours[now.hour], options), slowest)
    usual = budget.k / sqrt(weight_of(need.weight) * rate)
    interval = _at_habit(hours, now, usual, slowest)
    if interval < least:
        interval = least
        why.append(f"fastest: {span(least)}")
    elif interval >= slowest:
        said = ": polls_per_minute allows no more" if budget.slowest_s is not None else ""
        why.append(f"slowest: {span(slowest)}{said}")
    elif budget.binds:
        why.append("budget: polls_per_minute")
    floor = floor_of(need.hints, now)
    if floor is not None and floor[0] > interval:
        interval = floor[0]
        why.append(f"floor: {floor[1]}")
    return interval, tuple(why)


def root_of(need: FeedNeed, now: datetime) -> float:
    """Return by what K is divided at this hour, about."""
    hours = Hours(need.activity)
    share = (hours[now.hour] + hours[now.hour + 1]) / 2
    return sqrt(weight_of(need.weight) * day_rate(need.activity, now) * share)


def bounds(
    need: FeedNeed, now: datetime, options: PollOptions, slowest_s: float
) -> tuple[float, float]:
    """Return the shortest and the longest interval, in seconds, that a feed can have now."""
    floor = floor_of(need.hints, now)
    at_once = day_rate(need.activity, now) * Hours(need.activity)[now.hour]
    least = min(_least(need, at_once, options), slowest_s)
    asked = floor[0] if floor is not None else 0.0
    return max(least, asked), max(slowest_s, asked)


def weight_of(weight: float) -> float:
    """Return a weight that can be reckoned with."""
    return min(max(weight, LEAST_WEIGHT), MOST_WEIGHT) if weight == weight else 1.0  # noqa: PLR0124 - not a number is not itself


def _least(need: FeedNeed, at_once: float, options: PollOptions) -> float:
    """Return the seconds below which polls bring next to nothing, but for feeds that matter."""
    if need.weight >= HEAVY:
        return options.fastest_s
    return max(options.fastest_s, min(NEW_PER_POLL * DAY_S / at_once, OFTEN_S))


def _at_habit(hours: Hours, now: datetime, usual_s: float, slowest_s: float) -> float:
    """Spread ``usual_s`` over the coming hours by the feed's profile, up to the slowest.

    A poll is due when the hours passed, each counted at its speed, add up to one interval.
    """
    if usual_s <= 0:
        return 0.0
    done = passed = 0.0
    at = now
    while passed < slowest_s:
        speed = sqrt(hours[at.hour]) / usual_s
        hour_s = HOUR_S - (at.minute * 60 + at.second + at.microsecond / 1e6)
        if done + speed * hour_s >= 1.0:
            return min(passed + (1.0 - done) / speed, slowest_s)
        done, passed = done + speed * hour_s, passed + hour_s
        at += timedelta(seconds=hour_s)
    return slowest_s


def floor_of(hints: FeedHints, now: datetime) -> tuple[float, str] | None:
    """Return the least interval that the publisher asks for, with its source; at most an hour."""
    age = min(hints.age_s or 0.0, 100 * DAY_S)
    wishes = [
        (hints.ttl, "ttl"),
        (hints.update_period_s, "update period"),
        ((hints.max_age_s - age) if hints.max_age_s else None, "max-age"),
        ((hints.expires - now).total_seconds() if hints.expires else None, "expires"),
    ]
    seconds, name = max((_wish(wish), name) for wish, name in wishes)
    if seconds <= 0:
        return None
    capped = ", capped at 60 min" if seconds > FLOOR_MOST_S else ""
    aged = f" less age {age:.0f} s" if name == "max-age" and age > 0 else ""
    told = f"{seconds + (age if aged else 0.0):.0f} s" if seconds < 100 * DAY_S else "for ever"
    return min(seconds, FLOOR_MOST_S), f"{name} {told}{aged}{capped}"


def _wish(seconds: float | None) -> float:
    if seconds is None or seconds != seconds or seconds == -inf:  # noqa: PLR0124 - as above
        return 0.0
    return seconds if isfinite(seconds) else 1e12


def span(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 120:  # noqa: PLR2004
        return f"{seconds:g} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * HOUR_S else f"{seconds / HOUR_S:.1f} h"
