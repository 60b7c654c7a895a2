"""When to look again: after a poll that worked, after one that did not, after a move.

Pure: a row in, the row after it out. Delays are told by ``next_poll_at``; ``interval_s`` is the
interval that errors multiply, so that they do not multiply one another.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

from msgspec.structs import replace

from workers.errors import Reason
from workers.feeds.habit import day_rate, noted
from workers.feeds.interval import DAY_S, HOUR_S, OFTEN_S, auto_interval, floor_of, span
from workers.feeds.pressure import CALM, Moment, stretched
from workers.feeds.skipped import until_wanted
from workers.model.feed import FeedHints, FeedNeed, FeedRow
from workers.options import PollOptions

__all__ = [
    "RESTS",
    "after_bad",
    "after_good",
    "after_outage",
    "fixed_of",
    "floor_of",
    "gone",
    "moved",
    "need_of",
]

JITTER = 0.03
UNASKED_REST_S = HOUR_S
"""A 429 without Retry-After asks for rest without saying how long."""
AFTER_REST_S = 60.0
"""Up to so many seconds later than Retry-After says, so that not everyone returns at once."""
TIMES = 3
FOR = timedelta(hours=24)
"""A move or a goodbye is believed after so many answers over so long."""
PROBE_S = 7 * DAY_S
"""Between two looks at a feed that said that it is gone for good."""
LONG_DEAD = timedelta(days=30)
LASTING = timedelta(days=1)
"""A name that does not resolve for so long is no passing trouble."""
SCORE_MOST = 40.0
RESTS = "retry-after"
"""So a row says that its next poll is when the server asked to be left alone until."""

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
    fixed = fixed_of(feed, options)
    if fixed is not None:
        interval = wait = fixed
        why: tuple[str, ...] = (f"fixed: every {span(fixed)}",)
    else:
        interval, why = _auto(row, now, options, moment)
        wait = interval
        if options.skip_hours:
            wait = until_wanted(hints, now, interval, moment.jitter)
        if wait > interval:
            why = (*why, f"skipped hours: after {span(wait)}")
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
        gone_at=None,
        last_poll_at=now,
        last_good_at=now,
        next_poll_at=now + timedelta(seconds=wait),
    )


def _auto(
    feed: FeedRow, now: datetime, options: PollOptions, moment: Moment
) -> tuple[float, tuple[str, ...]]:
    """Return the interval of "auto" in seconds, spread and slowed, and how it was found."""
    interval, why = auto_interval(need_of(feed, options), now, options, moment.budget)
    interval *= 1.0 + JITTER * max(-1.0, min(1.0, moment.jitter))
    kept = stretched(
        interval, feed.weight * day_rate(feed.activity, now), moment.behind_s, options
    )
    if kept > interval:
        waits = span(moment.behind_s)
        why = (*why, f"slowed: pages wait {waits}: times {kept / interval:.1f}")
    return kept, why


def fixed_of(feed: FeedRow, options: PollOptions) -> float | None:
    """Return the interval in seconds that the operator has fixed, None for "auto"."""
    return feed.interval_fixed_s if feed.interval_fixed_s is not None else options.interval_s


def need_of(feed: FeedRow, options: PollOptions) -> FeedNeed:
    """Return what of a feed the budget looks at."""
    waits = None
    if feed.errors and feed.next_poll_at is not None and feed.last_poll_at is not None:
        waits = max(1.0, (feed.next_poll_at - feed.last_poll_at).total_seconds())
    return FeedNeed(
        weight=feed.weight,
        activity=feed.activity,
        hints=feed.hints,
        fixed_s=fixed_of(feed, options),
        waits_s=waits,
    )


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
    base = fixed_of(feed, options) or feed.interval_s or OFTEN_S
    hard = weight == 1.0
    wait = min(base * 2.0**score, _ceiling(base, now - since, options, hard=hard))
    why = [f"error: {reason}, {feed.errors + 1} in a row: {span(base)} times {2.0**score:.2f}"]
    rest = _rest(feed, reason, retry_after, now)
    if rest is not None and rest > wait:
        wait = rest
        why.append(RESTS if retry_after is not None else "429 without retry-after: 60 min")
    row = replace(
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
    return _given_up(row, now)


def after_outage(
    feed: FeedRow, now: datetime, options: PollOptions, *, soon_s: float | None = None
) -> FeedRow:
    """Return the feed's row after a poll that our own network failed: it is asked again as usual.

    Neither the score nor the errors grow, and what was wrong with the feed before stands. With
    ``soon_s`` it is the one that is tried after so many seconds, to see whether it is over.
    """
    base = fixed_of(feed, options) or feed.interval_s or OFTEN_S
    wait = base if soon_s is None else min(base, soon_s)
    return replace(
        feed,
        interval_s=base,
        why=(f"our own network is down: again after {span(wait)}",),
        last_poll_at=now,
        excused_at=now,
        next_poll_at=now + timedelta(seconds=wait),
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
    return asked + min(AFTER_REST_S, asked) * _share(feed, now)


def _share(feed: FeedRow, now: datetime) -> float:
    """Return a number from 0 to 1 by which feeds that met once do not meet again."""
    seed = blake2b(f"{feed.id} {now.timestamp()}".encode(), digest_size=2).digest()
    return int.from_bytes(seed, "big") / 65536


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
    """Return the row after a 410: given up after three of them over at least a day.

    What was given up is asked once a week, for there are servers that err.
    """
    since = feed.gone_since or now
    count = feed.gone_count + 1
    given_up = feed.gone_at
    if given_up is None and count >= TIMES and now - since >= FOR:
        given_up = now
    return _given_up(replace(feed, gone_count=count, gone_since=since, gone_at=given_up), now)


def _given_up(feed: FeedRow, now: datetime) -> FeedRow:
    """Return the row after a failure: who was given up is asked a week later."""
    if feed.gone_at is None:
        return feed
    week = PROBE_S * (1.0 + JITTER * _share(feed, now))
    why = ("gone: it answered 410 for over a day; asked once a week",)
    return replace(feed, why=why, next_poll_at=now + timedelta(seconds=week))
