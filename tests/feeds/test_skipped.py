"""Hours and days in which a publisher asks not to be read."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.feeds import read_feed
from workers.feeds.schedule import after_good
from workers.feeds.skipped import SPREAD_S, until_wanted
from workers.model.feed import FeedHints, FeedRow
from workers.options import PollOptions

NOW = datetime(2026, 1, 9, 21, 50, tzinfo=UTC)  # a Friday
HOUR, DAY = 3600.0, 86400.0


@pytest.mark.parametrize(
    ("hours", "days", "wait", "expected"),
    [
        ((), (), 900.0, 900.0),
        ((3,), (), 900.0, 900.0),
        ((22,), (), 300.0, 300.0),  # 21:55 is not 22
        ((22,), (), 900.0, HOUR + 600.0),
        ((22, 23, 0, 1), (), 900.0, 4 * HOUR + 600.0),
        ((), (5,), 3 * HOUR, DAY),  # Saturday ends later than in a day
        ((), (4,), 900.0, 2 * HOUR + 600.0),
        (tuple(range(24)), (), 900.0, 900.0),
        ((), tuple(range(7)), 900.0, 900.0),
        ((99, -1), (9,), 900.0, 900.0),
        ((22,), (), 3 * DAY + 900.0, 3 * DAY + 900.0),  # an interval longer than a day stands
    ],
)
def test_the_end_of_the_skip(
    hours: tuple[int, ...], days: tuple[int, ...], wait: float, expected: float
) -> None:
    """A poll due in a skipped hour comes when that ends, within a day; nonsense is no word."""
    hints = FeedHints(skip_hours=hours, skip_days=days)
    assert expected == until_wanted(hints, NOW, wait, -1.0)
    assert expected <= until_wanted(hints, NOW, wait, 1.0) <= expected + SPREAD_S


def test_it_is_asked_for() -> None:
    """Without the option a feed is read at any hour; a fixed interval yields to no such word."""
    hints = FeedHints(skip_hours=(21, 22, 23))
    feed = FeedRow(id="f", url="https://a.example/", name="A")
    obeyed = PollOptions(skip_hours=True)
    plain = after_good(feed, hints, (), NOW, PollOptions())
    row = after_good(feed, hints, (), NOW, obeyed)
    assert (900.0, 900.0) == (plain.interval_s, row.interval_s)
    assert NOW + timedelta(seconds=900) == plain.next_poll_at
    assert (row.next_poll_at or NOW).hour == 0
    assert "skipped hours: after 2.2 h" in row.why
    fixed = after_good(
        FeedRow(id="f", url="u", name="A", interval_fixed_s=60), hints, (), NOW, obeyed
    )
    assert NOW + timedelta(seconds=60) == fixed.next_poll_at


def test_days_are_read() -> None:
    """SkipDays of RSS, beside skipHours."""
    head = "<skipHours><hour>3</hour><hour>24</hour></skipHours>"
    body = f"<rss version='2.0'><channel><title>A</title>{head}<skipDays><day>Sunday</day>"
    feed = read_feed(
        f"{body}<day> saturday</day><day>Someday</day></skipDays></channel></rss>".encode(),
        "https://a.example/", "text/xml", NOW, 10,
    )  # fmt: skip
    assert ((0, 3), (5, 6)) == (feed.hints.skip_hours, feed.hints.skip_days)


@given(
    st.sets(st.integers(-1, 30)), st.sets(st.integers(-1, 8)), st.floats(1.0, 1e6),
    st.integers(0, 10**9), st.floats(-1.0, 1.0),
)  # fmt: skip
def test_nobody_is_skipped_for_longer_than_a_day(
    hours: set[int], days: set[int], wait: float, at: int, jitter: float
) -> None:
    """Whatever a feed says, and never sooner than its interval."""
    hints = FeedHints(skip_hours=tuple(hours), skip_days=tuple(days))
    found = until_wanted(hints, NOW + timedelta(seconds=at), wait, jitter)
    assert wait - 1e-3 <= found <= max(wait, DAY) + 1e-3
