"""READ: fetch an article's page, extract it, match it, and commit the text with what rings."""

from collections.abc import Callable
from datetime import datetime

import structlog
from msgspec.structs import replace

from workers.alerts.retry import page_delay
from workers.errors import Reason, StoreDown, Transient
from workers.model.article import Extracted, FetchedPage, HostLines, PageJob
from workers.model.commit import AddedLine, ArticleCommit
from workers.model.robots import Ruling
from workers.model.urgency import COLD
from workers.pages import lines_of, settle
from workers.steps.again import (
    Because,
    as_stored,
    because_of,
    editions,
    keeps_earlier,
    next_reading,
    wants_page,
)
from workers.steps.ahead import ahead, elsewhere
from workers.steps.changes import added_that_match, changes, edition, lost
from workers.steps.documents import as_read, document_of_page, ring_unit
from workers.steps.edges import Edges, Rules, RulesNow
from workers.steps.fetching import Fetching, Got
from workers.steps.hosts import take_turn
from workers.steps.identity import likeness_of, proved_keys
from workers.steps.match import count_elsewhere, doubting, matching
from workers.steps.robots import Robots
from workers.steps.slow import KILLS, is_slow, may_come_again, was_killed
from workers.steps.telling import dead_letter, line, missed, read_again, told
from workers.steps.tracing import page_within
from workers.text.lines import Change
from workers.text.urls import host_of

__all__ = ["Read"]

STUMBLES = 5
"""Unforeseen errors on one article before it becomes a dead letter."""
UNASKED: frozenset[Because | None] = frozenset({"later", "live"})
"""Reasons to read a page again that nobody's news is waiting for."""
_log = structlog.get_logger()


class Read:
    """Reads one article. ``extract`` is what runs in the pool: a page in, what it says out."""

    def __init__(
        self,
        edges: Edges,
        rules: RulesNow,
        extract: Callable[[FetchedPage], Extracted],
        robots: Robots | None = None,
    ) -> None:
        self._edges = edges
        self._rules = rules
        self._fetch = Fetching(edges, extract)
        self._robots = robots

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
        because = because_of(job.article, job.entries, began)
        asks = because in UNASKED or wants_page(job.article, job.entries)
        url = job.article.url if asks else None
        if url is not None and not await self._may_go(job, url, rules, because):
            return
        facts = {"tocsin.article": job.article.id}
        parent = job.work.traceparent
        with self._edges.tracer.span("read", parent, began=began, facts=facts) as span:
            await self._read_page(page_within(job, span), url, rules, because)

    async def _read_page(
        self, job: PageJob, url: str | None, rules: Rules, because: Because | None
    ) -> None:
        if url is None:
            await self._settle(job, rules, Got(page=as_stored(job.article)), None)
            return
        unasked = because in UNASKED
        known = job.article.validators if unasked and job.article.text else None
        got = elsewhere(job, await self._fetch(job, url, rules, known), rules.tracking)
        if because is not None:
            self._edges.meter.count("tocsin_pages_read_again_total", because=because)
        if await self._end(job, rules, got, because):
            await self._fetch.watch(host_of(url), rules, got)

    async def _end(self, job: PageJob, rules: Rules, got: Got, because: Because | None) -> bool:
        """Settle the work, or have it come again if that can help; say whether it is settled."""
        unasked = because in UNASKED
        delay = page_delay(job.work.attempts + 1) if got.passing and not unasked else None
        if because is not None and unasked and (got.page is None or got.page.standin):
            await self._missed(job, rules, got, because)
        elif delay is not None:
            await self._again(job, got, max(delay, got.retry_after or 0.0))
            return False
        else:
            await self._settle(job, rules, got, because)
        return True

    async def _may_go(self, job: PageJob, url: str, rules: Rules, because: Because | None) -> bool:
        """Take a turn at the page's host; False if the work is put off, or done without it."""
        if job.work.stream != COLD and await is_slow(self._edges, url):
            await self._put_off(job)
            return False
        robots = self._robots if rules.pages.robots else None
        ruling = Ruling(allowed=True) if robots is None else await robots.ruling(url)
        if ruling is not None and not ruling.allowed:
            self._edges.meter.count("tocsin_pages_disallowed_total")
            reason: Reason = "serverError" if ruling.passing else "blocked"
            got = Got(reason=reason, detail=ruling.detail, passing=ruling.passing)
            await self._end(job, rules, got, because)
            return False
        spacing = ruling.delay_s if ruling is not None else 0.0
        wait = await take_turn(self._edges, url, rules.net, spacing_s=spacing)
        learned = wait == 0 and ruling is None and robots is not None
        if learned and robots is not None:
            await robots.learn(url, rules)  # in this turn; the page is read in the next
        if learned or wait > 0:
            await self._edges.store.postpone(job.work, wait)
        return wait == 0 and not learned

    async def _put_off(self, job: PageJob) -> None:
        """Let pages of other hosts go before this one: its host's kill the processes that read."""
        because = f"{KILLS} pages of its host were killed within ten minutes"
        now = self._edges.clock.now()
        await self._edges.store.commit_article(
            ArticleCommit(
                work=job.work,
                again_s=0.0,
                stream=COLD,
                attempts=job.work.attempts,
                trace=(line("read", "waits behind other hosts", because, job, now),),
            )
        )

    async def _missed(self, job: PageJob, rules: Rules, got: Got, because: Because) -> None:
        """Leave a page as it was that nobody asked for and that cannot be had now."""
        now = self._edges.clock.now()
        at = next_reading(job.article, job.entries, now, rules.pages) if got.passing else None
        article = replace(job.article, reread_at=at, live=job.article.live if at else None)
        await self._edges.store.commit_article(
            ArticleCommit(
                work=job.work,
                article=article,
                again_s=_until(at, now),
                stream=COLD,
                trace=(missed(job, because, got.reason, got.detail, at, now),),
            )
        )

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

    async def _settle(self, job: PageJob, rules: Rules, got: Got, because: Because | None) -> None:
        """Match what there is, ring, and close the work; a killed page comes once more, cold."""
        reason = f"{got.reason}: {got.detail}" if got.reason else ""
        read = settle(got.page, job.entries, reason, rules.cues)
        now = self._edges.clock.now()
        killed = was_killed(got.reason) and may_come_again(job.work)
        # an edit whose page is tried once more is not done with
        undone = killed and job.article.fetched_at is not None
        count = job.article.settled_entries if undone else editions(job.entries)
        article = as_read(job.article, read, now, fetched=got.fetched, editions=count)
        changed = None if got.same else await changes(job.article, article)
        article = ahead(job, rules, got, article, now, changed=bool(changed))
        follows = ArticleCommit(
            work=job.work,
            article=article,
            edition=edition(job.article, article, changed, because or "asked", now),
            again_s=60.0 if killed else _until(article.reread_at, now),
            stream=COLD if killed or article.reread_at else None,
            attempts=0 if article.reread_at and not killed else job.work.attempts + 1,
        )
        nothing = not changed and (got.same or not keeps_earlier(job.article, read))
        if because in UNASKED and nothing and count == job.article.settled_entries:
            trace = (read_again(job, because, read, changed, now),)
            await self._edges.store.commit_article(replace(follows, trace=trace))
            return
        document = document_of_page(read, job.entries, rules.sources)
        matched = await matching(self._edges, rules, document)
        matched = await doubting(self._edges, rules, document, read.doubted, matched)
        may_ring = any(entry.rings for entry in job.entries)
        fresh = got.page if got.fetched and not got.same else None
        unit = ring_unit(article, read, job.entries, matched, rules, now)
        lines = told(job, read, matched, now, may_ring=may_ring)
        if because is not None:
            lines = (read_again(job, because, read, changed, now), *lines[1:])
        await self._edges.store.commit_article(
            replace(
                follows,
                keys=proved_keys(job, read, got.page, rules.tracking),
                likeness=likeness_of(job, read, fresh, rules.tracking),
                ring=unit if may_ring else None,
                added=await self._added(job, rules, got, changed) if may_ring else (),
                removed=lost(changed) if article.live else (),
                full_text=_full_text(got, read, again=killed or because in UNASKED),
                dead=dead_letter(job, read, reason, now),
                topics_version=rules.topics_version,
                trace=lines,
                lines=_lines(job, got),
            )
        )
        self._edges.meter.count("tocsin_articles_total", text_from=read.text_from)
        if may_ring and job.article.settled_at is None:
            await count_elsewhere(self._edges, rules, document, matched)

    async def _added(
        self, job: PageJob, rules: Rules, got: Got, changed: Change | None
    ) -> tuple[AddedLine, ...]:
        """Return what is news by itself on a live page."""
        if got.page is None or (job.article.live is None and got.page.live is None):
            return ()
        return await added_that_match(self._edges, rules, job, got.page, changed)

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
    if got.page is None or not got.fetched or got.same:
        return None
    return lines_of(got.page, host_of(got.page.url), job.article.id)


def _until(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max(0.0, (at - now).total_seconds())
