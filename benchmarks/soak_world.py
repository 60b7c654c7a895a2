"""The server of the soak: thousands of small feeds, and who asked for which of them when.

Run as a process of its own: the number of feeds, and the share of requests that show a new entry.
"""

import asyncio
import sys
import time
from random import Random

from aiohttp import web

__all__ = ["main"]

ITEMS = 5
PAGE = "<html><head><title>{0}</title></head><body><article><h1>{0}</h1>{1}</article></body>"
TEXT = f"<p>{'The council met beside the harbour and spoke of the bridge. ' * 6}</p>"


class World:
    """Feeds by number."""

    def __init__(self, feeds: int, news: float) -> None:
        self._newest = [ITEMS] * feeds
        self._asked: list[list[float]] = [[] for _ in range(feeds)]
        self._news = news
        self._dice = Random(1)
        self._began = time.monotonic()

    async def feed(self, request: web.Request) -> web.Response:
        """Answer with the feed, or with 304; note when that was."""
        number = int(request.match_info["number"])
        times = self._asked[number]
        times.append(time.monotonic() - self._began)
        if len(times) > 1 and self._dice.random() < self._news:
            self._newest[number] += 1
        tag = f'"{number}-{self._newest[number]}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        base = f"{request.scheme}://{request.host}"
        return web.Response(
            text=_feed(base, number, self._newest[number]),
            content_type="application/rss+xml",
            headers={"ETag": tag},
        )

    async def page(self, request: web.Request) -> web.Response:
        """Answer with the page of an entry."""
        title = "Story {number} {place}".format(**request.match_info)
        return web.Response(text=PAGE.format(title, 3 * TEXT), content_type="text/html")

    async def report(self, _request: web.Request) -> web.Response:
        """Return all times of all feeds, in seconds since the start, and the present."""
        asked = [[round(at, 3) for at in times] for times in self._asked]
        return web.json_response({"now": time.monotonic() - self._began, "asked": asked})


def _feed(base: str, number: int, newest: int) -> str:
    items = "".join(
        f"<item><title>Story {number} {place}</title><link>{base}/p/{number}/{place}</link>"
        f"<guid isPermaLink='false'>{number}-{place}</guid><description>News.</description></item>"
        for place in range(newest, newest - ITEMS, -1)
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed {number}</title>'
        f"<link>{base}/</link><description>-</description>{items}</channel></rss>"
    )


async def main(feeds: int, news: float) -> None:
    """Serve until it is ended; the first line that is printed is the address."""
    world = World(feeds, news)
    app = web.Application()
    app.router.add_get("/f/{number:[0-9]+}", world.feed)
    app.router.add_get("/p/{number:[0-9]+}/{place:[0-9]+}", world.page)
    app.router.add_get("/report", world.report)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    port = runner.addresses[0][1]
    print(f"http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
