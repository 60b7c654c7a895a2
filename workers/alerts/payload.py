"""The versioned JSON that webhooks, files and scripts get (``docs/webhook.schema.json``).

A body never exceeds `MOST_BYTES`: receipts first, then other lists and texts are shortened step
by step until it fits, and ``data.shortened`` says that this was done.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import msgspec

from workers.alerts.notice import why_link
from workers.model.alert import (
    Alert,
    ArticleFacts,
    Content,
    EntryFacts,
    Notice,
    RungTopic,
    Summary,
)
from workers.model.base import Record
from workers.model.message import Muted, OperatorEvent
from workers.model.topic import Clause

__all__ = ["MOST_BYTES", "alert_json", "body"]

MOST_BYTES = 256 * 1024
VERSION = 1
Json = dict[str, Any]


class _Limits(Record, frozen=True, kw_only=True):
    """How much of an alert, event or summary is told."""

    items: int = 10**6
    """Of a summary."""
    topics: int
    clauses: int
    """A topic."""
    hits: int
    """A clause."""
    entries: int
    tags: int
    """An entry."""
    text: int
    """Characters of any text."""
    link: int = 2048
    """Characters of an address; a longer one is null, for half an address leads nowhere."""


_WHOLE = _Limits(
    topics=10**6, clauses=10**6, hits=10**6, entries=10**6, tags=10**6, text=10**9, link=10**9
)
_STEPS = (
    _WHOLE,
    _Limits(topics=10**6, clauses=100, hits=5, entries=100, tags=50, text=2000),
    _Limits(topics=1000, clauses=20, hits=2, entries=20, tags=20, text=500),
    _Limits(topics=500, clauses=3, hits=1, entries=5, tags=10, text=200),
    # In the worst case each character costs six bytes ("\u0000"): this always fits.
    _Limits(topics=40, clauses=0, hits=0, entries=2, tags=5, text=200),
)


_SUMMARY_STEPS = (
    _WHOLE,
    *(
        _Limits(items=items, topics=1, clauses=0, hits=0, entries=entries, tags=5, text=text)
        for items, entries, text in ((1000, 3, 500), (1000, 1, 200), (1000, 0, 80))
    ),
    *(
        _Limits(items=items, topics=1, clauses=0, hits=0, entries=0, tags=0, text=80, link=500)
        for items in (500, 250, 120, 60, 30)
    ),
)


def body(notice: Notice) -> bytes:
    """Return the JSON body of a notice, in UTF-8, of at most `MOST_BYTES` bytes."""
    written = b""
    for limits in _SUMMARY_STEPS if isinstance(notice.content, Summary) else _STEPS:
        if _surely_too_long(notice.content, limits):
            continue
        document = _envelope(notice.type, notice.id, notice.at)
        document["data"] = _content(notice, limits)
        if limits is not _WHOLE or _is_cut(notice):
            document["data"]["shortened"] = True
        written = msgspec.json.encode(document)
        if len(written) <= MOST_BYTES:
            break
    return written


def _content(notice: Notice, limits: _Limits) -> Json:
    match notice.content:
        case OperatorEvent() as event:
            return _event(event, limits)
        case Summary() as summary:
            return _summary(summary, notice.public_url, limits)
        case alert:
            return _data(alert, why_link(notice.public_url, alert.article.id), limits)


def _is_cut(notice: Notice) -> bool:
    """Say whether a summary came with fewer alerts than it counts."""
    content = notice.content
    return isinstance(content, Summary) and len(content.items) < content.facts.count


def _surely_too_long(content: Content, limits: _Limits) -> bool:
    """Say whether the texts alone exceed the bound: then nothing is built only to be too long."""
    if isinstance(content, OperatorEvent):
        return False
    alerts = content.items[: limits.items] if isinstance(content, Summary) else (content,)
    lengths = (length for alert in alerts for length in _lengths(alert, limits))
    return any(total > MOST_BYTES for total in accumulate(lengths))


def _lengths(alert: Alert, limits: _Limits) -> Iterator[int]:
    for text in (alert.article.title, alert.article.summary, alert.article.author or ""):
        yield min(len(text), limits.text)
    for topic in alert.topics[: limits.topics]:
        yield min(len(topic.name), limits.text) + min(len(topic.query), limits.text)
        for clause in topic.clauses[: limits.clauses]:
            yield min(len(clause.query), limits.text)
            for hit in clause.hits[: limits.hits]:
                yield min(len(hit.text), limits.text) + min(len(hit.sentence), limits.text)
    for entry in alert.entries[: limits.entries]:
        yield min(len(entry.feed), limits.text) + min(len(entry.identity), limits.text)
        for url in (entry.url, entry.feed_url):
            yield len(url) if url is not None and len(url) <= limits.link else 0


def alert_json(alert: Alert, why: str | None = None) -> Json:
    """Return a stored alert in the same shape, whole: its own id, and the time it was made."""
    document = _envelope("alert.created", alert.id, alert.at)
    document["data"] = _data(alert, why, _WHOLE)
    return document


def _envelope(kind: str, id_: str, at: datetime) -> Json:
    return {"type": kind, "version": VERSION, "id": id_, "timestamp": _time(at)}


def _data(alert: Alert, why: str | None, limits: _Limits) -> Json:
    return {
        "alert": alert.id,
        "event": alert.event,
        "revision": alert.revision,
        "severity": alert.severity,
        "evidence": alert.evidence,
        "topics": [_topic(topic, limits) for topic in alert.topics[: limits.topics]],
        "article": _article(alert.article, limits),
        "entries": [_entry(entry, limits) for entry in alert.entries[: limits.entries]],
        "why": _link(why, limits),
    }


def _event(event: OperatorEvent, limits: _Limits) -> Json:
    return {
        "event": event.kind,
        "severity": event.severity,
        "subject": _text(event.subject, limits),
        "text": _text(event.text, limits),
        "since": _time(event.since),
        "topics": [_text(name, limits) for name in event.topics[: limits.topics]],
    }


def _summary(summary: Summary, public_url: str | None, limits: _Limits) -> Json:
    facts = summary.facts
    return {
        "topic": _text(facts.topic, limits),
        "severity": facts.severity,
        "count": facts.count,
        "first": _time(facts.first),
        "last": _time(facts.last),
        "sources": [_text(name, limits) for name in facts.sources],
        "muted": _muted(facts.muted, limits),
        "items": [
            _item(alert, why_link(public_url, alert.article.id), limits)
            for alert in summary.items[: limits.items]
        ],
    }


def _muted(muted: Muted | None, limits: _Limits) -> Json | None:
    """Return the while in which the topic did not ring, None for what a burst held."""
    if muted is None:
        return None
    return {
        "since": _time(muted.since),
        "until": _time(muted.until),
        "because": _text(muted.because, limits),
    }


def _item(alert: Alert, why: str | None, limits: _Limits) -> Json:
    """Return an alert of a list: without receipts, with the time that it was made."""
    made = _data(alert, why, limits)
    for topic in made["topics"]:
        del topic["receipt"]
    return {"at": _time(alert.at), **made}


def _topic(topic: RungTopic, limits: _Limits) -> Json:
    clauses = [_clause(clause, limits) for clause in topic.clauses[: limits.clauses]]
    return {
        "name": _text(topic.name, limits),
        "query": _text(topic.query, limits),
        "severity": topic.severity,
        "doubtful": topic.doubted,
        "receipt": {"clauses": clauses},
    }


def _clause(clause: Clause, limits: _Limits) -> Json:
    return {
        "op": clause.op,
        "query": _text(clause.query, limits),
        "span": list(clause.span),
        "hits": [
            {
                "zone": hit.zone,
                "start": hit.start,
                "end": hit.end,
                "text": _text(hit.text, limits),
                "sentence": _text(hit.sentence, limits),
            }
            for hit in clause.hits[: limits.hits]
        ],
    }


def _article(article: ArticleFacts, limits: _Limits) -> Json:
    return {
        "id": article.id,
        "url": _link(article.url, limits),
        "title": _text(article.title, limits),
        "published": _time(article.published),
        "published_from": article.published_from,
        "language": _maybe(article.language, limits),
        "author": _maybe(article.author, limits),
        "verdict": article.verdict,
        "text_from": article.text_from,
        "summary": _text(article.summary, limits),
    }


def _entry(entry: EntryFacts, limits: _Limits) -> Json:
    return {
        "feed": _text(entry.feed, limits),
        "feed_url": _link(entry.feed_url, limits),
        "url": _link(entry.url, limits),
        "identity": _text(entry.identity, limits),
        "seen": _time(entry.seen),
        "tags": [_text(tag, limits) for tag in entry.tags[: limits.tags]],
    }


def _time(at: datetime | None) -> str | None:
    if at is None:
        return None
    try:
        utc = at.astimezone(UTC)
    except OverflowError:  # a date on the last day that can be written, moved past it by its zone
        utc = at.replace(tzinfo=UTC)
    return utc.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _link(url: str | None, limits: _Limits) -> str | None:
    return None if url is None or len(url) > limits.link else _whole(url)


def _maybe(text: str | None, limits: _Limits) -> str | None:
    return None if text is None else _text(text, limits)


def _text(text: str, limits: _Limits) -> str:
    return _whole(text if len(text) <= limits.text else text[: limits.text - 1] + "…")


def _whole(text: str) -> str:
    """Replace lone surrogates: they cannot be written in UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
