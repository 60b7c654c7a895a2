"""What a page says about itself, read once from its tree before the text is taken out of it."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from urllib.parse import urljoin

import msgspec
from lxml import html

from workers.model.article import PublishedFrom
from workers.pages.authors import choose_author
from workers.pages.dates import date_in_url, has_time, read_date
from workers.pages.jsonld import ARTICLES, LISTS, LinkedData, linked_data, strings
from workers.pages.sites import site_of, split
from workers.pages.titles import choose_title, names_of
from workers.text.markup import one_line, plain

__all__ = ["Metadata", "read_metadata"]

MOST_META = 500
MOST_ELEMENTS = 200

_PUBLISHED = (
    "article:published_time", "og:article:published_time", "og:published_time", "published_time",
    "article:published", "article.published", "datepublished", "date_published", "publish-date",
    "publish_date", "publishdate", "pubdate", "pub_date", "publication_date", "publicationdate",
    "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "cxenseparse:publishtime",
    "shareaholic:article_published_time", "rnews:datepublished", "dcterms.created",
    "dcterms.issued", "dcterms.date", "dc.date.issued", "dc.date.created", "dc.date",
    "citation_publication_date", "originalpublicationdate", "article_date_original",
    "vr:published_time", "dateissued", "date", "displaydate", "timestamp",
)  # fmt: skip
_TITLES = ("og:title", "twitter:title", "dc.title", "sailthru.title", "parsely-title")
_SECTIONS = ("article:section", "og:article:section", "section", "parsely-section")
_MARKED = re.compile(r"publi|posted|entry-date|dateline|date|time", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*", re.IGNORECASE)


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


def read_metadata(root: html.HtmlElement, url: str) -> Metadata:
    """Return what a page at ``url`` says about itself. Reads the tree, changes nothing."""
    meta = _meta(root)
    linked = linked_data(root)
    h1s = [text for text in islice(map(_text, root.iter("h1")), 10) if text]
    page_title = _text(root.find(".//title"))
    published, source = _published(root, meta, linked, url)
    names = names_of(meta.get("og:site_name", ""), url)
    headline = _first(linked.article.get("headline"), linked.article.get("name"))
    og = next((meta[name] for name in _TITLES if meta.get(name)), "")
    return Metadata(
        title=choose_title(h1s, headline, one_line(og, 400), page_title, names),
        page_title=page_title,
        h1=h1s[0] if h1s else "",
        published=published,
        published_from=source,
        author=choose_author(root, meta, linked),
        language=_language(root, meta, linked),
        canonical=_canonical(root, meta, url),
        article_body=plain(" \n".join(strings(linked.article.get("articleBody")))),
        jsonld_article=bool(linked.types & ARTICLES or linked.article),
        jsonld_list=bool(linked.types & LISTS) and not linked.article,
        says_published=any(meta.get(name) for name in (*_PUBLISHED[:12], *_SECTIONS)),
        og_article=meta.get("og:type", "").strip().lower() in {"article", "og:article"},
    )


def _meta(root: html.HtmlElement) -> dict[str, str]:
    """Return the first content of each meta element, by its lower-case name."""
    found: dict[str, str] = {}
    for element in islice(root.iter("meta"), MOST_META):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        content = (element.get("content") or "").strip()
        if name and content:
            found.setdefault(name.strip().lower()[:100], content[:2000])
    return found


def _text(element: html.HtmlElement | None) -> str:
    """Return an element's text as one line."""
    if element is None:
        return ""
    return " ".join("".join(islice(element.itertext(), 50))[:2000].split())


def _first(*values: object) -> str:
    """Return the first string there is, as one line."""
    return next((one_line(text, 400) for value in values for text in strings(value)[:1]), "")


def _published(
    root: html.HtmlElement, meta: dict[str, str], linked: LinkedData, url: str
) -> tuple[datetime | None, PublishedFrom | None]:
    """Return the date and where it was said: the first, or one of the same day with a time."""
    best: tuple[datetime, PublishedFrom] | None = None
    for text, source in _dates(root, meta, linked):
        moment = read_date(text)
        if moment is None:
            continue
        if has_time(text):
            near = best is None or abs(best[0] - moment) < timedelta(hours=36)
            return (moment, source) if near or best is None else best
        best = best or (moment, source)
    if best:
        return best
    in_url = date_in_url(url)
    if in_url:
        return in_url, "url"
    guessed = _guessed(root)
    return guessed, "guessed" if guessed else None


def _dates(
    root: html.HtmlElement, meta: dict[str, str], linked: LinkedData
) -> Iterator[tuple[str, PublishedFrom]]:
    """Yield what may be the date of publication, the surest first."""
    for name in ("datePublished", "dateCreated", "uploadDate"):
        yield from ((text, "jsonld") for text in strings(linked.article.get(name))[:1])
    yield from ((meta[name], "meta") for name in _PUBLISHED if name in meta)
    times: list[str] = []
    for element in islice(root.iter("time", "span", "abbr", "div", "p", "meta"), 5_000):
        if "datepublished" in (element.get("itemprop") or "").lower():
            yield element.get("datetime") or element.get("content") or _text(element), "microdata"
        elif element.tag == "time" and len(times) < MOST_ELEMENTS:
            written = element.get("datetime") or _text(element)
            sure = element.get("pubdate") is not None or _MARKED.search(element.get("class") or "")
            times.insert(0 if sure and not times else len(times), written)
    yield from ((text, "time") for text in times[:1])


def _guessed(root: html.HtmlElement) -> datetime | None:
    """Return what htmldate finds in the markup alone."""
    from workers.pages.libraries import date_of  # noqa: PLC0415 - it takes long to load

    try:
        found = date_of(root)
    except Exception:  # noqa: BLE001 - a library's guess at hostile markup must not cost the page
        return None
    return read_date(found) if found else None


def _language(root: html.HtmlElement, meta: dict[str, str], linked: LinkedData) -> str | None:
    """Return the language tag that the page gives itself."""
    element = root if root.tag == "html" else root.find(".//html")
    said: list[str] = [
        (element.get("lang") or element.get("xml:lang") or "") if element is not None else "",
        meta.get("og:locale", ""),
        *strings(linked.article.get("inLanguage")),
        meta.get("content-language", ""),
        meta.get("language", ""),
    ]
    for text in said:
        found = _LANGUAGE.fullmatch(text.strip()[:35])
        if found:
            return found[0].replace("_", "-")
    return None


def _canonical(root: html.HtmlElement, meta: dict[str, str], url: str) -> str | None:
    """Return the address that the page calls its own, if it is of the same site and has a path."""
    links = (
        element.get("href") or ""
        for element in islice(root.iter("link"), MOST_META)
        if "canonical" in (element.get("rel") or "").lower().split()
    )
    for href in (*islice(links, 1), meta.get("og:url", "")):
        try:
            whole: str = urljoin(url, href.strip()[:2048])
        except ValueError:
            continue
        parts = split(whole)
        inside = parts.scheme in {"http", "https"} and site_of(whole) == site_of(url)
        if href and inside and parts.path.strip("/"):
            return whole
    return None
