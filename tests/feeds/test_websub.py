"""The rules of pushes: whom to ask, and how to poll beside a hub."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from workers.feeds.budget import Spending
from workers.feeds.reasoning import beside_hub, reasoning
from workers.feeds.websub import (
    again_s,
    differs,
    form_of,
    lease_of,
    paced,
    renewal_s,
    takes_secret,
    wanted_of,
)
from workers.model.feed import FeedHints, FeedRow, FeedSource
from workers.model.websub import Subscription, Wanted
from workers.options import PollOptions

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HUB, TOPIC, US = "https://hub.example/", "https://pub.example/feed", "https://us.example"
ROW = FeedRow(
    id="f", url=TOPIC, name="Wire", baselined_at=NOW, hints=FeedHints(hub=HUB, self=TOPIC),
    interval_s=600.0, next_poll_at=NOW + timedelta(seconds=600), why=("auto: 9.0 posts a day",),
)  # fmt: skip
SOURCE = FeedSource(url=TOPIC, name="Wire")
LIVE = Subscription(
    id="0" * 32, feed_id="f", hub=HUB, topic=TOPIC, callback=f"{US}/websub/x", secret="s",
    state="live", verified_at=NOW, expires_at=NOW + timedelta(days=10),
)  # fmt: skip
AUTO = PollOptions()


def interval(row: FeedRow, one: Subscription | None = LIVE, options: PollOptions = AUTO) -> float:
    """Return the interval of a row beside a subscription, whose next poll agrees with it."""
    after = paced(row, one, NOW, options, jitter=0.0)
    assert after.next_poll_at is not None
    assert after.interval_s is not None
    assert after.next_poll_at >= NOW + timedelta(seconds=after.interval_s)
    return after.interval_s


def test_a_pushed_feed_is_polled_hourly() -> None:
    """Whether it was polled oftener or more seldom before; never above the operator's ceiling."""
    assert 3600.0 == interval(ROW)
    assert 3600.0 == interval(replace(ROW, interval_s=7200.0))
    assert 1800.0 == interval(ROW, options=PollOptions(slowest_s=1800.0))


@pytest.mark.parametrize(
    "one",
    [
        None,
        replace(LIVE, state="asked"),
        replace(LIVE, state="refused"),
        replace(LIVE, expires_at=NOW),
        replace(LIVE, missed_at=NOW),
    ],
)
def test_else_it_is_polled_as_ever(one: Subscription | None) -> None:
    """Without a promise of the hub that is kept, its feed is polled by its habit."""
    assert 600.0 == interval(ROW, one)


def test_what_the_operator_fixed_stands() -> None:
    """A fixed interval, of the feed or of all, yields to no hub; `why` tells of it anyway."""
    fixed = replace(ROW, interval_fixed_s=600.0)
    assert 600.0 == interval(fixed)
    assert 600.0 == interval(ROW, options=PollOptions(interval_s=600.0))
    assert paced(fixed, LIVE, NOW, AUTO, jitter=0.0).why[-1].startswith("websub: live until")


def test_the_reasoning_knows_of_the_hub() -> None:
    """Who asks why is told the interval that a poll would set, with a hub and without one."""
    plain = reasoning(ROW, Spending(), NOW, AUTO, 0.0)
    assert plain == beside_hub(plain, ROW, None, NOW, AUTO)
    pushed = beside_hub(plain, ROW, LIVE, NOW, AUTO)
    assert plain.interval_s < 3600.0 == pushed.interval_s
    assert "live until" in pushed.why[-1]


def test_a_short_lease_is_polled_out() -> None:
    """The next poll is not later than the end of what the hub promised."""
    soon = replace(LIVE, expires_at=NOW + timedelta(minutes=20))
    assert 1200.0 == interval(ROW, soon)
    assert 600.0 == interval(ROW, replace(LIVE, expires_at=NOW + timedelta(seconds=5)))


@pytest.mark.parametrize(
    "why", ["slowed: pages wait 20 min: times 2.0", "budget: polls_per_minute"]
)
def test_what_spares_polls_stands(why: str) -> None:
    """A hub is no reason to spend polls that there are not."""
    assert 9000.0 == interval(replace(ROW, interval_s=9000.0, why=(why,)))


def test_skipped_hours_stand() -> None:
    """A poll that waits for the publisher's night to end is not brought forward."""
    late = NOW + timedelta(hours=7)
    after = paced(replace(ROW, next_poll_at=late), LIVE, NOW, AUTO, jitter=0.0)
    assert late == after.next_poll_at


@pytest.mark.parametrize(
    ("row", "source"),
    [
        (replace(ROW, hints=FeedHints(hub=HUB)), SOURCE),
        (replace(ROW, hints=FeedHints(self=TOPIC)), SOURCE),
        (replace(ROW, hints=FeedHints(hub="file:///etc/passwd", self=TOPIC)), SOURCE),
        (replace(ROW, hints=FeedHints(hub=HUB + "x" * 3000, self=TOPIC)), SOURCE),
        (replace(ROW, baselined_at=None), SOURCE),
        (replace(ROW, parked=True), SOURCE),
        (replace(ROW, gone_at=NOW), SOURCE),
        (replace(ROW, url="https://me:word@pub.example/feed"), SOURCE),
        (ROW, replace(SOURCE, headers=(("Cookie", "x"),))),
        (ROW, None),
    ],
)
def test_who_is_not_asked(row: FeedRow, source: FeedSource | None) -> None:
    """Half a discovery, a hostile one, a feed without baseline, ended, private or unknown."""
    assert Wanted(hub=HUB, topic=TOPIC) == wanted_of(ROW, SOURCE)
    assert wanted_of(row, source) is None


def test_what_is_to_be_changed() -> None:
    """Another hub or topic, none any more, or a new address of our own."""
    same = Wanted(hub=HUB, topic=TOPIC)
    assert not differs(LIVE, same, US)
    assert differs(LIVE, Wanted(hub="https://b.example/", topic=TOPIC), US)
    assert differs(LIVE, Wanted(hub=HUB, topic=TOPIC + "?a"), US)
    assert differs(LIVE, same, "https://new.example")
    assert differs(LIVE, None, US)
    assert differs(None, same, US)
    assert not differs(None, None, US)


@pytest.mark.parametrize(
    ("hub", "given"),
    [
        ("https://hub.example/", True),
        ("http://127.0.0.1:8000/hub", True),
        ("http://[::1]/hub", True),
        ("http://localhost/hub", True),
        ("http://hub.example/", False),
        ("http://10.0.0.1/", False),
        ("http://127.0.0.1.example/", False),
        ("http://localhost.example/", False),
    ],
)
def test_secrets_do_not_cross_networks_in_the_clear(hub: str, given: bool) -> None:  # noqa: FBT001
    """Only TLS, or a hub on this machine, is given one."""
    assert given == takes_secret(hub)


def test_a_form_says_goodbye_without_a_secret() -> None:
    """To unsubscribe, a hub needs topic and callback only."""
    names = [name for name, _ in form_of(replace(LIVE, state="leaving")).fields]
    assert ["hub.mode", "hub.topic", "hub.callback"] == names
    assert "hub.secret" in dict(form_of(LIVE).fields)


def test_times() -> None:
    """Leases have bounds, renewals come before their end, and hubs are not pestered."""
    assert (864_000.0, 1.0, 2_592_000.0) == tuple(map(lease_of, (None, "1", "9" * 20)))
    assert (800_000.0, 8.0, 8.0) == tuple(map(renewal_s, (1_000_000.0, 10.0, 1.0)))
    waits = [again_s(tries) for tries in (0, 1, 2, 3, 9, 99)]
    assert [600.0, 600.0, 1200.0, 2400.0, 86_400.0, 86_400.0] == waits
