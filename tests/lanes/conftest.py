"""Lanes on a real Valkey and a real SQLite file, by the machine's own clock, with short leases."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from workers.broker import RedisBroker
from workers.clock import SystemClock
from workers.lanes import stream
from workers.lanes.feeds import FeedLane
from workers.lanes.house import House
from workers.lanes.stream import StreamLane
from workers.model.commit import EntryIntent, PollCommit
from workers.model.feed import EntryRow, FeedSource
from workers.model.ids import entry_id
from workers.model.leases import Push
from workers.store import open_store

LEASE_S = 0.5
STREAM = "pages:warm"


class Bench:
    """Makes lanes and ends them."""

    def __init__(self, broker, store, clock) -> None:
        self.broker = broker
        self.store = store
        self.clock = clock
        self.house = House()
        self._lanes: list[tuple[StreamLane, asyncio.Task[None]]] = []

    def lane(
        self,
        handler,
        slots: int = 4,
        broker=None,
        name: str = "pages",
        streams=(STREAM,),
        kept: int = 0,
    ) -> StreamLane:
        """Start a lane on the stream, or on several."""
        one = StreamLane(
            name,
            streams,
            slots,
            handler,
            broker=broker or self.broker,
            store=self.store,
            clock=self.clock,
            lease_s=LEASE_S,
            house=self.house,
            kept=kept,
        )
        self._lanes.append((one, asyncio.create_task(one.run())))
        return one

    def feeds(self, poll, slots: int = 4, lease_s: float = LEASE_S, meter=None) -> FeedLane:
        """Make a lane of feeds; its ticks are the test's."""
        return FeedLane(
            poll,
            slots,
            broker=self.broker,
            clock=self.clock,
            lease_s=lease_s,
            house=self.house,
            meter=meter,
        )

    def loop_of(self, lane: StreamLane) -> asyncio.Task[None]:
        """Return the task in which a lane runs."""
        return next(task for one, task in self._lanes if one is lane)

    async def push(self, *ids: str, stream: str = STREAM) -> None:
        """Put ids into the stream, or into another."""
        await self.broker.push([Push(stream=stream, kind="page", id=id_) for id_ in ids])

    async def left(self) -> int:
        """How many ids are in the stream."""
        return (await self.broker.outstanding([STREAM]))[STREAM]

    async def page(self, name: str) -> str:
        """Make an article that waits to be read; return its id."""
        ids = await self.store.sync_feeds([FeedSource(url="https://f.example/x", name="F")])
        (feed,) = ids.values()
        row = await self.store.load_feed(feed)
        url = f"https://s.example/{name}"
        entry = EntryRow(
            id=entry_id(feed, name),
            feed_id=feed,
            feed="F",
            feed_url="https://f.example/x",
            identity=name,
            url=url,
            title=name,
            summary="",
            content="",
            published=None,
            updated=None,
            seen=self.clock.now(),
        )
        intent = EntryIntent(entry=entry, key=url, stream=STREAM)
        commit = PollCommit(feed=row, loaded_at=row.last_poll_at, intents=(intent,), delay_s=60.0)
        await self.store.commit_poll(commit)
        found = await self.store.find_article(url)
        assert found is not None
        return found

    async def close(self) -> None:
        for lane, task in self._lanes:
            await lane.drain(0.0)
            await asyncio.wait([task], timeout=3)


@pytest.fixture(autouse=True)
def no_long_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers look more often than they need to, so that lanes end at once."""
    monkeypatch.setattr(stream, "BLOCK_S", 0.05)


@pytest.fixture
async def brokers(valkey) -> AsyncIterator[object]:
    """Makes brokers, each as a process of its own would have it."""
    made: list[RedisBroker] = []

    async def one(name: str, url: str = valkey.url) -> RedisBroker:
        broker = RedisBroker(url, lease_s=LEASE_S, clock=SystemClock(), consumer=name)
        made.append(broker)
        await broker.open()
        return broker

    yield one
    for broker in made:
        await broker.close()


@pytest.fixture
async def bench(tmp_path: Path, template: Path, brokers) -> AsyncIterator[Bench]:
    """A bench with a broker and a store."""
    clock = SystemClock()
    store = await open_store(Path(shutil.copy(template, tmp_path)), clock)
    one = Bench(await brokers("mine"), store, clock)
    yield one
    await one.close()
    await store.close()


@pytest.fixture
async def bench_on(tmp_path: Path, template: Path, own_valkey, brokers) -> AsyncIterator[Bench]:
    """A bench on a server that the test may kill."""
    clock = SystemClock()
    store = await open_store(Path(shutil.copy(template, tmp_path)), clock)
    one = Bench(await brokers("mine", own_valkey.url), store, clock)
    yield one
    await one.close()
    await store.close()
