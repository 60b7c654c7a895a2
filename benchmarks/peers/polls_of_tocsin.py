"""Our own polls: due-queue, lane, POLL, fetcher, SQLite, in one process as in the daemon.

Redis is a process of its own, whose CPU the benchmark adds.
"""

import asyncio
import json
import logging
import sys
import time
from pathlib import Path

import structlog

from benchmarks.peers.polls import addresses, cpu_s
from monitor.daemon.garbage import spare_what_stays
from monitor.metrics import PrometheusMeter
from workers.broker import RedisBroker
from workers.clock import SystemClock
from workers.lanes.feeds import FeedLane
from workers.model.feed import FeedSource
from workers.model.leases import NextPoll
from workers.net import HttpFetcher
from workers.options import (
    AlertOptions,
    HostRule,
    NetOptions,
    PageOptions,
    PollOptions,
    QueueOptions,
)
from workers.pages import PageRules
from workers.pool import ProcessPool
from workers.pool.tasks import read_feed_again
from workers.steps.edges import Edges, Rules
from workers.steps.look import Look
from workers.steps.poll import Poll
from workers.store import open_store
from workers.store.schema import migrate
from workers.topics import compile_topics

__all__ = ["Polling"]

TICK_S = 0.25
"""Between two ticks of the lane, as in the daemon; what waits for slots it claims by itself."""
LOOK_S = 0.01
"""How often it is looked whether all have been polled."""


class Polling:
    """The parts of a daemon that polls. All feeds are on one host, which takes any number."""

    def __init__(self, edges: Edges, rules: Rules, broker: RedisBroker) -> None:
        poll = Poll(edges, lambda: rules, Look(edges, read_feed_again))
        queue = QueueOptions()
        self._broker = broker
        self._feeds = list(rules.sources)
        self.polled = 0
        self._poll = poll
        self._lane = FeedLane(
            self._counted,
            queue.poll_slots,
            broker=broker,
            clock=edges.clock,
            lease_s=queue.lease_s,
        )

    async def _counted(self, feed: str) -> NextPoll:
        after = await self._poll(feed)
        self.polled += 1
        return after

    async def round(self) -> None:
        """Poll every feed once, and wait until the queue knows."""
        self.polled = 0
        await self._broker.schedule_feeds(dict.fromkeys(self._feeds, -1.0), soonest=True)
        began = -TICK_S
        while self.polled < len(self._feeds) or self._lane.busy:
            if time.monotonic() - began >= TICK_S:
                began = time.monotonic()
                await self._lane.tick()
            await asyncio.sleep(LOOK_S)


async def _told(one: Polling) -> None:
    """Poll all feeds for each line that comes in, and tell what it took."""
    loop = asyncio.get_running_loop()
    print("ready", flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        began, cpu = time.perf_counter(), cpu_s()
        await one.round()
        took = {"cpu_s": cpu_s() - cpu, "seconds": time.perf_counter() - began}
        print(json.dumps(took), flush=True)


async def main() -> None:
    """Open everything, then poll for each line."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    folder, urls = addresses()
    clock, path = SystemClock(), Path(folder) / "tocsin.db"
    migrate(path)
    store = await open_store(path, clock)
    broker = RedisBroker(sys.argv[2], lease_s=30.0, clock=clock)
    await broker.open()
    net = NetOptions(
        allow=("127.0.0.0/8",),
        hosts={"127.0.0.1": HostRule(spacing_s=0.0, at_once=1000)},
    )
    sources = [FeedSource(url=url, name=f"Feed {number}") for number, url in enumerate(urls)]
    ids = await store.sync_feeds(sources)
    rules = Rules(
        topics=compile_topics((), {}, ("en",)),
        topics_version=1,
        sources={ids[source.url]: source for source in sources},
        sinks=(),
        net=net,
        poll=PollOptions(),
        pages=PageOptions(),
        alerts=AlertOptions(),
    )
    fetcher, pool = HttpFetcher(net), ProcessPool(1, 1 << 30, 1000, PageRules(cues=()))
    edges = Edges(
        store=store,
        broker=broker,
        fetcher=fetcher,
        pool=pool,
        clock=clock,
        meter=PrometheusMeter(),
    )
    spare_what_stays()
    await _told(Polling(edges, rules, broker))
    await fetcher.close()
    await broker.close()
    await store.close()
    await pool.close()


if __name__ == "__main__":
    asyncio.run(main())
