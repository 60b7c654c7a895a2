"""A soak: `python -m benchmarks.soak [--feeds N] [--minutes M]`.

Two real daemons (`tocsin run`) share one Redis and one PostgreSQL (SQLite where there is none),
and poll thousands of feeds of one server on loopback, which notes each request. After a third of
the time one of them is killed, and another is started in its place. What the server saw says
whether a feed was polled twice inside a lease, or lost.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import aiohttp

from benchmarks.postgres import Postgres, postgres
from benchmarks.processes import machine, memory_of, tree_cost
from benchmarks.server import Server, server
from benchmarks.yardsticks import percentile
from workers.store.schema import migrate

__all__ = ["main"]

READY_S, STOP_S = 300.0, 30.0
LOOK_S, PULSE_S = 5.0, 0.25
MARGIN_S = 2.0
"""A lease begins at the claim, a little before the request that the server sees."""
LEASE_S = 30.0
MB = 1e6
_BUCKET = re.compile(r'^tocsin_claim_lag_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)
CONFIG = """\
data_dir = "data"

[opml]
files = ["feeds.opml"]

[net]
allow = ["127.0.0.0/8"]

[net.hosts."{host}"]
spacing = "0s"
at_once = 1000

[polling]
interval = "{interval:.0f}s"

[queue]
lease = "{lease:.0f}s"

[redis]
url = "{redis}"

[database]
url = "{database}"

[web]
listen = "off"

[log]
format = "json"
level = "warning"

[sinks.none]
type = "file"
path = "alerts.jsonl"

[[topics]]
name = "quake"
query = "earthquake OR quake"
"""


@dataclass
class Member:
    """One daemon, and what was seen of it."""

    name: str
    folder: Path
    process: asyncio.subprocess.Process
    began: float
    ready_s: float = 0.0
    memory: list[tuple[float, int]] = field(default_factory=list)
    pulses: list[float] = field(default_factory=list)
    """Seconds that /livez took to answer: what stands in the loop's way shows there."""
    lags: list[dict[float, float]] = field(default_factory=list)
    """Feeds claimed no later than so many seconds after they were due, each time it was asked."""
    cpu_s: float = 0.0

    async def get(self, path: str) -> tuple[int, str]:
        """Ask the control socket."""
        connector = aiohttp.UnixConnector(path=str(self.folder / "data" / "control.sock"))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get(f"http://tocsin{path}") as answer,
        ):
            return answer.status, await answer.text()

    @property
    def alive(self) -> bool:
        """Say whether it runs."""
        return self.process.returncode is None

    async def watch(self) -> None:
        """Look at it until it ends."""
        looked = 0.0
        while self.alive:
            try:
                began = perf_counter()
                await self.get("/livez")
                self.pulses.append(perf_counter() - began)
                if perf_counter() - looked >= LOOK_S:
                    looked = perf_counter()
                    self.memory.append((looked, memory_of(self.process.pid).main))
                    self.cpu_s = tree_cost(self.process.pid)
                    _, page = await self.get("/metrics")
                    self.lags.append({float(le): float(n) for le, n in _BUCKET.findall(page)})
            except (aiohttp.ClientError, OSError):
                pass  # it is ending, and what it said last stands
            await asyncio.sleep(PULSE_S)


@dataclass(frozen=True)
class Asked:
    """What the soak is to be."""

    feeds: int
    minutes: float
    interval_s: float
    news: float


class Soak:
    """The daemons, their world, and what became of them."""

    def __init__(self, asked: Asked, folder: Path, url: str, redis: Server, sql: str) -> None:
        self.asked = asked
        self.members: list[Member] = []
        self._folder = folder
        self._url = url
        self._redis = redis
        self.database = sql
        self._watching: list[asyncio.Task[None]] = []

    def _configured(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir()
        outlines = "".join(
            f'<outline type="rss" text="Feed {number}" xmlUrl="{self._url}/f/{number}"/>\n'
            for number in range(self.asked.feeds)
        )
        opml = f'<opml version="2.0"><head/><body>{outlines}</body></opml>'
        (folder / "feeds.opml").write_text(opml)
        config = CONFIG.format(
            host=self._url.partition("://")[2],
            interval=self.asked.interval_s,
            lease=LEASE_S,
            redis=self._redis.url,
            database=self.database,
        )
        (folder / "tocsin.toml").write_text(config)
        return folder

    async def start(self, name: str) -> Member:
        """Start a daemon and wait until it is ready.

        Raises:
            RuntimeError: it ended, or was not ready in time; with what it said last.
        """
        folder, began = self._configured(name), perf_counter()
        with (folder / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "monitor", "run", "-c", str(folder / "tocsin.toml"),
                stdout=log, stderr=log,
            )  # fmt: skip
        one = Member(name, folder, process, began)
        while not await _ready(one):
            if not one.alive or perf_counter() - began > READY_S:
                raise RuntimeError(f"{name}: {(folder / 'log').read_text()[-2000:]}")
            await asyncio.sleep(PULSE_S)
        one.ready_s = perf_counter() - began
        self.members.append(one)
        self._watching.append(asyncio.create_task(one.watch(), name=f"watch:{name}"))
        return one

    async def run(self) -> None:
        """Let two work, kill one after a third of the time, and let another take its place."""
        whole_s = 60.0 * self.asked.minutes
        await self.start("one")
        two = await self.start("two")
        await asyncio.sleep(whole_s / 3)
        two.process.send_signal(signal.SIGKILL)
        await two.process.wait()
        await self.start("three")
        await asyncio.sleep(2 * whole_s / 3)

    async def end(self) -> None:
        """Stop who still runs."""
        for one in self.members:
            if one.alive:
                one.process.send_signal(signal.SIGTERM)
        for one in self.members:
            try:
                await asyncio.wait_for(one.process.wait(), STOP_S)
            except TimeoutError:
                one.process.kill()
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)


async def _ready(one: Member) -> bool:
    try:
        return (await one.get("/readyz"))[0] == 200  # noqa: PLR2004
    except (aiohttp.ClientError, OSError):
        return False


@asynccontextmanager
async def _world(asked: Asked) -> AsyncIterator[tuple[str, int]]:
    words = ["-P", "-m", "benchmarks.soak_world", str(asked.feeds), str(asked.news)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout  # noqa: S101 - a pipe
        yield (await process.stdout.readline()).decode().strip(), process.pid
    finally:
        process.kill()
        await process.wait()


def _late(lags: Sequence[dict[float, float]]) -> str:
    """Return the bounds of the buckets that hold p50, p99 and all of what was claimed."""
    if not lags:
        return "-"
    before, after = lags[0], lags[-1]
    claimed = {le: count - before.get(le, 0.0) for le, count in sorted(after.items())}
    whole = claimed.get(float("inf"), 0.0)
    return " / ".join(
        f"{next((le for le, count in claimed.items() if count >= share * whole), 0.0):g}"
        for share in (0.5, 0.99, 1.0)
    )


def _told(soak: Soak, report: dict[str, Any], redis_s: float) -> Iterator[str]:
    asked, now = soak.asked, report["now"]
    times: list[list[float]] = report["asked"]
    polls = sum(map(len, times))
    lease = min(LEASE_S, asked.interval_s) - MARGIN_S
    gaps = [b - a for one in times for a, b in pairwise(one)]
    late = 1.5 * asked.interval_s + LEASE_S + MARGIN_S
    begun = min(one[0] for one in times if one)
    first = [one[0] - begun for one in times if one]
    yield f"{asked.feeds} feeds each {asked.interval_s:.0f} s for {asked.minutes:g} min, "
    yield f"{soak.database.partition(':')[0]}; {machine()} at the end."
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| polls | {polls} |"
    span = max(1.0, now - begun)
    wanted = 60.0 * asked.feeds / asked.interval_s
    rate = 60.0 * polls / span
    yield f"| polls a minute, of what the intervals ask for | {rate:.0f}, {wanted:.0f} |"
    yield f"| **double polls inside a lease** | {sum(gap < lease for gap in gaps)} |"
    yield f"| **feeds never polled** | {sum(not one for one in times)} |"
    lost = sum(bool(one) and now - one[-1] > late for one in times)
    yield f"| feeds not polled for {late:.0f} s at the end | {lost} |"
    yield f"| all feeds polled once after | {max(first):.1f} s |"
    if gaps:
        yield (
            "| seconds between polls of a feed, p1 / p50 / p99 / max | "
            f"{percentile(gaps, 0.01):.1f} / {percentile(gaps, 0.5):.1f} / "
            f"{percentile(gaps, 0.99):.1f} / {max(gaps):.1f} |"
        )
    yield f"| CPU of Redis, a poll | {redis_s / max(1, polls) * 1e3:.2f} ms |"
    each_ms = sum(one.cpu_s for one in soak.members) / max(1, polls) * 1e3
    yield f"| CPU of the daemons, a poll, their start included | {each_ms:.2f} ms |"
    yield ""
    yield from _members_told(soak)


def _members_told(soak: Soak) -> Iterator[str]:
    """Yield a table of the daemons, and what each logged."""
    yield (
        "| process | ready after | claimed late, p50 / p99 / max, at most | second half of it "
        "| /livez, p50 / p99 / max | memory over time, MB |"
    )
    yield "|---|---|---|---|---|---|"
    for one in soak.members:
        lag, then = _late([{}, *one.lags]), _late(one.lags[len(one.lags) // 2 :])
        stall = [1e3 * percentile(one.pulses, share) for share in (0.5, 0.99, 1.0)]
        step = max(1, len(one.memory) // 10)
        trail = " ".join(f"{held / MB:.0f}" for _, held in one.memory[::step])
        yield (
            f"| {one.name} | {one.ready_s:.1f} s | {lag} s | {then} s | "
            f"{' / '.join(f'{value:.0f}' for value in stall)} ms | {trail} |"
        )
    for one in soak.members:
        said = (one.folder / "log").read_text(errors="replace").splitlines()
        if said:
            kinds = sorted({_event(line) for line in said})
            yield f"\n{one.name} logged {len(said)} lines: {'; '.join(kinds)[:1000]}"


def _event(line: str) -> str:
    try:
        told = json.loads(line)
        text = re.sub(r" \(trigger:[^)]*\)", "", str(told.get("text", "")))
        return f"{told.get('event', line)} {text}"[:200].strip()
    except ValueError:
        return line[:80]


async def _soak(asked: Asked, folder: Path, redis: Server, sql: Postgres | None) -> list[str]:
    url = f"sqlite:///{folder / 'shared.db'}"
    if sql is not None:
        sql.ask("CREATE DATABASE soak")
        url = sql.url("soak")
        await asyncio.to_thread(migrate, url)
    async with _world(asked) as (where, _):
        soak = Soak(asked, folder, where, redis, url)
        before = redis.counted().cpu_s
        try:
            await soak.run()
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{where}/report") as answer,
            ):
                report = await answer.json()
            redis_s = redis.counted().cpu_s - before
        finally:
            await soak.end()
        return list(_told(soak, report, redis_s))


def main(words: Sequence[str] | None = None) -> None:
    """Soak, and print what was seen."""
    parser = argparse.ArgumentParser(prog="benchmarks.soak", description=__doc__)
    parser.add_argument("--feeds", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--interval", type=float, help="seconds; else 120, or a third of the time")
    parser.add_argument("--news", type=float, default=0.002, help="new entries a poll")
    parser.add_argument("--sqlite", action="store_true", help="SQLite though PostgreSQL is there")
    given = parser.parse_args(words)
    interval = given.interval or max(10.0, min(120.0, 20.0 * given.minutes))
    asked = Asked(given.feeds, given.minutes, interval, given.news)
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-soak-") as name,
        server() as redis,
        nullcontext() if given.sqlite else postgres() as sql,
    ):
        lines = asyncio.run(_soak(asked, Path(name), redis, sql))
    print(f"load {os.getloadavg()[0]:.1f}\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
