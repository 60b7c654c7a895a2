"""What the demo tells of topics: why one rang, and why others did not that stand on pages too."""

from collections.abc import AsyncIterator, Iterator, Sequence

from monitor import shipped
from monitor.daemon.build import SqlStore
from monitor.demo.newswire import NewswireServer
from workers.alerts import outcome_lines
from workers.model.article import ArticleRow
from workers.model.base import Record
from workers.model.topic import Document, TopicTry
from workers.pages import settle
from workers.steps.again import as_stored
from workers.steps.documents import document_of_page
from workers.steps.edges import Rules
from workers.text.urls import identity_key

__all__ = ["explained"]

SHOWN = "militia strikes"
"""The topic of which it is told why it rang, for its words stand far apart."""


class _Case(Record, frozen=True, kw_only=True):
    """A topic and an article."""

    topic: str
    title: str
    outcome: TopicTry


async def explained(store: SqlStore, wire: NewswireServer, rules: Rules, *, why: bool) -> str:
    """Return why an alert rang; with ``why`` also why each topic was silent that never rang."""
    articles = [found async for found in _articles(store, wire, rules)]
    rang = {topic for line in await store.alert_lines(limit=1000) for topic in line.topics}
    lines = ["", "Why it rang (of your own: tocsin why URL TOPIC):"]
    lines += _shown(_best(SHOWN, articles, rules, matched=True))
    silent = [name for name in rules.topics.specs if name not in rang]
    if not why:
        names = " and ".join(f'"{name}"' for name in silent)
        lines += [f"  Why {names} did not, though their words stand there: tocsin demo --why"]
        return "\n".join((*lines, ""))
    lines += ["", "Why it did not ring, though its words stand on the page:"]
    for name in silent:
        lines += _shown(_best(name, articles, rules, matched=False))
    return "\n".join((*lines, ""))


async def _articles(
    store: SqlStore, wire: NewswireServer, rules: Rules
) -> AsyncIterator[tuple[ArticleRow, Document]]:
    """Yield what was read of each story, and what was searched of it."""
    for feed, story in wire.newswire.stories:
        path = wire.newswire.publishers[feed].path_of(story)
        found = await store.find_article(identity_key(wire.base_url + path))
        row = await store.article_by_id(found) if found else None
        if row is None:
            continue
        entries = await store.entries_of(row.id)
        read = settle(as_stored(row), entries, "", shipped.cues())
        yield row, document_of_page(read, entries, rules.sources)


def _best(
    topic: str, articles: Sequence[tuple[ArticleRow, Document]], rules: Rules, *, matched: bool
) -> _Case | None:
    """Return the article of which most can be shown: of what holds, or stands elsewhere."""
    cases = (
        _Case(topic=topic, title=row.title, outcome=rules.topics.tried(topic, document))
        for row, document in articles
    )
    fitting = [case for case in cases if case.outcome.matched is matched]
    return max(fitting, key=_telling, default=None)


def _telling(case: _Case) -> int:
    outcome = case.outcome
    held = {hit.text.casefold() for clause in outcome.clauses for hit in clause.hits}
    missed = {hit.text.casefold() for hit in outcome.elsewhere}
    return len(held) + len(missed) if outcome.matched or missed else 0


def _shown(case: _Case | None) -> Iterator[str]:
    if case is not None:
        yield f"  {case.topic}: {case.title}"
        yield from (f"    {line}" for line in outcome_lines(case.outcome))
