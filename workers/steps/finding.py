"""Finding the feeds of a site, with few requests: what somebody typed in, feeds out.

::

    the address ─► a feed? ─► what the page names ─► well-known paths ─► robots.txt, news sitemaps
"""

import re
from collections.abc import Awaitable, Callable, Iterable

from msgspec.structs import replace

from workers.errors import Permanent, Transient
from workers.feeds.discover import (
    Named,
    feeds_of_page,
    is_index,
    sitemaps_of_index,
    sitemaps_of_robots,
    well_known,
)
from workers.model.base import Record
from workers.model.feed import ParsedFeed
from workers.model.net import Answer, Fetch
from workers.steps.look import FEEDS
from workers.steps.ports import Fetcher
from workers.text.urls import origin_of, without_user

__all__ = ["REQUESTS", "Finder", "Found", "Search", "Tried"]

REQUESTS = 12
"""Asked for one site, at most: a publisher's log shows a visitor, not a scanner."""
NAMED_MOST = 5
"""Feeds that a page names which are looked at."""
SITEMAPS_MOST = 3
FOR_SITEMAPS = 5
"""Requests that are kept for robots.txt, sitemaps and their children."""
_HAS_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?:/|[^0-9])", re.IGNORECASE)
_NO_CONTACT = frozenset({"connect", "dns", "tls", "timeout", "payload"})
_REST = frozenset({429, 503})


class Found(Record, frozen=True, kw_only=True):
    """An address that reads as a feed."""

    url: str
    title: str
    kind: str
    entries: int
    how: str
    """``address`` where it is what was typed in; else who named it."""
    comments: bool = False


class Tried(Record, frozen=True, kw_only=True):
    """A request that led to no feed."""

    url: str
    said: str


class Search(Record, frozen=True, kw_only=True):
    """What came of it."""

    found: tuple[Found, ...] = ()
    """The main one first; one that lists what another does is left out."""
    tried: tuple[Tried, ...] = ()
    error: str | None = None
    """Why there is nothing, in words."""


class _Over(Exception):
    """No more is asked: enough was, or the site wants rest."""


class Finder:
    """Finds the feeds of one site; made anew for each search.

    Args:
        fetcher: With its guard: a page may name addresses inside our network.
        read: Reads an answer as a poll does.
        pause: Called before each request with its address; waits as long as is polite.
        most_bytes: Of one answer.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        read: Callable[[Answer], Awaitable[ParsedFeed]],
        pause: Callable[[str], Awaitable[None]],
        most_bytes: int,
    ) -> None:
        self._fetcher = fetcher
        self._read = read
        self._pause = pause
        self._most_bytes = most_bytes
        self._left = REQUESTS
        self._written = ""
        """What was typed in, with the scheme that it answers by."""
        self._tried: list[Tried] = []
        self._found: list[Found] = []
        self._asked: set[str] = set()
        self._contents: set[tuple[str, ...]] = set()

    async def __call__(self, written: str) -> Search:
        """Search by the address of a feed, of a page, or just a host."""
        try:
            error = await self._search(written.strip())
        except _Over as over:
            error = str(over)
        told = None if self._found else error or "no feed was found"
        return Search(found=tuple(self._found), tried=tuple(self._tried), error=told)

    async def _search(self, written: str) -> str | None:
        answer = await self._first(written)
        if answer is None:
            return f"cannot be asked: {self._tried[-1].said}"
        if answer.status != 200:  # noqa: PLR2004
            return f"answers HTTP {answer.status}"
        if await self._take(Named(url=answer.moved_to or self._written, how="address"), answer):
            return None
        if is_index(answer.body):
            await self._sitemaps(sitemaps_of_index(answer.body, answer.url), "address")
            return "an index of sitemaps, none of which is of news"
        named = feeds_of_page(answer.body, answer.url, answer.headers, anchors=True)
        for one in sorted(named, key=lambda one: one.comments)[:NAMED_MOST]:
            if not (one.comments and self._found):
                await self._try(one)
        for one in () if self._found else well_known(answer.url):
            if self._left > FOR_SITEMAPS and await self._try(one):
                break
        if not self._found:
            await self._robots(answer.url)
        return None

    async def _first(self, written: str) -> Answer | None:
        """Ask for what was typed in; without a scheme by https, then by http."""
        bare = not _HAS_SCHEME.match(written)
        for url in (f"https://{written}", f"http://{written}") if bare else (written,):
            self._written = url
            try:
                return await self._get(url)
            except Transient as error:
                self._note(url, str(error))
                if error.reason not in _NO_CONTACT:
                    return None
            except Permanent as error:
                self._note(url, str(error))
                return None
        return None

    async def _try(self, named: Named) -> bool:
        """Ask for an address, unless it was asked for; say whether it is a feed."""
        if named.url in self._asked:
            return False
        try:
            answer = await self._get(named.url)
        except (Transient, Permanent) as error:
            self._note(named.url, str(error))
            return False
        if answer.status != 200:  # noqa: PLR2004
            self._note(named.url, f"HTTP {answer.status}")
            return False
        return await self._take(replace(named, url=answer.moved_to or named.url), answer)

    async def _take(self, named: Named, answer: Answer) -> bool:
        """Keep what reads as a feed; say whether it does."""
        parsed = await self._read(answer)
        if parsed.kind == "none":
            self._note(named.url, parsed.error or "not a feed")
            return False
        links = tuple(sorted(entry.url or entry.identity for entry in parsed.entries[:20]))
        if links and links in self._contents:
            self._note(named.url, "lists the same as another")
            return True
        self._contents.add(links)
        self._found.append(
            Found(
                url=named.url,
                title=parsed.title or named.title,
                kind=parsed.kind,
                entries=len(parsed.entries),
                how=named.how,
                comments=named.comments,
            )
        )
        return True

    async def _robots(self, url: str) -> None:
        """Look for a news sitemap among those that robots.txt names."""
        robots = f"{origin_of(url)}/robots.txt"
        try:
            answer = await self._get(robots)
        except (Transient, Permanent) as error:
            self._note(robots, str(error))
            return
        if answer.status == 200:  # noqa: PLR2004
            await self._sitemaps(sitemaps_of_robots(answer.body, answer.url), "robots")
        if not self._found:
            self._note(robots, "names no sitemap of news")

    async def _sitemaps(self, urls: Iterable[str], how: str, *, deeper: bool = True) -> None:
        """Take the first sitemap that tells news; an index is followed one level."""
        for url in list(urls)[:SITEMAPS_MOST]:
            if self._found or url in self._asked:
                return
            try:
                answer = await self._get(url)
            except (Transient, Permanent) as error:
                self._note(url, str(error))
                continue
            if answer.status == 200 and is_index(answer.body) and deeper:  # noqa: PLR2004
                await self._sitemaps(sitemaps_of_index(answer.body, answer.url), how, deeper=False)
                continue
            parsed = await self._read(answer)
            if parsed.kind == "sitemap" and any(entry.published for entry in parsed.entries):
                await self._take(Named(url=answer.moved_to or url, how=how), answer)
            else:
                self._note(url, "no sitemap of news")

    async def _get(self, url: str) -> Answer:
        """Ask, if more may be asked.

        Raises:
            Transient: it cannot be had now.
            Permanent: it must not, or can never, be had.
        """
        if self._left <= 0:
            raise _Over(f"no feed was found with {REQUESTS} requests")
        self._left -= 1
        self._asked.add(url)
        await self._pause(url)
        most = self._most_bytes
        answer = await self._fetcher.get(
            Fetch(url=url, wire_bytes=most, body_bytes=most, accept=FEEDS)
        )
        if answer.status in _REST:
            self._note(url, f"HTTP {answer.status}")
            raise _Over(f"asks for rest (HTTP {answer.status}): try again later")
        return answer

    def _note(self, url: str, said: str) -> None:
        self._tried.append(Tried(url=without_user(url), said=said[:300]))
