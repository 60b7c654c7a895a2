"""When a page was published: what it says to machines, then its address, then what readers see."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

import msgspec
from lxml import html

from workers.model.article import PublishedFrom
from workers.pages.dates import Moment, date_in_url, read_moment
from workers.pages.jsonld import LinkedData, strings

__all__ = ["PUBLISHED", "Asked", "choose_published"]

PUBLISHED = (
    "article:published_time", "og:article:published_time", "og:published_time", "published_time",
    "article:published", "article.published", "datepublished", "date_published", "publish-date",
    "publish_date", "publishdate", "pubdate", "pub_date", "publication_date", "publicationdate",
    "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "cxenseparse:publishtime",
    "shareaholic:article_published_time", "rnews:datepublished", "dcterms.created",
    "dcterms.issued", "dcterms.date", "dc.date.issued", "dc.date.created", "dc.date",
    "citation_publication_date", "originalpublicationdate", "article_date_original",
    "vr:published_time", "dateissued", "date", "displaydate", "timestamp",
)  # fmt: skip
"""Names of meta elements that hold the date of publication, the surest first."""
NEAR = timedelta(hours=36)
"""Two dates that lie closer than this tell one day, in two zones or without one."""
AHEAD = timedelta(days=1)
"""How far behind the time of fetching a date may lie: a bare date of tomorrow's zone."""
MOST_TIMES = 20
MOST_ELEMENTS = 5_000
LONGEST_LINE = 90
"""Characters of a line that is taken for a date, not for a sentence with one."""
BEFORE, AFTER = 30, 80
"""How many elements before and after the headline such a line is looked for."""
TOGETHER = 12
"""How many elements apart "published" and "updated" stand; the earlier is the first of them."""

_MARKED = re.compile(r"publi|posted|entry-date|dateline|date|time", re.IGNORECASE)
_CHANGED = re.compile(
    r"updat|modif|edited|corrected|aktualis|aktuali[sz]ov|geändert|mis(?:e)? à jour|actuali[sz]a"
    r"|atualizad|aggiornat|bijgewerkt|uppdatera|opdatere|oppdatert|päivitet|zaktuali|güncelle"
    r"|обновл|изменен|оновлен|تحديث|עודכן|更新|수정|업데이트",
    re.IGNORECASE,
)
"""Says, as a name or before a date, that the page was changed then."""
_YEAR = re.compile(r"(?:19|20|25)\d\d(?!\d)|[\u0661-\u0669\u06f1-\u06f9]{2}", re.ASCII)
_RIGHTS = re.compile(r"©|\(c\)|copyright|rights reserved", re.IGNORECASE)
_CHROME = frozenset({"aside", "footer", "form", "nav", "script", "style", "noscript", "select",
                     "template", "textarea", "title"})  # fmt: skip
_HEADINGS = frozenset({"h1", "h2"})


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the page whose date is asked for."""

    url: str
    title: str = ""
    language: str | None = None
    fetched_at: datetime | None = None
    """When it was fetched: what lies later is no date of publication. None: not known."""


_Dated = tuple[datetime | None, PublishedFrom | None]


def choose_published(
    root: html.HtmlElement, meta: dict[str, str], linked: LinkedData, asked: Asked
) -> _Dated:
    """Return when the page was published, and where that is from.

    The surest place that names a possible date decides the day; another that names about the same
    one decides the time of day if it has what the first lacks, a time or its zone. The time of
    fetching is never taken. What is only read off the page is marked as guessed.
    """
    best: tuple[Moment, PublishedFrom] | None = None
    for text, source in _said(root, meta, linked):
        found = _possible(text, asked)
        if found is None:
            continue
        if best is None or (found.exact > best[0].exact and abs(found.at - best[0].at) < NEAR):
            best = found, source
        if best[0].exact > 1:
            break
    in_url = date_in_url(asked.url)
    if in_url and not _is_later(in_url, asked):
        sure = best and (best[1] != "time" or abs(best[0].at - in_url) < NEAR)
        if not sure:
            return in_url, "url"
    if best:
        return best[0].at, best[1]
    guessed = _seen(root, asked) or _guessed(root, asked)
    return guessed, "guessed" if guessed else None


def _possible(text: str, asked: Asked) -> Moment | None:
    found = read_moment(text, asked.language)
    return None if found is None or _is_later(found.at, asked) else found


def _is_later(at: datetime, asked: Asked) -> bool:
    return asked.fetched_at is not None and at > asked.fetched_at + AHEAD


def _said(
    root: html.HtmlElement, meta: dict[str, str], linked: LinkedData
) -> Iterator[tuple[str, PublishedFrom]]:
    """Yield what may be the date of publication, the surest first."""
    for name in ("datePublished", "dateCreated", "uploadDate"):
        yield from ((text, "jsonld") for text in strings(linked.article.get(name))[:1])
    yield from ((meta[name], "meta") for name in PUBLISHED if name in meta)
    times: list[_Time] = []
    elements = islice(root.iter("time", "span", "abbr", "div", "p", "meta"), MOST_ELEMENTS)
    for order, element in enumerate(elements):
        if "datepublished" in (element.get("itemprop") or "").lower():
            text = element.get("datetime") or element.get("content") or _text(element)
            yield text, "microdata"
        elif element.tag == "time" and len(times) < MOST_TIMES:
            text = element.get("datetime") or element.get("content") or _text(element)
            sure = element.get("pubdate") is not None or _MARKED.search(element.get("class") or "")
            times.append(_Time(order, text, bool(sure), _is_change(element)))
    yield from ((text, "time") for text in _in_turn(times))


class _Time(NamedTuple):
    """A ``<time>`` of the page."""

    order: int
    text: str
    sure: bool
    """Named as a date."""
    changed: bool
    """It tells when the page was changed."""


def _in_turn(times: list[_Time]) -> Iterator[str]:
    """Yield the likeliest times: those of changes last, unless the other is something else's.

    A time far behind a change, or later than it, is of a comment or of another article.
    """
    first = [one for one in times if one.sure and not one.changed][:1]
    plain = next((one for one in times if not one.sure and not one.changed), None)
    change = next((one for one in times if one.changed), None)
    if change and (plain is None or _is_strange(plain, change)):
        plain = change
    yield from (one.text for one in (*first, plain) if one)


def _is_strange(one: _Time, change: _Time) -> bool:
    at, changed_at = read_moment(one.text), read_moment(change.text)
    later = at is not None and changed_at is not None and at.at > changed_at.at
    return later or one.order - change.order > TOGETHER


def _is_change(element: html.HtmlElement) -> bool:
    """Say whether a ``<time>`` tells of a change: by its names, or by the words before it."""
    above, before = element.getparent(), element.getprevious()
    named = element.get("class") or ""
    said = [element.get("itemprop"), "" if "publi" in named else named]
    if above is not None:
        said.append(above.get("class") if len(above) == 1 else None)
        words = "" if before is None else (before.tail or "").strip() or _text(before)
        said.append(above.text if before is None else words)
    return any(_CHANGED.search(words[-60:]) for words in said if words)


def _text(element: html.HtmlElement) -> str:
    return "".join(islice(element.itertext(), 20))


def _seen(root: html.HtmlElement, asked: Asked) -> datetime | None:
    """Return the date that stands by the headline, as readers see it; None if none does."""
    wanted = "".join(asked.title.split()).casefold()
    headline: int | None = None
    found: list[tuple[int, datetime]] = []
    for order, element in enumerate(islice(root.iter(), 2 * MOST_ELEMENTS)):
        if headline is not None and order > headline + AFTER:
            break
        if headline is None and element.tag in _HEADINGS and _is_headline(element, wanted):
            headline = order
        for text in (element.text, element.tail):
            if text and _YEAR.search(text) and len(text := " ".join(text.split())) <= LONGEST_LINE:
                moment = None if _RIGHTS.search(text) else _possible(text, asked)
                if moment and not _in_chrome(element):
                    found.append((order, moment.at))
    if headline is None:
        return None
    after = [(order, at) for order, at in found if order >= headline]
    near = after or [(order, at) for order, at in found if order >= headline - BEFORE][-1:]
    return min((at for order, at in near if order <= near[0][0] + TOGETHER), default=None)


def _is_headline(element: html.HtmlElement, wanted: str) -> bool:
    text = "".join(_text(element).split()).casefold()
    return bool(text and wanted) and (text in wanted or wanted in text)


def _in_chrome(element: html.HtmlElement) -> bool:
    return element.tag in _CHROME or any(above.tag in _CHROME for above in element.iterancestors())


def _guessed(root: html.HtmlElement, asked: Asked) -> datetime | None:
    """Return what htmldate finds in the markup alone."""
    from workers.pages.libraries import date_of  # noqa: PLC0415 - it takes long to load

    try:
        found = date_of(root)
    except Exception:  # noqa: BLE001 - a library's guess at hostile markup must not cost the page
        return None
    moment = _possible(found, asked) if found else None
    return moment.at if moment else None
