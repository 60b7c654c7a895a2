"""The polling half of Tocsin among hostile servers."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import connector
from msgspec.structs import replace

from hostile.names import Names
from hostile.talk import Case, Ports
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

__all__ = ["HASTY", "NET", "House", "Servers", "house", "servers_running"]

NET = NetOptions(
    allow=("127.0.0.1/32",), total_s=30.0, held_bytes=16 << 20, user_agent="Tocsin/test"
)
HASTY = replace(NET, connect_s=1.5, read_s=1.5, total_s=3.0)
"""For groups in which many wait for the end."""


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


@dataclass
class House:
    """Polls feeds at hostile servers."""

    look: Look
    rules: Rules

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
async def house(authority: Path, broker, net: NetOptions) -> AsyncIterator[House]:
    """A house that trusts this authority, as the servers' certificates ask for."""
    context = connector._SSL_CONTEXT_VERIFIED
    context.load_verify_locations(authority)
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
        yield House(Look(edges, read_feed_again, pool_s=30.0), rules)
    finally:
        await fetcher.close()
        await pool.close()
