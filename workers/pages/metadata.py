"""What a page says about itself, read once from its tree before the text is taken out of it."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Literal
from urllib.parse import urljoin

import msgspec
from lxml import html

from workers.model.article import PublishedFrom
from workers.pages.authors import choose_author
from workers.pages.guards import guard_of
from workers.pages.jsonld import ARTICLES, LISTS, LinkedData, linked_data, strings
from workers.pages.languages import choose_language
from workers.pages.origins import said_by
from workers.pages.published import PUBLISHED, Asked, choose_published
from workers.pages.sites import site_of, split
from workers.pages.titles import Heading, choose_title, names_of
from workers.text.markup import one_line, plain

__all__ = ["Metadata", "read_metadata"]

MOST_META = 500
MOST_H1 = 10
MOST_PARTS = 20

_TITLES = ("og:title", "twitter:title", "dc.title", "sailthru.title", "parsely-title")
_SECTIONS = ("article:section", "og:article:section", "section", "parsely-section")


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What the page says about itself."""

    title: str = ""
    page_title: str = ""
    """The text of ``<title>``, as it stands."""
    h1: str = ""
    """The first h1."""
    published: datetime | None = None
    published_from: PublishedFrom | None = None
    author: str | None = None
    language: str | None = None
    canonical: str | None = None
    article_body: str = ""
    """The text in the JSON-LD, as lines."""
    jsonld_article: bool = False
    jsonld_list: bool = False
    """It sells or lists (and has no article)."""
    says_published: bool = False
    """It has a date of publication, or a section, among its meta elements."""
    og_article: bool = False
    og_other: Literal["", "site", "product"] = ""
    """What else its og:type says that it is."""
    origins: dict[str, str] = {}
    """Which places of the page say its title, author, language and canonical address."""
    guard: str = ""
    """What guards the page: "challenge", "consent" or "script"; not looked for in an article."""


def read_metadata(
    root: html.HtmlElement, url: str, fetched_at: datetime | None = None
) -> Metadata:
    """Return what a page at ``url`` says about itself. Reads the tree, changes nothing.

    No date after ``fetched_at`` is believed; None believes all.
    """
    meta = _meta(root)
    linked = linked_data(root, url)
    h1s = list(_headings(root))
    page_title = _text(root.find(".//title"))
    headline = _first(linked.article.get("headline"), linked.article.get("name"))
    og = one_line(next((meta[name] for name in _TITLES if meta.get(name)), ""), 400)
    names = names_of(meta.get("og:site_name", ""), url)
    title = choose_title(h1s, headline, og, page_title, names)
    language = choose_language(
        (said for _, said in _languages(root, meta, linked)), f"{title} {page_title}"
    )
    asked = Asked(url=url, title=title, language=language, fetched_at=fetched_at)
    published, source = choose_published(root, meta, linked, asked)
    article = bool(linked.types & ARTICLES or linked.article)
    dated = any(meta.get(name) for name in (*PUBLISHED[:12], *_SECTIONS))
    kind = meta.get("og:type", "").strip().lower().removeprefix("og:")
    author, author_from = choose_author(root, meta, linked, names)
    canonical, canonical_from = _canonical(root, meta, url)
    heads = (*(("h1", one.text) for one in h1s), ("jsonld", headline), ("og", og))
    return Metadata(
        title=title,
        page_title=page_title,
        h1=h1s[0].text if h1s else "",
        published=published,
        published_from=source,
        author=author,
        language=language,
        canonical=canonical,
        origins={
            "title": said_by(title, (*heads, ("title", page_title))),
            "author": author_from,
            "language": said_by((language or "")[:2], _languages(root, meta, linked)),
            "canonical": canonical_from,
        },
        article_body=plain(" \n".join(strings(linked.article.get("articleBody")))),
        jsonld_article=article,
        jsonld_list=bool(linked.types & LISTS) and not linked.article,
        says_published=dated,
        guard="" if article or dated else guard_of(root),
        og_article=kind == "article",
        og_other="site" if kind == "website" else "product" if kind[:7] == "product" else "",
    )


def _meta(root: html.HtmlElement) -> dict[str, str]:
    """Return the first content of each meta element, by its lower-case name."""
    found: dict[str, str] = {}
    for element in islice(root.iter("meta"), MOST_META):
        name = (
            element.get("property")
            or element.get("name")
            or element.get("itemprop")
            or element.get("http-equiv")
        )
        content = (element.get("content") or "").strip()
        if name and content:
            found.setdefault(name.strip().lower()[:100], content[:2000])
    return found


def _text(element: html.HtmlElement | None) -> str:
    """Return an element's text as one line."""
    if element is None:
        return ""
    return " ".join("".join(islice(element.itertext(), 50))[:2000].split())


def _headings(root: html.HtmlElement) -> Iterator[Heading]:
    """Yield the h1 elements that have text, with the texts of the elements in them."""
    for element in islice(root.iter("h1"), MOST_H1):
        text = _text(element)
        if text:
            inside = islice(element.iterdescendants(), MOST_PARTS)
            yield Heading(text=text, parts=tuple(filter(None, map(_text, inside))))


def _first(*values: object) -> str:
    """Return the first string there is, as one line."""
    return next((one_line(text, 400) for value in values for text in strings(value)[:1]), "")


def _languages(
    root: html.HtmlElement, meta: dict[str, str], linked: LinkedData
) -> Iterator[tuple[str, str]]:
    """Yield where the page gives its language, and which, the surest place first."""
    element = root if root.tag == "html" else root.find(".//html")
    if element is not None:
        yield "html lang", element.get("lang") or element.get("xml:lang") or ""
    yield "og", meta.get("og:locale", "")
    yield from (("jsonld", text) for text in strings(linked.article.get("inLanguage"))[:1])
    for name in ("content-language", "dc.language", "language"):
        yield "meta", meta.get(name, "")


def _canonical(root: html.HtmlElement, meta: dict[str, str], url: str) -> tuple[str | None, str]:
    """Return the address that the page calls its own, and where: of the same site, with a path."""
    links = (
        element.get("href") or ""
        for element in islice(root.iter("link"), MOST_META)
        if "canonical" in (element.get("rel") or "").lower().split()
    )
    said = (*(("link", href) for href in islice(links, 1)), ("og", meta.get("og:url", "")))
    for place, href in said:
        try:
            whole: str = urljoin(url, href.strip()[:2048])
        except ValueError:
            continue
        parts = split(whole)
        inside = parts.scheme in {"http", "https"} and site_of(whole) == site_of(url)
        if href and inside and parts.path.strip("/"):
            return whole, place
    return None, ""
