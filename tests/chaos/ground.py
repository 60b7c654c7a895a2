"""The ground of a row: one database, one Redis, worker processes, and what was asked of them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec.structs import replace

from chaos.ledger import read_ledger
from chaos.passing import let_pass
from chaos.servers import RedisServer
from chaos.setups import Setup
from chaos.worker import SINK, Faults, Plan, open_database
from workers.clock import SystemClock
from workers.model.alert import ArticleFacts, Recipient, RingUnit, RungTopic
from workers.model.article import PageJob
from workers.model.commit import ArticleCommit, EntryIntent, PollCommit
from workers.model.feed import EntryRow, FeedSource
from workers.model.ids import alert_id, delivery_id, entry_id
from workers.steps.relay import sink_stream
from workers.store import SqlStore

__all__ = ["Ground", "Tally", "WorkerProcess", "until"]

STREAM = "{tocsin}:s:" + sink_stream(SINK)
FEED = "http://wire.example/feed"
PATIENCE_S = 120.0
LOOK_S = 0.05
TESTS = Path(__file__).parents[1]
BATCH = 100
"""Recipients of one alert: each is a delivery of its own."""


async def until(
    fact: Callable[[], object | Awaitable[object]], what: str, within_s: float = PATIENCE_S
) -> float:
    """Wait until ``fact`` is true; return the seconds that took. Fail with ``what`` if never."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        found = fact()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return loop.time() - began
        assert loop.time() - began < within_s, f"never happened: {what}"
        await asyncio.sleep(LOOK_S)


@dataclass(kw_only=True)
class Tally:
    """A line of the table that `make chaos` prints."""

    row: str
    setup: Setup
    told: Callable[[str, object], None]
    """Where the line goes."""

    def line(
        self,
        fault: str,
        accepted: set[str],
        runs: dict[str, int],
        *,
        bound: str,
        duplicates: int = 0,
        elsewhere: frozenset[str] = frozenset(),
        processes: int | None = None,
    ) -> None:
        """Tell the line, then hold it against the bound.

        Args:
            fault: What was done.
            accepted: The ids that were stored as to be done.
            runs: How often each id had its effect.
            bound: The row's bound, in words.
            duplicates: Effects more than one an id that it allows.
            elsewhere: Ids that are to lie in dead letters: not done, and not lost.
            processes: How many there were, if not as many as the setup says.
        """
        lost = accepted - set(runs) - elsewhere
        twice = sum(times - 1 for times in runs.values())
        self.told(
            "chaos",
            {
                "row": self.row,
                "fault": fault,
                "accepted": len(accepted),
                "done": len(accepted & set(runs)),
                "lost": len(lost),
                "duplicates": twice,
                "bound": bound,
                "database": self.setup.database,
                "redis": self.setup.redis,
                "processes": processes or self.setup.processes,
            },
        )
        assert not lost, f"lost: {sorted(lost)[:5]} of {len(lost)}"
        assert not (set(runs) - accepted), "effects that nobody asked for"
        assert twice <= duplicates, f"{twice} duplicates where {duplicates} are allowed"


class WorkerProcess:
    """A worker, by its pid."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.log = Path(plan.folder, f"{plan.name}.log")
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the row's own worker
                [sys.executable, "-P", "-m", "chaos.worker", msgspec.json.encode(plan).decode()],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(TESTS)},
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def says(self, what: str) -> bool:
        """Whether the worker has left a file that says so."""
        return Path(self.plan.folder, f"{self.plan.name}.{what}").exists()

    async def ready(self) -> None:
        """Wait until it works."""

        def so() -> bool:
            assert self.alive, self.log.read_text()[-3000:]
            return self.says("ready")

        await until(so, f"{self.plan.name} is ready")

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Wait for its end; return how it ended."""
        await until(lambda: not self.alive, f"{self.plan.name} ends")
        return self._process.returncode

    def end(self) -> None:
        if self.alive:
            self._process.kill()
        self._process.wait()


@dataclass
class Ground:
    """Makes deliveries by the store's own verbs, and workers that do them."""

    setup: Setup
    folder: Path
    database: str
    server: RedisServer
    store: SqlStore
    lease_s: float = 2.0
    accepted: dict[str, set[str]] = field(default_factory=dict)
    """Delivery ids by recipient."""
    workers: list[WorkerProcess] = field(default_factory=list)
    busy_s: float = 5.0
    """How long workers wait for a lock of the database."""
    feeds: tuple[FeedSource, ...] = ()
    """What workers poll besides."""
    redis_url: str = ""
    """Where workers find Redis, if not at the server itself."""

    @classmethod
    async def made(
        cls, setup: Setup, folder: Path, database: str, server: RedisServer
    ) -> "Ground":
        """Open the database, making it."""
        store = await open_database(database, SystemClock())
        return cls(setup, folder, database, server, store)

    @property
    def ids(self) -> set[str]:
        """Every id that was accepted."""
        return set().union(*self.accepted.values())

    def effects(self) -> list[tuple[str, int]]:
        """Return id and pid of each effect."""
        return read_ledger(self.folder / "ledger")

    def runs(self) -> dict[str, int]:
        """Return how often each id had its effect."""
        return dict(Counter(id_ for id_, _ in self.effects()))

    def done(self) -> int:
        """How many effects there were."""
        return len(self.effects())

    async def accept(self, count: int, *special: str) -> None:
        """Store ``count`` deliveries, besides one to each ``special`` recipient."""
        who = [f"r{number}" for number in range(BATCH)]
        parts = [who[: min(BATCH, count - start)] for start in range(0, count, BATCH)]
        if special:
            parts.insert(len(parts) // 2, list(special))
        begun = len(self.ids)
        names = [f"{begun}-{number}" for number in range(len(parts))]
        await self._poll(names)
        await asyncio.gather(
            *(self._ring(name, to) for name, to in zip(names, parts, strict=True))
        )

    async def _poll(self, names: Sequence[str]) -> None:
        ids = await self.store.sync_feeds([FeedSource(url=FEED, name="Wire")])
        row = await self.store.load_feed(ids[FEED])
        assert row is not None
        now = SystemClock().now()
        intents = tuple(
            EntryIntent(
                entry=EntryRow(
                    id=entry_id(row.id, name),
                    feed_id=row.id,
                    feed=row.name,
                    feed_url=row.url,
                    identity=name,
                    url=f"http://wire.example/{name}",
                    title=f"Title {name}",
                    summary="",
                    content="",
                    published=None,
                    updated=None,
                    seen=now,
                    digest="d",
                ),
                key=f"http://wire.example/{name}",
                stream="pages:warm",
            )
            for name in names
        )
        await self.store.commit_poll(
            PollCommit(feed=row, loaded_at=row.last_poll_at, delay_s=900.0, intents=intents)
        )

    async def _ring(self, name: str, recipients: Sequence[str]) -> None:
        article = await self.store.find_article(f"http://wire.example/{name}")
        assert article is not None
        job = await self.store.load_page("page", article)
        assert job is not None
        to = tuple(Recipient(sink=SINK, recipient=who) for who in recipients)
        await self.store.commit_article(
            ArticleCommit(
                work=job.work,
                article=replace(job.article, settled_at=SystemClock().now(), settled_entries=1),
                ring=_unit(job, to),
                attempts=1,
            )
        )
        for who in recipients:
            made = delivery_id(alert_id(article, 1), SINK, who)
            self.accepted.setdefault(who, set()).add(made)

    def start(self, **faults: object) -> WorkerProcess:
        """Start a worker with these faults; see `ready`."""
        return self.start_by(self.plan(**faults))

    def plan(self, **faults: object) -> Plan:
        """Return what a worker with these faults is told."""
        return Plan(
            name=f"w{len(self.workers)}",
            database=self.database,
            redis=self.redis_url or self.server.url,
            folder=str(self.folder),
            lease_s=self.lease_s,
            feeds=self.feeds,
            busy_s=self.busy_s,
            faults=Faults(**faults),
        )

    def start_by(self, plan: Plan) -> WorkerProcess:
        """Start a worker by a plan."""
        one = WorkerProcess(plan)
        self.workers.append(one)
        return one

    async def staff(self, count: int | None = None, **faults: object) -> list[WorkerProcess]:
        """Start as many workers as the setup has processes, and wait until they work."""
        made = [
            self.start(**faults) for _ in range(self.setup.processes if count is None else count)
        ]
        for one in made:
            await one.ready()
        return made

    async def open(self) -> int:
        """How many deliveries are not done."""
        backlog = (await self.store.counts()).sinks.get(SINK)
        return 0 if backlog is None else backlog.open + backlog.held

    async def all_done(self, within_s: float = PATIENCE_S) -> float:
        """Wait until no delivery is open; return the seconds that took."""

        async def so() -> bool:
            return await self.open() == 0

        return await until(so, "no delivery is open", within_s)

    async def let_pass(self, seconds: float) -> None:
        """Let time pass for all that waits in SQL: every moment there is moved into the past."""
        await asyncio.to_thread(let_pass, self.database, self.server, seconds)

    def entries(self) -> list[str]:
        """Return the ids that lie in the stream, once for each entry."""
        with self.server.client() as client:
            return [fields["i"] for _, fields in client.xrange(STREAM)]

    async def close(self) -> None:
        """End what still runs."""
        for one in self.workers:
            if one.alive:
                one.signal(signal.SIGCONT)
            one.end()
        await self.store.close()


def _unit(job: PageJob, to: tuple[Recipient, ...]) -> RingUnit:
    return RingUnit(
        event=job.article.id,
        at=SystemClock().now(),
        evidence="page",
        topics=(RungTopic(name="quakes", query="quake", severity="high", clauses=()),),
        article=ArticleFacts(
            id=job.article.id,
            url=job.article.url,
            title=job.article.title,
            published=None,
            published_from=None,
            language="en",
            author=None,
            verdict="article",
            text_from="page",
            summary="",
        ),
        entries=(),
        routes={"quakes": to},
    )
