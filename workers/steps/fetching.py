"""Fetching a page and having it read in the pool, or the reason why there is none."""

import asyncio
from collections.abc import Callable
from hashlib import blake2b

import structlog

from workers.errors import Permanent, Reason, StoreDown, Transient
from workers.model.article import Extracted, FetchedPage, PageJob
from workers.model.base import Record
from workers.model.feed import Validators
from workers.model.net import Answer, Fetch
from workers.model.urgency import urgency_of
from workers.pages import PageHosts, blocked_text, turned_away
from workers.steps.again import as_stored
from workers.steps.documents import reason_of_status
from workers.steps.edges import Edges, Rules
from workers.steps.events import Events
from workers.steps.hosts import leave
from workers.steps.network import is_our_own
from workers.steps.slow import note_killed
from workers.text.urls import host_of

__all__ = ["Fetching", "Got"]

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5"
LARGE = 256 << 10
"""Bytes of a page that is hashed in a thread: 6 MiB take some milliseconds."""
_log = structlog.get_logger()


class Got(Record, frozen=True, kw_only=True):
    """What became of fetching and extracting: a page, or the reason why there is none."""

    page: Extracted | None = None
    fetched: bool = False
    """The page is of now, not of an earlier reading."""
    same: bool = False
    """It was asked for, and is the one whose text is stored."""
    validators: Validators | None = None
    """By which it can be asked for again."""
    reason: Reason | None = None
    detail: str = ""
    passing: bool = False
    """Trying again can help."""
    retry_after: float | None = None


class Fetching:
    """Gets pages. ``extract`` is what runs in the pool: a page in, what it says out.

    It remembers which hosts turn readers away.
    """

    def __init__(self, edges: Edges, extract: Callable[[FetchedPage], Extracted]) -> None:
        self._edges = edges
        self._extract = extract
        self._hosts = PageHosts()

    async def __call__(
        self, job: PageJob, url: str, rules: Rules, known: Validators | None = None
    ) -> Got:
        """Get the page at ``url``, whose turn it is at its host.

        With what is ``known`` of it, the server may say that it is the one whose text is stored.
        """
        rest, answered = 0.0, None
        reason: Reason | None = "crash"  # until it is known
        began = self._edges.clock.monotonic()
        try:
            answer = await self._edges.fetcher.get(
                Fetch(
                    url=url,
                    accept=HTML,
                    etag=known.etag if known else None,
                    last_modified=known.last_modified if known else None,
                    wire_bytes=rules.pages.wire_bytes,
                    body_bytes=rules.pages.body_bytes,
                )
            )
            rest, reason, answered = _rest(answer), None, answer.url
        except Transient as error:
            reason = error.reason
            return Got(
                reason=error.reason,
                detail=error.detail,
                passing=error.reason != "tooLarge",
                retry_after=error.retry_after,
            )
        except Permanent as error:
            reason = error.reason
            return Got(reason=error.reason, detail=error.detail)
        except Exception as error:  # noqa: BLE001 - an address that nobody foresaw: feed text is left
            return self._unforeseen(job, error)
        finally:
            took = self._edges.clock.monotonic() - began
            self._edges.meter.observe("tocsin_step_seconds", took, step="fetch_page")
            await leave(self._edges, url, rules.net, rest, answered)
            await is_our_own(self._edges, rules, url, reason)
        return await self._understand(answer, job, rules, known)

    async def _understand(
        self, answer: Answer, job: PageJob, rules: Rules, known: Validators | None
    ) -> Got:
        """Turn an answer into a page, or into the reason why it is none."""
        if answer.status == 304 and known is not None:  # noqa: PLR2004
            return Got(page=as_stored(job.article), fetched=True, same=True, validators=known)
        if not 200 <= answer.status < 300:  # noqa: PLR2004
            reason = reason_of_status(answer.status)
            return Got(
                reason=reason,
                detail=f"HTTP {answer.status}",
                passing=reason in {"serverError", "rateLimited", "timeout"},
                retry_after=answer.retry_after,
            )
        seen = await _validators(answer)
        if known is not None and known.body_hash == seen.body_hash:
            return Got(page=as_stored(job.article), fetched=True, same=True, validators=seen)
        page = FetchedPage(
            url=answer.url,
            body=answer.body,
            content_type=answer.headers.get("content-type", ""),
            fetched_at=self._edges.clock.now(),
            known=await self._edges.store.host_lines(host_of(answer.url)),
        )
        began = self._edges.clock.monotonic()
        try:
            read = await self._edges.pool.call_at(
                urgency_of(job.work.stream), rules.pages.timeout_s, self._extract, page
            )
        except Transient as error:
            await note_killed(self._edges, answer.url)
            self._edges.meter.count("tocsin_pages_killed_total", reason=error.reason)
            return Got(reason=error.reason, detail=f"extracting: {error.detail}")
        except Exception as error:  # noqa: BLE001 - a page that nobody foresaw: feed text is left
            return self._unforeseen(job, error)
        finally:
            took = self._edges.clock.monotonic() - began
            self._edges.meter.observe("tocsin_step_seconds", took, step="extract")
        self._edges.meter.count("tocsin_pages_total", verdict=read.verdict)
        _log.debug("page_read", article=job.article.id, verdict=read.verdict)
        return Got(page=read, fetched=True, validators=seen)

    @staticmethod
    def _unforeseen(job: PageJob, error: Exception) -> Got:
        _log.error("page_failed", article=job.article.id, exc_info=error)
        return Got(reason="crash", detail=f"{type(error).__name__}: {error}"[:500])

    async def watch(self, host: str, rules: Rules, got: Got) -> None:
        """Tell when a host begins or ceases to turn readers away."""
        away = turned_away(got.reason, got.page)
        blocked = None if away is None else self._hosts.note(host, away=away)
        if blocked is None:
            return
        self._hosts.tell(host, blocked=blocked)
        events = Events(self._edges, lambda: rules.sinks)
        try:
            if blocked:
                text = blocked_text(*self._hosts.counts(host), got.detail)
                await events.begin(events.about("pages_blocked", host, text))
            else:
                await events.end("pages_blocked", host)
        except StoreDown as error:
            self._hosts.tell(host, blocked=None)  # the reading is stored: told after the next
            _log.warning("host_not_told", host=host, error=str(error))


async def _validators(answer: Answer) -> Validators:
    """Return what tells this page from a later one; a large one is hashed beside the loop."""
    large = len(answer.body) > LARGE
    hashed = await asyncio.to_thread(_hash, answer.body) if large else _hash(answer.body)
    return Validators(etag=answer.etag, last_modified=answer.last_modified, body_hash=hashed)


def _hash(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()


def _rest(answer: Answer) -> float:
    """Return for how long the whole host wants to be left alone."""
    if answer.status not in {429, 503}:
        return 0.0
    return answer.retry_after if answer.retry_after is not None else 60.0
