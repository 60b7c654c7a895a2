"""Builders: every part made from settings. The command line uses the same ones."""

import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from monitor import shipped
from monitor.metrics import PrometheusMeter
from monitor.settings import (
    Settings,
    database_address,
    net_options,
    page_options,
    queue_options,
)
from monitor.tracing import tracer_of
from workers.broker import DataDirLock, EmbeddedValkey, RedisBroker
from workers.broker.places import Places
from workers.clock import Clock
from workers.errors import TocsinError
from workers.net import HttpPoster
from workers.pages import PageRules
from workers.pool import ProcessPool
from workers.pool.tasks import read_feed_again, read_page, read_page_alone
from workers.steps.edges import Edges
from workers.store import DeadWhich, SqlStore, open_store

__all__ = [
    "DeadWhich",
    "Parts",
    "ProcessPool",
    "SqlStore",
    "build_fetcher",
    "build_pool",
    "open_parts",
    "page_rules",
    "read_feed_again",
    "read_page",
    "read_page_alone",
    "read_store",
]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a daemon runs on. ``stack`` closes all of it, the last opened first."""

    edges: Edges
    poster: HttpPoster
    store: SqlStore
    broker: RedisBroker
    valkey: EmbeddedValkey | None
    pool: ProcessPool
    meter: PrometheusMeter
    stack: AsyncExitStack


async def read_store(settings: Settings, clock: Clock, *, writes: bool = False) -> SqlStore:
    """Open the database for questions, or for ``writes`` beside a daemon. It is never made.

    Raises:
        TocsinError: there is none yet, or it is not ours.
    """
    address = database_address(settings)
    if isinstance(address, Path) and not address.is_file():
        raise TocsinError(f"there is no database yet: {address} (`tocsin run` makes it)")
    return await open_store(address, clock, read_only=not writes)


def build_fetcher(settings: Settings) -> HttpPoster:
    """Return the fetcher of feeds and pages, which also asks hubs."""
    return HttpPoster(net_options(settings, shipped.version()))


def page_rules(settings: Settings) -> PageRules:
    """Return the rules by which pages are read."""
    options = page_options(settings)
    return PageRules(
        cues=shipped.cues(),
        live=shipped.live_cues(),
        mode=options.mode,
        body_bytes=options.body_bytes,
    )


def build_pool(settings: Settings, sharers: int = 1) -> ProcessPool:
    """Return the processes that extract pages; the machine's cores are shared by ``sharers``."""
    options = page_options(settings, sharers)
    return ProcessPool(
        options.workers, options.memory_bytes, options.recycle_after, page_rules(settings)
    )


async def _redis(
    settings: Settings, clock: Clock, stack: AsyncExitStack, *, ours: bool
) -> tuple[EmbeddedValkey | None, str]:
    """Return the address of Redis, and the server if it is embedded and ``ours`` to look after."""
    url = settings.redis.url.first()
    if url != "embedded":
        return None, url
    if not ours:
        return None, Places.of(settings.data_dir).url
    valkey = EmbeddedValkey(settings.data_dir, clock)
    url = await valkey.start()
    stack.push_async_callback(valkey.stop)
    return valkey, url


async def open_parts(settings: Settings, clock: Clock, siblings: int | None = None) -> Parts:
    """Open everything that a daemon runs on.

    A process that has ``siblings`` (it counts as one) runs below a supervisor, which holds the
    data folder and looks after its Valkey.

    Raises:
        TocsinError: the data folder is another's or in use, the database is not ours, or Redis is
            not what we need. What was opened is closed again.
    """
    async with AsyncExitStack() as stack:
        if siblings is None:
            lock = DataDirLock(settings.data_dir)
            lock.acquire()
            stack.callback(lock.release)
        store = await open_store(database_address(settings), clock)
        stack.push_async_callback(store.close)
        valkey, url = await _redis(settings, clock, stack, ours=siblings is None)
        broker = RedisBroker(url, lease_s=queue_options(settings).lease_s, clock=clock)
        await broker.open()
        stack.push_async_callback(broker.close)
        fetcher = build_fetcher(settings)
        stack.push_async_callback(fetcher.close)
        pool = build_pool(settings, siblings or 1)
        stack.push_async_callback(pool.close)
        tracer, end_tracing = tracer_of(os.environ, shipped.version(), broker.consumer)
        stack.push_async_callback(end_tracing)
        meter = PrometheusMeter()
        return Parts(
            edges=Edges(
                store=store,
                broker=broker,
                fetcher=fetcher,
                pool=pool,
                clock=clock,
                meter=meter,
                tracer=tracer,
            ),
            poster=fetcher,
            store=store,
            broker=broker,
            valkey=valkey,
            pool=pool,
            meter=meter,
            stack=stack.pop_all(),
        )
