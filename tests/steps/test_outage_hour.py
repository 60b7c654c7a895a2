"""An hour without our network, by polls, store and due-queue as they are; only time is made up."""

from collections import Counter
from random import Random

import pytest
from aiohttp import web

from workers.alerts import SinkRoute
from workers.broker.keys import DUE
from workers.feeds.outage import Network
from workers.pool.tasks import read_feed_again
from workers.steps.edges import Edges
from workers.steps.look import Look
from workers.steps.poll import Poll

FEEDS = 8
QUARTER, HOUR = 920.0, 3600.0


class Process:
    """One of several that poll, with its own eyes; what all of them see is told as beats do."""

    def __init__(self, world, number: int) -> None:
        shared = {
            name: getattr(world.edges, name)
            for name in ("store", "broker", "fetcher", "pool", "clock", "meter")
        }
        self.edges = Edges(**shared, dice=Random(number), network=Network())
        self.poll = Poll(self.edges, lambda: world.rules, Look(self.edges, read_feed_again))


class Queue:
    """The due-queue itself, in which time passes because all its times are moved back."""

    def __init__(self, world, processes) -> None:
        self.world = world
        self.processes = processes
        self.turn = 0
        self.passed = 0.0

    async def _first(self) -> float:
        """Return the seconds until the first feed is due."""
        return min((await self.world.broker.queued_feeds()).values())

    async def _pass(self, seconds: float) -> None:
        """Let so much time pass, by every clock."""
        self.world.clock.advance(seconds)
        self.passed += seconds
        link = self.world.broker._link
        for feed in await self.world.broker.queued_feeds():
            await link.call("ZINCRBY", DUE, -4 * round(250 * seconds), feed)

    def _tell_each_other(self) -> None:
        at = self.world.clock.monotonic()
        told = [one.edges.network.told_others(at) for one in self.processes]
        for number, one in enumerate(self.processes):
            others = told[:number] + told[number + 1 :]
            one.edges.network.hear({host: ok for seen in others for host, ok in seen.items()}, at)

    async def run(self, until: float) -> Counter:
        """Poll what is due, in turn by each process, until then; return how often each was."""
        polls: Counter = Counter()
        while self.passed + (first := await self._first()) <= until:
            if first > 0:
                await self._pass(first + 0.004)
            for lease in await self.world.broker.claim_feeds(1, 30.0):
                self._tell_each_other()
                self.turn += 1
                process = self.processes[self.turn % len(self.processes)]
                again = await process.poll(lease.feed)
                assert await self.world.broker.feed_done(lease, again.delay_s)
                polls[lease.feed] += 1
        await self._pass(max(0.0, until - self.passed))
        return polls


class Town:
    """A server that is many hosts, and may be out of reach."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.port = 0
        self.runner: web.AppRunner | None = None

    async def open(self) -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", self.answer)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "0.0.0.0", self.port, reuse_address=True).start()
        self.port = self.runner.addresses[0][1]

    async def close(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()


@pytest.fixture
async def town(write):
    """Its feeds list one entry each."""

    async def answer(request):
        return web.Response(text=write[1](write[0]("a", f"News of {request.path}")))

    one = Town(answer)
    await one.open()
    yield one
    await one.close()


@pytest.mark.parametrize("processes", [1, 2])
async def test_an_hour_costs_no_feed_its_schedule(world, town, with_rules, changed, processes):
    """No error is left, nothing is told of a feed; each is polled as before, within minutes."""
    urls = [f"http://127.0.0.{number + 2}:{town.port}/feed{number}" for number in range(FEEDS)]
    feeds = await world.feeds(*urls)
    world.rules = with_rules(
        world.rules,
        poll=changed(world.rules.poll, interval_s=None),
        sinks=(SinkRoute(name="ops", events=True),),
    )
    everybody = [Process(world, number) for number in range(processes)]
    queue = Queue(world, everybody)
    await world.broker.schedule_feeds({feed: 110.0 * at for at, feed in enumerate(feeds)})
    await queue.run(QUARTER)
    before = {row.id: row.interval_s for row in await world.store.feed_rows()}
    await town.close()
    await queue.run(QUARTER + HOUR)
    assert all(one.edges.network.down for one in everybody)
    assert all(row.score <= 0.25 for row in await world.store.feed_rows())
    assert ["network_down"] == [line.kind for line in await world.store.open_events()]
    await town.open()
    await queue.run(QUARTER + HOUR + 300)  # a probe each minute, then all within two
    rows = await world.store.feed_rows()
    assert {(0, 0.0, None)} == {(row.errors, row.score, row.failing_since) for row in rows}
    assert not any(one.edges.network.down for one in everybody)
    assert [] == await world.store.open_events()
    polls = await queue.run(3 * QUARTER + HOUR + 300)
    assert {1, 2, 3} >= {polls[feed] for feed in feeds}
    after = {row.id: row.interval_s for row in await world.store.feed_rows()}
    assert before == pytest.approx(after, rel=0.1)
    assert 1 == len(await world.due("sink:ops"))
