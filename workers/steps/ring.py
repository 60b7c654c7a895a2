"""RING: an obvious hit does not wait in line. Ten seconds on, the feed's own text rings."""

from workers.model.alert import TraceLine
from workers.model.article import PageJob
from workers.model.commit import ArticleCommit
from workers.pages import settle
from workers.steps.documents import document_of_page, ring_unit
from workers.steps.edges import Edges, RulesNow
from workers.steps.match import matching
from workers.steps.tracing import page_within

__all__ = ["Ring"]


class Ring:
    """Rings one article on the feed's text, if its page has not been read by then."""

    def __init__(self, edges: Edges, rules: RulesNow) -> None:
        self._edges = edges
        self._rules = rules

    async def __call__(self, article: str) -> None:
        """Ring the article with this id; returning means that its id may be acknowledged.

        Raises:
            StoreDown: nothing could be stored, so the id must come again.
        """
        job = await self._edges.store.load_page("ring", article)
        if job is None:
            return
        if not job.work.due:
            await self._edges.store.skip(job.work)
            return
        if job.article.settled_at is not None or not any(entry.rings for entry in job.entries):
            await self._edges.store.commit_article(ArticleCommit(work=job.work, attempts=1))
            return
        facts = {"tocsin.article": job.article.id}
        with self._edges.tracer.span("ring", job.work.traceparent, facts=facts) as span:
            await self._ring(page_within(job, span))

    async def _ring(self, job: PageJob) -> None:
        rules, now = self._rules(), self._edges.clock.now()
        read = settle(None, job.entries, "page not read yet", rules.cues)
        matched = await matching(
            self._edges, rules, document_of_page(read, job.entries, rules.sources)
        )
        names = ", ".join(spec.name for spec, _ in matched)
        await self._edges.store.commit_article(
            ArticleCommit(
                work=job.work,
                ring=ring_unit(job.article, read, job.entries, matched, rules, now),
                attempts=job.work.attempts + 1,
                topics_version=rules.topics_version,
                trace=(
                    TraceLine(
                        stage="ring",
                        decision=f"rings on the feed's text: {names}" if names else "silent",
                        because="its page was not read within the time that a hit may wait",
                        article=job.article.id,
                        at=now,
                    ),
                ),
            )
        )
