"""When to look again."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from workers.errors import Reason
from workers.feeds.habit import day_rate, hour_profile, noted
from workers.feeds.hints import http_hints, kept_hints, merge_hints, period_s
from workers.feeds.interval import Budget
from workers.feeds.pressure import Moment
from workers.feeds.schedule import after_bad, after_good, floor_of, gone, moved
from workers.model.feed import Activity, FeedHints, FeedRow
from workers.options import PollOptions

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
OPTIONS = PollOptions()
NONE = FeedHints()
FEED = FeedRow(id="fee_1", url="https://harbour.example/rss", name="Harbour")
FIXED = replace(FEED, interval_fixed_s=300.0)
HOUR, DAY = 3600.0, 86400.0


def wait_of(row: FeedRow) -> float:
    """Return the seconds until the next poll."""
    assert row.next_poll_at is not None
    return (row.next_poll_at - NOW).total_seconds()


def habit(per_day: float) -> Activity:
    """Return the habit of a feed that has long posted so often, at every hour alike."""
    return Activity(since=NOW - timedelta(days=365), at=NOW, posts=7.0 * per_day)


def good(
    feed: FeedRow, hints: FeedHints = NONE, k: float = 2700.0, jitter: float = 0.0
) -> FeedRow:
    """Return the row after a poll that worked and brought nothing."""
    moment = Moment(jitter=jitter, budget=Budget(k=k))
    return after_good(feed, hints, (), NOW, OPTIONS, moment=moment)


@pytest.mark.parametrize("seconds", [1.0, 60.0, 900.0, 6 * HOUR])
def test_fixed_interval_is_kept(seconds: float) -> None:
    """A fixed interval yields to no hint, no habit, and has no jitter."""
    feed = replace(FEED, interval_fixed_s=seconds, activity=habit(100))
    hints = FeedHints(ttl=9000.0, max_age_s=9000.0)
    row = good(feed, hints, jitter=1.0)
    assert (seconds, seconds) == (row.interval_s, wait_of(row))


def test_usual_interval_of_the_settings() -> None:
    """An interval for all feeds counts as fixed."""
    row = after_good(FEED, NONE, (), NOW, PollOptions(interval_s=42.0))
    assert 42.0 == wait_of(row)


@pytest.mark.parametrize(
    ("per_day", "weight", "k", "expected"),
    [
        (1.0, 1.0, 2700.0, 2700.0),
        (9.0, 1.0, 2700.0, 900.0),
        (0.1, 1.0, 2700.0, 7200.0),
        (9.0, 1.0, 100.0, 900.0),
        (9.0, 2.0, 100.0, 120.0),
        (9.0, 4.0, 2700.0, 450.0),
        (288.0, 1.0, 100.0, 120.0),
        (48.0, 1.0, 100.0, 180.0),
        (1.0, 1.0, 20_000.0, 7200.0),
    ],
)
def test_auto_interval(per_day: float, weight: float, k: float, expected: float) -> None:
    """K / sqrt(weight x rate), between fastest and slowest, no oftener than is of use."""
    feed = replace(FEED, weight=weight, activity=habit(per_day))
    assert expected == pytest.approx(wait_of(good(feed, k=k)), rel=0.05)


def test_jitter_is_three_percent() -> None:
    """Two feeds alike drift apart."""
    feed = replace(FEED, activity=habit(1.0))
    spread = [wait_of(good(feed, jitter=jitter)) for jitter in (-1.0, 0.0, 1.0)]
    assert [0.97, 1.0, 1.03] == pytest.approx([wait / spread[1] for wait in spread])


def test_busy_hours_are_polled_oftener() -> None:
    """A feed that posts around noon is asked oftener at noon than at midnight."""
    hours = tuple(60.0 if 10 <= hour <= 14 else 0.0 for hour in range(24))
    feed = replace(FEED, activity=replace(habit(2.0), hours=hours))
    noon = wait_of(good(feed))
    night = after_good(
        replace(feed, activity=replace(feed.activity, at=NOW + timedelta(hours=12))),
        NONE, (), NOW + timedelta(hours=12), OPTIONS, moment=Moment(budget=Budget(k=2700.0)),
    )  # fmt: skip
    assert noon < (night.interval_s or 0.0)


FLOORS = [
    (FeedHints(), None),
    (FeedHints(ttl=1800.0), 1800.0),
    (FeedHints(ttl=86400.0), 3600.0),
    (FeedHints(update_period_s=1200.0), 1200.0),
    (FeedHints(max_age_s=300.0, ttl=100.0), 300.0),
    (FeedHints(expires=NOW + timedelta(seconds=600)), 600.0),
    (FeedHints(expires=NOW - timedelta(seconds=600)), None),
    (FeedHints(max_age_s=0.0), None),
]


@pytest.mark.parametrize(("hints", "expected"), FLOORS)
def test_floor_of_the_publisher(hints: FeedHints, expected: float | None) -> None:
    """The longest of what a publisher asks for counts, up to an hour."""
    floor = floor_of(hints, NOW)
    assert expected == (floor[0] if floor else None)


def test_floor_lengthens_auto_and_says_so() -> None:
    """The publisher's word counts after the habit's, and the row tells why."""
    feed = replace(FEED, weight=3.0, activity=habit(100.0))
    row = good(feed, FeedHints(max_age_s=1500.0))
    assert 1500.0 == wait_of(row)
    assert ("auto: 95.9 posts a day", "weight: 3", "floor: max-age 1500 s") == row.why


def test_success_forgets_failures() -> None:
    """A poll that worked leaves nothing of those that did not."""
    bad = after_bad(FIXED, "timeout", "no answer", None, NOW, OPTIONS)
    row = good(bad)
    assert (0.0, 0, None, None) == (row.score, row.errors, row.last_error, row.failing_since)
    assert (NOW, NOW, 300.0) == (row.last_poll_at, row.last_good_at, wait_of(row))


SCORES: list[tuple[Reason, float]] = [
    ("notFound", 1.0), ("gone", 1.0), ("tls", 1.0), ("payload", 1.0), ("clientError", 1.0),
    ("serverError", 0.5), ("blocked", 0.5), ("authError", 0.5), ("tooLarge", 0.5), ("crash", 0.5),
    ("timeout", 0.25), ("connect", 0.25), ("dns", 0.25),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "score"), SCORES)
def test_error_scores(reason: Reason, score: float) -> None:
    """Hard errors count one, soft ones a half, passing ones a quarter; the wait follows."""
    row = after_bad(FIXED, reason, "why", None, NOW, OPTIONS)
    assert (score, 1, f"{reason}: why", NOW) == (
        row.score, row.errors, row.last_error, row.failing_since
    )  # fmt: skip
    assert 300.0 * 2**score == pytest.approx(wait_of(row))
    assert None is row.last_good_at


def fail(feed: FeedRow, reason: Reason, times: int) -> FeedRow:
    """Fail so often, all at one moment."""
    for _ in range(times):
        feed = after_bad(feed, reason, "", None, NOW, OPTIONS)
    return feed


@pytest.mark.parametrize(
    ("reason", "longest"), [("timeout", 7200.0), ("serverError", 7200.0), ("notFound", DAY)]
)
def test_waits_are_capped(reason: Reason, longest: float) -> None:
    """However often it fails, a feed is asked again."""
    row = fail(FIXED, reason, 500)
    assert (longest, 300.0) == (wait_of(row), row.interval_s)


def test_long_dead_feed_is_asked_weekly() -> None:
    """After a month of hard failures a week passes between polls."""
    dead = replace(fail(FIXED, "notFound", 50), failing_since=NOW - timedelta(days=31))
    assert 7 * DAY == wait_of(after_bad(dead, "notFound", "", None, NOW, OPTIONS))


def test_slow_interval_is_no_faster_for_failing() -> None:
    """A cap never makes a failing feed be polled oftener than a good one."""
    slow = replace(FEED, interval_fixed_s=6 * HOUR)
    assert 6 * HOUR <= wait_of(fail(slow, "timeout", 30))


def test_fast_feed_is_found_again_soon() -> None:
    """A feed polled each second waits little more after one failure, and a fifth of an outage."""
    quick = replace(FEED, interval_fixed_s=1.0)
    assert 1.19 == pytest.approx(wait_of(fail(quick, "connect", 1)), abs=0.01)
    down, row = 0.0, quick
    while down < 600.0:
        row = after_bad(row, "connect", "", None, NOW, OPTIONS)
        down += wait_of(row)
    assert wait_of(row) < 0.2 * down


def test_lasting_dns_failure_is_hard() -> None:
    """A name that has not resolved for a day is no passing trouble."""
    failing = replace(FIXED, failing_since=NOW - timedelta(days=2))
    assert 1.0 == after_bad(failing, "dns", "", None, NOW, OPTIONS).score


@pytest.mark.parametrize(
    ("reason", "retry_after", "low", "high"),
    [
        ("rateLimited", 600.0, 600.0, 660.0),
        ("serverError", 900.0, 900.0, 960.0),
        ("rateLimited", None, 3600.0, 3600.0),
        ("serverError", None, 424.0, 425.0),
        ("rateLimited", 10 * DAY, DAY, DAY + 60),
        ("rateLimited", 0.0, 424.0, 425.0),
        ("notFound", 900.0, 600.0, 600.0),
    ],
)
def test_retry_after(reason: Reason, retry_after: float | None, low: float, high: float) -> None:
    """Retry-After of 429 and 5xx is kept, and a minute at most is added; without it an hour."""
    assert low <= wait_of(after_bad(FIXED, reason, "", retry_after, NOW, OPTIONS)) <= high


def test_auto_feed_fails_from_its_own_interval() -> None:
    """The interval found last is what errors multiply, once each."""
    feed = good(replace(FEED, activity=habit(9.0)))
    row = fail(feed, "timeout", 4)
    assert feed.interval_s == row.interval_s
    assert 2 * (feed.interval_s or 0.0) == pytest.approx(wait_of(row))


THERE = "https://new.example/rss"


def test_move_needs_three_answers_over_a_day() -> None:
    """Three agreeing answers, the last a day after the first, change the address."""
    row = moved(FEED, THERE, NOW)
    row = moved(row, THERE, NOW + timedelta(hours=1))
    row = moved(row, THERE, NOW + timedelta(hours=23))
    assert (FEED.url, THERE, 3) == (row.url, row.moved_to, row.moved_count)
    row = moved(row, THERE, NOW + timedelta(hours=24))
    assert (FEED.id, THERE, None, 0) == (row.id, row.url, row.moved_to, row.moved_count)


def test_two_answers_do_not_move() -> None:
    """However far apart they are."""
    row = moved(moved(FEED, THERE, NOW), THERE, NOW + timedelta(days=30))
    assert FEED.url == row.url


def test_disagreement_begins_anew() -> None:
    """Another address, or none, forgets what was counted."""
    row = moved(moved(FEED, THERE, NOW), THERE, NOW)
    assert 1 == moved(row, "https://third.example/", NOW).moved_count
    assert (None, 0) == (moved(row, None, NOW).moved_to, moved(row, None, NOW).moved_count)


def test_gone_needs_three_answers_over_a_day() -> None:
    """410 gives up a feed as 301 moves it: it is asked once a week from then on."""
    row = gone(gone(gone(FEED, NOW), NOW), NOW + timedelta(hours=23))
    assert (None, 3) == (row.gone_at, row.gone_count)
    later = NOW + timedelta(hours=25)
    row = gone(row, later)
    assert later == row.gone_at
    assert 7.0 <= ((row.next_poll_at or NOW) - later) / timedelta(days=1) <= 7.3


def test_whatever_a_feed_that_is_gone_answers_a_week_passes() -> None:
    """Another failure is no reason to ask oftener; what can be read brings it back."""
    row = replace(FIXED, gone_at=NOW - timedelta(days=30), gone_count=9)
    assert 7 * DAY <= wait_of(after_bad(row, "timeout", "", None, NOW, OPTIONS)) <= 7.3 * DAY
    back = good(after_bad(row, "timeout", "", None, NOW, OPTIONS))
    assert (None, 0, 300.0) == (back.gone_at, back.gone_count, wait_of(back))


def test_gone_is_counted_in_a_row() -> None:
    """Another failure or a success between begins the count anew."""
    row = gone(after_bad(FIXED, "gone", "", None, NOW, OPTIONS), NOW)
    assert 1 == after_bad(row, "gone", "", None, NOW, OPTIONS).gone_count
    assert 0 == after_bad(row, "timeout", "", None, NOW, OPTIONS).gone_count
    assert 0 == good(row).gone_count


def test_habit_is_learned_and_fades() -> None:
    """Posts count, the newest most; an unknown feed is believed to post once a day."""
    assert 1.0 == day_rate(Activity(), NOW)
    posts = [NOW - timedelta(days=day / 4) for day in range(28)]
    learned = noted(Activity(), posts, NOW)
    assert 4.0 == pytest.approx(day_rate(learned, NOW), rel=0.15)
    later = noted(learned, (), NOW + timedelta(days=30))
    assert 0.2 > day_rate(later, NOW + timedelta(days=30))
    assert 24.0 == pytest.approx(sum(hour_profile(learned)))


def test_habit_ignores_the_distant_past_and_the_future() -> None:
    """Posts of last year say nothing; one dated ahead counts as of now."""
    odd = [NOW - timedelta(days=300), NOW + timedelta(hours=5)]
    assert (1.0, NOW) == (noted(Activity(), odd, NOW).posts, noted(Activity(), odd, NOW).since)


HEADERS = [
    ({"cache-control": "public, max-age=300"}, 300.0),
    ({"cache-control": 'MAX-AGE = "60"'}, 60.0),
    ({"cache-control": "no-cache, max-age=300"}, None),
    ({"cache-control": "s-maxage=300"}, None),
    ({"cache-control": "max-age=99999999999999"}, 30 * DAY),
    ({"cache-control": "max-age=-5"}, None),
    ({"cache-control": "max-age=1e9"}, 1.0),
    ({"cache-control": "private, no-store"}, None),
    ({"cache-control": "max-age=0"}, 0.0),
    ({}, None),
]


@pytest.mark.parametrize(("headers", "expected"), HEADERS)
def test_max_age(headers: dict[str, str], expected: float | None) -> None:
    """Cache-Control tells how long a document is good."""
    assert expected == http_hints(headers, NOW).max_age_s


def test_expires_is_read_against_the_servers_clock() -> None:
    """Expires minus Date is what counts, whatever year the server believes in."""
    headers = {"expires": "Fri, 02 Jan 2015 00:10:00 GMT", "date": "Fri, 02 Jan 2015 00:00:00 GMT"}
    assert NOW + timedelta(minutes=10) == http_hints(headers, NOW).expires
    assert None is http_hints({"expires": "0"}, NOW).expires
    assert None is http_hints({"expires": "-1", "date": "x"}, NOW).expires


def test_links_of_the_header() -> None:
    """Hub and self stand in the Link header."""
    link = (
        '<https://hub.example/>; rel="hub", <https://a.example/f>; rel=self; type=x, </r>; rel=hub'
    )
    hints = http_hints({"link": link}, NOW)
    assert ("https://hub.example/", "https://a.example/f") == (hints.hub, hints.self)


def test_hints_are_merged() -> None:
    """HTTP's word goes first; what it does not say is kept."""
    kept = FeedHints(ttl=60.0, max_age_s=100.0, hub="https://a.example/", skip_hours=(1,))
    fresh = FeedHints(max_age_s=200.0)
    assert FeedHints(
        ttl=60.0, max_age_s=200.0, hub="https://a.example/", skip_hours=(1,)
    ) == merge_hints(fresh, kept)
    assert kept == merge_hints(NONE, kept)


@pytest.mark.parametrize(
    ("period", "frequency", "expected"),
    [
        (None, None, None), ("hourly", "4", 900.0), ("daily", None, DAY), (None, "2", DAY / 2),
        ("Weekly", " 1 ", 7 * DAY), ("sometimes", "1", None), ("hourly", "0", HOUR),
        ("hourly", "-1", None), ("hourly", "9" * 50, None),
    ],
)  # fmt: skip
def test_update_period(period: str | None, frequency: str | None, expected: float | None) -> None:
    """The syndication module's period and frequency, in seconds."""
    assert expected == period_s(period, frequency)


def test_a_304_keeps_what_was_said_and_may_say_it_anew() -> None:
    """What no header mentions stands; a new word, even "keep nothing", replaces the old."""
    kept = FeedHints(ttl=60.0, max_age_s=900.0, age_s=5.0)
    assert kept == kept_hints(kept, {"etag": "x"}, same_answer=True)
    for headers, same in (
        ({"cache-control": "no-cache"}, True),
        ({"expires": "0"}, True),
        ({}, False),
    ):
        assert FeedHints(ttl=60.0) == kept_hints(kept, headers, same_answer=same)


AGES = [
    ("100", 200.0),
    ("0", 300.0),
    ("300", None),
    ("9999999", None),
    ("-5", 300.0),
    ("x", 300.0),
]


@pytest.mark.parametrize(("age", "expected"), AGES)
def test_a_cached_answer_is_good_for_less(age: str, expected: float | None) -> None:
    """What a cache has kept for a while grows old so much sooner."""
    hints = http_hints({"cache-control": "max-age=300", "age": age}, NOW)
    floor = floor_of(hints, NOW)
    assert expected == (floor[0] if floor else None)
    assert 300.0 == hints.max_age_s
