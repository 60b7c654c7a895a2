"""Steps on real edges: SQLite, Valkey, HTTP on loopback; only time is made up."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from email.utils import format_datetime
from html import escape
from pathlib import Path
from random import Random

import pytest
from msgspec import structs

from monitor import shipped
from monitor.metrics import PrometheusMeter
from workers.alerts import SinkRoute
from workers.broker import RedisBroker
from workers.clock import SystemClock
from workers.model.article import Extracted, FetchedPage
from workers.model.feed import FeedRow, FeedSource
from workers.model.topic import TopicSpec
from workers.net import HttpFetcher, guarded_session
from workers.options import AlertOptions, NetOptions, PageOptions, PollOptions
from workers.pages import PageRules, extract
from workers.pool import ProcessPool
from workers.pool.tasks import read_feed_again
from workers.sinks import WebhookOptions
from workers.sinks.webhook.sink import WebhookSink
from workers.steps.deliver import Deliver
from workers.steps.edges import Edges, Rules
from workers.steps.look import Look, day_of
from workers.steps.poll import Poll
from workers.steps.read import Read
from workers.steps.relay import PAGE_STREAMS, sink_stream
from workers.steps.ring import Ring
from workers.store import open_store
from workers.store.dbtime import ProcessTime
from workers.text.urls import identity_key
from workers.topics import compile_topics

STREAMS = (*PAGE_STREAMS, "ring", sink_stream("ops"))
NET = NetOptions(
    allow=("127.0.0.0/8",), connect_s=2.0, read_s=2.0, total_s=3.0, user_agent="Tocsin/test"
)
LEASE_S = 2.0


class InProcess:
    """A pool without processes: the same verb, and it can be told to fail instead."""

    def __init__(self) -> None:
        self.fails: list[Exception] = []
        self.calls = 0

    async def call_at(self, _urgency, timeout_s, function, *args, **kwargs):
        return await self.call(timeout_s, function, *args, **kwargs)

    async def call(self, _timeout_s, function, *args, **kwargs):
        self.calls += 1
        if self.fails:
            raise self.fails.pop(0)
        return function(*args, **kwargs)


def item(name: str, title: str, text: str = "", *, url: str | None = None, at=None) -> str:
    """An item of RSS."""
    link = f"<link>{escape(url)}</link>" if url else ""
    date = f"<pubDate>{format_datetime(at)}</pubDate>" if at else ""
    return (
        f"<item><guid isPermaLink='false'>{name}</guid><title>{escape(title)}</title>{link}{date}"
        f"<description>{escape(text)}</description></item>"
    )


def rss(*items: str) -> str:
    """A feed of these items."""
    head = "<title>Wire</title><link>http://127.0.0.1/</link><description>-</description>"
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'
    )


def page(title: str, *said: str) -> str:
    """A page with an article on it, long enough to be one."""
    filler = [
        f"The council of the {place} met for the {number} time this year and spoke at length "
        "about the harbour, the bridge and the school that is to be built beside the old mill."
        for place, number in (("valley", "third"), ("coast", "fifth"), ("island", "ninth"))
    ]
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in (*said, *filler))
    return (
        f'<!doctype html><html lang="en"><head><title>{escape(title)}</title></head><body>'
        f"<article><h1>{escape(title)}</h1>{paragraphs}</article></body></html>"
    )


class World:
    """An installation that does one step at a time."""

    def __init__(self, edges: Edges, rules: Rules, site) -> None:
        self.edges = edges
        self.rules = rules
        self.site = site
        self.clock = edges.clock
        self.store = edges.store
        self.broker = edges.broker
        self.pool = edges.pool
        self.poller = Poll(edges, lambda: self.rules, Look(edges, read_feed_again))
        self.read = Read(edges, lambda: self.rules, self._extract)
        self.ring = Ring(edges, lambda: self.rules)

    @staticmethod
    def _extract(fetched: FetchedPage) -> Extracted:
        return extract(fetched, PageRules(cues=shipped.cues(), live=shipped.live_cues()))

    def topics(self, **queries: str) -> None:
        """Watch these topics and no others."""
        specs = [TopicSpec(name=name, query=query) for name, query in queries.items()]
        self.rules = _with(self.rules, topics=compile_topics(specs, {}, ("en",)))

    async def feeds(self, *paths: str, **more: object) -> list[str]:
        """Configure feeds at these paths of the site (or whole addresses); return their ids."""
        urls = [path if "://" in path else self.site.url + path for path in paths]
        sources = [
            FeedSource(url=url, name="Feed /" + url.rpartition("/")[2], **more) for url in urls
        ]
        ids = await self.store.sync_feeds(sources)
        self.rules = _with(self.rules, sources={ids[one.url]: one for one in sources})
        return [ids[url] for url in urls]

    def begin_day(self, feed: str) -> None:
        """Let the day of this feed begin: until it ends, no poll has to ask for all of it.

        When that is depends on its id, and so on the port that the site has in this run.
        """
        today = day_of(feed, self.clock.now())
        while day_of(feed, self.clock.now()) == today:
            self.clock.advance(60)

    async def poll(self, feed: str) -> FeedRow:
        """Poll; return the feed's row after it."""
        await self.poller(feed)
        row = await self.store.load_feed(feed)
        assert row is not None
        return row

    async def due(self, *streams: str) -> list[tuple[str, str]]:
        """Return (stream, id) of what the relay may push now."""
        found = await self.store.due(dict.fromkeys(streams or STREAMS, 1000), 1e6, 1000)
        return [(work.stream, work.id) for work in found]

    async def work(self, *streams: str) -> None:
        """Do what is due in these streams, once."""
        for stream, id_ in await self.due(*streams):
            await (self.ring(id_) if stream == "ring" else self.read(id_))

    async def alerts(self) -> list[tuple[int, str, tuple[str, ...]]]:
        """Return (revision, evidence, topics) of every alert, oldest first."""
        lines = await self.store.alert_lines()
        whole = [await self.store.load_alert(line.alert) for line in reversed(lines)]
        return sorted(
            (one.revision, one.evidence, tuple(topic.name for topic in one.topics))
            for one in whole
        )

    async def baseline(self, path: str = "/feed") -> str:
        """Configure a feed and poll it once, empty but for one old entry."""
        self.site.put(path, rss(item("old", "An old title", url=self.site.url + "/old")))
        (feed,) = await self.feeds(path)
        await self.poll(feed)
        self.clock.advance(60)
        return feed

    async def news(self, title: str, text: str = "", *, path: str = "/feed", name: str = "n1"):
        """Let the feed list a new entry, and poll it; return the id of its article."""
        url = f"{self.site.url}/{name}"
        self.site.put(path, rss(item(name, title, text, url=url)))
        for row in await self.store.feed_rows():
            if row.url.endswith(path):
                await self.poll(row.id)
        return await self.article("/" + name)

    async def article(self, path: str) -> str | None:
        """Return the id of the article at a path of the site."""
        return await self.store.find_article(identity_key(self.site.url + path))

    async def rung(self) -> str:
        """Make one alert for the sink; return the id of its delivery."""
        self.topics(quake="quake")
        await self.baseline()
        article = await self.news("A quake")
        self.site.put("/n1", page("A quake hits the coast", "The quake was strong."))
        await self.read(article)
        ((_, delivery),) = await self.due(sink_stream("ops"))
        return delivery


def _with(rules: Rules, **changed: object) -> Rules:
    return Rules(**{**{name: getattr(rules, name) for name in rules.__dict__}, **changed})


@pytest.fixture
def sinks() -> tuple[SinkRoute, ...]:
    """One sink, told of everything."""
    return (SinkRoute(name="ops"),)


@pytest.fixture
async def broker(valkey) -> AsyncIterator[RedisBroker]:
    """A broker on the emptied server."""
    one = RedisBroker(valkey.url, lease_s=LEASE_S, clock=SystemClock(), breaker_first_s=0.3)
    await one.open()
    yield one
    await one.close()


ON_BOTH = ("test_lost_hits", "test_ring")
"""Files of which every test runs on PostgreSQL too: what rings, and when."""
BOTH_AT_LENGTH = ("test_identity", "test_journey", "test_rereading", "test_what_rings")
"""The same, which take long: on PostgreSQL when there is time for everything."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of some files on both kinds of database."""
    module = metafunc.module.__name__
    if "world" in metafunc.fixturenames and module.endswith((*ON_BOTH, *BOTH_AT_LENGTH)):
        marks = pytest.mark.thorough if module.endswith(BOTH_AT_LENGTH) else ()
        kinds = ["sqlite", pytest.param("postgres", marks=marks)]
        metafunc.parametrize("database", kinds, indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """The address of an empty database."""
    if getattr(request, "param", "sqlite") == "sqlite":
        template = request.getfixturevalue("template")
        return Path(shutil.copy(template, tmp_path / "tocsin.db"))
    return request.getfixturevalue("postgres").url()


@pytest.fixture
async def world(database, set_clock, broker, site, sinks) -> AsyncIterator[World]:
    """An installation that watches nothing yet."""
    store = await open_store(database, set_clock, time=ProcessTime(set_clock))
    fetcher = HttpFetcher(NET)
    edges = Edges(
        store=store,
        broker=broker,
        fetcher=fetcher,
        pool=InProcess(),
        clock=set_clock,
        meter=PrometheusMeter(),
        dice=Random(1),
    )
    rules = Rules(
        topics=compile_topics((), {}, ("en",)),
        topics_version=1,
        sources={},
        sinks=sinks,
        net=NET,
        poll=PollOptions(interval_s=900.0),
        pages=PageOptions(),
        alerts=AlertOptions(),
        tracking=shipped.tracking(),
    )
    yield World(edges, rules, site)
    await fetcher.close()
    await store.close()


@pytest.fixture
async def real_pool() -> AsyncIterator[ProcessPool]:
    """The pool of processes itself."""
    pool = ProcessPool(1, 1 << 30, 100, PageRules(cues=shipped.cues(), live=shipped.live_cues()))
    yield pool
    await pool.close()


@pytest.fixture
async def deliver(world: World, site) -> AsyncIterator[Callable[..., object]]:
    """Deliver one id to the webhook at ``/hook`` of the site."""
    session = guarded_session(("127.0.0.0/8",), 1.0, 2.0)
    hook = WebhookSink(
        "ops", WebhookOptions(url=site.url + "/hook", user_agent="Tocsin/test"), session
    )
    step = Deliver(
        world.edges, hook, f"ops@{hook.endpoint}", LEASE_S, None, rules=lambda: world.rules
    )

    async def ours() -> bool:
        return True

    async def one(delivery: str, still_ours=ours) -> None:
        await step(delivery, still_ours)

    yield one
    await session.close()


@pytest.fixture
def write() -> Iterator[tuple[Callable[..., str], Callable[..., str], Callable[..., str]]]:
    """How feeds and pages are written: item, rss, page."""
    return item, rss, page


@pytest.fixture
def with_rules() -> Callable[..., Rules]:
    """Rules with some of them replaced."""
    return _with


@pytest.fixture
def with_pool() -> Callable[..., Edges]:
    """Edges with another pool."""

    def make(edges: Edges, pool: ProcessPool) -> Edges:
        return Edges(**{**edges.__dict__, "pool": pool})

    return make


@pytest.fixture
def changed() -> Callable[..., object]:
    """A record with some fields replaced."""
    return structs.replace
