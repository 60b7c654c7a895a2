"""The world that the daemon is measured against: feeds, pages and a webhook receiver.

It is a process of its own, so that what it costs is not counted as the daemon's. It makes all
pages before it prints its control address as the first line. Each feed is a host (an address in
127.0.0.0/8). The driver then says, on the control address::

    POST /steady?count=1000&rate=10    list new entries at this pace, whether asked for or not
    POST /flood?count=9000             list them as fast as the feeds are asked for
    GET  /progress                     how many entries were shown, pages served, alerts taken
    GET  /record                       the moments of every entry that must ring
"""

import argparse
import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from benchmarks.articles import Article, article, item_of, page_of, publisher
from monitor.demo.wire_data import Publisher
from monitor.demo.wire_feeds import FeedItem, FeedPage, write_feed

__all__ = ["main"]

BASELINE, LISTED, FLOOD = 20, 100, 25
"""Entries of a feed when first seen, the most it lists, and the most new ones at one poll."""
HOST = "127.0.0.1"


@dataclass
class Moments:
    """When what happened to an entry that must ring; seconds since 1970."""

    topic: str
    in_title: bool
    due: float | None = None
    """When the feed would have shown it to whoever asked."""
    shown: float | None = None
    """When the feed did show it."""
    seen: str | None = None
    """What the alert says of it, in whole seconds."""
    received: float | None = None
    times: int = 0


@dataclass
class Feed:
    """One feed and its pages, on an address of its own."""

    number: int
    house: Publisher
    base: str = ""
    waiting: deque[tuple[float | None, Article, str]] = field(default_factory=deque)
    """When to show it (None: as soon as asked), the article, its address."""
    items: list[FeedItem] = field(default_factory=list)
    pages: dict[str, bytes] = field(default_factory=dict)
    changes: int = 0
    polls: int = 0

    def document(self) -> bytes:
        """Return the feed as it is now."""
        now = datetime.now(UTC)
        page = FeedPage(
            kind="atom",
            title=self.house.name,
            about=self.house.tagline,
            url=f"{self.base}/feed.xml",
            home=f"{self.base}/",
            language="en",
            charset="utf-8",
            changed=now,
            items=tuple(self.items[:LISTED]),
        )
        return write_feed(page)


class World:
    """All feeds, and what came of their entries."""

    def __init__(self, feeds: int, entries: int) -> None:
        self.feeds = [Feed(number, publisher(number)) for number in range(feeds)]
        self.entries = entries
        self.given = self.shown = self.served = 0
        self.moments: dict[str, Moments] = {}
        self.unexpected = 0
        self._articles: list[tuple[Article, str]] = []

    def write(self) -> None:
        """Make all pages; the feeds have their addresses by now."""
        now = datetime.now(UTC)
        for number in range(-BASELINE * len(self.feeds), self.entries):
            one = article(number, len(self.feeds))
            feed = self.feeds[one.feed]
            url, page = page_of(one, feed.house, feed.base, now)
            feed.pages[url.removeprefix(feed.base)] = page
            if number < 0:
                feed.items.insert(0, item_of(one, url, now))
            else:
                self._articles.append((one, url))
            if one.topic is not None:
                self.moments[url] = Moments(f"topic {one.topic}", one.in_title)

    def give(self, count: int, rate: float | None) -> None:
        """Hand the next entries to their feeds: at a pace, or all as soon as they are asked."""
        began = time.time()
        fresh = self._articles[self.given : self.given + count]
        self.given += len(fresh)
        for place, (one, url) in enumerate(fresh):
            due = began + place / rate if rate else None
            self.feeds[one.feed].waiting.append((due, one, url))
            if url in self.moments:
                self.moments[url].due = due

    def poll(self, feed: Feed) -> None:
        """Let the feed list what is due."""
        now, moment = time.time(), datetime.now(UTC)
        feed.polls += 1
        fresh = 0
        while feed.waiting and fresh < FLOOD and (feed.waiting[0][0] or 0.0) <= now:
            _, one, url = feed.waiting.popleft()
            feed.items.insert(0, item_of(one, url, moment))
            fresh += 1
            if url in self.moments:
                self.moments[url].shown = now
        self.shown += fresh
        feed.changes += bool(fresh)

    def take(self, body: bytes) -> None:
        """Note an alert."""
        now = time.time()
        data = msgspec.json.decode(body)["data"]
        found = self.moments.get(data["article"]["url"])
        topics = [topic["name"] for topic in data["topics"]]
        if found is None or topics != [found.topic]:
            self.unexpected += 1
            return
        found.times += 1
        if found.received is None:
            found.received, found.seen = now, data["entries"][0]["seen"]

    def progress(self) -> dict[str, int]:
        """Return how far everything is."""
        alerts = sum(one.received is not None for one in self.moments.values())
        return {
            "shown": self.shown,
            "served": self.served,
            "alerts": alerts,
            "polls": min(feed.polls for feed in self.feeds),
        }


def _of_feed(world: World, feed: Feed) -> web.Application:
    async def listed(request: web.Request) -> web.Response:
        world.poll(feed)
        etag = f'"{feed.number}-{feed.changes}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        kind = {"Content-Type": "application/atom+xml", "ETag": etag}
        return web.Response(body=feed.document(), headers=kind)

    async def page(request: web.Request) -> web.Response:
        body = feed.pages.get(request.path)
        if body is None:
            raise web.HTTPNotFound
        world.served += 1
        return web.Response(body=body, headers={"Content-Type": "text/html; charset=utf-8"})

    app = web.Application()
    app.router.add_get("/feed.xml", listed)
    app.router.add_get("/{path:.*}", page)
    return app


def _of_control(world: World) -> web.Application:
    async def steady(request: web.Request) -> web.Response:
        world.give(int(request.query["count"]), float(request.query["rate"]))
        return web.Response()

    async def flood(request: web.Request) -> web.Response:
        world.give(int(request.query["count"]), None)
        return web.Response()

    async def progress(_request: web.Request) -> web.Response:
        return web.json_response(world.progress())

    async def record(_request: web.Request) -> web.Response:
        body = {"moments": list(world.moments.values()), "unexpected": world.unexpected}
        return web.Response(body=msgspec.json.encode(body), content_type="application/json")

    async def feeds(_request: web.Request) -> web.Response:
        return web.json_response([f"{feed.base}/feed.xml" for feed in world.feeds])

    async def hook(request: web.Request) -> web.Response:
        world.take(await request.read())
        return web.Response(text="taken")

    async def bare(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(text="taken")

    app = web.Application()
    posts = {"/steady": steady, "/flood": flood, "/hook": hook, "/bare": bare}
    gets = {"/progress": progress, "/record": record, "/feeds": feeds}
    app.add_routes([web.post(path, answer) for path, answer in posts.items()])
    app.add_routes([web.get(path, answer) for path, answer in gets.items()])
    return app


async def _serve(app: web.Application, host: str) -> str:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, host, 0).start()
    return f"http://{host}:{runner.addresses[0][1]}"


async def _run(feeds: int, entries: int) -> None:
    world = World(feeds, entries)
    for feed in world.feeds:
        feed.base = await _serve(_of_feed(world, feed), f"127.0.1.{feed.number + 1}")
    world.write()
    control = await _serve(_of_control(world), HOST)
    print(control, flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--feeds", type=int, default=20)
    parser.add_argument("--entries", type=int, default=1000)
    options = parser.parse_args()
    asyncio.run(_run(options.feeds, options.entries))


if __name__ == "__main__":
    main()
