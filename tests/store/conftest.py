"""A real SQLite file, a clock that stands until it is told otherwise, and what a feed says."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import structs

from workers.model.alert import ArticleFacts, Recipient, RingUnit, RungTopic
from workers.model.article import ArticleRow, PageJob
from workers.model.commit import ArticleCommit, EntryIntent, PollCommit
from workers.model.feed import EntryRow, FeedRow, FeedSource, Validators
from workers.model.ids import entry_id
from workers.model.topic import Clause
from workers.store import SqlStore, open_store
from workers.store.dbtime import ProcessTime

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class StandingClock:
    """Time that passes only by `advance`."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        """Return the moment that was set."""
        return self.at

    def monotonic(self) -> float:
        """Return seconds since the start."""
        return (self.at - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Let the time pass, and others run."""
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.at += timedelta(seconds=seconds)


class World:
    """A store with a feed, and short ways to make things happen in it."""

    def __init__(self, store: SqlStore, clock: StandingClock) -> None:
        self.store = store
        self.clock = clock

    async def feed(self, name: str = "wire") -> FeedRow:
        """Return the feed of this name, configured beside those that are there."""
        known = {row.url: row.name for row in await self.store.feed_rows()}
        known[f"https://{name}.example/feed"] = name
        ids = await self.store.sync_feeds(
            [FeedSource(url=url, name=called) for url, called in known.items()]
        )
        row = await self.store.load_feed(ids[f"https://{name}.example/feed"])
        assert row is not None
        return row

    def entry(self, feed: FeedRow, identity: str = "one", **fields: object) -> EntryRow:
        """Return what ``feed`` lists under ``identity``."""
        blank = EntryRow(
            id=entry_id(feed.id, identity),
            feed_id=feed.id,
            feed=feed.name,
            feed_url=feed.url,
            identity=identity,
            url=f"https://site.example/{identity}",
            title=f"Title {identity}",
            summary="A summary",
            content="A longer content",
            published=None,
            updated=None,
            seen=self.clock.now(),
            digest="d1",
        )
        return structs.replace(blank, **fields)

    async def poll(
        self,
        *entries: EntryRow,
        feed: FeedRow | None = None,
        stream: str | None = "pages:warm",
        ring_after_s: float | None = None,
        key: str | None = "",
        listed: tuple[str, ...] = (),
        validators: Validators | None = None,
    ) -> None:
        """Commit a poll that found these entries; an empty ``key`` is the entry's link."""
        row = feed or await self.store.load_feed(entries[0].feed_id)
        assert row is not None
        after = structs.replace(
            row,
            last_poll_at=self.clock.now(),
            baselined_at=row.baselined_at or self.clock.now(),
            validators=validators or row.validators,
        )
        await self.store.commit_poll(
            PollCommit(
                feed=after,
                loaded_at=row.last_poll_at,
                delay_s=900.0,
                listed=listed,
                intents=tuple(
                    EntryIntent(
                        entry=entry,
                        key=(entry.url or None) if key == "" else key,
                        stream=stream,
                        ring_after_s=ring_after_s,
                    )
                    for entry in entries
                ),
            )
        )

    async def article(self, identity: str = "one", feed: str = "wire", **fields: object) -> str:
        """Poll one entry; return the id of its article."""
        entry = self.entry(await self.feed(feed), identity, **fields)
        await self.poll(entry)
        assert entry.url is not None
        found = await self.store.find_article(entry.url)
        assert found is not None
        return found

    async def page(self, article: str) -> PageJob:
        """Load page work."""
        job = await self.store.load_page("page", article)
        assert job is not None
        return job

    def read(self, job: PageJob, text: str = "The page's own text") -> ArticleRow:
        """Return the article as a reading leaves it."""
        now = self.clock.now()
        return structs.replace(
            job.article,
            text=text,
            verdict="article",
            text_from="page",
            fetched_at=now,
            settled_at=now,
            settled_entries=sum(entry.edition for entry in job.entries),
        )

    def unit(self, job: PageJob, *topics: str, evidence: str = "page") -> RingUnit:
        """Return what rings: the topics, each told to two receivers."""
        to = (Recipient(sink="ops"), Recipient(sink="desk", recipient="a@example.org"))
        return RingUnit(
            event=job.article.id,
            at=self.clock.now(),
            evidence=evidence,  # type: ignore[arg-type]
            topics=tuple(
                RungTopic(
                    name=name,
                    query=name,
                    severity="high",
                    clauses=(Clause(op="word", query=f"{name} on {evidence}", span=(0, 4)),),
                )
                for name in topics
            ),
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
            routes=dict.fromkeys(topics, to),
        )

    async def settle(self, article: str, *topics: str, **fields: object) -> None:
        """Read the page and ring these topics."""
        job = await self.page(article)
        commit = ArticleCommit(
            work=job.work,
            article=self.read(job),
            ring=self.unit(job, *topics) if topics else None,
            attempts=1,
        )
        await self.store.commit_article(structs.replace(commit, **fields))

    async def due(self, *streams: str, most: int = 1000) -> list[str]:
        """Return the ids that the relay may push."""
        wanted = streams or (
            "pages:hot",
            "pages:warm",
            "pages:cold",
            "ring",
            "sink:ops",
            "sink:desk",
        )
        found = await self.store.due(dict.fromkeys(wanted, 1000), 90.0, most)
        return [work.id for work in found]


@pytest.fixture
def clock() -> StandingClock:
    """Return a clock that stands."""
    return StandingClock()


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest) -> Path | str:
    """Return the address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return request.getfixturevalue("file")
    return request.getfixturevalue("postgres").url()


@pytest.fixture
def file(tmp_path: Path, template: Path) -> Path:
    """Return an empty SQLite database."""
    shutil.copy(template, tmp_path / "tocsin.db")
    return tmp_path / "tocsin.db"


@pytest_asyncio.fixture
async def store(address: Path | str, clock: StandingClock) -> AsyncIterator[SqlStore]:
    """Return an open store, on each kind of database in turn."""
    opened = await open_store(address, clock, busy_s=0.2, time=ProcessTime(clock))
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def other(address: Path | str, clock: StandingClock) -> AsyncIterator[SqlStore]:
    """Return a second store on the same database: another process's."""
    opened = await open_store(address, clock, busy_s=5.0, time=ProcessTime(clock))
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def lite(file: Path, clock: StandingClock) -> AsyncIterator[SqlStore]:
    """Return an open store on a SQLite file."""
    opened = await open_store(file, clock, busy_s=0.2)
    yield opened
    await opened.close()


@pytest.fixture
def make_world() -> type[World]:
    """Return what gives any store short ways to make things happen."""
    return World


@pytest.fixture
def world(store: SqlStore, clock: StandingClock) -> World:
    """Return the store with short ways to make things happen."""
    return World(store, clock)


@pytest_asyncio.fixture
async def other_lite(file: Path, clock: StandingClock) -> AsyncIterator[SqlStore]:
    """Return a second store on the same SQLite file: another process's."""
    opened = await open_store(file, clock, busy_s=5.0)
    yield opened
    await opened.close()
