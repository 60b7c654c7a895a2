"""Reading a feed: bytes in, entries out; what is no feed comes back with the reason in words."""

import re
from datetime import datetime

from msgspec.structs import replace

from workers.feeds.atom import read_atom
from workers.feeds.charset import Decoded, as_utf8, decode
from workers.feeds.document import NotMarkup, Tree, is_page, plant, plant_utf8
from workers.feeds.entries import Reading
from workers.feeds.jsonfeed import read_json
from workers.feeds.names import name_of
from workers.feeds.rss import read_rss
from workers.feeds.sitemap import read_sitemap
from workers.model.feed import ParsedFeed

__all__ = ["read_feed"]

_ROOT = re.compile(rb"<(?:rss|feed|rdf:RDF|urlset)[\s>]")


def read_feed(
    body: bytes, url: str, content_type: str, now: datetime, max_entries: int = 2000
) -> ParsedFeed:
    """Read a feed of any format.

    Args:
        body: The document as sent, inflated.
        url: Where it was found; relative links are relative to it.
        content_type: The HTTP header, "" if there is none.
        now: What dates are compared with: further ahead than a day is unknown.
        max_entries: Entries read, the first ones.

    Returns:
        The feed; of kind ``none``, with ``error``, if it is none.
    """
    reading = Reading(url=url, now=now, most=max_entries)
    feed = _read_at_once(body, content_type, reading)
    if feed is not None:
        return feed
    decoded = decode(body, content_type)
    text = decoded.text.lstrip("\ufeff \t\r\n\0")
    if not text:
        return ParsedFeed(kind="none", charset=decoded.charset, error="empty document")
    is_json = text[0] in "{["
    feed = read_json(text, reading) if is_json else _read_markup(text, decoded, reading)
    return replace(
        feed, charset=decoded.charset, warnings=(*decoded.warnings, *feed.warnings)[:20]
    )


def _read_at_once(body: bytes, content_type: str, reading: Reading) -> ParsedFeed | None:
    """Read what most feeds are: UTF-8, and well-formed. None of any other."""
    data = as_utf8(body, content_type)
    if not data:
        return None
    start = data[:5000]
    if not _ROOT.search(start) and is_page(start.decode("utf-8", "replace")):
        return None
    tree = plant_utf8(data, reading.url)
    if tree is None:
        return None
    try:
        return replace(_read_tree(tree, reading), charset="utf-8")
    except (UnicodeDecodeError, NotMarkup):
        return None


def _read_markup(text: str, decoded: Decoded, reading: Reading) -> ParsedFeed:
    if "<" not in text:
        return ParsedFeed(kind="none", error="not a feed: no markup in it")
    if is_page(text):
        return ParsedFeed(kind="none", error="not a feed: a page for people (HTML)")
    try:
        tree = plant(replace(decoded, text=text), reading.url)
        feed = _read_tree(tree, reading)
    except NotMarkup as error:
        return ParsedFeed(kind="none", error=f"not a feed: {error}")
    except UnicodeDecodeError as error:  # recovery can leave text in the tree that is none
        return ParsedFeed(kind="none", error=f"not a feed: damaged text: {error.reason}")
    # Of a document that was clipped as many entries are read as of any other: it is a baseline.
    enough = tree.clipped and len(feed.entries) >= reading.most - 1
    return replace(
        feed, complete=tree.complete or enough, warnings=(*tree.warnings, *feed.warnings)
    )


def _read_tree(tree: Tree, reading: Reading) -> ParsedFeed:
    """Read a tree by the name of its root."""
    name = name_of(tree.root.tag)
    if name in {"rss", "channel"}:
        return read_rss(tree, reading, "rss")
    if name in {"rdf:rdf", "rdf"}:
        return read_rss(tree, reading, "rdf")
    if name in {"feed", "entry"}:
        return read_atom(tree, reading)
    if name == "urlset":
        return read_sitemap(tree, reading)
    if name == "sitemapindex":
        return ParsedFeed(kind="none", error="not a feed: an index of sitemaps (name one of them)")
    shown = name.removeprefix("?:")[:50]
    return ParsedFeed(kind="none", error=f"not a feed: the document is <{shown}>")
