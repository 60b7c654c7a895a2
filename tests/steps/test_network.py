"""An outage of our own: told once, held against no feed, and made up for when it is over."""

import pytest

from workers.alerts import SinkRoute
from workers.errors import StoreDown

SHUT = [f"http://127.0.0.{number}:9/feed" for number in range(2, 8)]
"""Hosts of loopback where nobody listens."""


@pytest.fixture
async def hosts(world, site, write, with_rules):
    """Six feeds that cannot be reached, and one that can."""
    site.put("/feed", write[1](write[0]("a", "A")))
    ids = await world.feeds(*SHUT, "/feed")
    world.rules = with_rules(world.rules, sinks=(SinkRoute(name="ops"),))
    return ids


async def events(world) -> list[str]:
    """Return the kinds of the open events."""
    return [line.kind for line in await world.store.open_events()]


async def test_scores_stand_while_our_network_is_down(world, hosts):
    """The first four failures are hosts'; from the fifth on feeds are retried as usual."""
    rows = [await world.poll(feed) for feed in hosts[:6]]
    assert [0.25] * 4 + [0.0] * 2 == [row.score for row in rows]
    assert [1] * 4 + [0] * 2 == [row.errors for row in rows]
    last = await world.poll(hosts[5])
    assert (0.0, 900.0) == (last.score, (last.next_poll_at - world.clock.now()).total_seconds())
    assert "our own network is down" in last.why[0]


async def test_it_is_told_once_and_instead_of_the_feeds(world, hosts):
    """For three hours nothing is said of feeds; when it ends, nothing more is told."""
    for _ in range(6):
        for feed in hosts[:6]:
            await world.poll(feed)
        world.clock.advance(1800)
    assert ["network_down"] == await events(world)
    (told,) = [await world.store.load_delivery(id_) for _, id_ in await world.due("sink:ops")]
    assert ("network_down", "critical") == (told.content.kind, told.content.severity)
    assert "5 of the 5 hosts" in told.content.text
    await world.poll(hosts[6])
    assert [] == await events(world)
    assert 1 == len(await world.due("sink:ops"))


async def test_what_failed_meanwhile_is_due_when_it_ends(world, hosts):
    """Within two minutes, and not those that could be asked."""
    for feed in hosts[:6]:
        await world.poll(feed)
    await world.broker.drop_feeds(hosts)
    await world.broker.schedule_feeds(dict.fromkeys(hosts, 3000.0))
    world.clock.advance(300)
    await world.poll(hosts[6])
    assert not world.edges.network.down
    soon = [delay for delay in await due(world) if delay <= 120]
    assert 6 == len(soon)
    assert len(set(soon)) > 1


async def test_two_that_fail_let_others_be_asked(world, hosts):
    """Where too few hosts were asked to know who is to blame, more are due at once."""
    await world.broker.schedule_feeds(dict.fromkeys(hosts, 3000.0))
    await world.poll(hosts[0])
    assert all(delay > 1000 for delay in await due(world))
    await world.poll(hosts[1])
    assert 5 == len([delay for delay in await due(world) if delay <= 0])
    assert not world.edges.network.down


async def due(world) -> list[float]:
    """Return the seconds until each feed's turn in the due-queue."""
    client = world.broker._link
    now = await client.call("TIME")
    present = int(now[0]) + int(now[1]) / 1e6
    found = await client.call("ZRANGE", "{tocsin}:due:feeds", 0, -1, "WITHSCORES")
    return [float(score) / 1000 - present for score in scores(found)]


def scores(found) -> list[float]:
    """Return the scores of an answer of either protocol."""
    if found and isinstance(found[0], (list, tuple)):
        return [score for _, score in found]
    return list(found[1::2])


@pytest.mark.usefixtures("hosts")
async def test_pages_say_it_too(world, site):
    """A page whose host cannot be reached counts like a feed."""
    (feed,) = await world.feeds("/feed")
    await world.poll(feed)
    items = [
        f"<item><guid>g{number}</guid><title>T{number}</title><link>{url}/{number}</link></item>"
        for number, url in enumerate(SHUT)
    ]
    site.put("/feed", f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>")
    world.clock.advance(900)
    await world.poll(feed)
    world.clock.advance(300)
    await world.work("pages:hot", "pages:warm")
    assert ["network_down"] == await events(world)


async def test_a_database_that_is_away_is_told_later(world, hosts, monkeypatch):
    """The event is raised with the next fetch, and the fetch itself does not fail for it."""

    async def away(_intent):
        raise StoreDown("away")

    monkeypatch.setattr(world.store, "raise_event", away)
    for feed in hosts[:4]:
        await world.poll(feed)
    monkeypatch.setattr(world.store, "commit_poll", away)
    with pytest.raises(StoreDown):
        await world.poll(hosts[4])
    monkeypatch.undo()
    await world.poll(hosts[5])
    assert ["network_down"] == await events(world)


async def test_what_an_earlier_life_told_is_ended(world, hosts):
    """A process that starts when it is over finds the event open, and ends it."""
    for feed in hosts[:5]:
        await world.poll(feed)
    assert ["network_down"] == await events(world)
    world.edges.network.__init__()
    await world.poll(hosts[6])
    assert ["network_down"] == await events(world)  # one host says little
    world.clock.advance(121)
    await world.poll(hosts[6])
    assert [] == await events(world)
