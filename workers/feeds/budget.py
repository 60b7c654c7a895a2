"""What interval "auto" may spend: one number K for all feeds, `interval = K / sqrt(habit)`.

Each process finds it from what the database says of all feeds, so that all of them agree.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from heapq import merge
from itertools import accumulate

from msgspec.structs import replace

from workers.feeds.interval import Budget, auto_interval, bounds, root_of
from workers.model.base import Record
from workers.model.feed import FeedNeed
from workers.options import PollOptions

__all__ = ["Spending", "eased", "share_out"]

AUTO_LEAST = 0.1
"""Of the budget: what "auto" may spend even where fixed intervals take all of it."""
UNEVEN = 4.0
"""Where the budget forbids `slowest`, no feed waits longer than so many times its even share."""
LONGEST_S = 7 * 86400.0
"""No feed waits longer than that for its turn, whatever the budget."""
EASE = 0.8
"""K falls by no more than to this share at a time, so that polls do not come all at once."""
SAMPLE = 1000
"""Feeds whose intervals are found exactly, to see whether K holds what it promises."""
ROUNDS = 3
PIECE = 5000
_STEPS = 50


class Spending(Record, frozen=True, kw_only=True):
    """How the budget is shared out."""

    budget: Budget = Budget()
    feeds: int = 0
    """Feeds whose interval is "auto", and that do not fail."""
    fixed: float = 0.0
    """Polls a minute of feeds with a fixed interval, and of those that fail."""
    auto: float = 0.0
    """Polls a minute of the others."""
    needed: float = 0.0
    """Polls a minute that all feeds would need even at their slowest."""
    most: float = 0.0
    """Polls a minute that there are."""

    @property
    def exhausted(self) -> bool:
        """Whether there are not enough polls for the slowest interval of each feed."""
        return self.feeds > 0 and self.needed > self.most


def share_out(needs: Sequence[FeedNeed], now: datetime, options: PollOptions) -> Spending:
    """Return the K by which all feeds together are polled no oftener than the budget allows.

    Args:
        needs: Each feed that is polled at all.
        now: The present: at another hour of the day the same feeds need another K.
        options: The budget, and what intervals are clamped by.
    """
    auto = [need for need in needs if need.fixed_s is None and need.waits_s is None]
    rest = [need.waits_s or need.fixed_s for need in needs]
    fixed = sum(60.0 / max(seconds, 1.0) for seconds in rest if seconds is not None)
    most = options.polls_per_minute
    room = max(most - fixed, AUTO_LEAST * most)
    curves = _Curves(auto, now, options, options.slowest_s)
    needed = fixed + curves.polls(float("inf"))
    slowest = None
    if needed - fixed > room:  # the budget wins
        even = 60.0 * len(auto) / room
        slowest = min(max(UNEVEN * even, options.slowest_s), LONGEST_S)
        curves = _Curves(auto, now, options, slowest)
    budget = Budget(k=curves.k_for(room), slowest_s=slowest, binds=curves.polls(0.0) > room)
    if budget.binds:
        budget = _corrected(budget, auto, room, now, options)
    return Spending(
        budget=budget,
        feeds=len(auto),
        fixed=fixed,
        auto=curves.polls(budget.k),
        needed=needed,
        most=most,
    )


def eased(before: Budget | None, found: Budget) -> Budget:
    """Return what to go by from now on: less is obeyed at once, more is taken step by step."""
    if before is None or found.k >= before.k:
        return found
    return replace(found, k=max(found.k, EASE * before.k))


def _corrected(
    budget: Budget, auto: Sequence[FeedNeed], room: float, now: datetime, options: PollOptions
) -> Budget:
    """Return the budget with a K that holds for intervals as they are really found."""
    sample = auto[:: max(1, len(auto) // SAMPLE)]
    share = room * len(sample) / len(auto)
    for _ in range(ROUNDS):
        polls = sum(60.0 / auto_interval(need, now, options, budget)[0] for need in sample)
        budget = replace(budget, k=budget.k * min(max(polls / share, 0.5), 2.0))
    return budget


def _in_order(points: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Return them sorted, in pieces: while 100,000 are sorted at once, nobody else runs."""
    pieces = [sorted(points[start : start + PIECE]) for start in range(0, len(points), PIECE)]
    return list(merge(*pieces))


class _Curves:
    """What all feeds together are polled at some K, found without looking at each of them.

    A feed is polled each ``K / root`` seconds, no less than its least and no more than its most:
    which of the three it is changes at two values of K.
    """

    def __init__(
        self, needs: Sequence[FeedNeed], now: datetime, options: PollOptions, slowest_s: float
    ) -> None:
        leave: list[tuple[float, float, float]] = []
        stop: list[tuple[float, float, float]] = []
        for need in needs:
            root = root_of(need, now)
            least, most = bounds(need, now, options, slowest_s)
            leave.append((least * root, 60.0 / least, root))
            stop.append((most * root, 60.0 / most, root))
        leave, stop = _in_order(leave), _in_order(stop)
        self._leaves = [k for k, _, _ in leave]
        self._stops = [k for k, _, _ in stop]
        self._least = list(accumulate((polls for _, polls, _ in leave), initial=0.0))
        self._left = list(accumulate((root for _, _, root in leave), initial=0.0))
        self._most = list(accumulate((polls for _, polls, _ in stop), initial=0.0))
        self._stopped = list(accumulate((root for _, _, root in stop), initial=0.0))

    def polls(self, k: float) -> float:
        """Return polls a minute."""
        left, stopped = bisect_left(self._leaves, k), bisect_right(self._stops, k)
        between = self._left[left] - self._stopped[stopped] if left > stopped else 0.0
        fast = self._least[-1] - self._least[left]
        return fast + (60.0 * between / k if k > 0 else 0.0) + self._most[stopped]

    def k_for(self, room: float) -> float:
        """Return the least K that keeps within ``room`` polls a minute, as far as any does."""
        if not self._leaves:
            return 0.0
        low, high = max(self._leaves[0], 1e-3), max(self._stops[-1], 1e-3)
        if self.polls(low) <= room:
            return low
        for _ in range(_STEPS):
            middle = (low + high) / 2
            if self.polls(middle) > room:
                low = middle
            else:
                high = middle
        return high
