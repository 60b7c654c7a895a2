"""The robots.txt of sites, for who wants pages read by them: fetched, kept a day, and asked.

RFC 9309: without one (4xx) everything may be read; while it cannot be had (5xx, no connection)
nothing, unless a copy of the last 30 days is kept. It is fetched through the guard, in a turn of
its host, as pages are; each process keeps its own.
"""

from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog

from workers.errors import Permanent, Transient
from workers.model.base import Record
from workers.model.net import Answer, Fetch
from workers.model.robots import Ruling
from workers.model.urgency import NOW
from workers.steps.edges import Edges, Rules
from workers.steps.hosts import leave

__all__ = ["Judge", "Robots"]

DAY_S = 86_400.0
"""For so long a robots.txt is gone by without asking again,"""
STALE_S = 30 * DAY_S
"""and for so long if it cannot be had any more."""
AGAIN_S = 600.0
"""One that could not be had is asked for again after so long."""
LONGEST_DELAY_S = 60.0
"""A site that wants longer between two requests is asked once a minute."""
JUDGE_S = 5.0
WIRE_BYTES = 8 << 20
"""Of one that is larger nothing is had; the largest real ones have some hundred KiB."""
READ_BYTES = 500 << 10
"""What comes after so much of a robots.txt is not looked at, as the RFC has it."""
MOST_SITES, MOST_LETTERS = 2_000, 16 << 20
"""How many are kept, and how many characters of them in all: the latest."""
RATE_LIMITED = 429
Judge = Callable[[str, str], Ruling]
"""What runs in the pool: a robots.txt and an address in, the ruling out."""
_log = structlog.get_logger()


class _Known(Record, frozen=True, kw_only=True):
    """What is known of a site; times are of the monotonic clock."""

    text: str | None
    """None: it could not be had, and there is no copy."""
    until: float
    """It is to be asked for again then."""
    good_at: float
    """When the text came."""
    detail: str = ""
    """Why it could not be had."""


class Robots:
    """Remembers the robots.txt of sites. ``judge`` is what runs in the pool."""

    def __init__(self, edges: Edges, judge: Judge) -> None:
        self._edges = edges
        self._judge = judge
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._letters = 0

    async def ruling(self, url: str) -> Ruling | None:
        """Return whether the page at ``url`` may be read, None while that has to be learned."""
        site = _site(url)
        known = self._known.get(site)
        if known is None or known.until <= self._edges.clock.monotonic():
            return None
        self._known.move_to_end(site)
        if known.text is None:
            detail = f"its robots.txt cannot be had: {known.detail}"
            return Ruling(allowed=False, detail=detail, passing=True)
        if not known.text.strip():
            return Ruling(allowed=True)
        try:
            ruling = await self._edges.pool.call_at(NOW, JUDGE_S, self._judge, known.text, url)
        except Transient as error:
            detail = f"its robots.txt cannot be understood: {error.detail}"
            return Ruling(allowed=False, detail=detail)
        delay = min(ruling.delay_s, LONGEST_DELAY_S)
        detail = "" if ruling.allowed else "blocked by robots.txt"
        return Ruling(allowed=ruling.allowed, delay_s=delay, detail=detail)

    async def learn(self, url: str, rules: Rules) -> None:
        """Fetch the robots.txt of the site of ``url``; our turn at its host ends with that.

        Raises:
            Transient: Redis is away.
        """
        site = _site(url)
        rest, answered = 0.0, None
        try:
            answer = await self._edges.fetcher.get(
                Fetch(
                    url=f"{site}/robots.txt",
                    accept="text/plain,*/*;q=0.5",
                    wire_bytes=WIRE_BYTES,
                    body_bytes=WIRE_BYTES,
                )
            )
            answered, rest = answer.url, answer.retry_after or 0.0
            self._take(site, answer)
        except Transient as error:
            if error.reason == "payload":  # it leads in circles: there is none, as the RFC has it
                self._keep(site, "")
            else:
                self._fail(site, str(error))
        except Permanent:  # an address that the page is refused for, too
            self._keep(site, "")
        finally:
            await leave(self._edges, url, rules.net, rest, answered)

    def _take(self, site: str, answer: Answer) -> None:
        status = answer.status
        if status >= 500 or status == RATE_LIMITED:  # noqa: PLR2004
            self._fail(site, f"HTTP {status}")
        else:
            self._keep(site, _text(answer.body) if 200 <= status < 300 else "")  # noqa: PLR2004

    def _keep(self, site: str, text: str) -> None:
        now = self._edges.clock.monotonic()
        self._note(site, _Known(text=text, until=now + DAY_S, good_at=now))

    def _fail(self, site: str, detail: str) -> None:
        """Go by the copy that there is, or by none."""
        now = self._edges.clock.monotonic()
        known = self._known.get(site)
        stale = known is None or known.text is None or known.good_at + STALE_S <= now
        _log.info("robots_not_had", site=site, error=detail, copy=not stale)
        self._note(
            site,
            _Known(
                text=None if stale or known is None else known.text,
                until=now + AGAIN_S,
                good_at=now if known is None else known.good_at,
                detail=detail[:200],
            ),
        )

    def _note(self, site: str, known: _Known) -> None:
        before = self._known.pop(site, None)
        self._letters += len(known.text or "") - len((before and before.text) or "")
        self._known[site] = known
        while len(self._known) > MOST_SITES or self._letters > MOST_LETTERS:
            _, gone = self._known.popitem(last=False)
            self._letters -= len(gone.text or "")


def _text(body: bytes) -> str:
    return body[:READ_BYTES].decode("utf-8-sig", "replace")


def _site(url: str) -> str:
    """Return scheme, host and port of an address: what has a robots.txt of its own."""
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.rpartition('@')[2].lower()}"
