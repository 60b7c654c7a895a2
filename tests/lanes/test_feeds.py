"""The lane around POLL: what the tick claims is polled, renewed while it lasts, and set anew."""

import asyncio

from monitor.metrics import PrometheusMeter
from workers.errors import StoreDown
from workers.model.leases import NextPoll


class Polls:
    """A poll that notes what it got, and waits for the gate."""

    def __init__(self, delay: float = 300.0) -> None:
        self.begun: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.delay = delay
        self.now = self.most = 0
        self.raises: list[Exception] = []

    async def __call__(self, feed: str) -> float:
        self.begun.append(feed)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.gate.wait()
            if self.raises:
                raise self.raises.pop(0)
        finally:
            self.now -= 1
        return NextPoll(delay_s=self.delay)


def scores(valkey) -> dict[str, float]:
    """Return when each feed is polled next, in milliseconds."""
    with valkey.client() as client:
        return dict(client.zrange("{tocsin}:due:feeds", 0, -1, withscores=True))


async def test_due_feeds_are_polled_once(bench, eventually, valkey):
    """A tick polls what is due; each feed's next time is what its poll said."""
    await bench.broker.schedule_feeds({"fee_1": 0.0, "fee_2": 0.0, "fee_3": 900.0})
    polls = Polls()
    lane = bench.feeds(polls)
    await lane.tick()
    await eventually(lambda: lane.busy == 0)
    await lane.tick()
    assert ["fee_1", "fee_2"] == sorted(polls.begun)
    assert all(score % 2 == 0 for score in scores(valkey).values())


async def test_no_more_at_once_than_slots(bench, eventually):
    """More feeds than slots: at most so many at once, and the rest as soon as a slot is free."""
    await bench.broker.schedule_feeds({f"fee_{number}": 0.0 for number in range(9)})
    polls = Polls()
    polls.gate.clear()
    lane = bench.feeds(polls, slots=2)
    await asyncio.gather(*(lane.tick() for _ in range(3)))
    await eventually(lambda: lane.busy == 2)
    polls.gate.set()
    await eventually(lambda: len(polls.begun) == 9 and lane.busy == 0)
    assert 2 == polls.most


async def test_a_slow_poll_keeps_its_lease(bench, eventually, valkey):
    """A poll of several leases is not claimed a second time."""
    await bench.broker.schedule_feeds({"fee_1": 0.0})
    polls = Polls()
    polls.gate.clear()
    lane = bench.feeds(polls, lease_s=0.3)
    await lane.tick()
    first = scores(valkey)["fee_1"]
    await eventually(lambda: scores(valkey)["fee_1"] > first + 400)
    assert [] == await bench.broker.claim_feeds(5, 1.0)
    polls.gate.set()
    await eventually(lambda: lane.busy == 0)
    assert ["fee_1"] == polls.begun


async def test_a_poll_that_fails_comes_again(bench, eventually, valkey):
    """Whatever a poll raises, its feed is polled again, and the others go on."""
    await bench.broker.schedule_feeds({f"fee_{number}": 0.0 for number in range(3)})
    polls = Polls()
    polls.raises = [StoreDown("full"), ZeroDivisionError("odd")]
    lane = bench.feeds(polls)
    await lane.tick()
    await eventually(lambda: lane.busy == 0)
    assert 3 == len(polls.begun)
    assert all(score % 2 == 0 for score in scores(valkey).values())


async def test_a_drain_gives_feeds_back(bench, eventually):
    """A poll that cannot finish in time is given up, and its feed is due for others at once."""
    await bench.broker.schedule_feeds({"fee_1": 0.0})
    polls = Polls()
    polls.gate.clear()
    lane = bench.feeds(polls, lease_s=30.0)
    await lane.tick()
    await eventually(lambda: polls.begun)
    assert 1 == await lane.drain(0.05)
    assert ["fee_1"] == [lease.feed for lease in await bench.broker.claim_feeds(5, 1.0)]


async def test_nothing_is_claimed_after_the_stop(bench):
    """A tick after the drain claims nothing; one that was claiming gives back what it got."""
    await bench.broker.schedule_feeds({"fee_1": 0.0})
    polls = Polls()
    lane = bench.feeds(polls, lease_s=30.0)
    ticking = asyncio.create_task(lane.tick())
    await asyncio.sleep(0)
    await lane.drain(0.0)
    await ticking
    await lane.tick()
    assert [] == polls.begun
    assert ["fee_1"] == [lease.feed for lease in await bench.broker.claim_feeds(5, 1.0)]


async def test_an_outage_is_outlived(bench_on, own_valkey, eventually):
    """Ticks during an outage of Redis do nothing and raise nothing; after it they claim again."""
    await bench_on.broker.schedule_feeds({"fee_1": 0.0})
    polls = Polls()
    lane = bench_on.feeds(polls)
    own_valkey.kill()
    await lane.tick()
    assert [] == polls.begun
    own_valkey.start()

    async def polled():
        await lane.tick()
        return polls.begun

    await eventually(polled)
    await eventually(lambda: lane.busy == 0)


async def test_a_poll_that_overslept_its_lease_sets_nothing(bench, eventually, valkey):
    """Who was frozen past his lease goes on, and the time of whoever has the feed now stands."""
    await bench.broker.schedule_feeds({"fee_1": 0.0})
    polls = Polls()
    polls.gate.clear()
    lane = bench.feeds(polls, lease_s=0.2)
    await lane.tick()
    lane._renewing.cancel()  # as in a process that is stopped
    taken = []

    async def overdue():
        taken.extend(await bench.broker.claim_feeds(1, 60.0))
        return taken

    await eventually(overdue)
    polls.gate.set()
    await eventually(lambda: lane.busy == 0)
    assert {"fee_1": taken[0].deadline * 1000} == scores(valkey)
    assert await bench.broker.feed_done(taken[0], 300.0)


async def test_how_late_feeds_are_claimed_is_told(bench, eventually):
    """Each claim says for how long its feed had been due."""
    await bench.broker.schedule_feeds({"fee_1": -90.0})
    meter = PrometheusMeter()
    lane = bench.feeds(Polls(), meter=meter)
    await lane.tick()
    await eventually(lambda: lane.busy == 0)
    told = meter.page().decode()
    assert 'tocsin_claim_lag_seconds_bucket{le="30.0"} 0.0' in told
    assert "tocsin_claim_lag_seconds_count 1.0" in told
