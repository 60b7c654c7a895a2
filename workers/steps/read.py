"""READ: fetch an article's page, extract it, match it, and commit the text with what rings."""

from collections.abc import Callable, Sequence

import structlog

from workers.alerts.retry import page_delay
from workers.errors import Permanent, Reason, StoreDown, Transient
from workers.model.alert import DeadLine, TraceLine, TraceStage
from workers.model.article import ArticleRow, Extracted, FetchedPage, PageJob
from workers.model.base import Record
from workers.model.commit import ArticleCommit
from workers.model.feed import EntryRow
from workers.model.ids import article_id
from workers.model.net import Answer, Fetch
from workers.model.topic import Match, TopicSpec
from workers.pages import PageHosts, blocked_text, settle, turned_away
from workers.steps.documents import (
    as_read,
    document_of_page,
    feed_text,
    reason_of_status,
    ring_unit,
)
from workers.steps.edges import Edges, Rules, RulesNow
from workers.steps.events import Events
from workers.steps.hosts import leave, take_turn
from workers.steps.match import matching
from workers.steps.network import is_our_own
from workers.steps.tracing import page_within
from workers.text.urls import host_of, identity_key

__all__ = ["Read", "as_stored", "wants_page"]

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5"
OWN_TEXT_LETTERS = 500
"""A page with less text of its own proves nothing about which article it is."""
STUMBLES = 5
"""Unforeseen errors on one article before it becomes a dead letter."""
_log = structlog.get_logger()


class _Got(Record, frozen=True, kw_only=True):
    """What became of fetching and extracting: a page, or the reason why there is none."""

    page: Extracted | None = None
    fetched: bool = False
    """The page is of now, not of an earlier reading."""
    reason: Reason | None = None
    detail: str = ""
    passing: bool = False
    """Trying again can help."""
    retry_after: float | None = None


def wants_page(article: ArticleRow, entries: Sequence[EntryRow]) -> bool:
    """Say whether the page must be fetched, or the text that is stored will do.

    It is fetched again for an edit, and for an entry that joined later under a title of its own or
    with a date after the last fetch (source: the identity rules of ``docs/architecture.md``).
    """
    if article.url is None:
        return False
    if article.fetched_at is None or not article.text:
        return True
    fetched, settled = article.fetched_at, article.settled_at or article.fetched_at
    joined = [entry for entry in entries if entry.seen > settled]
    if editions(entries) - article.settled_entries > len(joined):
        return True
    titles = {entry.title for entry in entries if entry.seen <= settled}
    return any(
        entry.title not in titles or (entry.published is not None and entry.published > fetched)
        for entry in joined
    )


def editions(entries: Sequence[EntryRow]) -> int:
    """Return how many versions of entries are known: more than last time means something new."""
    return sum(entry.edition for entry in entries)


class Read:
    """Reads one article. ``extract`` is what runs in the pool: a page in, what it says out."""

    def __init__(
        self, edges: Edges, rules: RulesNow, extract: Callable[[FetchedPage], Extracted]
    ) -> None:
        self._edges = edges
        self._rules = rules
        self._extract = extract
        self._hosts = PageHosts()

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
            await self._settle(job, rules, _Got(page=as_stored(job.article)))
            return
        got = await self._get(job, url, rules)
        delay = page_delay(job.work.attempts + 1) if got.passing else None
        if delay is not None:
            await self._again(job, got, max(delay, got.retry_after or 0.0))
        else:
            await self._settle(job, rules, got)
            await self._watch(host_of(url), rules, got)

    async def _watch(self, host: str, rules: Rules, got: _Got) -> None:
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

    async def _get(self, job: PageJob, url: str, rules: Rules) -> _Got:
        rest, answered = 0.0, None
        reason: Reason | None = "crash"  # until it is known
        began = self._edges.clock.monotonic()
        try:
            answer = await self._edges.fetcher.get(
                Fetch(
                    url=url,
                    accept=HTML,
                    wire_bytes=rules.pages.wire_bytes,
                    body_bytes=rules.pages.body_bytes,
                )
            )
            rest, reason, answered = _rest(answer), None, answer.url
        except Transient as error:
            reason = error.reason
            return _Got(
                reason=error.reason,
                detail=error.detail,
                passing=error.reason != "tooLarge",
                retry_after=error.retry_after,
            )
        except Permanent as error:
            reason = error.reason
            return _Got(reason=error.reason, detail=error.detail)
        except Exception as error:  # noqa: BLE001 - an address that nobody foresaw: feed text is left
            return self._unforeseen(job, error)
        finally:
            took = self._edges.clock.monotonic() - began
            self._edges.meter.observe("tocsin_step_seconds", took, step="fetch_page")
            await leave(self._edges, url, rules.net, rest, answered)
            await is_our_own(self._edges, rules, url, reason)
        return await self._understand(answer, job, rules)

    async def _understand(self, answer: Answer, job: PageJob, rules: Rules) -> _Got:
        """Turn an answer into a page, or into the reason why it is none."""
        if not 200 <= answer.status < 300:  # noqa: PLR2004
            reason = reason_of_status(answer.status)
            return _Got(
                reason=reason,
                detail=f"HTTP {answer.status}",
                passing=reason in {"serverError", "rateLimited", "timeout"},
                retry_after=answer.retry_after,
            )
        page = FetchedPage(
            url=answer.url,
            body=answer.body,
            content_type=answer.headers.get("content-type", ""),
        )
        began = self._edges.clock.monotonic()
        try:
            read = await self._edges.pool.call(rules.pages.timeout_s, self._extract, page)
        except Transient as error:
            self._edges.meter.count("tocsin_pages_killed_total", reason=error.reason)
            return _Got(reason=error.reason, detail=f"extracting: {error.detail}")
        except Exception as error:  # noqa: BLE001 - a page that nobody foresaw: feed text is left
            return self._unforeseen(job, error)
        finally:
            took = self._edges.clock.monotonic() - began
            self._edges.meter.observe("tocsin_step_seconds", took, step="extract")
        self._edges.meter.count("tocsin_pages_total", verdict=read.verdict)
        _log.debug("page_read", article=job.article.id, verdict=read.verdict)
        return _Got(page=read, fetched=True)

    @staticmethod
    def _unforeseen(job: PageJob, error: Exception) -> _Got:
        _log.error("page_failed", article=job.article.id, exc_info=error)
        return _Got(reason="crash", detail=f"{type(error).__name__}: {error}"[:500])

    async def _again(self, job: PageJob, got: _Got, delay: float) -> None:
        """Try again later: the page's failure is a passing one."""
        because = f"{got.reason}: {got.detail}; attempt {job.work.attempts + 1}"
        await self._edges.store.commit_article(
            ArticleCommit(
                work=job.work,
                again_s=delay,
                attempts=job.work.attempts + 1,
                trace=(self._line("read", f"again in {delay:.0f} s", because, job),),
            )
        )

    async def _settle(self, job: PageJob, rules: Rules, got: _Got) -> None:
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
                keys=_keys(job, read, got.page),
                ring=unit if may_ring else None,
                again_s=60.0 if killed else None,
                stream="pages:cold" if killed else None,
                attempts=job.work.attempts + 1,
                full_text=_full_text(got, read, again=killed),
                dead=self._dead(job, read, reason),
                topics_version=rules.topics_version,
                trace=self._told(job, read, matched, may_ring=may_ring),
            )
        )
        self._edges.meter.count("tocsin_articles_total", text_from=read.text_from)

    def _dead(self, job: PageJob, read: Extracted, reason: str) -> DeadLine | None:
        """An article of which neither page nor feed text could be matched is a dead letter."""
        if read.text or read.title or any(feed_text(entry) for entry in job.entries):
            return None
        return DeadLine(
            id=job.article.id,
            kind="page",
            sink=None,
            reason=reason or "empty",
            at=self._edges.clock.now(),
            attempts=job.work.attempts + 1,
            title=job.article.url or job.article.id,
            last_answer=reason or None,
        )

    def _told(
        self,
        job: PageJob,
        read: Extracted,
        matched: Sequence[tuple[TopicSpec, Match]],
        *,
        may_ring: bool,
    ) -> tuple[TraceLine, ...]:
        names = ", ".join(spec.name for spec, _ in matched)
        how = f"{read.verdict}, text from {read.text_from}"
        lines = [
            self._line("read", how, "; ".join(read.reasons), job),
            self._line("match", names or "no topic", f"title and {len(read.text)} letters", job),
        ]
        if matched and may_ring:
            already = ", ".join(spec.name for spec, _ in matched if spec.name in job.rung)
            lines.append(self._line("ring", "rings", f"rung before: {already or 'none'}", job))
        elif matched:
            silent = "no entry of it may ring: baseline, or older than max_age"
            lines.append(self._line("ring", "silent", silent, job))
        return tuple(lines)

    def _line(self, stage: TraceStage, decision: str, because: str, job: PageJob) -> TraceLine:
        return TraceLine(
            stage=stage,
            decision=decision,
            because=because[:500],
            article=job.article.id,
            at=self._edges.clock.now(),
        )

    async def _stumble(self, job: PageJob, error: Exception) -> None:
        """An error that nobody foresaw: try again a few times, then keep it as a dead letter."""
        attempts = job.work.attempts + 1
        _log.error("read_failed", article=job.article.id, attempts=attempts, exc_info=error)
        detail = f"{type(error).__name__}: {error}"[:500]
        if attempts >= STUMBLES:
            await self._edges.store.bury(job.work, "crash", detail)
            return
        delay = 30.0 * 2**attempts
        await self._again(job, _Got(reason="crash", detail=detail), delay)


def as_stored(article: ArticleRow) -> Extracted | None:
    """Return the text that an earlier reading left, None if there is none."""
    if article.verdict is None or article.text_from in {"feed", "none"}:
        return None
    return Extracted(
        url=article.url or "",
        verdict=article.verdict,
        reasons=article.reasons,
        title=article.title,
        text=article.text,
        zones=article.zones,
        published=article.published,
        published_from=article.published_from,
        author=article.author,
        language=article.language,
        canonical=article.canonical,
        text_from=article.text_from,
    )


def _full_text(got: _Got, read: Extracted, *, again: bool) -> bool | None:
    """Return whether an attempt at the page got its text, None if this reading made none."""
    if again or (got.reason is None and not got.fetched):
        return None
    return got.fetched and read.text_from in {"page", "articleBody"}


def _keys(job: PageJob, read: Extracted, page: Extracted | None) -> tuple[str, ...]:
    """Return the addresses that this reading proves: where a real article was finally found.

    An article that was made of an entry, because its link is shared by others, claims none: the
    next entry with that link would be joined to it, and would ring no more.
    """
    if any(article_id(f"entry:{entry.id}") == job.article.id for entry in job.entries):
        return ()
    if page is None or page.standin or read.verdict != "article":
        return ()
    if page.text_from != "page" or len(page.text) < OWN_TEXT_LETTERS:
        return ()
    return (identity_key(page.url),)


def _rest(answer: Answer) -> float:
    """Return for how long the whole host wants to be left alone."""
    if answer.status not in {429, 503}:
        return 0.0
    return answer.retry_after if answer.retry_after is not None else 60.0
