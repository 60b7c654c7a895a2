"""Events of feeds from the poll to the JSON of a sink, and to log and metric without any sink."""

from datetime import UTC, datetime

import msgspec
import pytest
from structlog.testing import capture_logs

from workers.alerts import SinkRoute
from workers.alerts.notice import notice
from workers.alerts.payload import body
from workers.feeds.outage import LEAST_HOSTS
from workers.model.topic import TopicSpec
from workers.topics import compile_topics

HOUR, DAY = 3600.0, 86400.0
OPS = SinkRoute(name="ops", events=True)


async def failing(world, site, _write, feed) -> None:
    """Fail for a good hour."""
    site.put("/feed", "oops", 500)
    for _ in range(4):
        world.clock.advance(1500)
        await world.poll(feed)


async def gone(world, site, _write, feed) -> None:
    """Answer 410 for over a day."""
    site.put("/feed", "gone", 410)
    for _ in range(3):
        await world.poll(feed)
        world.clock.advance(13 * HOUR)


async def moved(world, site, write, feed) -> None:
    """Point elsewhere for over a day."""
    site.put("/there", write[1](write[0]("a", "A")))
    site.put("/feed", "", 301, Location=site.url + "/there")
    for _ in range(3):
        await world.poll(feed)
        world.clock.advance(13 * HOUR)


async def blind(world, site, write, feed) -> None:
    """Replace all that is listed, twice."""
    for first in (100, 200):
        site.put(
            "/feed", write[1](*(write[0](f"p{n}", f"P {n}") for n in range(first, first + 6)))
        )
        world.clock.advance(900)
        await world.poll(feed)


async def rebaselined(world, site, write, feed) -> None:
    """Make the site anew: all identities are new, and nothing is."""
    early = world.clock.now().replace(hour=1)
    site.put("/feed", write[1](*(write[0](f"b{n}", f"B {n}", at=early) for n in range(12))))
    world.clock.advance(HOUR)
    await world.poll(feed)


async def away(world, _site, _write, _feed) -> None:
    """Reach nobody."""
    shut = await world.feeds(*(f"http://127.0.0.{n + 2}:9/feed" for n in range(LEAST_HOSTS)))
    for feed in shut:
        await world.poll(feed)


CASES = {
    "feed_failing": (failing, "high", "critical", True, "No good poll since"),
    "feed_gone": (gone, "high", "high", True, "asked once a week"),
    "feed_moved": (moved, "normal", "normal", False, "/there"),
    "feed_blind": (blind, "high", "high", True, "all that it lists was new"),
    "feed_rebaselined": (rebaselined, "normal", "normal", False, "do not ring"),
    "network_down": (away, "critical", "critical", False, "could not be reached"),
}


async def watched(world, weight: float, sinks: tuple[SinkRoute, ...], with_rules) -> str:
    """Return a feed of this weight that one topic hears only."""
    await world.baseline()
    (feed,) = await world.feeds("/feed", weight=weight)
    deaf = TopicSpec(name="deaf", query="x", feeds=("Feed /feed",))
    topics = compile_topics([deaf], {}, ("en",))
    world.rules = with_rules(world.rules, sinks=sinks, topics=topics)
    return feed


@pytest.mark.parametrize("weight", [1.0, 3.0])
@pytest.mark.parametrize("kind", list(CASES))
async def test_what_a_sink_is_sent(world, site, write, with_rules, kind, weight):
    """Each kind with all fields of the interface, as severe as it is for a feed of this weight."""
    happens, usual, heavy, blinds, words = CASES[kind]
    feed = await watched(world, weight, (OPS,), with_rules)
    await happens(world, site, write, feed)
    jobs = [await world.store.load_delivery(id_) for _, id_ in await world.due("sink:ops")]
    (job,) = [one for one in jobs if one.content.kind == kind]
    sent = msgspec.json.decode(body(notice(job, world.clock.now(), None)))
    assert ("event.raised", 1) == (sent["type"], sent["version"])
    data = sent["data"]
    assert {"event", "severity", "subject", "text", "since", "topics"} <= set(data)
    assert (kind, usual if weight < 3 else heavy) == (data["event"], data["severity"])
    assert ("network" if kind == "network_down" else "Feed /feed") == data["subject"]
    assert words in data["text"]
    assert (["deaf"] if blinds else []) == data["topics"]
    since = datetime.fromisoformat(data["since"])
    assert datetime(2026, 1, 1, tzinfo=UTC) < since <= world.clock.now()


@pytest.mark.parametrize("kind", list(CASES))
async def test_without_any_sink(world, site, write, with_rules, kind):
    """The log and the metric tell of it all the same, once."""
    feed = await watched(world, 1.0, (), with_rules)
    with capture_logs() as logged:
        await CASES[kind][0](world, site, write, feed)
    told = [line for line in logged if line["event"] == "event_raised" and line["kind"] == kind]
    assert 1 == len(told)
    assert f'tocsin_events_total{{event="{kind}"}} 1.0' in world.edges.meter.page().decode()


async def test_a_feed_that_was_never_good_is_told_of_too(world, site, with_rules):
    """At weight 3 after half an hour, counted from its first failure."""
    site.put("/feed", "oops", 500)
    (feed,) = await world.feeds("/feed", weight=3.0)
    world.rules = with_rules(world.rules, sinks=(OPS,))
    kinds = []
    for _ in range(3):
        await world.poll(feed)
        kinds.append([line.kind for line in await world.store.open_events()])
        world.clock.advance(1000)
    assert [[], [], ["feed_failing"]] == kinds
