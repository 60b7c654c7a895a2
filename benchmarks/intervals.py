"""How long news waits to be seen, by the rule that says when a feed is polled, at equal polls.

::

    python -m benchmarks.intervals                   200 feeds, ten days, a minute and a half
    python -m benchmarks.intervals --polls 3.3       another budget, in polls a minute
    python -m benchmarks.intervals --seed 7          other feeds

Simulated: no network, no clock. 200 feeds post with daily and weekly cycles, in bursts and in
slots. Each rule sees only what its polls bring. Ours is the code of the daemon (`after_good` with
the budget of `share_out`); the others are written down from what their projects say of them, and
all their intervals are stretched by one factor until they poll as often as ours did. It exits 1 if
ours is not at most 0.45 of a fixed interval.
"""

import argparse
import heapq
import sys
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from benchmarks.postings import DAY_S, HOUR_S, feeds, posts
from workers.feeds.budget import eased, share_out
from workers.feeds.pressure import Moment
from workers.feeds.schedule import after_good, need_of
from workers.model.feed import FeedHints, FeedRow
from workers.options import PollOptions

if TYPE_CHECKING:
    from workers.feeds.interval import Budget

__all__ = ["main"]

FEEDS, PAST, LEARN, MEASURE = 200, 7, 5, 10
"""Feeds; days before the first poll, days in which rules learn, days that count."""
LISTED = 30
"""Entries that a feed lists."""
FASTEST_S, SLOWEST_S = 120.0, 7200.0
REACH = 0.45
NEAR = 0.003
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
Rule = Callable[[int, float, Sequence[float]], float]
"""Feed, now and new posts (seconds) in, the next interval out."""


@dataclass
class Outcome:
    """What a rule came to, in the days that count."""

    polls: int = 0
    delays: list[float] = field(default_factory=list)

    @property
    def mean_s(self) -> float:
        """Return the mean delay in seconds."""
        return sum(self.delays) / len(self.delays)

    def share(self, part: float) -> float:
        """Return the delay that so large a part of the posts does not exceed."""
        return sorted(self.delays)[int(part * (len(self.delays) - 1))]


def run(listed: Sequence[Sequence[float]], rule: Rule) -> Outcome:
    """Poll all feeds by a rule; a post waits from when it was made until its feed is polled."""
    begin, counts, end = PAST * DAY_S, (PAST + LEARN) * DAY_S, (PAST + LEARN + MEASURE) * DAY_S
    found = Outcome()
    seen = [0] * len(listed)
    due = [(begin + number, number) for number in range(len(listed))]
    heapq.heapify(due)
    while due:
        at, feed = heapq.heappop(due)
        if at >= end:
            continue
        upto = bisect_right(listed[feed], at)
        new = listed[feed][max(seen[feed], upto - LISTED) : upto]
        if at >= counts:
            found.polls += 1
            found.delays += (
                at - post for post in listed[feed][seen[feed] : upto] if post >= counts
            )
        seen[feed] = upto
        heapq.heappush(due, (at + rule(feed, at, new), feed))
    return found


class Ours:
    """Interval "auto", by the code of the daemon; the budget is weighed anew each hour."""

    def __init__(self, many: int, polls_per_minute: float, dice: Random) -> None:
        self._rows = [
            FeedRow(id=f"f{n}", url=f"https://f{n}.example/", name="") for n in range(many)
        ]
        self._options = PollOptions(polls_per_minute=polls_per_minute)
        self._dice = dice
        self._budget: Budget | None = None
        self._weighed = -HOUR_S

    def __call__(self, feed: int, at: float, new: Sequence[float]) -> float:
        """Return the interval of one feed."""
        now = MONDAY + timedelta(seconds=at)
        if self._budget is None or at - self._weighed >= HOUR_S:
            needs = [need_of(row, self._options) for row in self._rows]
            self._budget = eased(self._budget, share_out(needs, now, self._options).budget)
            self._weighed = at
        moment = Moment(jitter=self._dice.uniform(-1, 1), budget=self._budget)
        posted = [MONDAY + timedelta(seconds=post) for post in new]
        row = after_good(self._rows[feed], FeedHints(), posted, now, self._options, moment=moment)
        self._rows[feed] = row
        return row.interval_s or SLOWEST_S


def fixed(scale: float) -> Rule:
    """One interval for all."""
    return lambda _feed, _at, _new: scale * HOUR_S


def by_last_week(scale: float) -> Rule:
    """A week, divided by the number of entries of the last week: as miniflux does."""
    known: dict[int, list[float]] = {}

    def rule(feed: int, at: float, new: Sequence[float]) -> float:
        week = [post for post in (*known.get(feed, ()), *new) if at - post <= 7 * DAY_S]
        known[feed] = week
        return _clamped(scale * 7 * DAY_S / max(len(week), 1), DAY_S)

    return rule


def by_halving(scale: float) -> Rule:
    """Half the interval after news, a step more after none (AIMD)."""
    last: dict[int, float] = {}

    def rule(feed: int, _at: float, new: Sequence[float]) -> float:
        before = last.get(feed, HOUR_S)
        last[feed] = _clamped(before / 2 if new else before + scale * 600.0, SLOWEST_S)
        return last[feed]

    return rule


def by_gap(scale: float) -> Rule:
    """Half the mean gap of entries; by the age of the last one beyond a week: as CommaFeed."""
    known: dict[int, list[float]] = {}

    def rule(feed: int, at: float, new: Sequence[float]) -> float:
        listed = [*known.get(feed, ()), *new][-LISTED:]
        known[feed] = listed
        silent = (at - listed[-1]) / DAY_S if listed else 99.0
        for days, hours in ((30, 4.0), (14, 2.0), (7, 1.0)):
            if silent >= days:
                return _clamped(scale * hours * HOUR_S, DAY_S)
        gap = (listed[-1] - listed[0]) / (len(listed) - 1) if len(listed) > 1 else DAY_S
        return _clamped(scale * min(max(gap / 2, 300.0), 4 * HOUR_S), DAY_S)

    return rule


def _clamped(seconds: float, slowest_s: float) -> float:
    return min(max(seconds, FASTEST_S), slowest_s)


def at_equal_polls(
    listed: Sequence[Sequence[float]], made: Callable[[float], Rule], polls: int
) -> Outcome:
    """Stretch a rule's intervals until it polls so often."""
    low, high = 0.001, 1000.0
    found = Outcome()
    for _ in range(30):
        scale = (low * high) ** 0.5
        found = run(listed, made(scale))
        if abs(found.polls - polls) <= NEAR * polls:
            break
        low, high = (scale, high) if found.polls > polls else (low, scale)
    return found


OTHERS: dict[str, Callable[[float], Rule]] = {
    "fixed": fixed,
    "by the last week's entries (miniflux)": by_last_week,
    "halved after news (AIMD)": by_halving,
    "half the mean gap (CommaFeed)": by_gap,
}


def main() -> int:
    """Print the table; return 1 if ours does not reach what it should."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--polls", type=float, default=FEEDS / 30, help="a minute, for all feeds")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    dice = Random(asked.seed)
    days = PAST + LEARN + MEASURE
    listed = [posts(habit, days, dice) for habit in feeds(FEEDS, dice)]
    ours = run(listed, Ours(FEEDS, asked.polls, Random(asked.seed)))
    found = {"Tocsin": ours} | {
        name: at_equal_polls(listed, rule, ours.polls) for name, rule in OTHERS.items()
    }
    _print(found, asked.polls)
    return 0 if ours.mean_s <= REACH * found["fixed"].mean_s else 1


def _print(found: dict[str, Outcome], budget: float) -> None:
    base = found["fixed"].mean_s
    spent = found["Tocsin"].polls / (MEASURE * 1440)
    print(f"{FEEDS} feeds, {len(found['Tocsin'].delays)} posts in {MEASURE} days;", end=" ")
    print(f"{budget:.2f} polls a minute allowed, {spent:.2f} used\n")
    print("| rule | polls | mean delay | half within | 95 % within | against fixed |")
    print("|---|---|---|---|---|---|")
    for name, one in found.items():
        minutes = [one.mean_s / 60, one.share(0.5) / 60, one.share(0.95) / 60]
        told = " | ".join(f"{value:.1f} min" for value in minutes)
        print(f"| {name} | {one.polls} | {told} | {one.mean_s / base:.2f} |")


if __name__ == "__main__":
    sys.exit(main())
