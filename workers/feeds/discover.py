"""Autodiscovery: what a page, a host's robots.txt and its sitemaps name as feeds. Pure.

A page is led through once, with limits on what is looked at: it may be hostile.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from lxml import etree
from tld import get_fld

from workers.feeds.charset import charset_of_header
from workers.model.base import Record
from workers.text.urls import absolute, host_of, origin_of

__all__ = [
    "Named",
    "feeds_of_page",
    "is_index",
    "news_first",
    "same_site",
    "sitemaps_of_index",
    "sitemaps_of_robots",
    "well_known",
]

MOST = 50
"""Addresses taken from one document."""
LOOKED_AT = 20_000
"""Elements of a page, lines of a robots.txt, sitemaps of an index that are looked at."""
PIECE = 1 << 16
"""Bytes of a page that are led through at a time."""
PAGE_BYTES = 1 << 20
"""Bytes of a page that are looked at: one tag of eight megabytes would take 120 MB of memory."""
TAGS = 200_000
"""Elements of an index that are looked at: a sitemap has two or three."""
LONGEST_SAID = 4096
TITLE = 200
_FEED_TYPES = frozenset(
    {
        "application/rss+xml", "application/atom+xml", "application/feed+json",
        "application/rdf+xml", "application/x-rss+xml", "application/x-atom+xml", "text/rss+xml",
        "text/atom+xml", "application/rss", "application/atom", "text/rss",
        "application/json+feed",
    }
)  # fmt: skip
_MAYBE_TYPES = frozenset({"application/xml", "text/xml", "application/json"})
"""Types of much else too: a feed only where address or title say so."""
_WORD = re.compile(r"(?:^|[^a-z])(?:rss|atom|feeds?|rdf|xml)(?:$|[^a-z])", re.IGNORECASE)
_PATH = re.compile(
    r"(?:\.(?:rss|atom|rdf)|/(?:rss|atom|feeds?|rdf|feed\.json|index\.xml|rss2?\.xml|"
    r"atom\.xml|feed\.xml|rss\.php|feed\.php)|/feeds?/.{1,200}|[?&](?:feed|format|type)=(?:rss2?|atom))/?$",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"comment|kommentar|commentaire|comentario|replies", re.IGNORECASE)
_NO_FEED = re.compile(r"oembed|wp-json|manifest|opensearch|sitemap", re.IGNORECASE)
_LINK = re.compile(r"<([^<>]{1,4000})>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:\"[^\"]*\"|[^\",;\s]*))?)*)")
_PARAMETER = re.compile(r";\s*([\w*-]+)\s*=\s*(?:\"([^\"]*)\"|([^\",;\s]*))")
_ROBOTS = re.compile(r"\s*sitemap\s*:\s*(\S{1,2048})", re.IGNORECASE)
_NEWS = re.compile(r"news|nachrichten|actualit|noticias|latest|breaking", re.IGNORECASE)
_SAME_FEED = re.compile(r"\W*\b(?:rss|atom|json|feed|2\.0|1\.0|0\.3|xml|rdf)\b\W*", re.IGNORECASE)

_PATHS = (
    "feed", "rss.xml", "atom.xml", "feed.xml", "index.xml", "rss", "feeds/posts/default",
    "feed.json",
)  # fmt: skip
"""Where feeds are when nothing says so, the commonest first."""


class Named(Record, frozen=True, kw_only=True):
    """An address that may be a feed's, and who says so."""

    url: str
    title: str = ""
    how: str
    """``header``, ``link``, ``anchor``, ``well-known`` or ``robots``."""
    kind: str = ""
    """Media type, if one is given."""
    comments: bool = False
    """True for what is said below articles."""

    @property
    def means(self) -> str:
        """What feeds share that are one feed in several formats."""
        return _SAME_FEED.sub(" ", self.title).strip().lower()


class _Page:
    """Takes a page's elements as they begin."""

    def __init__(self, url: str) -> None:
        self.base = url
        self.links: list[Named] = []
        self.anchors: list[Named] = []
        self._url = url
        self._based = False
        self._left = LOOKED_AT

    @property
    def full(self) -> bool:
        """Say whether nothing more is looked at."""
        return self._left < 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take an element, if it can name anything."""
        self._left -= 1
        if self._left < 0:
            return
        if tag == "base" and not self._based:
            self._based = True
            self.base = absolute(attributes.get("href", ""), self._url) or self.base
        elif tag == "link" and len(self.links) < MOST:
            self._link(attributes)
        elif tag == "a" and len(self.anchors) < MOST:
            self._anchor(attributes)

    def end(self, tag: str) -> None:
        """Nothing depends on where an element ends."""

    def close(self) -> None:
        """The document has ended."""

    def _link(self, attributes: Mapping[str, str]) -> None:
        named = _of_link(
            attributes.get("href", ""), attributes.get("rel", ""), attributes.get("type", ""),
            attributes.get("title", ""), self.base,
        )  # fmt: skip
        if named is not None:
            self.links.append(named)

    def _anchor(self, attributes: Mapping[str, str]) -> None:
        href, title = attributes.get("href", ""), attributes.get("title", "")
        kind = attributes.get("type", "").partition(";")[0].strip().lower()
        if not (kind in _FEED_TYPES or _WORD.search(href[:2048]) or "rss" in href[:2048].lower()):
            return  # most links are none, and resolving each takes longer than reading the page
        url = _address(href, self.base)
        if url is not None and (kind in _FEED_TYPES or _PATH.search(url)):
            self.anchors.append(_named(url, title, "anchor", kind))


class _Index:
    """Takes the sitemaps that an index names, each as it ends: date and address as written."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self._said: dict[str, str] = {}
        self._field = ""
        self._left = TAGS

    @property
    def full(self) -> bool:
        """Say whether nothing more is looked at."""
        return self._left < 0 or len(self.found) >= LOOKED_AT

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        """Begin a sitemap, or what is said of it."""
        self._left -= 1
        name = _local(tag)
        if name == "sitemap":
            self._said = {}
        self._field = name if name in {"loc", "lastmod"} else ""
        self._said.pop(self._field, None)

    def data(self, text: str) -> None:
        """Take what is said, as far as an address may be long."""
        if self._field:
            said = self._said.get(self._field, "")
            self._said[self._field] = said + text[: max(0, LONGEST_SAID - len(said))]

    def end(self, tag: str) -> None:
        """Keep a sitemap that has an address."""
        self._field = ""
        if _local(tag) == "sitemap" and "loc" in self._said and not self.full:
            self.found.append((self._said.get("lastmod", ""), self._said["loc"]))
            self._said = {}

    def close(self) -> None:
        """The document has ended."""


def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


def feeds_of_page(
    body: bytes, url: str, headers: Mapping[str, str], *, anchors: bool = False
) -> tuple[Named, ...]:
    """Return what a page names as its feeds, in its own order, each once.

    Args:
        body: The page as sent, inflated.
        url: Where it was found.
        headers: Of the answer, names in lower case: ``Link`` can name feeds too.
        anchors: Where nothing is named, take what is merely linked to and looks like a feed.
    """
    page = _Page(url)
    _lead(body, charset_of_header(headers.get("content-type", "")), page)
    named = [*_of_header(headers.get("link", ""), url), *page.links]
    if not named and anchors:
        named = page.anchors
    once = {one.url: one for one in reversed(named) if one.url != url}
    return tuple(one for one in named if once.get(one.url) is one)[:MOST]


def _lead(body: bytes, charset: str | None, page: _Page) -> None:
    """Lead ``page`` through the document; a broken one ends where it breaks."""
    for encoding in (charset, None):
        try:
            parser = etree.HTMLParser(
                target=page, encoding=encoding, no_network=True, huge_tree=False
            )
        except LookupError:
            continue
        _feed(parser, body[:PAGE_BYTES], page)
        return


def _feed(parser: etree._FeedParser, body: bytes, target: "_Page | _Index") -> None:
    """Feed a parser until its target has seen enough; no tree of the document is made."""
    try:
        for at in range(0, len(body), PIECE):
            if target.full:
                return
            parser.feed(body[at : at + PIECE])
        parser.close()
    except (etree.ParserError, etree.XMLSyntaxError, UnicodeDecodeError, AssertionError):
        pass  # what was named before stands


def _of_link(href: str, rel: str, kind: str, title: str, base: str) -> Named | None:
    """Return what a link names, None if that is no feed."""
    tokens = rel.lower().split()
    media = kind.partition(";")[0].strip().lower()
    if not ({"alternate", "feed"} & set(tokens)) or "stylesheet" in tokens:
        return None
    hinted = _WORD.search(f"{title[:TITLE]} {href[:2048]}") and not _NO_FEED.search(href[:2048])
    sure = media in _FEED_TYPES or "feed" in tokens
    if not sure and not (media in _MAYBE_TYPES and hinted):
        return None
    url = _address(href, base)
    return _named(url, title, "link", media) if url is not None else None


def _of_header(value: str, base: str) -> list[Named]:
    """Return the feeds of ``Link`` headers (RFC 8288)."""
    found = []
    for link in _LINK.finditer(value[:20_000]):
        told = {one[1].lower(): one[2] or one[3] or "" for one in _PARAMETER.finditer(link[2])}
        named = _of_link(
            link[1].strip(), told.get("rel", ""), told.get("type", ""), told.get("title", ""), base
        )
        if named is not None:
            found.append(Named(url=named.url, title=named.title, how="header", kind=named.kind,
                               comments=named.comments))  # fmt: skip
    return found[:MOST]


def _named(url: str, title: str, how: str, kind: str) -> Named:
    title = " ".join(title.split())[:TITLE]
    path = urlsplit(url).path
    comments = bool(_COMMENTS.search(title) or _COMMENTS.search(path))
    return Named(url=url, title=title, how=how, kind=kind, comments=comments)


def _address(href: str, base: str) -> str | None:
    text = href.strip()
    if text.lower().startswith(("feed:http", "feed://")):
        text = text[5:] if text[5:].lower().startswith("http") else f"http:{text[5:]}"
    found = absolute(text, base) if text and not text.startswith("#") else None
    return found.partition("#")[0] if found is not None else None


def well_known(url: str) -> tuple[Named, ...]:
    """Return where a feed may be though nothing says so: below the page, then at the top."""
    parts = urlsplit(url)
    folder = parts.path if parts.path.endswith("/") else f"{parts.path.rpartition('/')[0]}/"
    tops = [f"{origin_of(url)}/{path}" for path in _PATHS]
    below = [f"{origin_of(url)}{folder}{path}" for path in ("feed", "rss.xml", "index.xml")]
    listed = tops if folder == "/" else [*below, *tops]
    return tuple(Named(url=one, how="well-known") for one in dict.fromkeys(listed) if one != url)


def sitemaps_of_robots(body: bytes, url: str) -> tuple[str, ...]:
    """Return the sitemaps that a robots.txt names, those that sound like news first."""
    lines = body[: 512 << 10].decode("utf-8", "replace").lstrip("\ufeff").splitlines()[:LOOKED_AT]
    found = [absolute(told[1], url) for line in lines if (told := _ROBOTS.match(line))]
    return news_first(one for one in found if one is not None)


def is_index(body: bytes) -> bool:
    """Say whether a document is an index of sitemaps."""
    return bool(re.search(rb"<(?:\w{1,20}:)?sitemapindex\b", body[:5000]))


def sitemaps_of_index(body: bytes, url: str) -> tuple[str, ...]:
    """Return the sitemaps that an index names, those that sound like news first, newest first."""
    index = _Index()
    parser = etree.XMLParser(
        target=index, recover=True, resolve_entities=False, no_network=True, load_dtd=False,
        huge_tree=False,
    )  # fmt: skip
    _feed(parser, body, index)
    found = [
        (day.strip()[:40], one)
        for day, loc in index.found
        if loc.strip() and (one := absolute(loc.strip(), url)) is not None
    ]
    dated = sorted(found, key=lambda pair: pair[0], reverse=True)
    return news_first(one for _, one in dated)


def news_first(urls: Iterable[str]) -> tuple[str, ...]:
    """Return addresses, each once, those that sound like news before all others."""
    listed = list(dict.fromkeys(urls))[:LOOKED_AT]
    return tuple(
        sorted(listed, key=lambda url: not _NEWS.search(url.partition("://")[2].partition("/")[2]))
    )[:MOST]


@lru_cache(maxsize=4096)
def same_site(one: str, other: str) -> bool:
    """Say whether two addresses are of one host, or of one registered domain."""
    hosts = host_of(one), host_of(other)
    if not all(hosts):
        return False
    if hosts[0] == hosts[1]:
        return True
    domains = [get_fld(url, fail_silently=True) for url in (one, other)]
    return domains[0] is not None and domains[0] == domains[1]
