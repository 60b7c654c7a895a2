"""How many polls there are, and how they are shared out."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from workers.feeds.budget import LONGEST_S, Spending, eased, share_out
from workers.feeds.interval import Budget, auto_interval
from workers.model.feed import Activity, FeedHints, FeedNeed
from workers.options import PollOptions

NOW = datetime(2026, 1, 10, 12, 20, tzinfo=UTC)


def feed(per_day: float, weight: float = 1.0, **more: object) -> FeedNeed:
    """Return a feed that has long posted so often, most of it around noon."""
    hours = tuple(per_day if 9 <= hour <= 15 else 0.0 for hour in range(24))
    habit = Activity(since=NOW - timedelta(days=365), at=NOW, posts=7.0 * per_day, hours=hours)
    return FeedNeed(weight=weight, activity=habit, **more)  # type: ignore[arg-type]


def spent(needs: list[FeedNeed], found: Spending, options: PollOptions) -> float:
    """Return the polls a minute that the intervals really come to."""
    waits = [
        need.waits_s or need.fixed_s or auto_interval(need, NOW, options, found.budget)[0]
        for need in needs
    ]
    return sum(60.0 / wait for wait in waits)


def house(many: int) -> list[FeedNeed]:
    """Return feeds of every kind: busy, quiet, heavy, failing, fixed, with a publisher's word."""
    dice = Random(7)
    return [
        feed(
            0.05 * 1.05 ** dice.uniform(0, 160),
            weight=dice.choice([1.0, 1.0, 1.0, 3.0]),
            hints=FeedHints(max_age_s=dice.choice([None, None, 600.0, 7200.0])),
            fixed_s=dice.choice([None] * 9 + [1800.0]),
            waits_s=dice.choice([None] * 9 + [5000.0]),
        )
        for _ in range(many)
    ]


@pytest.mark.parametrize("budget", [7.0, 10.0, 15.0, 30.0, 60.0, 1e6])
def test_the_budget_is_met_and_never_passed(budget: float) -> None:
    """All intervals, with clamps, floors, errors and fixed ones, come to the budget."""
    options, needs = PollOptions(polls_per_minute=budget), house(500)
    found = share_out(needs, NOW, options)
    real = spent(needs, found, options)
    assert real <= budget * 1.02
    if found.budget.binds:
        assert real == pytest.approx(budget, rel=0.02)
        assert not found.exhausted
    else:
        least = sum(
            60.0 / auto_interval(one, NOW, options, Budget())[0]
            for one in needs
            if one.fixed_s is None and one.waits_s is None
        )
        assert real == pytest.approx(least + found.fixed, rel=0.01)


@pytest.mark.parametrize("budget", [0.05, 0.5, 2.0])
def test_the_budget_wins_over_the_slowest(budget: float) -> None:
    """Where even the slowest intervals cost too much, they grow, and the figure is named."""
    options, needs = PollOptions(polls_per_minute=budget), [feed(0.1 * n) for n in range(1, 400)]
    found = share_out(needs, NOW, options)
    assert found.exhausted
    assert found.needed == pytest.approx(399 * 60.0 / options.slowest_s)
    longest = max(auto_interval(need, NOW, options, found.budget)[0] for need in needs)
    assert options.slowest_s < longest <= LONGEST_S
    if longest < LONGEST_S:
        assert budget == pytest.approx(spent(needs, found, options), rel=0.02)


def test_fixed_intervals_come_first() -> None:
    """What they take is not there for others, who have a tenth of all polls at least."""
    options = PollOptions(polls_per_minute=10.0)
    autos = [feed(1.0) for _ in range(100)]
    half = share_out([*autos, *[feed(1.0, fixed_s=60.0)] * 5], NOW, options)
    assert (5.0, 5.0) == pytest.approx((half.fixed, half.auto), rel=0.05)
    more = share_out([*autos, *[feed(1.0, fixed_s=60.0)] * 50], NOW, options)
    assert 1.0 == pytest.approx(more.auto, rel=0.05)
    assert more.exhausted
    assert not share_out([feed(1.0, fixed_s=1.0)] * 9, NOW, options).exhausted  # their own word


def test_nobody_is_asked_oftener_than_is_of_use() -> None:
    """With any budget: every 15 min, or a tenth of a new entry; who matters, at the fastest."""
    options = PollOptions(polls_per_minute=1e9)
    found = share_out([feed(0.1), feed(200.0)], NOW, options)
    assert 900.0 == auto_interval(feed(0.1), NOW, options, found.budget)[0]
    assert 120.0 == auto_interval(feed(200.0), NOW, options, found.budget)[0]
    assert 120.0 == auto_interval(feed(100.0, 2.0), NOW, options, Budget())[0]
    even = FeedNeed(activity=Activity(since=NOW - timedelta(days=365), at=NOW, posts=7 * 24.0))
    assert 360.0 == pytest.approx(auto_interval(even, NOW, options, Budget())[0], rel=0.05)


def test_nobody_there() -> None:
    """Without feeds nothing is spent, and nothing is missing."""
    found = share_out([], NOW, PollOptions())
    assert (0.0, 0.0, False) == (found.auto, found.needed, found.exhausted)


def test_more_is_taken_step_by_step() -> None:
    """Feeds that were added count at once; those that went let the others come slowly."""
    assert 200.0 == eased(Budget(k=100.0), Budget(k=200.0)).k
    assert 80.0 == eased(Budget(k=100.0), Budget(k=10.0)).k
    assert 95.0 == eased(Budget(k=100.0), Budget(k=95.0)).k
    assert 10.0 == eased(None, Budget(k=10.0)).k


def test_processes_agree() -> None:
    """What the database says is all that counts."""
    needs, options = house(300), PollOptions(polls_per_minute=9.0)
    assert share_out(needs, NOW, options) == share_out(list(needs), NOW, options)
