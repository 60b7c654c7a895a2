"""Each feed against its own habit."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from workers.feeds.habit import noted
from workers.feeds.quiet import KEPT, UNSEEN, quiet_after
from workers.model.feed import Activity, FeedRow

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WATCHED = FeedRow(
    id="fee_1", url="https://a.example/feed", name="wire", baselined_at=MONDAY, interval_s=900.0
)
Pattern = Callable[[datetime], int]
"""How many posts a feed makes in the hour that begins then."""


def always(number: int) -> Pattern:
    """So many posts in each hour."""
    return lambda _at: number


def until(end: datetime, pattern: Pattern, then: Pattern) -> Pattern:
    """One pattern, and from ``end`` on another."""
    return lambda at: pattern(at) if at < end else then(at)


def office(at: datetime) -> int:
    """Three posts in each hour of work, five days a week."""
    return 3 if at.weekday() < 5 and 8 <= at.hour < 18 else 0


def by_day(at: datetime) -> int:
    """Return twenty posts in each hour but those of the night."""
    return 20 if 6 <= at.hour < 22 else 0


def never(_at: datetime) -> int:
    """Return no post."""
    return 0


def daily(at: datetime) -> int:
    """Return one post a day."""
    return int(at.hour == 9)


def watch(
    pattern: Pattern, hours: float, *, feed: FeedRow = WATCHED, start: datetime = MONDAY
) -> list[FeedRow]:
    """Poll a feed of this pattern at the end of each hour; return the row after each poll."""
    rows = [feed]
    for hour in range(int(hours)):
        at = start + hour * HOUR
        posted = [at + timedelta(minutes=7 * n % 60) for n in range(pattern(at))]
        rows.append(polled(rows[-1], posted, at + timedelta(minutes=59)))
    return rows[1:]


def polled(before: FeedRow, posted: list[datetime], now: datetime) -> FeedRow:
    """Poll once."""
    after = replace(before, activity=noted(before.activity, posted, now))
    return quiet_after(before, after, now)


def first(rows: list[FeedRow]) -> int | None:
    """Return after how many polls the feed was first quiet, None if it never was."""
    return next((number for number, row in enumerate(rows, 1) if row.quiet), None)


END = MONDAY + 28 * DAY


@pytest.mark.parametrize(
    ("pattern", "silent_h"),
    [
        (always(1), 6),  # the least
        (always(40), 6),
        (daily, 22),  # since nine o'clock the day before, half as long again as a day
        (office, 41),  # since Friday evening, half as long again as a weekend
        (by_day, 12),  # half as long again as a night, however much is posted by day
    ],
    ids=["hourly", "busy", "daily", "office", "nights"],
)
def test_silence_is_told_after_the_longest_usual_one(pattern: Pattern, silent_h: int) -> None:
    """Nothing is told while the feed posts as ever; then, from midnight of day 28, silence is."""
    rows = watch(until(END, pattern, never), 28 * 24 + 120)
    found = first(rows)
    assert found is not None
    assert abs(found - 28 * 24 - silent_h) <= 1
    assert "nothing new since 2026-11-" in rows[found].quiet


def test_a_short_history_is_no_habit() -> None:
    """Neither thirteen days of it, nor nine posts."""
    assert first(watch(until(MONDAY + 13 * DAY, always(1), never), 13 * 24 + 20)) is None
    rare = until(MONDAY + 27 * DAY, lambda at: int(at.hour == 9 and at.day % 3 == 0), never)
    assert first(watch(rare, 28 * 24)) is None


def test_one_exception_is_no_habit() -> None:
    """A silence of five days, once in four weeks, does not make three days usual."""
    gap = until(MONDAY + 10 * DAY, daily, until(MONDAY + 15 * DAY, never, daily))
    rows = watch(until(END + DAY, gap, never), 32 * 24)
    assert rows[11 * 24].quiet is None  # twelve days were too few to say so
    assert first(rows[16 * 24 :]) is not None


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [(4, 1, True), (4, 2, True), (4, 4, False), (10, 9, False), (1, 3, False)],
)
def test_a_week_with_far_fewer_posts(before: int, after: int, *, told: bool) -> None:
    """Below the mean by more than days differ is quiet; a few less, or more, are not."""
    change = MONDAY + 21 * DAY
    rows = watch(until(change, always(before), always(after)), 29 * 24)
    found = first(rows)
    assert told == (found is not None)
    if found is not None:
        assert f"{24 * before:.1f} in the weeks before" in rows[found].quiet
        assert found > 21 * 24 + DAY / HOUR


def test_it_is_back_with_its_first_post() -> None:
    """And the week that was silent is not held against it afterwards."""
    back = END + 3 * DAY
    rows = watch(until(END, always(1), until(back, never, always(1))), 45 * 24)
    quiet = [number for number, row in enumerate(rows) if row.quiet]
    assert (28 * 24 + 6, 31 * 24 - 1) == (quiet[0], quiet[-1])
    assert list(range(quiet[0], quiet[-1] + 1)) == quiet


def test_silence_does_not_become_a_habit() -> None:
    """After two months without a post it is as quiet as on the first day."""
    rows = watch(until(END, always(1), never), 90 * 24)
    assert all(row.quiet for row in rows[28 * 24 + 8 :])


def test_days_that_nobody_saw_are_not_quiet() -> None:
    """Tocsin was stopped for five days, and the feed lists only its latest posts."""
    (*_, before) = watch(always(4), 21 * 24)
    start = MONDAY + 26 * DAY
    rows = watch(always(4), 10 * 24, feed=before, start=start)
    assert first(rows) is None
    # Not those either on which it was stopped and started.
    assert 7 == rows[30].activity.days.count(UNSEEN)


def test_a_feed_that_lists_its_past_has_a_habit_at_once() -> None:
    """From the second poll on: at the first, what is listed may be a choice."""
    listed = [MONDAY + n * 6 * HOUR for n in range(80)]
    now = listed[-1] + 2 * DAY
    new = replace(WATCHED, baselined_at=None)
    row = polled(new, listed, now)
    assert row.quiet is None
    row = polled(replace(row, baselined_at=now), [], now + HOUR)
    assert "nothing new since 2026-11-21 18:00 UTC" in row.quiet


def test_dates_that_lag_are_no_silence() -> None:
    """A feed that dates all it posts ten days back posts when it is seen to."""
    row, quiet = WATCHED, []
    for day in range(60):
        now = MONDAY + day * DAY
        row = polled(row, [now - 10 * DAY], now)
        quiet.append(row.quiet)
    assert [None] * 60 == quiet


def test_old_rows_are_read() -> None:
    """A habit that an earlier version wrote begins to be counted today."""
    raw = b'{"since":"2026-10-01T00:00:00Z","at":"2026-11-02T00:00:00Z","posts":9.5,"hours":[]}'
    old = msgspec.json.decode(raw, type=Activity)
    new = noted(old, [MONDAY - 3 * DAY, MONDAY], MONDAY + HOUR)
    assert (2,) == new.days
    assert new == msgspec.json.decode(msgspec.json.encode(new), type=Activity)


@given(
    st.lists(
        st.tuples(
            st.floats(-40 * 24, 80 * 24), st.lists(st.floats(-60 * 24, 60 * 24), max_size=5)
        ),
        max_size=30,
    )
)
def test_counts_are_bounded_and_whole(polls: list[tuple[float, list[float]]]) -> None:
    """Whatever dates a feed invents, and however the clock is set."""
    row, now = WATCHED, MONDAY
    for after, posted in polls:
        now += after * HOUR
        before = row
        row = polled(row, [now + hours * HOUR for hours in posted], now)
        kept = row.activity
        assert 1 <= len(kept.days) == len(kept.gaps) <= KEPT + 1
        assert min(kept.days) >= UNSEEN
        assert min(kept.gaps) >= 0
        assert sum(kept.days) <= sum(map(abs, before.activity.days)) + len(posted)
