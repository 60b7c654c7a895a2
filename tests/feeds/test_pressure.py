"""Back-pressure: who is asked less often while pages wait, and by how much."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from workers.feeds.interval import Budget
from workers.feeds.pressure import Moment, slowed, stretched
from workers.feeds.schedule import after_good
from workers.model.feed import Activity, FeedHints, FeedRow
from workers.options import PollOptions

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
OPTIONS = PollOptions()
FEED = FeedRow(id="fee_1", url="https://harbour.example/rss", name="Harbour")
BUDGET = Budget(k=2700.0)
MINUTE, HOUR = 60.0, 3600.0


def polled(
    per_day: float,
    behind_s: float,
    weight: float = 1.0,
    own: float | None = None,
    options: PollOptions = OPTIONS,
) -> FeedRow:
    """Return the row of a feed that has long posted so often, after a good poll."""
    habit = Activity(since=NOW - timedelta(days=365), at=NOW, posts=7.0 * per_day)
    feed = replace(FEED, activity=habit, weight=weight, interval_fixed_s=own)
    return after_good(
        feed, FeedHints(), (), NOW, options, moment=Moment(behind_s=behind_s, budget=BUDGET)
    )


def ratio(behind_s: float, per_day: float, weight: float = 1.0) -> float:
    """Return by how much a feed is asked less often than without pages that wait."""
    usual = polled(per_day, 0.0, weight).interval_s
    slow = polled(per_day, behind_s, weight).interval_s
    assert usual is not None
    assert slow is not None
    return slow / usual


@pytest.mark.parametrize(
    ("per_day", "behind_s", "expected"),
    [
        (1.0, 10 * MINUTE, 1.0),
        (1.0, 11 * MINUTE, 4.0),
        (2.0, 11 * MINUTE, 2.2),
        (8.0, 11 * MINUTE, 1.0),
        (8.0, 40 * MINUTE, 2.0),
        (20.0, HOUR, 1.2),
        (30.0, HOUR, 1.0),
        (30.0, 48 * HOUR, 1.0),
        (1.0, 48 * HOUR, 4.0),
    ],
)
def test_quiet_feeds_first(per_day: float, behind_s: float, expected: float) -> None:
    """Beyond ten minutes the quietest slow down, then busier ones, one post an hour never."""
    assert expected == pytest.approx(ratio(behind_s, per_day), rel=0.1)


def test_a_feed_whose_delay_matters_keeps_its_pace() -> None:
    """Weight counts as posts do."""
    assert 4.0 == pytest.approx(ratio(11 * MINUTE, 1.0, 1.0))
    assert 1.0 == pytest.approx(ratio(11 * MINUTE, 1.0, 5.0))


def test_its_own_interval_is_the_operators_word() -> None:
    """A feed with an interval of its own is never slowed."""
    row = polled(0.1, 24 * HOUR, own=300.0)
    assert 300.0 == row.interval_s
    assert ("fixed: every 5 min",) == row.why


def test_an_interval_for_all_feeds_is_the_operators_word_too() -> None:
    """``[polling] interval`` is kept as a feed's own is."""
    options = PollOptions(interval_s=60.0)
    row = polled(0.1, HOUR, options=options)
    assert (60.0, timedelta(seconds=60)) == (row.interval_s, (row.next_poll_at or NOW) - NOW)
    assert ("fixed: every 60 s",) == row.why


def test_never_beyond_twice_the_slowest() -> None:
    """The longest interval is bounded, whatever waits for however long."""
    assert 2 * OPTIONS.slowest_s == polled(0.1, 9 * 24 * HOUR).interval_s


@pytest.mark.parametrize("interval_s", [1.0, 600.0, 7200.0, 50_000.0])
@pytest.mark.parametrize("posts", [0.0, 1.0, 1000.0])
@pytest.mark.parametrize("behind_s", [0.0, 600.0, 601.0, 1e9])
def test_never_sooner(interval_s: float, posts: float, behind_s: float) -> None:
    """Pages that wait never make a feed be asked more often, nor by more than four times less."""
    kept = stretched(interval_s, posts, behind_s, OPTIONS)
    assert interval_s <= kept <= 4 * interval_s


def test_it_ends_with_its_cause() -> None:
    """The poll after pages wait no longer has the usual interval, and gives no such reason."""
    slow = polled(1.0, 20 * MINUTE)
    row = after_good(slow, FeedHints(), (), NOW, OPTIONS)
    assert (row.interval_s or 0) < (slow.interval_s or 0)
    assert not any(phrase.startswith("slowed") for phrase in row.why)
    assert (False, True) == (slowed(10 * MINUTE), slowed(10 * MINUTE + 1))
