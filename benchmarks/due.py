"""What the due-queue costs: `python -m benchmarks.due [--feeds N]`.

One client claims feeds and completes them, 64 at a time as a lane does, at a queue of so many
feeds in a server with the flags of our embedded one. Then what it costs to fill the queue, and to
compare it with SQL as every process does each five minutes; the lag of ticks at a steady rate; and
a job for each feed in APScheduler, as a yardstick.
"""

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler

from benchmarks.server import Server, server
from benchmarks.yardsticks import percentile
from monitor.metrics import PrometheusMeter
from workers.broker import RedisBroker
from workers.clock import SystemClock
from workers.lanes.feeds import FeedLane
from workers.model.feed import FeedSource
from workers.model.leases import NextPoll
from workers.steps.edges import Edges
from workers.steps.relay import refill
from workers.store import SqlStore, open_store

__all__ = ["main"]

SLOTS = 64
TICK_S = 0.25
POLL_S = 0.2
"""How long a made-up poll takes."""
MB = 1e6


def _cpu_s() -> float:
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2])


class Meter(PrometheusMeter):
    """Keeps the lags themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.lags: list[float] = []

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Note a lag."""
        if name == "tocsin_claim_lag_seconds":
            self.lags.append(seconds)
        super().observe(name, seconds, **labels)


@asynccontextmanager
async def _broker(one: Server) -> AsyncIterator[RedisBroker]:
    broker = RedisBroker(one.url, lease_s=30.0, clock=SystemClock())
    await broker.open()
    yield broker
    await broker.close()


async def _polls(one: Server, broker: RedisBroker, polls: int) -> tuple[float, float]:
    """Claim and complete; return CPU milliseconds a poll of the client, and of Redis."""
    cpu, redis_s, done = _cpu_s(), one.counted().cpu_s, 0
    while done < polls:
        leases = await broker.claim_feeds(SLOTS, 30.0)
        await asyncio.gather(*(broker.feed_done(lease, 3600.0) for lease in leases))
        done += len(leases)
        if not leases:
            break
    spent, of_redis = _cpu_s() - cpu, one.counted().cpu_s - redis_s
    return spent / done * 1e3, of_redis / done * 1e3


async def _lags(broker: RedisBroker, feeds: Sequence[str], seconds: float) -> list[float]:
    """Let a lane poll all feeds over so many seconds; return how late each was claimed."""
    meter = Meter()

    async def poll(_feed: str) -> NextPoll:
        await asyncio.sleep(POLL_S)
        return NextPoll(delay_s=3600.0)

    lane = FeedLane(poll, SLOTS, broker=broker, clock=SystemClock(), lease_s=30.0, meter=meter)
    step = seconds / len(feeds)
    await broker.schedule_feeds(
        {feed: number * step for number, feed in enumerate(feeds)}, soonest=True
    )
    deadline = time.monotonic() + seconds + 2.0
    while time.monotonic() < deadline:
        await lane.tick()
        await asyncio.sleep(TICK_S)
    await lane.drain(5.0)
    return meter.lags


async def _compared(store: SqlStore, broker: RedisBroker) -> tuple[float, float]:
    """Compare queue and SQL; return CPU seconds, and the longest that the loop stood still."""
    edges = Edges(
        store=store,
        broker=broker,
        fetcher=None,  # type: ignore[arg-type] # nothing is fetched
        pool=None,  # type: ignore[arg-type] # nor parsed
        clock=SystemClock(),
        meter=PrometheusMeter(),
    )
    stalls = [0.0]

    async def watch() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            stalls.append(time.perf_counter() - began - 0.005)

    watching = asyncio.create_task(watch())
    cpu = _cpu_s()
    await refill(edges)
    spent = _cpu_s() - cpu
    watching.cancel()
    return spent, max(stalls)


def _jobs(feeds: int) -> tuple[float, float]:
    """Give APScheduler a job for each feed; return CPU seconds and bytes."""
    before, cpu = _resident(), _cpu_s()
    scheduler = BackgroundScheduler(timezone="UTC")
    first = datetime.now(UTC) + timedelta(hours=1)
    for number in range(feeds):
        scheduler.add_job(print, "interval", seconds=900, next_run_time=first, id=str(number))
    scheduler.start(paused=True)
    spent = _cpu_s() - cpu
    held = _resident() - before
    scheduler.shutdown(wait=False)
    return spent, held


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def _measure(one: Server, feeds: int, polls: int, seconds: float) -> list[str]:
    told: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tocsin-due-") as name:
        store = await open_store(Path(name) / "tocsin.db", SystemClock())
        async with _broker(one) as broker:
            began, cpu = time.perf_counter(), _cpu_s()
            sources = [
                FeedSource(url=f"https://h{number}.example/feed", name=f"Feed {number}")
                for number in range(feeds)
            ]
            ids = list((await store.sync_feeds(sources)).values())
            took = time.perf_counter() - began
            told.append(
                f"| feeds taken over into SQL | {_cpu_s() - cpu:.1f} s CPU, {took:.1f} s |"
            )
            before = _memory(one)
            spent, stalled = await _compared(store, broker)
            held = _memory(one) - before
            told += [
                f"| queue filled | {spent:.1f} s CPU, loop stood {stalled * 1e3:.0f} ms |",
                f"| memory of Redis | {held / MB:.1f} MB, {held / feeds:.0f} bytes a feed |",
            ]
            spent, stalled = await _compared(store, broker)
            told.append(
                f"| **compared with SQL**, each 5 min | {spent:.2f} s CPU, loop stood "
                f"{stalled * 1e3:.0f} ms |"
            )
            await broker.schedule_feeds(dict.fromkeys(ids[:polls], -1.0), soonest=True)
            client_ms, redis_ms = await _polls(one, broker, polls)
            told.append(
                f"| **claim and complete** a poll: client + Redis, reach 0.1 ms | "
                f"{client_ms:.3f} + {redis_ms:.3f} = **{client_ms + redis_ms:.3f} ms** |"
            )
            await broker.drop_feeds(ids)  # what the filling has made due would be late already
            some = ids[polls : polls + int(seconds * 100)] or ids
            lags = await _lags(broker, some, seconds)
            p50, p99 = (percentile(lags, share) for share in (0.5, 0.99))
            told.append(
                f"| **claimed late**, {len(some) / seconds:.0f} a second: p50 / p99 / max, "
                f"reach p99 1.5 s | {p50:.2f} / **{p99:.2f}** / {max(lags):.2f} s |"
            )
        await store.close()
    return told


def _memory(one: Server) -> int:
    with one.client() as client:
        return int(client.info("memory")["used_memory"])


def _table(feeds: int, told: Sequence[str], jobs: tuple[float, float]) -> Iterator[str]:
    yield f"{feeds} feeds, load {os.getloadavg()[0]:.1f}"
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield from told
    spent, held = jobs
    yield f"| APScheduler, a job a feed, added | {spent:.1f} s CPU, {held / MB:.0f} MB |"


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.due", description=__doc__)
    parser.add_argument("--feeds", type=int, default=100_000)
    parser.add_argument("--polls", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args(words)
    with server() as one:
        told = asyncio.run(
            _measure(one, asked.feeds, min(asked.polls, asked.feeds), asked.seconds)
        )
    print("\n".join(_table(asked.feeds, told, _jobs(asked.feeds))))


if __name__ == "__main__":
    main()
