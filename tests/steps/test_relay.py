"""RELAY: outbox, retry timer and sweeper in one query."""

import pytest
from sqlalchemy import select

from workers.feeds.schedule import after_bad
from workers.model.commit import PollCommit
from workers.model.feed import FeedSource
from workers.options import HostRule, PollOptions, QueueOptions
from workers.steps.relay import Relay, first_delay, refill
from workers.store import incarnation
from workers.store.tables import meta
from workers.text.urls import host_of, identity_key

ENDPOINT = "ops@https://hooks.example"


@pytest.fixture
def relay(world):
    """A relay with one sink behind a breaker."""
    return Relay(world.edges, QueueOptions(lease_s=2.0, outstanding=5), lambda: {"ops": ENDPOINT})


async def _settled(relay):
    """Let the relay find Redis as it should be."""
    await relay.once()


async def test_what_is_due_moves_once(world, relay, broker):
    """A row that is due is pushed into its stream and marked: the next round moves nothing."""
    await _settled(relay)
    await world.baseline()
    article = await world.news("News")
    assert 1 == await relay.once()
    assert 0 == await relay.once()
    (message,) = await broker.take(["pages:warm"], 5, 0.05)
    assert ("page", article) == (message.kind, message.id)


async def test_a_lost_redis_is_filled_from_sql(world, relay, broker, valkey):
    """Where the epoch is missing all marks are void, and the due-queue is filled again."""
    await _settled(relay)
    feed = await world.baseline()
    article = await world.news("News")
    await relay.once()
    with valkey.client() as client:
        client.flushall()
    assert 1 == await relay.once()
    (message,) = await broker.take(["pages:warm"], 5, 0.05)
    assert article == message.id
    with valkey.client() as client:
        assert [feed] == client.zrange("{tocsin}:due:feeds", 0, -1)
    assert await broker.epoch(await world.store.incarnation())


async def test_sends_in_flight_are_waited_for(world, relay, valkey):
    """After Redis was lost deliveries wait for one lease: a send may be in flight."""
    delivery = await world.rung()
    await _settled(relay)
    with valkey.client() as client:
        client.flushall()
    await relay.once()
    assert ("sink:ops", delivery) not in await world.due()
    world.clock.advance(2.1)
    assert ("sink:ops", delivery) in await world.due()


async def test_an_open_breaker_gets_nothing(world, relay, broker):
    """Nothing is pushed to a sink whose breaker is open; other streams go on."""
    await _settled(relay)
    await world.rung()
    for _ in range(5):
        await broker.breaker_note(ENDPOINT, good=False)
    await world.news("More", name="n2")
    assert 1 == await relay.once()
    held = await broker.outstanding(["sink:ops", "pages:warm"])
    assert {"sink:ops": 0, "pages:warm": 1} == held


async def test_one_row_probes_an_open_breaker(world, relay, broker, eventually, site, write):
    """When the probe is due one row goes; the others only once that one has closed the breaker."""
    await _settled(relay)
    await world.rung()
    for number in range(2, 5):
        article = await world.news("A quake", name=f"n{number}")
        site.put(f"/n{number}", write[2]("A quake", "A quake."))
        await world.read(article)
    for _ in range(5):
        await broker.breaker_note(ENDPOINT, good=False)
    await relay.once()

    async def probed():
        await relay.once()
        return (await broker.outstanding(["sink:ops"]))["sink:ops"]

    await eventually(probed)
    await relay.once()
    assert {"sink:ops": 1} == await broker.outstanding(["sink:ops"])
    (message,) = await broker.take(["sink:ops"], 5, 0.05)
    assert 0.0 == await broker.breaker_wait(ENDPOINT, 2.0)
    await relay.once()
    await broker.breaker_note(ENDPOINT, good=True)
    await broker.acknowledge([message])
    await relay.once()
    (message,) = await broker.take(["sink:ops"], 5, 0.05)
    await broker.acknowledge([message])
    assert 2 == await relay.once()


async def test_there_is_tried_again_after_a_second(world, relay, broker):
    """An id that is still in its stream is not marked, and tried again a second later."""
    await _settled(relay)
    await world.baseline()
    article = await world.news("First")
    await relay.once()
    await world.news("Second")
    assert 0 == await relay.once()
    assert [("pages:warm", article)] == await world.due()
    (message,) = await broker.take(["pages:warm"], 5, 0.05)
    await broker.acknowledge([message])
    assert 0 == await relay.once()
    world.clock.advance(1.1)
    assert 1 == await relay.once()


async def test_a_mark_needs_the_same_turn(world, relay):
    """A row that was asked for again between push and mark is not marked."""
    await _settled(relay)
    await world.baseline()
    article = await world.news("First")
    store = world.store

    class Late:
        def __getattr__(self, name):
            return getattr(store, name)

        async def mark(self, pushed):
            await world.news("Second")
            await store.mark(pushed)

    edges = type(world.edges)(**{**world.edges.__dict__, "store": Late()})
    await Relay(edges, QueueOptions(lease_s=2.0), dict).once()
    assert [("pages:warm", article)] == await world.due()


async def test_nobodys_backlog_fills_redis(world, relay, broker, site, write):
    """At most so many ids of a stream are outstanding; the rest waits in SQL."""
    await _settled(relay)
    feed = await world.baseline()
    item, rss, _ = write
    site.put("/feed", rss(*(item(f"m{n}", f"T{n}", url=f"{site.url}/m{n}") for n in range(9))))
    await world.poll(feed)
    await relay.once()
    await relay.once()
    assert {"pages:warm": 5} == await broker.outstanding(["pages:warm"])
    assert 4 == len(await world.due())


async def test_marked_long_ago_is_pushed_again(world, relay, valkey):
    """A row whose entry was lost without the epoch is pushed again three leases later."""
    await _settled(relay)
    await world.baseline()
    await world.news("News")
    await relay.once()
    with valkey.client() as client:
        for key in client.keys("*"):
            if "epoch" not in key:
                client.delete(key)
    assert 0 == await relay.once()
    world.clock.advance(6.5)
    assert 1 == await relay.once()


async def test_the_due_queue_is_what_sql_knows(world, valkey):
    """Filling the due-queue adds what it lacks and removes what SQL does not know."""
    feed = await world.baseline()
    with valkey.client() as client:
        client.zadd("{tocsin}:due:feeds", {"fee_gone": 1})
        assert 1 == await refill(world.edges)
        assert 0 == await refill(world.edges)
        assert [feed] == client.zrange("{tocsin}:due:feeds", 0, -1)
        await world.store.sync_feeds([])
        assert 0 == await refill(world.edges)
        assert 0 == client.exists("{tocsin}:due:feeds")


async def test_what_is_due_sooner_by_sql_is_moved(world, broker, eventually):
    """A shorter interval, or another address, does not wait for the time that was set before."""
    (feed,) = await world.feeds("/feed", interval_s=7200.0)
    row = await world.store.load_feed(feed)
    commit = PollCommit(feed=row, loaded_at=None, delay_s=7200.0)
    await world.store.commit_poll(commit)
    assert 1 == await refill(world.edges)
    await world.feeds("/feed", interval_s=60.0)
    assert 1 == await refill(world.edges)
    await world.store.sync_feeds(
        [FeedSource(url="https://b.example/", name="B", former=(row.url,))]
    )
    assert 1 == await refill(world.edges)
    assert 0 == await refill(world.edges)

    async def due():
        return await broker.claim_feeds(1, 30.0)

    await eventually(due)


async def test_a_rest_that_a_server_asked_for_is_kept(world, valkey):
    """Filling the due-queue moves no feed to a sooner time than SQL knows."""
    (feed,) = await world.feeds("/feed")
    row = await world.store.load_feed(feed)
    await world.store.commit_poll(PollCommit(feed=row, loaded_at=None, delay_s=7200.0))
    await refill(world.edges)
    with valkey.client() as client:
        score = client.zscore("{tocsin}:due:feeds", feed)
        assert 0 == await refill(world.edges)
        assert score == client.zscore("{tocsin}:due:feeds", feed)


async def test_a_host_that_asked_for_rest_rests_on_when_redis_was_flushed(world, broker, valkey):
    """Its other feeds do not ask it before the time that its Retry-After told."""
    resting, other = await world.feeds("/feed", "/other")
    row = await world.store.load_feed(resting)
    host = host_of(row.url)
    asked = after_bad(row, "rateLimited", "HTTP 429", 3600.0, world.clock.now(), PollOptions())
    commit = PollCommit(feed=asked, loaded_at=None, delay_s=3600.0)
    await world.store.commit_poll(commit)
    with valkey.client() as client:
        client.flushall()
    await refill(world.edges)
    assert 3500 < (await broker.host_room({host: 5.0}))[host].wait_s <= 3600
    assert 3500 < await broker.host_turn(host, 5.0, 2, 30.0, feed=other)


@pytest.mark.parametrize(
    ("delay", "interval", "feeds", "least", "most"),
    [
        (-50.0, None, 3, 0.0, 0.15),
        (0.0, 900.0, 40, 0.0, 2.0),
        (0.0, None, 10**6, 0.0, 60.0),
        (0.0, 900.0, 10**6, 0.0, 60.0),
        (0.0, 5.0, 10**6, 0.0, 5.0),
        (300.0, 900.0, 3, 300.0, 300.0),
    ],
)
def test_the_first_poll_is_soon_and_spread(delay, interval, feeds, least, most):
    """Overdue feeds are spread over 0.05 s each, a minute or an interval at most.

    Others keep their time.
    """
    delays = [first_delay(f"fee_{number}", delay, interval, feeds) for number in range(20)]
    assert least <= min(delays)
    assert max(delays) <= most


async def test_a_feed_that_waits_for_its_host_keeps_its_place(world, broker, valkey, eventually):
    """It is overdue by SQL, and filling the due-queue does not send it to the host again."""
    feed = await world.baseline()
    world.clock.advance(10_000)
    await refill(world.edges)

    leases = []

    async def claimed():
        leases.extend(await broker.claim_feeds(1, 30.0))
        return leases

    await eventually(claimed)
    await broker.feed_done(leases[0], 900.0, waits=True)
    with valkey.client() as client:
        score = client.zscore("{tocsin}:due:feeds", feed)
        assert 0 == await refill(world.edges)
        assert score == client.zscore("{tocsin}:due:feeds", feed)


async def test_two_lives_of_a_database_do_not_outbid_each_other(world, relay, broker):
    """It was put back under processes that run: they learn its new name, and deliveries go on."""
    await _settled(relay)
    await world.store._write(lambda conn, _now: incarnation.renew(conn))
    (new,) = await world.store._read(
        lambda conn, _now: conn.execute(
            select(meta.c.value).where(meta.c.key == "incarnation")
        ).scalars().all()
    )  # fmt: skip
    await broker.begin_epoch(new)  # by a process that was started since
    await relay.once()
    assert await broker.epoch(new)


async def _many(world, count, write):
    """Let a feed list entries whose pages are all on one host; return their articles' ids."""
    await world.baseline()
    item, rss, _ = write
    items = [item(f"n{n}", f"News {n}", url=f"{world.site.url}/n{n}") for n in range(count)]
    world.site.put("/feed", rss(*items))
    for row in await world.store.feed_rows():
        await world.poll(row.id)
    return [await world.article(f"/n{n}") for n in range(count)]


async def test_a_host_gets_no_more_pages_than_it_takes(world, broker, changed, write):
    """Of forty pages of one host one goes to the readers; the others are set to its turns."""
    host = world.site.url.partition("://")[2]
    net = changed(world.rules.net, hosts={host: HostRule(spacing_s=5.0, at_once=2)})
    relay = Relay(world.edges, QueueOptions(lease_s=30.0), dict, net=lambda: net)
    await relay.once()
    ids = await _many(world, 40, write)
    assert 1 == await relay.once()
    assert 0 == await relay.once()
    assert [] == await world.due("pages:warm")
    assert {"pages:warm": 1} == await broker.outstanding(["pages:warm"])
    pushed = await broker.take(["pages:warm"], 9, 0.05)
    assert {message.id for message in pushed} <= set(ids)
    world.clock.advance(200.0)  # by the rule 40 turns: all are due again, none is lost
    assert 40 == len(await world.due("pages:warm")) + 1


async def test_what_is_hot_goes_first(world, broker, changed, write):
    """Of one host's pages the hot one goes, though it came last."""
    host = world.site.url.partition("://")[2]
    net = changed(world.rules.net, hosts={host: HostRule(spacing_s=5.0, at_once=2)})
    relay = Relay(world.edges, QueueOptions(lease_s=30.0), dict, net=lambda: net)
    await relay.once()
    world.topics(quake="quake")
    await _many(world, 5, write)
    hot = await world.news("A quake", name="hot")
    assert 1 == await relay.once()
    (message,) = await broker.take(["pages:hot", "pages:warm"], 9, 0.05)
    assert hot == message.id


async def test_hosts_do_not_wait_for_each_other(world, broker, changed, write):
    """A host that rests keeps its own pages back, and nobody else's."""
    host = world.site.url.partition("://")[2]
    net = changed(world.rules.net, hosts={host: HostRule(spacing_s=5.0, at_once=2)})
    relay = Relay(world.edges, QueueOptions(lease_s=30.0), dict, net=lambda: net)
    await relay.once()
    await _many(world, 3, write)
    await broker.host_rest(host, 3600.0)
    other = "http://localhost:1/elsewhere"
    item, rss, _ = write
    world.site.put("/feed", rss(item("other", "Elsewhere", url=other)))
    for row in await world.store.feed_rows():
        await world.poll(row.id)
    assert 1 == await relay.once()
    (message,) = await broker.take(["pages:warm"], 9, 0.05)
    assert await world.store.find_article(identity_key(other)) == message.id
    world.clock.advance(3000.0)
    assert [] == await world.due("pages:warm")
    world.clock.advance(700.0)
    assert 3 == len(await world.due("pages:warm"))
