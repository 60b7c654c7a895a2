"""Who wrote it: JSON-LD, then meta elements, then what the page marks as a byline."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import cast

from lxml import html

from workers.pages.jsonld import LinkedData

__all__ = ["choose_author"]

LONGEST = 200
MOST = 8

_BY = re.compile(
    r"\A\W*(?:(?:written|reported|posted)\s+)?(?:by|von|par|por|di|door|av|af|autor|author)\b\s*:?\s+",
    re.IGNORECASE,
)
_END = re.compile(r"\s*(?:[|•·]|\n|\bUpdated\b|\bPublished\b|,?\s+\d{1,2}[:./]).*\Z", re.DOTALL)
_META = ("author", "article:author", "dc.creator", "dcterms.creator", "parsely-author",
         "sailthru.author", "byl", "citation_author", "cxenseparse:author", "og:article:author",
         "article.author", "authors", "rbauthors")  # fmt: skip
_BYLINE = re.compile(
    r"(?:^|[\s_-])(?:byline|by-line|author|authors)(?:$|[\s_-]|__?name|-name|name)", re.IGNORECASE
)
_NONE = frozenset({"admin", "administrator", "editor", "staff", "author", "redaktion", "null"})


def choose_author(root: html.HtmlElement, meta: dict[str, str], linked: LinkedData) -> str | None:
    """Return the names of the authors, joined by commas; None if the page names none."""
    names = _named(linked.article.get("author"), linked)
    if not names:
        names = [name for key in _META if (name := _clean(meta.get(key, "")))][:1]
    if not names:
        names = list(dict.fromkeys(islice(_marked(root), MOST)))[:3]
    return ", ".join(dict.fromkeys(names))[:LONGEST] or None


def _named(value: object, linked: LinkedData) -> list[str]:
    """Return the names in a JSON-LD author: strings, objects, references, or lists of these."""
    items = cast("list[object]", value)[:MOST] if isinstance(value, list) else [value]
    found: list[str] = []
    for item in items:
        name: object = item
        if isinstance(item, dict):
            node = cast("dict[str, object]", item)
            name = node.get("name") or linked.by_id.get(str(node.get("@id")), {}).get("name")
        if isinstance(name, list):
            name = ", ".join(one for one in name[:MOST] if isinstance(one, str))
        if isinstance(name, str) and (clean := _clean(name)):
            found.append(clean)
    return found


def _marked(root: html.HtmlElement) -> Iterator[str]:
    """Yield the texts that the page marks as names of its authors, the surest marks first."""
    kinds: tuple[list[str], list[str], list[str]] = ([], [], [])
    for element in islice(root.iter("a", "span", "div", "p", "address", "li"), 5_000):
        if "author" in (element.get("rel") or "").lower().split():
            kind = 0
        elif (element.get("itemprop") or "").lower() == "author":
            kind = 1
        elif _BYLINE.search(element.get("class") or ""):
            kind = 2
        else:
            continue
        text = _clean("".join(islice(element.itertext(), 20)))
        if text and len(kinds[kind]) < MOST:
            kinds[kind].append(text)
    yield from next((texts for texts in kinds if texts), [])


def _clean(text: str) -> str:
    """Return a name without "by", dates and addresses; "" for what cannot be one."""
    line = " ".join(_END.sub("", text[: 4 * LONGEST].strip()).split())
    line = _BY.sub("", line).strip(" ,;:-–—|@")  # noqa: RUF001
    if not line or len(line) > LONGEST // 2 or "://" in line or "@" in line or "{" in line:
        return ""
    return "" if line.casefold() in _NONE or line.isdigit() else line
