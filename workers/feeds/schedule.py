"""When to look again: after a poll that worked, after one that did not, after a move.

Pure: a row in, the row after it out. Delays are told by ``next_poll_at``; ``interval_s`` is the
interval that errors multiply, so that they do not multiply one another.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from math import sqrt

from msgspec.structs import replace

from workers.errors import Reason
from workers.feeds.habit import day_rate, hour_profile, noted
from workers.feeds.pressure import CALM, Moment, stretched
from workers.model.feed import FeedHints, FeedRow
from workers.options import PollOptions

__all__ = ["after_bad", "after_good", "after_outage", "floor_of", "gone", "moved"]

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
FLOOR_MOST_S = HOUR_S
"""A publisher's wish is followed up to here: many say "a day" and post every hour."""
JITTER = 0.03
NEW_PER_POLL = 0.1
OFTEN_S = 900.0
"""Oftener than this a feed is polled only where a poll brings `NEW_PER_POLL`, or weight is 2."""
HEAVY = 2.0
UNASKED_REST_S = HOUR_S
"""A 429 without Retry-After asks for rest without saying how long."""
AFTER_REST_S = 60.0
"""Up to so many seconds later than Retry-After says, so that not everyone returns at once."""
TIMES = 3
FOR = timedelta(hours=24)
"""A move or a goodbye is believed after so many answers over so long."""
LONG_DEAD = timedelta(days=30)
LASTING = timedelta(days=1)
"""A name that does not resolve for so long is no passing trouble."""
SCORE_MOST = 40.0

_HARD: frozenset[Reason] = frozenset({"notFound", "gone", "tls", "payload", "clientError"})
_TEMPORARY: frozenset[Reason] = frozenset({"timeout", "connect", "dns"})


def after_good(  # noqa: PLR0913 - the row, what was learned, and the moment
    feed: FeedRow,
    hints: FeedHints,
    posted: Sequence[datetime],
    now: datetime,
    options: PollOptions,
    *,
    moment: Moment = CALM,
) -> FeedRow:
    """Return the feed's row after a poll that worked (a 304 works too).

    Args:
        feed: The row as loaded.
        hints: What the publisher says, kept and new.
        posted: When the new entries were published (or seen, where that is unknown); at the first
            poll those of the baseline, so that the habit is known from the start.
        now: The present.
        options: Floor, ceiling and the usual interval.
        moment: Jitter, the budget, and how long pages wait.
    """
    activity = noted(feed.activity, posted, now)
    row = replace(feed, activity=activity, hints=hints)
    fixed = _fixed(feed, options)
    if fixed is not None:
        interval = fixed
        why: tuple[str, ...] = (f"fixed: every {_span(fixed)}",)
    else:
        interval, why = _auto(row, now, options, moment.budget_k)
        interval *= 1.0 + JITTER * max(-1.0, min(1.0, moment.jitter))
    if feed.interval_fixed_s in {None, options.interval_s}:
        # Else the interval is its own: the operator's word on this feed.
        kept = stretched(interval, feed.weight * day_rate(activity, now), moment.behind_s, options)
        if kept > interval:
            waits = _span(moment.behind_s)
            why = (*why, f"slowed: pages wait {waits}: times {kept / interval:.1f}")
        interval = kept
    return replace(
        row,
        interval_s=interval,
        why=why,
        score=0.0,
        errors=0,
        last_error=None,
        failing_since=None,
        gone_count=0,
        gone_since=None,
        last_poll_at=now,
        last_good_at=now,
        next_poll_at=now + timedelta(seconds=interval),
    )


def _fixed(feed: FeedRow, options: PollOptions) -> float | None:
    return feed.interval_fixed_s if feed.interval_fixed_s is not None else options.interval_s


def _auto(
    feed: FeedRow, now: datetime, options: PollOptions, budget_k: float
) -> tuple[float, tuple[str, ...]]:
    """Return the interval in seconds that brings most for its polls, and how it was found."""
    rate = day_rate(feed.activity, now)
    why = [f"auto: {rate:.1f} posts a day"]
    if feed.weight != 1.0:
        why.append(f"weight: {feed.weight:g}")
    least = options.fastest_s
    if feed.weight < HEAVY:
        least = max(least, min(NEW_PER_POLL * DAY_S / rate, OFTEN_S))
    interval = _at_habit(feed, now, budget_k / sqrt(max(feed.weight, 0.01) * rate), options)
    if interval < least:
        interval = least
        why.append(f"fastest: {_span(least)}")
    floor = floor_of(feed.hints, now)
    if floor is not None and floor[0] > interval:
        interval = floor[0]
        why.append(f"floor: {floor[1]}")
    return interval, tuple(why)


def _at_habit(feed: FeedRow, now: datetime, usual_s: float, options: PollOptions) -> float:
    """Spread ``usual_s`` over the coming hours by the feed's profile, up to the slowest.

    A poll is due when the hours passed, each counted at its speed, add up to one interval.
    """
    profile = hour_profile(feed.activity)
    done = passed = 0.0
    at = now
    while passed < options.slowest_s:
        speed = sqrt(profile[at.hour]) / usual_s
        hour_s = HOUR_S - (at.minute * 60 + at.second + at.microsecond / 1e6)
        if done + speed * hour_s >= 1.0:
            return min(passed + (1.0 - done) / speed, options.slowest_s)
        done, passed = done + speed * hour_s, passed + hour_s
        at += timedelta(seconds=hour_s)
    return options.slowest_s


def floor_of(hints: FeedHints, now: datetime) -> tuple[float, str] | None:
    """Return the least interval that the publisher asks for, with its source; at most an hour."""
    wishes = [
        (hints.ttl, "ttl"),
        (hints.update_period_s, "update period"),
        (hints.max_age_s, "max-age"),
        ((hints.expires - now).total_seconds() if hints.expires else None, "expires"),
    ]
    seconds, name = max((wish or 0.0, name) for wish, name in wishes)
    if seconds <= 0:
        return None
    capped = ", capped at 60 min" if seconds > FLOOR_MOST_S else ""
    return min(seconds, FLOOR_MOST_S), f"{name} {seconds:.0f} s{capped}"


def after_bad(  # noqa: PLR0913, PLR0917 - the row, why it failed, and when that is
    feed: FeedRow,
    reason: Reason,
    detail: str,
    retry_after: float | None,
    now: datetime,
    options: PollOptions,
) -> FeedRow:
    """Return the feed's row after a poll that failed.

    ``detail`` is for people; ``retry_after`` is what the answer asked for, in seconds.
    """
    since = feed.failing_since or now
    weight = _weight_of(reason, now - since)
    score = min(feed.score + weight, SCORE_MOST)
    base = _fixed(feed, options) or feed.interval_s or OFTEN_S
    hard = weight == 1.0
    wait = min(base * 2.0**score, _ceiling(base, now - since, options, hard=hard))
    why = [f"error: {reason}, {feed.errors + 1} in a row: {_span(base)} times {2.0**score:.2f}"]
    rest = _rest(feed, reason, retry_after, now)
    if rest is not None and rest > wait:
        wait = rest
        why.append("retry-after" if retry_after is not None else "429 without retry-after: 60 min")
    return replace(
        feed,
        interval_s=base,
        why=tuple(why),
        score=score,
        errors=feed.errors + 1,
        last_error=(f"{reason}: {detail}" if detail else reason)[:500],
        failing_since=since,
        gone_count=feed.gone_count if reason == "gone" else 0,
        gone_since=feed.gone_since if reason == "gone" else None,
        last_poll_at=now,
        next_poll_at=now + timedelta(seconds=wait),
    )


def after_outage(feed: FeedRow, now: datetime, options: PollOptions) -> FeedRow:
    """Return the feed's row after a poll that our own network failed: it is asked again as usual.

    Neither the score nor the errors grow, and what was wrong with the feed before stands.
    """
    base = _fixed(feed, options) or feed.interval_s or OFTEN_S
    return replace(
        feed,
        interval_s=base,
        why=(f"our own network is down: again after {_span(base)}",),
        last_poll_at=now,
        next_poll_at=now + timedelta(seconds=base),
    )


def _weight_of(reason: Reason, lasting: timedelta) -> float:
    """Return what a failure adds to the score: 1 if it will last, 0.25 if it may pass soon."""
    if reason in _HARD or (reason == "dns" and lasting >= LASTING):
        return 1.0
    return 0.25 if reason in _TEMPORARY else 0.5


def _ceiling(base: float, lasting: timedelta, options: PollOptions, *, hard: bool) -> float:
    """Return the longest wait, in seconds; never less than the interval itself."""
    if not hard:
        return max(base, options.slowest_s)
    return max(base, 7 * DAY_S if lasting >= LONG_DEAD else DAY_S)


def _rest(feed: FeedRow, reason: Reason, retry_after: float | None, now: datetime) -> float | None:
    """Return the rest that a server asked for, in seconds; only 429 and 5xx can."""
    if reason not in {"rateLimited", "serverError"}:
        return None
    if retry_after is None:
        return UNASKED_REST_S if reason == "rateLimited" else None
    asked = min(max(0.0, retry_after), DAY_S)
    seed = blake2b(f"{feed.id} {now.timestamp()}".encode(), digest_size=2).digest()
    return asked + min(AFTER_REST_S, asked) * int.from_bytes(seed, "big") / 65536


def moved(feed: FeedRow, answer_moved_to: str | None, now: datetime) -> FeedRow:
    """Return the row after an answer that came by permanent redirects only, or None for none.

    The address changes after three answers that agree, over at least a day: a hotel's network
    moves everything, once.
    """
    if answer_moved_to is None or answer_moved_to == feed.url:
        return replace(feed, moved_to=None, moved_count=0, moved_since=None)
    if answer_moved_to != feed.moved_to or feed.moved_since is None:
        return replace(feed, moved_to=answer_moved_to, moved_count=1, moved_since=now)
    count = feed.moved_count + 1
    if count >= TIMES and now - feed.moved_since >= FOR:
        return replace(feed, url=answer_moved_to, moved_to=None, moved_count=0, moved_since=None)
    return replace(feed, moved_count=count)


def gone(feed: FeedRow, now: datetime) -> FeedRow:
    """Return the row after a 410: parked after three of them over at least a day."""
    since = feed.gone_since or now
    count = feed.gone_count + 1
    parked = feed.parked or (count >= TIMES and now - since >= FOR)
    return replace(feed, gone_count=count, gone_since=since, parked=parked)


def _span(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 120:  # noqa: PLR2004
        return f"{seconds:g} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * HOUR_S else f"{seconds / HOUR_S:.1f} h"
