"""The polling half of Tocsin among hostile servers, and what watches it."""

import asyncio
import gc
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import connector
from msgspec.structs import replace

from hostile.talk import FORBIDDEN, Case, Ports
from monitor.metrics import PrometheusMeter
from workers.clock import SystemClock
from workers.model.feed import FeedRow, Validators
from workers.net import HttpFetcher
from workers.options import AlertOptions, NetOptions, PageOptions, PollOptions
from workers.pages import PageRules
from workers.pool import ProcessPool
from workers.pool.tasks import read_feed_again
from workers.steps.edges import Edges, Rules
from workers.steps.look import Look, Seen
from workers.topics import compile_topics

__all__ = ["HASTY", "NET", "House", "Servers", "Watch", "house", "servers_running"]

NET = NetOptions(
    allow=("127.0.0.1/32",), total_s=30.0, held_bytes=16 << 20, user_agent="Tocsin/test"
)
HASTY = replace(NET, connect_s=1.5, read_s=1.5, total_s=3.0)
"""For groups in which many wait for the end."""
TICK_S = 0.01


class Servers:
    """The hostile servers, in their process."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self.ports = Ports(json.loads(self._line()))
        self.authority = folder / "authority.crt"

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def came(self) -> int:
        """Return how many connected to the forbidden address until now."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._line())

    def url(self, number: int, case: Case) -> str:
        """Return the address of a case."""
        if case.url:
            return case.url.format(number=number, **self.ports.by)
        scheme = "https" if case.at in {"tls", "expired", "wrong", "selfsigned"} else "http"
        return f"{scheme}://{case.host}:{self.ports[case.at]}/{number}"


@contextmanager
def servers_running(folder: Path) -> Iterator[Servers]:
    """Start the servers' process, and end it."""
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "hostile.servers", str(folder)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Servers(process, folder)
        finally:
            process.kill()


class Names:
    """The names of the cases; each look-up may find something else."""

    def __init__(self) -> None:
        self._changing = 0

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):  # noqa: ARG002
        if host == "silent.example":
            await asyncio.Event().wait()
        self._changing += 1
        found = {
            "inside.example": [FORBIDDEN],
            "mixed.example": [FORBIDDEN, "127.0.0.1"],
            "all.example": [FORBIDDEN, "10.0.0.1", "::1"],
            "changing.example": [FORBIDDEN if self._changing % 2 else "::1"],
            "localhost": ["127.0.0.1", "::1"] if port == 0 else ["::1"],
        }.get(host) or await _system(host, port)
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in found
        ]

    async def close(self) -> None:
        """There is nothing to close."""


async def _system(host: str, port: int) -> list[str]:
    """Ask the system, which also knows numbers in odd writings; nothing of ours is out there."""
    if host.endswith(".example"):
        raise socket.gaierror(socket.EAI_NONAME, "no such name")
    found = await asyncio.to_thread(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    return [address[0] for *_, address in found]


@dataclass
class Watch:
    """What a group cost: the longest stall of the event loop, and the growth of our memory.

    A stall is what the loop was late *and* this process had computed meanwhile, by whatever
    thread: so a machine that is busy with others stalls nobody.
    """

    stalls: list[float] = field(default_factory=list)
    grown: float = 0.0
    """MiB, from the beginning to the peak."""

    async def tick(self) -> None:
        """Measure until cancelled."""
        last = (time.perf_counter(), time.process_time())
        while True:
            await asyncio.sleep(TICK_S)
            now = (time.perf_counter(), time.process_time())
            self.stalls.append(min(now[0] - last[0], now[1] - last[1]))
            last = now


def _memory(kind: str) -> float:
    """Return MiB that this process has (VmRSS), or had at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(kind)).split()[1]) / 1024


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


@dataclass
class House:
    """Polls feeds at hostile servers."""

    look: Look
    rules: Rules
    servers: Servers

    async def poll(self, url: str, *, known: bool = False) -> Seen:
        """Poll a feed that is at this address."""
        now = datetime.now(UTC)
        feed = FeedRow(id=url[-99:], url=url, name="x")
        if known:
            told = Validators(etag='"x"', last_modified="then")
            feed = FeedRow(
                id="known", url=url, name="x", baselined_at=now, last_good_at=now, validators=told
            )
        return await self.look(feed, self.rules)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[Watch]:
        """Watch the loop and our memory meanwhile."""
        watch = Watch()
        gc.collect()
        gc.freeze()  # what thousands of other tests left is not looked through meanwhile
        _forget_peak()
        before = _memory("VmRSS")
        ticking = asyncio.create_task(watch.tick())
        try:
            yield watch
        finally:
            ticking.cancel()
            gc.unfreeze()
            watch.grown = _memory("VmHWM") - before


@asynccontextmanager
async def house(servers: Servers, broker, net: NetOptions) -> AsyncIterator[House]:
    """A house that trusts the authority of the servers."""
    context = connector._SSL_CONTEXT_VERIFIED
    context.load_verify_locations(servers.authority)
    asyncio.get_running_loop().set_debug(False)  # it would stall by itself
    fetcher = HttpFetcher(net, names=Names())
    pool = ProcessPool(1, 1 << 30, 100, PageRules())
    edges = Edges(
        store=None,  # looking asks for nothing that is stored
        broker=broker,
        fetcher=fetcher,
        pool=pool,
        clock=SystemClock(),
        meter=PrometheusMeter(),
    )
    rules = Rules(
        topics=compile_topics((), {}, ("en",)),
        topics_version=1,
        sources={},
        sinks=(),
        net=net,
        poll=PollOptions(),
        pages=PageOptions(),
        alerts=AlertOptions(),
    )
    try:
        yield House(Look(edges, read_feed_again, pool_s=30.0), rules, servers)
    finally:
        await fetcher.close()
        await pool.close()
