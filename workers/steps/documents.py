"""What topics are matched against, and what an alert tells: rows in, records out. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from workers.alerts import routes
from workers.errors import Reason
from workers.model.alert import ArticleFacts, EntryFacts, Evidence, RingUnit, RungTopic
from workers.model.article import ArticleRow, Cues, Extracted
from workers.model.feed import EntryRow, FeedSource
from workers.model.topic import Document, Match, TopicSpec
from workers.pages import settle
from workers.steps.again import keeps_earlier
from workers.steps.edges import Rules
from workers.text.urls import host_of, without_user

__all__ = [
    "as_read",
    "document_of_entry",
    "document_of_page",
    "feed_text",
    "reason_of_status",
    "ring_unit",
]

SUMMARY_CHARACTERS = 500


def reason_of_status(status: int) -> Reason:
    """Return why an answer with this HTTP status is none that can be read."""
    special: dict[int, Reason] = {
        401: "blocked",
        403: "blocked",
        404: "notFound",
        408: "timeout",
        410: "gone",
        425: "serverError",
        429: "rateLimited",
        451: "blocked",
    }
    if status in special:
        return special[status]
    return "serverError" if status >= 500 else "clientError"  # noqa: PLR2004


def feed_text(entry: EntryRow) -> str:
    """Return the longest text that the feed gives for the entry."""
    return max(entry.content, entry.summary, key=len)


def document_of_entry(
    entry: EntryRow, source: FeedSource | None, cues: tuple[Cues, ...]
) -> Document:
    """Return what the feed alone lets us search."""
    sources = {entry.feed_id: source} if source else {}
    return document_of_page(settle(None, [entry], "", cues), [entry], sources)


def document_of_page(
    read: Extracted, entries: Sequence[EntryRow], sources: Mapping[str, FeedSource]
) -> Document:
    """Return what is searched of an article: its text as settled, with the facts of all feeds."""
    return Document(
        title=read.title,
        body=read.text,
        zones=read.zones,
        language=read.language,
        sources=_sources(entries, read.url),
        tags=tuple(dict.fromkeys(tag for entry in entries for tag in entry.tags)),
        author=read.author,
        feeds=_feeds(entries, sources),
    )


def _sources(entries: Iterable[EntryRow], url: str | None) -> tuple[str, ...]:
    names = [name for entry in entries for name in (entry.feed, entry.feed_url)]
    return tuple(dict.fromkeys([*names, *([host_of(url)] if url else [])]))


def _feeds(entries: Iterable[EntryRow], sources: Mapping[str, FeedSource]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for entry in entries:
        found[entry.feed] = None
        source = sources.get(entry.feed_id)
        found.update((f"tag:{tag}", None) for tag in (source.tags if source else ()))
    return tuple(found)


def as_read(
    article: ArticleRow, read: Extracted, now: datetime, *, fetched: bool, editions: int
) -> ArticleRow:
    """Return the article's row after this reading. ``fetched`` tells whether its page was got.

    What a page once said stays stored where this reading had less to say.
    """
    settled = replace(
        article,
        fetched_at=now if fetched else article.fetched_at,
        settled_at=now,
        settled_entries=editions,
    )
    if keeps_earlier(article, read):
        return settled
    return replace(
        settled,
        title=read.title,
        text=read.text,
        zones=read.zones,
        doubted=read.doubted,
        published=read.published,
        published_from=read.published_from,
        author=read.author,
        language=read.language,
        canonical=read.canonical or article.canonical,
        verdict=read.verdict,
        reasons=read.reasons,
        text_from=read.text_from,
    )


def ring_unit(  # noqa: PLR0913, PLR0917 - all that an alert tells
    article: ArticleRow,
    read: Extracted,
    entries: Sequence[EntryRow],
    matched: Sequence[tuple[TopicSpec, Match]],
    rules: Rules,
    now: datetime,
) -> RingUnit | None:
    """Return what rings for an article, None if nothing matched."""
    if not matched:
        return None
    evidence: Evidence = "feed" if read.text_from in {"feed", "none"} else "page"
    specs = [spec for spec, _ in matched]
    return RingUnit(
        event=article.id,
        at=now,
        evidence=evidence,
        topics=tuple(
            RungTopic(
                name=spec.name,
                query=spec.query,
                severity=spec.severity,
                clauses=match.clauses,
                doubted=match.doubted,
            )
            for spec, match in matched
        ),
        article=_facts(article, read, entries),
        entries=tuple(
            EntryFacts(
                feed=entry.feed,
                feed_url=without_user(entry.feed_url),
                url=entry.url,
                identity=entry.identity,
                seen=entry.seen,
                tags=entry.tags,
            )
            for entry in entries
        ),
        routes=routes(specs, rules.sinks),
        burst=rules.alerts.burst,
    )


def _facts(article: ArticleRow, read: Extracted, entries: Sequence[EntryRow]) -> ArticleFacts:
    told = next((entry.summary for entry in entries if entry.summary), "") or read.text
    return ArticleFacts(
        id=article.id,
        url=article.url or read.url or None,
        title=read.title,
        published=read.published,
        published_from=read.published_from,
        language=read.language,
        author=read.author,
        verdict=article.verdict if read.verdict == "unreadable" else read.verdict,
        text_from=read.text_from,
        summary=told[:SUMMARY_CHARACTERS],
    )
