"""JSON Feed 1 and 1.1."""

from typing import Any

import msgspec

from workers.feeds.entries import Draft, Reading, finish_all, link_of, short
from workers.feeds.xmltext import as_markup
from workers.model.feed import FeedHints, ParsedFeed

__all__ = ["read_json"]

_JSON = msgspec.json.Decoder()


def read_json(text: str, reading: Reading) -> ParsedFeed:
    """Read a document that begins like a JSON object; a result without kind says what it is not.

    What is not of the type it should be counts as not said.
    """
    try:
        feed = _JSON.decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError) as error:
        return ParsedFeed(kind="none", error=f"not JSON: {str(error)[:200]}")
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        return ParsedFeed(kind="none", error="not a JSON Feed: it has no list of items")
    if "jsonfeed.org" not in _string(feed, "version"):
        return ParsedFeed(kind="none", error="not a JSON Feed: it names no version of JSON Feed")
    items = [item for item in feed["items"][: reading.most] if isinstance(item, dict)]
    return ParsedFeed(
        kind="json",
        title=short(_string(feed, "title"), 500),
        link=link_of(_string(feed, "home_page_url"), reading.url),
        parser="fast",
        language=_string(feed, "language").strip().lower()[:35] or None,
        hints=FeedHints(
            hub=next((link_of(url, reading.url) for url in _hubs(feed)), None),
            self=link_of(_string(feed, "feed_url"), reading.url),
        ),
        entries=finish_all([_draft(item, reading.url) for item in items], reading.now),
    )


def _string(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def _list(record: dict[str, Any], name: str) -> list[Any]:
    value = record.get(name)
    return value[:100] if isinstance(value, list) else []


def _hubs(feed: dict[str, Any]) -> list[str]:
    return [_string(hub, "url") for hub in _list(feed, "hubs") if isinstance(hub, dict)]


def _draft(item: dict[str, Any], base: str) -> Draft:
    text = _string(item, "content_text")
    authors = [*_list(item, "authors"), item.get("author")]
    return Draft(
        base=base,
        guid=_string(item, "id"),
        links={1: _string(item, "url"), 2: _string(item, "external_url")},
        title=_string(item, "title"),
        literal=True,
        summary=as_markup(_string(item, "summary")),
        content=_string(item, "content_html") or as_markup(text),
        published=_string(item, "date_published") or _string(item, "date_modified"),
        updated=_string(item, "date_modified"),
        authors=[_string(author, "name") for author in authors if isinstance(author, dict)],
        categories=[tag for tag in _list(item, "tags") if isinstance(tag, str)],
        enclosures=[
            (_string(file, "url"), _string(file, "mime_type"), _string(file, "size_in_bytes"))
            for file in _list(item, "attachments")
            if isinstance(file, dict)
        ],
    )
