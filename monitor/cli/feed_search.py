"""Searching for a site's feeds from the command line: the daemon's fetcher, guard and reader."""

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from workers.steps.hosts import rule_for
from workers.text.urls import host_of

if TYPE_CHECKING:
    from monitor.settings import Settings
    from workers.model.feed import ParsedFeed
    from workers.model.net import Answer
    from workers.options import NetOptions
    from workers.steps.finding import Search

__all__ = ["search"]

SPACING_S = 1.0
"""Between two requests at one host, where the config has no rule of its own for it: less than a
poll keeps, because somebody waits, and no more than twelve follow."""


class _Pause:
    """Waits before a request for as long as is polite."""

    def __init__(self, options: "NetOptions") -> None:
        self._options = options
        self._next: dict[str, float] = {}

    async def __call__(self, url: str) -> None:
        """Wait until the host of ``url`` may be asked."""
        host, loop = host_of(url), asyncio.get_running_loop()
        rule = rule_for(host, self._options)
        if rule is None:
            return
        named = host in self._options.hosts or host.rsplit(":", 1)[0] in self._options.hosts
        spacing = rule.spacing_s if named else SPACING_S
        wait = self._next.get(host, 0.0) - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)  # noqa: TID251 - a person waits at the terminal
        self._next[host] = loop.time() + spacing


async def search(settings: "Settings", url: str) -> "Search":
    """Search for the feeds of the site at ``url``."""
    from monitor import shipped
    from monitor.daemon.build import build_fetcher, build_pool, read_feed_again
    from monitor.settings import net_options, poll_options
    from monitor.settings.opml import web_address
    from workers.clock import SystemClock
    from workers.errors import Transient
    from workers.feeds import read_feed
    from workers.steps.finding import Finder
    from workers.steps.look import POOL_S

    options, clock = poll_options(settings), SystemClock()
    async with AsyncExitStack() as stack:
        fetcher = build_fetcher(settings)
        stack.push_async_callback(fetcher.close)
        pool = build_pool(settings)
        stack.push_async_callback(pool.close)

        async def read(answer: "Answer") -> "ParsedFeed":
            kind = answer.headers.get("content-type", "")
            now = clock.now()
            parsed = await asyncio.to_thread(read_feed, answer.body, answer.url, kind, now)
            if parsed.kind != "none" or not _may_be_feed(answer):
                return parsed
            try:
                again: ParsedFeed = await pool.call(
                    POOL_S, read_feed_again, answer.body, answer.url, kind, now,
                    options.max_entries,
                )  # fmt: skip
            except Transient:
                return parsed
            return again if again.kind != "none" else parsed

        pause = _Pause(net_options(settings, shipped.version()))
        return await Finder(fetcher, read, pause, options.body_bytes)(web_address(url))


def _may_be_feed(answer: "Answer") -> bool:
    """Say whether the slow reader may know better: not of what says that it is a page."""
    start = answer.body[:5000].lower()
    return bool(start.strip()) and b"<html" not in start and b"<!doctype html" not in start
