"""How the newswire's feeds are written: RSS 2.0, RDF (RSS 1.0), Atom 1.0 and JSON Feed 1.1."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape

from workers.model.base import Record

__all__ = ["MEDIA_TYPES", "FeedItem", "FeedPage", "write_feed"]

MEDIA_TYPES = {
    "rss": "application/rss+xml",
    "rdf": "application/rdf+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}


class FeedItem(Record, frozen=True, kw_only=True):
    """A story as a feed lists it."""

    guid: str
    url: str
    title: str
    summary: str
    content: str = ""
    """HTML; empty where the feed gives only the summary."""
    author: str = ""
    published: datetime
    tags: tuple[str, ...] = ()


class FeedPage(Record, frozen=True, kw_only=True):
    """A whole feed."""

    kind: str
    title: str
    about: str
    url: str
    home: str
    language: str
    charset: str
    base: str | None = None
    """What relative links are relative to, None where links are absolute."""
    hub: str | None = None
    """Whom to ask for pushes (RSS and Atom)."""
    changed: datetime
    items: tuple[FeedItem, ...]


def _tag(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _cdata(name: str, text: str) -> str:
    return f"<{name}><![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"


def _lines(parts: Sequence[str]) -> str:
    return "\n".join(part for part in parts if part)


def _rss_item(item: FeedItem) -> str:
    return _lines(
        [
            "    <item>",
            _tag("title", item.title),
            _tag("link", item.url),
            f'<guid isPermaLink="false">{escape(item.guid)}</guid>',
            _tag("pubDate", format_datetime(item.published)),
            _tag("dc:creator", item.author) if item.author else "",
            *(_tag("category", tag) for tag in item.tags),
            _cdata("description", f"<p>{escape(item.summary, quote=False)}</p>"),
            _cdata("content:encoded", item.content) if item.content else "",
            "    </item>",
        ]
    )


def _rss(page: FeedPage) -> str:
    return _lines(
        [
            f'<?xml version="1.0" encoding="{page.charset}"?>',
            '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"',
            '  xmlns:dc="http://purl.org/dc/elements/1.1/"',
            '  xmlns:atom="http://www.w3.org/2005/Atom">',
            "  <channel>",
            _tag("title", page.title),
            _tag("link", page.home),
            _tag("description", page.about),
            _tag("language", page.language),
            f'<atom:link href="{escape(page.url)}" rel="self" type="application/rss+xml"/>',
            f'<atom:link href="{escape(page.hub)}" rel="hub"/>' if page.hub else "",
            _tag("lastBuildDate", format_datetime(page.changed)),
            *map(_rss_item, page.items),
            "  </channel>",
            "</rss>\n",
        ]
    )


def _rdf_item(item: FeedItem) -> str:
    return _lines(
        [
            f'  <item rdf:about="{escape(item.guid)}">',
            _tag("title", item.title),
            _tag("link", item.url),
            _tag("description", item.summary),
            _tag("dc:creator", item.author) if item.author else "",
            _tag("dc:date", item.published.isoformat()),
            *(_tag("dc:subject", tag) for tag in item.tags),
            "  </item>",
        ]
    )


def _rdf(page: FeedPage) -> str:
    places = [f'      <rdf:li rdf:resource="{escape(item.guid)}"/>' for item in page.items]
    return _lines(
        [
            f'<?xml version="1.0" encoding="{page.charset}"?>',
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"',
            '  xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">',
            f'  <channel rdf:about="{escape(page.url)}">',
            _tag("title", page.title),
            _tag("link", page.home),
            _tag("description", page.about),
            _tag("dc:language", page.language),
            _tag("dc:date", page.changed.isoformat()),
            "    <items><rdf:Seq>",
            *places,
            "    </rdf:Seq></items>",
            "  </channel>",
            *map(_rdf_item, page.items),
            "</rdf:RDF>\n",
        ]
    )


def _atom_entry(item: FeedItem) -> str:
    stamp = item.published.isoformat()
    content = f'<content type="html">{escape(item.content)}</content>' if item.content else ""
    return _lines(
        [
            "  <entry>",
            _tag("id", item.guid),
            f'<title type="text">{escape(item.title)}</title>',
            f'<link rel="alternate" type="text/html" href="{escape(item.url)}"/>',
            _tag("published", stamp),
            _tag("updated", stamp),
            f"<author>{_tag('name', item.author)}</author>" if item.author else "",
            *(f'<category term="{escape(tag)}"/>' for tag in item.tags),
            f'<summary type="text">{escape(item.summary)}</summary>',
            content,
            "  </entry>",
        ]
    )


def _atom(page: FeedPage) -> str:
    base = f' xml:base="{escape(page.base)}"' if page.base else ""
    return _lines(
        [
            f'<?xml version="1.0" encoding="{page.charset}"?>',
            f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{page.language}"{base}>',
            _tag("title", page.title),
            _tag("subtitle", page.about),
            _tag("id", page.home),
            f'<link rel="self" href="{escape(page.url)}"/>',
            f'<link rel="alternate" type="text/html" href="{escape(page.home)}"/>',
            f'<link rel="hub" href="{escape(page.hub)}"/>' if page.hub else "",
            f"<author>{_tag('name', page.title)}</author>",
            _tag("updated", page.changed.isoformat()),
            *map(_atom_entry, page.items),
            "</feed>\n",
        ]
    )


def _json_item(item: FeedItem) -> dict[str, object]:
    written: dict[str, object] = {
        "id": item.guid,
        "url": item.url,
        "title": item.title,
        "summary": item.summary,
        "content_html": item.content or f"<p>{escape(item.summary)}</p>",
        "date_published": item.published.isoformat(),
    }
    if item.author:
        written["authors"] = [{"name": item.author}]
    if item.tags:
        written["tags"] = list(item.tags)
    return written


def _json(page: FeedPage) -> str:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": page.title,
        "description": page.about,
        "home_page_url": page.home,
        "feed_url": page.url,
        "language": page.language,
        "items": [_json_item(item) for item in page.items],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


_WRITERS: dict[str, Callable[[FeedPage], str]] = {
    "rss": _rss,
    "rdf": _rdf,
    "atom": _atom,
    "json": _json,
}


def write_feed(page: FeedPage) -> bytes:
    """Return the feed as a document of its kind, in its charset."""
    return _WRITERS[page.kind](page).encode(page.charset, "xmlcharrefreplace")
