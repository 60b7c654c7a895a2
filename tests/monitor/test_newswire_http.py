"""The offline newswire over HTTP: validators, failures, moves, and the timeline moved by hand."""

import asyncio
import gzip
import hmac
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from monitor.demo.newswire import Newswire, NewswireServer

FOLDER = Path(__file__).parents[2] / "seeds" / "newswire"
STARTED = datetime(2026, 11, 24, 10, 0, 0, 500_000, tzinfo=UTC)
WIRE = Newswire.load(FOLDER)


class HandClock:
    """A clock that moves only when told to, or when somebody sleeps."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        """Return the start plus what has passed."""
        return STARTED + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        """Return what has passed, in seconds."""
        return self.passed

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.passed += seconds
        await asyncio.sleep(0)


@pytest.fixture
async def server() -> AsyncIterator[NewswireServer]:
    """Return the newswire, listening."""
    playing = NewswireServer(WIRE, HandClock())
    await playing.start()
    yield playing
    await playing.stop()


@pytest.fixture
async def http(server: NewswireServer) -> AsyncIterator[aiohttp.ClientSession]:
    """Return a client that knows the newswire's address."""
    async with aiohttp.ClientSession(server.base_url) as session:
        yield session


async def status_of(http: aiohttp.ClientSession, address: str) -> int:
    """Return the status that an address answers, redirects followed."""
    async with http.get(URL(address, encoded=True)) as answer:
        return answer.status


@pytest.mark.parametrize("feed", [feed for feed in WIRE.feeds if WIRE.changes(feed)])
async def test_conditional(feed: str, server: NewswireServer, http: aiohttp.ClientSession) -> None:
    """Each feed answers 304 to its own validators, either of them, until it changes."""
    server.advance_to(1.0)
    spec = WIRE.publishers[feed].feed
    async with http.get(spec.path) as first:
        etag, changed = first.headers["ETag"], first.headers["Last-Modified"]
        assert 200 == first.status
    for asked in ({"If-None-Match": etag}, {"If-Modified-Since": changed}):
        async with http.get(spec.path, headers=asked) as again:
            assert (304, b"") == (again.status, await again.read())
            assert etag == again.headers["ETag"]
    server.advance_to(WIRE.end)
    for asked in ({"If-None-Match": etag}, {"If-Modified-Since": changed}):
        async with http.get(spec.path, headers=asked) as later:
            assert 200 == later.status
    assert [200, 304, 304] == [hit.status for hit in server.hits][:3]
    assert etag == server.hits[1].headers["if-none-match"]


async def test_bad_date(server: NewswireServer, http: aiohttp.ClientSession) -> None:
    """A date that is none is as good as no date at all."""
    asked = {"If-Modified-Since": "the day before yesterday"}
    async with http.get("/meridian/rss/world.xml", headers=asked) as answer:
        assert 200 == answer.status
    assert 1 == len(server.hits)


async def test_failing(server: NewswireServer, http: aiohttp.ClientSession) -> None:
    """One feed is good at first, then answers 500, and comes back with an entry that matters."""
    statuses, listed = [], []
    for t in (0.0, 5.0, 9.0, 11.9, 12.0):
        server.advance_to(t)
        async with http.get("/beacon/latest.rss") as answer:
            statuses.append(answer.status)
            listed.append(b"airstrike-flattens-militia-depot" in await answer.read())
    assert [200, 500, 500, 500, 200] == statuses
    assert [False, False, False, False, True] == listed


async def test_moved(server: NewswireServer, http: aiohttp.ClientSession) -> None:
    """One feed moves by 301 and goes on at its new address."""
    async with http.get("/copperline/atom", allow_redirects=False) as before:
        assert 200 == before.status
    server.advance_to(12.0)
    async with http.get("/copperline/atom", allow_redirects=False) as moved:
        assert (301, server.base_url + "/copperline/v2/feed.atom") == (
            moved.status,
            moved.headers["Location"],
        )
    async with http.get("/copperline/atom") as there:
        assert b"armed-men-seize-tanker" in await there.read()


async def test_gone_and_resting(server: NewswireServer, http: aiohttp.ClientSession) -> None:
    """One feed is taken down for good, one asks for rest for a while."""
    gone, resting = [], []
    for t in (0.0, 4.0, 8.0, 11.0):
        server.advance_to(t)
        async with http.get("/bulletin/rss.xml") as answer:
            gone.append(answer.status)
        async with http.get("/observer/rss") as answer:
            resting.append((answer.status, answer.headers.get("Retry-After")))
    assert [200, 200, 410, 410] == gone
    assert [(200, None), (429, "2"), (429, "2"), (200, None)] == resting


async def test_hub(server: NewswireServer, http: aiohttp.ClientSession) -> None:
    """The hub verifies who subscribes, and pushes the feed's document, signed, when it changes."""
    verified, got = asyncio.Event(), asyncio.Queue()

    async def asked(request: web.Request) -> web.Response:
        verified.set()
        return web.Response(text=request.query["hub.challenge"])

    async def pushed(request: web.Request) -> web.Response:
        got.put_nowait((request.headers["X-Hub-Signature"], await request.read()))
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/us", asked), web.post("/us", pushed)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    topic = server.base_url + "/lantern/feed/"
    form = {"hub.mode": "subscribe", "hub.topic": topic, "hub.secret": "s",
            "hub.callback": f"http://127.0.0.1:{runner.addresses[0][1]}/us"}  # fmt: skip
    async with http.get(topic) as answer:
        assert f'<atom:link href="{server.hub.url}" rel="hub"/>' in await answer.text()
    async with http.post(server.hub.url, data=form | {"hub.topic": topic + "x"}) as answer:
        assert 400 == answer.status
    async with http.post(server.hub.url, data=form) as answer:
        assert 202 == answer.status
    await asyncio.wait_for(verified.wait(), 10)
    server.advance_to(5.0)
    signature, body = await asyncio.wait_for(got.get(), 10)
    assert server.subscribed
    assert "sha256=" + hmac.new(b"s", body, "sha256").hexdigest() == signature
    assert b"wildfire-jumps-the-ridge-road" in body
    await runner.cleanup()


async def test_missing(server: NewswireServer, http: aiohttp.ClientSession) -> None:
    """One story's page is missing, a page is missing before its story, and anything else is."""
    paths = [
        WIRE.path_of("plateau/dallah-delegations-to-extend-truce"),
        WIRE.path_of("meridian/crime-writers-gather-in-port-ellery"),
        "/nobody/knows",
    ]
    server.advance_to(15.0)
    statuses = []
    for path in paths:
        async with http.get(path) as answer:
            statuses.append(answer.status)
    assert [404, 404, 404] == statuses


async def test_consent(server: NewswireServer, http: aiohttp.ClientSession) -> None:
    """One story's page is a consent wall that says nothing of the story."""
    server.advance_to(WIRE.end)
    path = WIRE.path_of("copperline/armed-men-seize-tanker-at-anchor-in-tolva-roads")
    async with http.get(path) as answer:
        text = await answer.text()
    assert "Before you continue" in text
    assert "palm oil" not in text


@pytest.mark.parametrize("feed", WIRE.feeds)
async def test_links(feed: str, server: NewswireServer, http: aiohttp.ClientSession) -> None:
    """Each address that a feed lists, its backlog's too, is a page, but for the missing one."""
    server.advance_to(WIRE.end)
    listed = [WIRE.publishers[key].path_of(story) for key, story in WIRE.listing(feed, WIRE.end)]
    lost = [path for path in listed if await status_of(http, path) != 200]
    missing = WIRE.path_of("plateau/dallah-delegations-to-extend-truce")
    assert ([missing] if feed == "plateau" else []) == lost


async def test_gzip(server: NewswireServer) -> None:
    """One feed comes compressed though nobody asked."""
    async with (
        aiohttp.ClientSession(auto_decompress=False) as plain,
        plain.get(
            server.base_url + "/plateau/rss.xml", headers={"Accept-Encoding": "identity"}
        ) as answer,
    ):
        assert "gzip" == answer.headers["Content-Encoding"]
        assert b"Plateau Dispatch" in gzip.decompress(await answer.read())


async def test_slow() -> None:
    """One page takes a second and a half."""
    clock = HandClock()
    playing = NewswireServer(WIRE, clock)
    base = await playing.start()
    playing.advance_to(WIRE.end)
    path = WIRE.path_of("meridian/envoys-in-larnaca-agree-map-of-crossing-points")
    async with aiohttp.ClientSession(base) as session, session.get(path) as answer:
        assert 200 == answer.status
    await playing.stop()
    assert 1.5 == clock.passed


async def test_play() -> None:
    """The timeline stands until it is played, runs with the clock, and stops at its end."""
    clock = HandClock()
    playing = NewswireServer(WIRE, clock)
    clock.passed = 5.0
    assert 0.0 == playing.position
    playing.play()
    clock.passed = 7.5
    assert 2.5 == playing.position
    playing.advance_to(1.0)
    assert 2.5 == playing.position
    playing.play(seconds=1.0)
    clock.passed = 8.0
    assert pytest.approx((2.5 + WIRE.end) / 2) == playing.position
    await playing.play_to_end()
    assert WIRE.end == playing.position


async def test_play_once_seen(server: NewswireServer, http: aiohttp.ClientSession) -> None:
    """The timeline waits until every feed was asked for, so that backlogs are what they list."""
    server.play_once_seen(seconds=0.5)
    for _, address, _ in server.feed_sources():
        assert server.unseen
        async with http.get(address) as answer:
            assert 200 == answer.status
    assert not server.unseen
    server._clock.passed += 0.5  # type: ignore[attr-defined]
    assert WIRE.end == server.position


async def test_remote_control(server: NewswireServer, http: aiohttp.ClientSession) -> None:
    """Another process can ask where the timeline stands, and move it."""
    async with http.post("/_wire/advance?to=12.5") as moved:
        assert 12.5 == (await moved.json())["position"]
    async with http.post("/_wire/advance?to=soon") as refused:
        assert 400 == refused.status
    async with http.post("/_wire/play?seconds=never") as refused:
        assert 400 == refused.status
    async with http.post("/_wire/play?seconds=3") as playing:
        assert 200 == playing.status
    async with http.get("/_wire/state") as state:
        assert {"position", "end", "hits", "unseen"} == set(await state.json())
    assert [] == list(server.hits)


async def test_process() -> None:
    """As a process of its own it prints its address first and ends when told to."""
    words = ("-m", "monitor.demo.newswire", "--data", str(FOLDER), "--seconds", "3")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE, cwd=FOLDER.parents[1]
    )
    assert process.stdout is not None
    base = (await process.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession(base) as session, session.get("/_wire/state") as state:
        assert len(WIRE.feeds) == len((await state.json())["unseen"])
    process.terminate()
    assert 0 == await process.wait()
