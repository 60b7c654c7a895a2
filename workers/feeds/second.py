"""The second opinion: feedparser, for what the fast path could make nothing of.

It is slow on purpose-made input, so it is called in a process that can be killed. It is given
bytes only: a text it would take for the name of a file or an address, and open that.
"""

import io
from datetime import datetime
from typing import Any

import feedparser

from workers.feeds.entries import Draft, finish_all, link_of, made, short
from workers.feeds.hints import period_s
from workers.model.feed import FeedHints, ParsedFeed

__all__ = ["second_opinion"]


def second_opinion(
    body: bytes, url: str, content_type: str, now: datetime, max_entries: int = 2000
) -> ParsedFeed:
    """Read a feed with feedparser; arguments and result are those of `read_feed`.

    Calls for a time limit from outside: hostile documents can keep it busy for hours.
    """
    headers = {"content-type": content_type} if content_type else {}
    try:
        found = feedparser.parse(
            io.BytesIO(body),
            response_headers=headers,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # noqa: BLE001 - whatever a foreign parser trips over, it is no feed
        return ParsedFeed(kind="none", error=f"not a feed: {type(error).__name__}: {error}"[:300])
    if not found.get("version") and not found.get("entries"):
        told = str(found.get("bozo_exception") or "no entries in it")[:200]
        return ParsedFeed(kind="none", error=f"not a feed: {told}")
    return _feed(found, url, now, max_entries)


def _feed(found: Any, url: str, now: datetime, most: int) -> ParsedFeed:  # noqa: ANN401 - untyped
    about = found.get("feed", {})
    version = str(found.get("version") or "")
    links = {str(link.get("rel")): link for link in reversed(_items(about, "links"))}
    return ParsedFeed(
        kind="atom" if version.startswith("atom") else "rdf" if version in _RDF else "rss",
        title=short(_text(about, "title"), 500),
        link=link_of(_text(about, "link"), url),
        charset=str(found.get("encoding") or "")[:40] or None,
        parser="second",
        language=_text(about, "language").strip().lower()[:35] or None,
        warnings=(f"not well-formed: {found['bozo_exception']}"[:200],)
        if found.get("bozo")
        else (),
        hints=FeedHints(
            ttl=_minutes(_text(about, "ttl")),
            update_period_s=period_s(
                about.get("sy_updateperiod"), about.get("sy_updatefrequency")
            ),
            hub=link_of(_text(links.get("hub", {}), "href"), url),
            self=link_of(_text(links.get("self", {}), "href"), url),
        ),
        entries=tuple(
            made(entry)
            for entry in finish_all(
                [_draft(entry, url) for entry in list(found.get("entries", ()))[:most]], now
            )
        ),
        complete=not found.get("bozo"),
    )


_RDF = frozenset({"rss090", "rss10"})


def _minutes(text: str) -> float | None:
    digits = text.strip()
    return 60.0 * int(digits) if digits.isdecimal() and len(digits) < 7 else None  # noqa: PLR2004


def _text(record: Any, name: str) -> str:  # noqa: ANN401 - feedparser's dictionaries are untyped
    value = record.get(name)
    return value if isinstance(value, str) else ""


def _items(record: Any, name: str) -> list[Any]:  # noqa: ANN401 - as above
    value = record.get(name)
    return [item for item in value if hasattr(item, "get")] if isinstance(value, list) else []


def _draft(entry: Any, url: str) -> Draft:  # noqa: ANN401 - as above
    contents = [_text(content, "value") for content in _items(entry, "content")]
    named = [_text(author, "name") for author in _items(entry, "authors")]
    return Draft(
        base=url,
        guid=_text(entry, "id"),
        links={0: _text(entry, "feedburner_origlink"), 1: _text(entry, "link")},
        title=_text(entry, "title"),
        summary=_text(entry, "summary"),
        content=max(contents, key=len, default=""),
        published=_date(entry, "published") or _date(entry, "updated"),
        updated=_date(entry, "updated"),
        authors=named or [_text(entry, "author")],
        categories=[_text(tag, "term") for tag in _items(entry, "tags")],
        enclosures=[
            (_text(file, "href"), _text(file, "type"), _text(file, "length"))
            for file in _items(entry, "enclosures")
        ],
    )


def _date(entry: Any, name: str) -> str | None:  # noqa: ANN401 - as above
    """Return a date as feedparser understood it, else as it was written."""
    if name not in entry:
        return None  # asked for, it would give another date instead, with a warning
    parts = entry.get(f"{name}_parsed")
    if parts is None:
        return _text(entry, name) or None
    year, month, day, hour, minute, second = (int(part) for part in parts[:6])
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
