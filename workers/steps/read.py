"""READ: fetch an article's page, extract it, match it, and commit the text with what rings."""

from collections.abc import Callable

import structlog

from workers.alerts.retry import page_delay
from workers.errors import StoreDown, Transient
from workers.model.article import Extracted, FetchedPage, HostLines, PageJob
from workers.model.commit import ArticleCommit
from workers.pages import lines_of, settle
from workers.steps.again import as_stored, editions, wants_page
from workers.steps.documents import as_read, document_of_page, ring_unit
from workers.steps.edges import Edges, Rules, RulesNow
from workers.steps.fetching import Fetching, Got
from workers.steps.hosts import take_turn
from workers.steps.identity import proved_keys
from workers.steps.match import matching
from workers.steps.telling import dead_letter, line, told
from workers.steps.tracing import page_within
from workers.text.urls import host_of

__all__ = ["Read"]

STUMBLES = 5
"""Unforeseen errors on one article before it becomes a dead letter."""
_log = structlog.get_logger()


class Read:
    """Reads one article. ``extract`` is what runs in the pool: a page in, what it says out."""

    def __init__(
        self, edges: Edges, rules: RulesNow, extract: Callable[[FetchedPage], Extracted]
    ) -> None:
        self._edges = edges
        self._rules = rules
        self._fetch = Fetching(edges, extract)

    async def __call__(self, article: str) -> None:
        """Read the article with this id; returning means that its id may be acknowledged.

        Raises:
            StoreDown: nothing could be stored, so the id must come again.
        """
        job = await self._edges.store.load_page("page", article)
        if job is None:
            return
        if not job.work.due:
            await self._edges.store.skip(job.work)
            return
        try:
            await self._read(job)
        except (StoreDown, Transient):
            raise
        except Exception as error:  # noqa: BLE001 - one bad article must not end the lane
            await self._stumble(job, error)

    async def _read(self, job: PageJob) -> None:
        rules, began = self._rules(), self._edges.clock.now()
        url = job.article.url if wants_page(job.article, job.entries) else None
        wait = await take_turn(self._edges, url, rules.net) if url is not None else 0.0
        if wait > 0:
            await self._edges.store.postpone(job.work, wait)
            return
        facts = {"tocsin.article": job.article.id}
        parent = job.work.traceparent
        with self._edges.tracer.span("read", parent, began=began, facts=facts) as span:
            await self._read_page(page_within(job, span), url, rules)

    async def _read_page(self, job: PageJob, url: str | None, rules: Rules) -> None:
        if url is None:
            await self._settle(job, rules, Got(page=as_stored(job.article)))
            return
        got = await self._fetch(job, url, rules)
        delay = page_delay(job.work.attempts + 1) if got.passing else None
        if delay is not None:
            await self._again(job, got, max(delay, got.retry_after or 0.0))
        else:
            await self._settle(job, rules, got)
            await self._fetch.watch(host_of(url), rules, got)

    async def _again(self, job: PageJob, got: Got, delay: float) -> None:
        """Try again later: the page's failure is a passing one."""
        because = f"{got.reason}: {got.detail}; attempt {job.work.attempts + 1}"
        now = self._edges.clock.now()
        await self._edges.store.commit_article(
            ArticleCommit(
                work=job.work,
                again_s=delay,
                attempts=job.work.attempts + 1,
                trace=(line("read", f"again in {delay:.0f} s", because, job, now),),
            )
        )

    async def _settle(self, job: PageJob, rules: Rules, got: Got) -> None:
        """Match what there is, ring, and close the work; a killed page comes once more, cold."""
        reason = f"{got.reason}: {got.detail}" if got.reason else ""
        read = settle(got.page, job.entries, reason, rules.cues)
        document = document_of_page(read, job.entries, rules.sources)
        matched = await matching(self._edges, rules, document)
        now = self._edges.clock.now()
        count = editions(job.entries)
        article = as_read(job.article, read, now, fetched=got.fetched, editions=count)
        may_ring = any(entry.rings for entry in job.entries)
        killed = got.reason in {"timeout", "crash"} and job.work.attempts == 0
        unit = ring_unit(article, read, job.entries, matched, rules, now)
        await self._edges.store.commit_article(
            ArticleCommit(
                work=job.work,
                article=article,
                keys=proved_keys(job, read, got.page),
                ring=unit if may_ring else None,
                again_s=60.0 if killed else None,
                stream="pages:cold" if killed else None,
                attempts=job.work.attempts + 1,
                full_text=_full_text(got, read, again=killed),
                dead=dead_letter(job, read, reason, now),
                topics_version=rules.topics_version,
                trace=told(job, read, matched, now, may_ring=may_ring),
                lines=_lines(job, got),
            )
        )
        self._edges.meter.count("tocsin_articles_total", text_from=read.text_from)

    async def _stumble(self, job: PageJob, error: Exception) -> None:
        """An error that nobody foresaw: try again a few times, then keep it as a dead letter."""
        attempts = job.work.attempts + 1
        _log.error("read_failed", article=job.article.id, attempts=attempts, exc_info=error)
        detail = f"{type(error).__name__}: {error}"[:500]
        if attempts >= STUMBLES:
            await self._edges.store.bury(job.work, "crash", detail)
            return
        delay = 30.0 * 2**attempts
        await self._again(job, Got(reason="crash", detail=detail), delay)


def _full_text(got: Got, read: Extracted, *, again: bool) -> bool | None:
    """Return whether an attempt at the page got its text, None if this reading made none."""
    if again or (got.reason is None and not got.fetched):
        return None
    return got.fetched and read.text_from in {"page", "articleBody"}


def _lines(job: PageJob, got: Got) -> HostLines | None:
    """Return what a page that was got now adds to the memory of its host."""
    if got.page is None or not got.fetched:
        return None
    return lines_of(got.page, host_of(got.page.url), job.article.id)
