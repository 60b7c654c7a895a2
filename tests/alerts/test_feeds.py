"""What a poll says of its feed that somebody must be told."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from workers.alerts import SinkRoute, blind_topics, feed_changes, feed_rebaselined
from workers.model.feed import Activity, FeedRow
from workers.model.message import EventChanges
from workers.model.topic import TopicSpec

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SINKS = (SinkRoute(name="ops", events=True),)


def feed(**fields: object) -> FeedRow:
    """Return a feed that was read well until now."""
    made = FeedRow(
        id="fee_1",
        url="https://a.example/feed",
        name="wire",
        weight=1.0,
        interval_s=900.0,
        last_good_at=NOW,
    )
    return msgspec.structs.replace(made, **fields)


def failing(minutes: float, **fields: object) -> FeedRow:
    """Return a feed whose last good poll is so long ago."""
    made = {
        "last_good_at": NOW - minutes * MINUTE,
        "failing_since": NOW - (minutes - 1) * MINUTE,
        "errors": 3,
        "last_error": "serverError: HTTP 500",
        **fields,
    }
    return feed(**made)


def noticed(before: FeedRow, after: FeedRow) -> EventChanges:
    """Return what is told."""
    return feed_changes(before, after, NOW, SINKS, lambda: ("militia",))


@pytest.mark.parametrize(
    ("minutes", "fields", "told"),
    [
        (59, {}, False),
        (60, {}, True),
        (119, {"interval_s": 2400.0}, False),
        (120, {"interval_s": 2400.0}, True),
        (29, {"weight": 3.0, "interval_s": 7200.0}, False),
        (30, {"weight": 3.0, "interval_s": 7200.0}, True),
        (5000, {"errors": 1}, False),
    ],
)
def test_a_feed_that_fails_is_told_of(
    minutes: float, fields: dict[str, object], *, told: bool
) -> None:
    """After an hour or three intervals, half an hour if it is heavy, and never at one failure."""
    changes = noticed(feed(), failing(minutes, **fields))
    assert told == bool(changes.raised)
    assert () == changes.ended


def test_the_event_says_since_when_and_which_topics_hear_nothing() -> None:
    """Severity follows the feed's weight."""
    (usual,) = noticed(feed(), failing(90)).raised
    assert ("feed_failing", "wire", "high", ("militia",)) == (
        usual.kind,
        usual.subject,
        usual.severity,
        usual.topics,
    )
    assert NOW - 90 * MINUTE == usual.since
    assert "2026-11-23 10:30 UTC, 3 tries failed: the server has an error" in usual.text
    (heavy,) = noticed(feed(), failing(90, weight=3.0)).raised
    assert "critical" == heavy.severity


def test_a_feed_that_was_never_read_fails_too() -> None:
    """From its first failure on."""
    never = failing(90, last_good_at=None, failing_since=NOW - 61 * MINUTE)
    assert NOW - 61 * MINUTE == noticed(never, never).raised[0].since


def test_a_good_poll_ends_what_was_wrong() -> None:
    """And tells that the feed is back, if it was told that it was away."""
    changes = noticed(failing(90), feed())
    assert () == changes.raised
    assert ["feed_failing", "feed_gone"] == [end.kind for end in changes.ended]
    assert {"feed_back"} == {end.then.kind for end in changes.ended if end.then}


def test_a_move_is_told_once() -> None:
    """Both addresses are named."""
    (moved,) = noticed(feed(), feed(url="https://b.example/feed")).raised
    assert ("feed_moved", False) == (moved.kind, moved.lasting)
    assert "https://a.example/feed to https://b.example/feed" in moved.text
    assert () == noticed(feed(), feed()).raised
    (private,) = noticed(
        feed(url="https://me:hunter2@a.example/feed"), feed(url="https://me:hunter2@b.example/f")
    ).raised
    assert "https://a.example/feed to https://b.example/f" in private.text  # and no password


def test_a_feed_that_is_gone_is_told_of_when_it_is_parked() -> None:
    """Then it no longer fails: it is gone."""
    changes = noticed(failing(90), failing(90, gone_at=NOW))
    assert () == noticed(failing(90, gone_at=NOW), failing(90, gone_at=NOW)).raised
    assert ["feed_gone"] == [one.kind for one in changes.raised]
    assert ["feed_failing", "feed_quiet", "feed_blind"] == [end.kind for end in changes.ended]


def test_a_quiet_feed_is_told_of() -> None:
    """With what is unusual, which topics hear nothing, and as critical if it is heavy."""
    quiet = {"quiet": "nothing new since Monday"}
    changes = noticed(feed(), feed(**quiet))
    (told,) = changes.raised
    assert ("feed_quiet", "wire", "high", ("militia",)) == (
        told.kind,
        told.subject,
        told.severity,
        told.topics,
    )
    assert "nothing new since Monday. Look at the site" in told.text
    assert "feed_quiet" not in [end.kind for end in changes.ended]
    (heavy,) = noticed(feed(), feed(weight=3.0, **quiet)).raised
    assert "critical" == heavy.severity


def test_a_feed_that_is_quiet_no_more_is_back() -> None:
    """With its first post."""
    changes = noticed(feed(quiet="nothing new since Monday"), feed())
    assert () == changes.raised
    (end,) = [end for end in changes.ended if end.kind == "feed_quiet"]
    assert ("feed_back", "wire") == (end.then.kind, end.then.subject)


def test_a_blind_feed_is_told_of() -> None:
    """From two turnovers in a row on, with what to do; ended when the last one is a day old."""
    once = feed(activity=Activity(turned=1, turned_at=NOW))
    twice = feed(activity=Activity(turned=2, turned_at=NOW))
    calm = feed(activity=Activity(turned=0, turned_at=NOW))
    assert () == noticed(feed(), once).raised
    (told,) = noticed(once, twice).raised
    assert ("feed_blind", "high", ("militia",)) == (told.kind, told.severity, told.topics)
    assert "every 900 seconds; set a shorter interval" in told.text
    assert "feed_blind" not in [end.kind for end in noticed(twice, calm).ended]
    assert "feed_blind" in [end.kind for end in noticed(calm, feed()).ended]


def test_a_feed_made_anew_is_told_of() -> None:
    """With how many entries were stored without ringing."""
    made = feed_rebaselined(feed(), 40, SINKS)
    assert ("feed_rebaselined", "normal") == (made.kind, made.severity)
    assert made.text.startswith("40 entries came under new names")


def test_topics_that_listen_elsewhere_too_are_not_blind() -> None:
    """Only those that are limited to feeds of which this is one."""
    specs = [
        TopicSpec(name="all", query="x"),
        TopicSpec(name="named", query="x", feeds=("wire",)),
        TopicSpec(name="tagged", query="x", feeds=("tag:world", "other")),
        TopicSpec(name="elsewhere", query="x", feeds=("other",)),
    ]
    assert ("named", "tagged") == blind_topics(specs, "wire", ("world",))
