"""What one poll, page and delivery costs, role by role: what docs/scaling.md reckons with.

A process with one role at a time works on the same world: first one that only polls, then one
that only reads, then one that only delivers, with a Redis beside them that counts for itself. So
each cost is that of whole processes, with their loops, leases and idle ticks, not of a step alone.
"""

import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.daemon import Daemon, World, daemon, world
from benchmarks.postgres import Postgres, postgres
from benchmarks.processes import Cost, cost_of, tree_cost
from benchmarks.server import Server, server
from workers.store.schema import migrate

__all__ = ["Costs", "measure", "render"]

FEEDS = 20
LOOK_S = 0.25
IDLE_S = 8.0
MOST_S = 600.0
SOME = 2000
"""Ids by which the memory of one is found."""


@dataclass(frozen=True, kw_only=True)
class Costs:
    """CPU in milliseconds, bytes."""

    poll_ms: float
    """A poll that finds nothing new (304), at 20 a second: ticks and beats included."""
    entry_ms: float
    """A new entry: its share of reading the feed, matching its title, storing it."""
    page_loop_ms: float
    """A page in the event loop: fetching, matching, Redis. One core of a process is its limit."""
    page_threads_ms: float
    """A page in the other threads of the process: SQL."""
    page_pool_ms: float
    """A page in the extracting processes."""
    delivery_ms: float
    redis_poll_us: float
    """CPU of Redis for a poll."""
    redis_page_us: float
    """CPU of Redis for a page, the relay's push and its ring included."""
    redis_feed_bytes: float
    """Memory of Redis for a feed in the due-queue."""
    redis_id_bytes: float
    """Memory of Redis for an id that waits in a stream."""
    article_bytes: float
    """The database, for an article with its entry, work, trace and indexes."""
    text_bytes: float
    """Of these, the text of articles."""
    database_poll_ms: float
    """CPU of PostgreSQL for a poll that finds nothing; 0 where SQLite was measured."""
    database_page_ms: float
    """CPU of PostgreSQL for a page: the poll's and the relay's share, reading, what rings."""
    page_commits: float
    """Transactions of PostgreSQL for a page, those that only read included."""


@dataclass(frozen=True)
class _Stage:
    """One role at work: how much was done, and what it cost."""

    done: float
    cost: Cost
    redis_s: float
    database_s: float
    commits: int


Asked = Callable[[Daemon], Awaitable[float]]


class _Beside:
    """The Redis and the database that a daemon works on."""

    def __init__(self, redis: Server, database: Postgres | None) -> None:
        self.redis = redis
        self.database = database
        if database is not None:
            database.ask("CREATE DATABASE costs")
            migrate(database.url("costs"))

    @property
    def config(self) -> str:
        """Return the sections of a config that say so."""
        told = f'[redis]\nurl = "{self.redis.url}"\n'
        if self.database is None:
            return told
        return f'{told}[database]\nurl = "{self.database.url("costs")}"\n'

    def counted(self) -> tuple[float, float, int]:
        """Return CPU seconds of Redis and of the database, and the transactions of the latter."""
        redis_s = self.redis.counted().cpu_s
        if self.database is None:
            return redis_s, 0.0, 0
        sql = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'costs'"
        ((commits,),) = self.database.ask(sql)
        return redis_s, tree_cost(self.database.pid), int(commits)

    def stored(self, path: Path) -> tuple[int, int]:
        """Return the bytes of the database, and those of them that are articles' text."""
        if self.database is not None:
            self.database.ask("VACUUM ANALYZE", "costs")
            size = "SELECT pg_database_size('costs') - pg_database_size('template1')"
            text = "SELECT sum(octet_length(text)) FROM articles"
            ((whole,),), ((held,),) = (self.database.ask(sql, "costs") for sql in (size, text))
            return int(whole), int(held)
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as conn:
            sql = "SELECT sum(length(CAST(text AS BLOB))) FROM articles"
            (held,) = conn.execute(sql).fetchone()
        return path.stat().st_size, int(held)


async def _stage(one: Daemon, beside: _Beside, done: Asked, until: float, rest_s: float) -> _Stage:
    """Let the daemon work until so much is done, or for ``rest_s`` seconds."""
    loop = asyncio.get_running_loop()
    began, cost, counted = await done(one), cost_of(one.pid), beside.counted()
    deadline = loop.time() + (rest_s or MOST_S)
    now = began
    while now < until and loop.time() < deadline:
        await asyncio.sleep(LOOK_S)
        one.must_live()
        now = await done(one)
    after = beside.counted()
    return _Stage(
        now - began,
        cost_of(one.pid) - cost,
        after[0] - counted[0],
        after[1] - counted[1],
        after[2] - counted[2],
    )


async def _polls(one: Daemon) -> float:
    return (await one.samples()).total("tocsin_polls_total")


async def _entries(one: Daemon) -> float:
    return (await one.samples()).total("tocsin_entries_total")


async def _articles(one: Daemon) -> float:
    return (await one.samples()).total("tocsin_articles_total")


async def _sent(one: Daemon) -> float:
    return (await one.samples())["tocsin_deliveries_total", "sent"]


async def _polling(
    one: Daemon, around: World, beside: _Beside, entries: int
) -> tuple[_Stage, _Stage]:
    while (await around.get("/progress"))["polls"] <= 1:
        one.must_live()
        await asyncio.sleep(LOOK_S)
    idle = await _stage(one, beside, _polls, float("inf"), IDLE_S)
    await around.post(f"/flood?count={entries}")
    have = await _entries(one)
    return idle, await _stage(one, beside, _entries, have + entries, 0.0)


def _memory_of(beside: Server) -> tuple[float, float]:
    """Return the bytes of a feed in the due-queue, and of an id in a stream with its name."""
    with beside.client() as client:
        found = []
        for put in (
            lambda at: client.zadd("{tocsin}:bench:due", {f"fee_{at:024}": at}),
            lambda at: (
                client.xadd("{tocsin}:bench:s", {"k": "page", "i": f"art_{at:024}"}),
                client.set(f"{{tocsin}}:bench:q:page:art_{at:024}", "1790000000000-0 pages:warm"),
            ),
        ):
            before = client.info("memory")["used_memory"]
            for number in range(SOME):
                put(number)
            found.append((client.info("memory")["used_memory"] - before) / SOME)
    return found[0], found[1]


async def _measure(entries: int, redis: Server, database: Postgres | None) -> Costs:
    beside = _Beside(redis, database)
    with tempfile.TemporaryDirectory(prefix="tocsin-costs-") as name:
        folder = Path(name)
        async with world(FEEDS, entries) as around:
            async with daemon(folder, around, beside.config, ("--roles", "poll")) as one:
                idle, found = await _polling(one, around, beside, entries)
            async with daemon(folder, around, beside.config, ("--roles", "read")) as one:
                read = await _stage(one, beside, _articles, entries, 0.0)
            async with daemon(folder, around, beside.config, ("--roles", "deliver")) as one:
                sent = await _stage(one, beside, _sent, entries // 10, 0.0)
        stored, text = beside.stored(folder / "data" / "tocsin.db")
    feed_bytes, id_bytes = _memory_of(redis)
    return Costs(
        poll_ms=idle.cost.total / idle.done * 1e3,
        entry_ms=found.cost.total / found.done * 1e3,
        page_loop_ms=read.cost.loop / read.done * 1e3,
        page_threads_ms=read.cost.threads / read.done * 1e3,
        page_pool_ms=read.cost.pool / read.done * 1e3,
        delivery_ms=sent.cost.total / max(1.0, sent.done) * 1e3,
        redis_poll_us=idle.redis_s / idle.done * 1e6,
        redis_page_us=read.redis_s / read.done * 1e6,
        redis_feed_bytes=feed_bytes,
        redis_id_bytes=id_bytes,
        article_bytes=stored / entries,
        text_bytes=text / entries,
        database_poll_ms=idle.database_s / idle.done * 1e3,
        database_page_ms=(found.database_s / found.done + read.database_s / read.done) * 1e3,
        page_commits=found.commits / found.done + read.commits / read.done,
    )


def measure(entries: int) -> Costs:
    """Return what this machine needs now, on PostgreSQL where it is on the PATH."""
    with server() as redis, postgres() as database:
        return asyncio.run(_measure(entries, redis, database))


def render(costs: Costs) -> str:
    """Return the costs as they stand in `benchmarks.scaling`."""
    return "\n".join(f"    {name}={value:.4g}," for name, value in asdict(costs).items())


if __name__ == "__main__":
    print(render(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)))
