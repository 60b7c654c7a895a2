"""The store, measured: readings that ring, committed by it and by bare ``executemany``.

::

    python -m benchmarks.store             2,000 articles a run, some minutes
    python -m benchmarks.store --quick     300

A reading that rings writes an article's text, its keys, an alert with two topics, two deliveries,
the work that they ask for, and lines of trace; it reads what has rung already and who else has the
page. Bare is the same rows into the same tables, known beforehand, by one connection, as many
articles to a transaction as the store has callers. SQLite has ``synchronous=FULL``, PostgreSQL
its usual settings, on a server started here. Times are only printed: ratios within a run carry
from one machine to another. ``docs/benchmarks.md`` says what the figures mean.
"""

import argparse
import asyncio
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any, Protocol

import psycopg
from msgspec import structs

from benchmarks.articles import article
from benchmarks.postgres import Postgres, postgres
from benchmarks.processes import machine
from workers.clock import SystemClock
from workers.model.alert import ArticleFacts, Recipient, RingUnit, RungTopic, TraceLine
from workers.model.article import PageJob
from workers.model.commit import ArticleCommit, EntryIntent, PollCommit
from workers.model.feed import EntryRow, FeedSource
from workers.model.ids import entry_id
from workers.model.topic import Clause
from workers.store import SqlStore, open_store
from workers.store.schema import migrate

__all__ = ["main"]

FEEDS, POLL = 20, 25
CALLERS = (1, 4, 16, 64)
TO = (Recipient(sink="ops"), Recipient(sink="desk", recipient="desk@example.org"))
READ = """
UPDATE articles SET text = ?, verdict = ?, text_from = ?, fetched_at = ?, settled_at = ?,
    settled_entries = ?, zones = ?, reasons = ? WHERE id = ?
"""
COUNTED = """
UPDATE feeds SET pages_got = pages_got + 1, pages_tried = pages_tried + 1
    WHERE id = (SELECT feed_id FROM entries WHERE article_id = ?)
"""
CLOSED = """
UPDATE work SET next_at = NULL, relayed_at = NULL, attempts = ? WHERE kind = 'page' AND id = ?
"""
INSERTED = ("alerts", "rung", "deliveries", "trace")
"""Tables in which a reading only makes rows."""


@dataclass(frozen=True)
class Pace:
    """How fast articles were committed, and what that cost this process."""

    per_s: float
    cpu_ms: float
    """An article: it does not grow when others use the machine, but counts no server."""


@dataclass(frozen=True)
class Measured:
    """The store and bare, with so many callers or articles to a transaction."""

    callers: int
    store: Pace
    bare: Pace


class Watch:
    """A stopwatch of time and CPU."""

    def __init__(self) -> None:
        self._began, self._spent = time.perf_counter(), time.process_time()

    def pace(self, count: int) -> Pace:
        """Return the pace of ``count`` articles since the beginning."""
        took, spent = time.perf_counter() - self._began, time.process_time() - self._spent
        return Pace(count / took, spent / count * 1000)


class Place(Protocol):
    """Databases of one kind."""

    def fresh(self, name: str) -> Path | str:
        """Make an empty database of Tocsin's."""
        ...

    def copy(self, source: str, name: str) -> Path | str:
        """Make a copy of a database that nobody uses."""
        ...

    def connect(self, name: str) -> Any:  # noqa: ANN401 - sqlite3's or psycopg's
        """Return a bare connection that begins and ends no transaction by itself."""
        ...

    @property
    def mark(self) -> str:
        """Return what stands for a value in a statement."""
        ...


class Files:
    """SQLite."""

    mark = "?"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fresh(self, name: str) -> Path:
        """Make an empty database."""
        path = self._folder / name
        migrate(path)
        return path

    def copy(self, source: str, name: str) -> Path:
        """Copy the file; its log was written back when the last user closed it."""
        return Path(shutil.copy(self._folder / source, self._folder / name))

    def connect(self, name: str) -> sqlite3.Connection:
        """Return a connection as the store's own."""
        conn = sqlite3.connect(self._folder / name, isolation_level=None)
        conn.execute("PRAGMA synchronous = FULL")
        conn.execute("PRAGMA foreign_keys = ON")
        return conn


class Served:
    """PostgreSQL."""

    mark = "%s"

    def __init__(self, server: Postgres) -> None:
        self._server = server

    def fresh(self, name: str) -> str:
        """Make an empty database."""
        self._server.ask(f"CREATE DATABASE {name}")
        migrate(self._server.url(name))
        return self._server.url(name)

    def copy(self, source: str, name: str) -> str:
        """Make a copy."""
        self._server.ask(f"CREATE DATABASE {name} TEMPLATE {source}")
        return self._server.url(name)

    def connect(self, name: str) -> "psycopg.Connection[Any]":
        """Return a connection."""
        return psycopg.connect(self._server.url(name), autocommit=True)


async def _polled(store: SqlStore, count: int) -> None:
    """Let some feeds have listed ``count`` articles, `POLL` a poll."""
    names = [f"wire {number}" for number in range(FEEDS)]
    ids = await store.sync_feeds(
        [FeedSource(url=f"https://wire.example/{name[5:]}/feed", name=name) for name in names]
    )
    for start, feed_id in zip(range(0, count, POLL), cycle(ids.values()), strict=False):
        feed = await store.load_feed(feed_id)
        if feed is None:
            raise RuntimeError("the feed is gone")
        now = datetime.now(UTC)
        entries = [_entry(feed_id, number, now) for number in range(start, start + POLL)]
        await store.commit_poll(
            PollCommit(
                feed=structs.replace(feed, last_poll_at=now, baselined_at=now),
                loaded_at=feed.last_poll_at,
                delay_s=900.0,
                intents=tuple(
                    EntryIntent(entry=entry, key=entry.url, stream="pages:warm")
                    for entry in entries[: count - start]
                ),
            )
        )


def _entry(feed: str, number: int, now: datetime) -> EntryRow:
    story = article(number, FEEDS).story
    return EntryRow(
        id=entry_id(feed, str(number)),
        feed_id=feed,
        feed="wire",
        feed_url="https://wire.example/feed",
        identity=str(number),
        url=f"https://wire.example/{number}",
        title=story.title,
        summary=story.body[:200],
        content="",
        published=now,
        updated=None,
        seen=now,
        digest=str(number),
    )


async def _readings(store: SqlStore) -> list[ArticleCommit]:
    """Return a reading that rings for each article that waits."""
    found = []
    for row in await store.due({"pages:warm": 1_000_000}, 1e9, 1_000_000):
        job = await store.load_page("page", row.id)
        if job is not None:
            found.append(_reading(job, len(found)))
    return found


def _reading(job: PageJob, number: int) -> ArticleCommit:
    now = datetime.now(UTC)
    text = article(number, FEEDS).story.body
    row = structs.replace(
        job.article, text=text, verdict="article", text_from="page", fetched_at=now,
        settled_at=now, settled_entries=1,
    )  # fmt: skip
    topics = tuple(
        RungTopic(
            name=name, query=name, severity="high",
            clauses=(Clause(op="word", query=name, span=(0, 5)),),
        )
        for name in ("storms", "harbours")
    )  # fmt: skip
    unit = RingUnit(
        event=job.article.id,
        at=now,
        evidence="page",
        topics=topics,
        article=ArticleFacts(
            id=job.article.id, url=job.article.url, title=job.article.title, published=now,
            published_from="feed", language="en", author=None, verdict="article",
            text_from="page", summary=text[:200],
        ),
        entries=(),
        routes=dict.fromkeys((topic.name for topic in topics), TO),
    )  # fmt: skip
    trace = tuple(
        TraceLine(stage=stage, decision="done", because="measured", article=row.id, at=now)
        for stage in ("read", "match", "ring")
    )
    return ArticleCommit(
        work=job.work, article=row, keys=(f"text:{number:032x}",), ring=unit, attempts=1,
        full_text=True, trace=trace,
    )  # fmt: skip


async def _by_store(store: SqlStore, readings: Sequence[ArticleCommit], callers: int) -> Pace:
    """Commit all, ``callers`` at once."""
    left = iter(readings)

    async def caller() -> None:
        for reading in left:
            await store.commit_article(reading)

    watch = Watch()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return watch.pace(len(readings))


class Bare:
    """The rows that readings wrote, to be written again with nothing around it."""

    def __init__(self, place: Place, done: str) -> None:
        self._mark = place.mark
        conn = place.connect(done)
        self._articles = conn.execute(
            "SELECT text, verdict, text_from, fetched_at, settled_at, settled_entries, zones,"
            " reasons, id FROM articles ORDER BY id"
        ).fetchall()
        self._made = {name: _by_article(conn, name) for name in INSERTED}
        self._keys = _grouped(
            conn.execute(
                "SELECT key, article_id FROM article_keys WHERE key LIKE 'text:%'"
            ).fetchall(),
            1,
        )
        self._closed = dict(
            conn.execute("SELECT id, attempts FROM work WHERE kind = 'page'").fetchall()
        )
        self._asked = _grouped(
            conn.execute(
                "SELECT w.kind, w.id, w.stream, w.next_at, w.turn, w.attempts, w.deaths,"
                " w.asked_at, a.event FROM work w JOIN deliveries d ON d.id = w.id"
                " JOIN alerts a ON a.id = d.alert_id WHERE w.kind = 'delivery'"
            ).fetchall(),
            8,
        )
        conn.close()

    def run(self, conn: Any, size: int) -> Pace:  # noqa: ANN401 - sqlite3's or psycopg's
        """Write all, ``size`` articles to a transaction."""
        count = len(self._articles)
        steps = [list(self._steps(self._articles[at : at + size])) for at in range(0, count, size)]
        cursor = conn.cursor()
        watch = Watch()
        for step in steps:
            cursor.execute("BEGIN")
            for sql, rows in step:
                cursor.executemany(sql, rows)
            cursor.execute("COMMIT")
        return watch.pace(count)

    def _steps(self, rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[str, list[Any]]]:
        ids = [row[-1] for row in rows]
        yield READ.replace("?", self._mark), list(rows)
        yield self._insert("article_keys", self._keys, ids, 2)
        for name, (width, found) in self._made.items():
            yield self._insert(name, found, ids, width)
        yield COUNTED.replace("?", self._mark), [(id_,) for id_ in ids]
        yield CLOSED.replace("?", self._mark), [(self._closed[id_], id_) for id_ in ids]
        columns = "(kind, id, stream, next_at, turn, attempts, deaths, asked_at)"
        yield self._insert(f"work {columns}", self._asked, ids, 8)

    def _insert(
        self, name: str, found: dict[str, list[tuple[Any, ...]]], ids: Sequence[str], width: int
    ) -> tuple[str, list[Any]]:
        marks = ", ".join([self._mark] * width)
        rows = [row[:width] for id_ in ids for row in found.get(id_, ())]
        return f"INSERT INTO {name} VALUES ({marks})", rows  # noqa: S608 - names of ours


def _by_article(conn: Any, name: str) -> tuple[int, dict[str, list[tuple[Any, ...]]]]:  # noqa: ANN401 - sqlite3's or psycopg's
    """Return the width of a table, and its rows by article."""
    article = {
        "alerts": "event", "rung": "event", "trace": "article",
        "deliveries": "(SELECT event FROM alerts WHERE id = t.alert_id)",
    }[name]  # fmt: skip
    where = " WHERE article IS NOT NULL" if name == "trace" else ""
    sql = f"SELECT t.*, {article} FROM {name} t{where}"  # noqa: S608 - names of ours
    rows = conn.execute(sql).fetchall()
    return len(rows[0]) - 1, _grouped(rows, -1)


def _grouped(rows: Sequence[tuple[Any, ...]], place: int) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        found.setdefault(row[place], []).append(row)
    return found


async def _measure(place: Place, count: int) -> list[Measured]:
    """Measure one kind of database with each number of callers."""
    store = await open_store(place.fresh("polled"), SystemClock())
    await _polled(store, count)
    readings = await _readings(store)
    await store.close()
    found = []
    for callers in CALLERS:
        done = f"done{callers}"
        store = await open_store(place.copy("polled", done), SystemClock())
        rate = await _by_store(store, readings, callers)
        counts = await store.counts()
        await store.close()
        if counts.sinks["ops"].open != count or counts.sinks["desk"].open != count:
            raise RuntimeError(f"not all is stored: {counts.sinks}")
        bare = Bare(place, done)
        place.copy("polled", f"bare{callers}")
        conn = place.connect(f"bare{callers}")
        found.append(Measured(callers, rate, bare.run(conn, callers)))
        conn.close()
    return found


def _print(name: str, found: Sequence[Measured]) -> None:
    print(f"\n{name}\n\n| callers at once | store, bare: articles/s | ratio | CPU, ms | ratio |")
    print("|---|---|---|---|---|")
    for one in found:
        store, bare = one.store, one.bare
        print(
            f"| {one.callers} | {store.per_s:.0f}, {bare.per_s:.0f}"
            f" | {store.per_s / bare.per_s:.2f} | {store.cpu_ms:.2f}, {bare.cpu_ms:.2f}"
            f" | {bare.cpu_ms / store.cpu_ms:.2f} |"
        )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.store", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="300 articles")
    count = 300 if parser.parse_args().quick else 2000
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        _print("SQLite, synchronous=FULL", asyncio.run(_measure(Files(Path(folder)), count)))
    with postgres() as server:
        if server is None:
            print("\nPostgreSQL: not on the PATH")
            return 0
        _print("PostgreSQL", asyncio.run(_measure(Served(server), count)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
