# ruff: noqa: RUF001 - letters of other alphabets are meant
"""Who wrote it: JSON-LD, then meta elements, then what the page marks or words as a byline."""

import re
from collections.abc import Iterator
from html import unescape
from itertools import islice, takewhile
from typing import cast

from lxml import html

from workers.pages.dates import read_moment
from workers.pages.jsonld import LinkedData, strings
from workers.pages.months import MONTHS
from workers.pages.titles import is_name

__all__ = ["choose_author"]

LONGEST = 200
LONGEST_NAME = 80
MOST = 8
MOST_WORDS = 6
"""Words of the longest name that is read off a page; longer texts say something else."""
MOST_ELEMENTS = 5_000
AFTER = 80
"""Elements after the headline in which a line that opens with "by" is looked for."""

_BY_WORDS = (
    "by", "written by", "reported by", "posted by", "published by", "authored by", "text by",
    "story by", "words by", "report by", "reporting by", "recipe by", "article by", "author",
    "authors", "view all posts by", "posts by", "more from", "von", "text von", "ein bericht von",
    "geschrieben von", "autor", "autorin", "autoren", "par", "rédigé par", "publié par",
    "écrit par", "propos recueillis par", "auteur", "por", "escrito por", "publicado por",
    "redactado por", "autora", "redação", "da redação", "di", "a cura di", "scritto da",
    "autore", "door", "geschreven door", "av", "skrevet av", "skriven av", "tekst", "text", "af",
    "skrevet af", "kirjoittanut", "kirjoittaja", "teksti", "przez", "napisał", "napisała",
    "opracował", "tekst i", "napsal", "napsala", "připravil", "szerző", "írta", "scris de",
    "napisao", "napisala", "piše", "avtor", "автор", "авторы", "от", "текст", "автори",
    "од", "пише", "аўтар", "συντάκτης", "του", "της", "γράφει ο", "γράφει η", "yazan", "yazar",
    "haber", "tarafından", "müəllif", "oleh", "penulis", "reporter", "laporan", "tác giả", "bởi",
    "بقلم", "كتب", "كتبت", "الكاتب", "إعداد", "نویسنده", "تحریر", "מאת", "כתב", "כתבה", "लेखक",
    "द्वारा", "লেখক", "โดย", "ผู้เขียน", "作者", "记者", "記者", "文", "撰文", "編集", "執筆",
    "著者", "글", "기자", "texte", "autorius", "parengė", "autors", "imeandikwa na", "höfundur",
    "eftir", "nga",
)  # fmt: skip
"""What stands before a name, in the languages of the press."""
_BY = re.compile(
    rf"\A\W*(?:{'|'.join(map(re.escape, sorted(_BY_WORDS, key=len, reverse=True)))})"
    r"(?:\s*[:：/]\s*|\s+|\Z)",
    re.IGNORECASE,
)
_END = re.compile(
    r"(?:\s*[|•·(\n]|\s+[-–—]\s+(?=[^-–—]*\d)|\s*[,;]\s+(?=\d|senior |staff |contribut|special )"
    r"|\s+\b(?:updated|published|posted|reviewed|fact[ -]checked|edited|last modified|says)\b"
    r"|,?\s+\d{1,2}[:./]|,?\s*\b\d{4}\b).*\Z",
    re.DOTALL | re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:about|comments?|contact|follow|join(?:ed)?|more|photo|quelle|read|share|sign|source|"
    r"subscribe|tags?|view|written|updated|last|min)\b",
    re.IGNORECASE,
)
"""How what stands beside a name on a page begins."""
_META = ("author", "article:author", "dc.creator", "dcterms.creator", "parsely-author",
         "sailthru.author", "byl", "citation_author", "cxenseparse:author", "og:article:author",
         "article.author", "authors", "rbauthors", "twitter:data1")  # fmt: skip
_BYLINE = re.compile(
    r"(?:^|[\s_-])(?:byline|by-line|author|authors)(?:$|[\s_-]|__?name|-name|name)", re.IGNORECASE
)
_NOT_BYLINE = re.compile(r"comment|related|bio\b|avatar|share|follow|social", re.IGNORECASE)
_NONE = frozenset(
    {
        "admin", "administrator", "anonymous", "author", "content", "contributor", "editor",
        "editorial", "editors", "guest", "moderator", "n/a", "newsroom", "none", "null",
        "redaction", "redaktion", "redakcja", "redacción", "redazione", "root", "rédaction",
        "staff", "super user", "superuser", "undefined", "unknown", "user", "webmaster",
        "wordpress", "редакция",
    }
)  # fmt: skip
_LOGIN = re.compile(r"[a-z0-9]+[._-][a-z0-9._-]*|\w*\d\w*")
"""A name that people log in with: second to any other."""
_AND = re.compile(
    r"\s*(?:[,;、，·]|\s(?:and|und|et|y|e|en|og|och|ja|i|oraz|a|és|și|и|и|і|ve|dan|və|ו)\s|&)\s*"
)
_JOINED = re.compile(rf"\A(?:by|written|posted)\s|{_AND.pattern}", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


def choose_author(
    root: html.HtmlElement,
    meta: dict[str, str],
    linked: LinkedData,
    house: tuple[str, ...],
) -> tuple[str | None, str]:
    """Return the names of the authors, joined by commas, and the place that says so.

    The place is ``jsonld``, ``meta``, ``byline`` (an element marked as one) or ``words`` (a line
    that reads like one). None and "" if the page names nobody.

    ``house`` are the names of the site. The house itself, and names to log in with, are taken
    only where the page says that they wrote it and nothing else is named.
    """
    publisher = linked.article.get("publisher")
    if isinstance(publisher, dict):
        house = (*house, *strings(cast("dict[str, object]", publisher).get("name"))[:1])
    second: tuple[list[str], str] = ([], "")
    for place, found in _places(root, meta, linked):
        names = list(dict.fromkeys(name for name, _ in found))
        real = [
            name
            for name, person in dict.fromkeys(found)
            if not _LOGIN.fullmatch(name) and (person or not is_name(name, house))
        ]
        if real:
            return ", ".join(dict.fromkeys(real))[:LONGEST], place
        if names and place != "words" and not second[0]:
            second = (names, place)
    return ", ".join(second[0])[:LONGEST] or None, second[1]


_Name = tuple[str, bool]
"""A name, and whether it is said to be a person's."""


def _places(
    root: html.HtmlElement, meta: dict[str, str], linked: LinkedData
) -> Iterator[tuple[str, list[_Name]]]:
    """Yield the names of each place, the surest first."""
    yield "jsonld", list(_named(linked.article.get("author"), linked))
    for key in _META:
        if key in meta and (key != "twitter:data1" or "writ" in meta.get("twitter:label1", "")):
            yield "meta", [(name, False) for name in _people(meta[key])]
    for marked in _marked(root):
        yield "byline", [(name, False) for name in marked]
    yield "words", [(name, False) for name in _worded(root)]


def _named(value: object, linked: LinkedData) -> Iterator[_Name]:
    """Yield the names in a JSON-LD author: strings, objects, references, or lists of these."""
    items = cast("list[object]", value)[:MOST] if isinstance(value, list) else [value]
    for item in items:
        names: object = item
        person = False
        if isinstance(item, dict):
            node = cast("dict[str, object]", item)
            node = node if node.get("name") else linked.by_id.get(str(node.get("@id")), node)
            names = node.get("name")
            person = "Person" in strings(node.get("@type"))
        for name in strings(names)[:MOST]:
            whole = " ".join(name[:LONGEST].split())
            if person and _is_full(whole) and not _JOINED.search(whole) and whole == _cut(whole):
                yield whole, True  # "Di Maria" is a name here, and no byline
            else:
                yield from ((one, person) for one in _people(name))


def _people(text: str) -> list[str]:
    """Return the names that a text lists, without the titles behind them."""
    whole = _clean(text)
    parts = [part for part in _AND.split(whole) if part][:MOST]
    full = [name for part in takewhile(_is_full, parts) if (name := _clean(part))]
    if len(parts) > 1 and full:
        return full
    return [whole] if 0 < len(whole) <= LONGEST_NAME else []


def _is_full(name: str) -> bool:
    """Say whether a text looks like a whole name: two words or more with a capital each."""
    words = name.split()
    return 1 < len(words) <= MOST_WORDS and words[0][:1].isupper() and words[-1][:1].isupper()


def _marked(root: html.HtmlElement) -> Iterator[list[str]]:
    """Yield the names in what the page marks as its authors: by relation, microdata, class."""
    kinds: tuple[list[str], list[str], list[str]] = ([], [], [])
    for element in islice(root.iter("a", "span", "div", "p", "address", "li"), MOST_ELEMENTS):
        mark = element.get("class") or ""
        if "author" in (element.get("rel") or "").lower().split():
            kind = 0
        elif (element.get("itemprop") or "").lower() == "author":
            kind = 1
        elif _BYLINE.search(mark):
            kind = 2
        else:
            continue
        if len(kinds[kind]) < MOST and not _NOT_BYLINE.search(mark):
            kinds[kind].extend(_signed(element))
    for texts in kinds:
        yield texts[:3]


def _signed(element: html.HtmlElement) -> list[str]:
    """Return the names in a byline: its first, and more that are joined to it by a word or comma.

    What stands in elements of their own (a date, a role, a number of comments) is no part of it.
    """
    names: list[str] = []
    joined = True
    for piece in islice(element.itertext(), 20):
        text = " ".join(piece.split())
        if not text:
            continue
        found = [one for one in _people(text) if _is_short(one)]
        if found and joined:
            names += found
            joined = bool(_AND.search(text[-2:]))
        elif not found:
            joined = not names or bool(_AND.fullmatch(f" {text} "))
    return names[:MOST]


def _is_short(name: str) -> bool:
    """Say whether a text beside a mark may be a name, and is no label or sentence."""
    words = name.split()
    lower = len(words) > 1 and words[0][:1].islower() and words[-1][:1].islower()
    return len(words) <= MOST_WORDS and not lower and not _LABEL.match(name)


def _worded(root: html.HtmlElement) -> list[str]:
    """Return the names in the first short line after the headline that opens with "by"."""
    headline = False
    left = AFTER
    opened = False
    for element in islice(root.iter(), 2 * MOST_ELEMENTS):
        headline = headline or element.tag == "h1"
        if not headline:
            continue
        left -= 1
        if left < 0:
            break
        for piece in (element.text, element.tail):
            text = " ".join(piece.split()) if piece and len(piece) < 2 * LONGEST else ""
            if not text or element.tag in {"script", "style"}:
                continue
            by = _BY.match(text)
            if (by and len(text) <= LONGEST_NAME) or opened:
                names = [name for name in _people(text) if _is_full(name)]
                if names:
                    return names
            opened = bool(by) and by is not None and not text[by.end() :].strip()
    return []


def _cut(line: str) -> str:
    """Return a line up to what stands behind a name: a date, a role, what was done with it."""
    return _END.sub("", line).strip(" ,;:-–—|@/")


def _clean(text: str) -> str:
    """Return a name without "by", dates and addresses; "" for what cannot be one."""
    line = " ".join(unescape(text[: 4 * LONGEST]).split())
    for _ in range(2):
        line = _BY.sub("", line)
    line = _cut(line)
    if not line or len(line) > LONGEST or "://" in line or "@" in line or "{" in line:
        return ""
    words = line.casefold().replace(",", " ").split()
    if all(word.isdigit() or word.strip(".") in MONTHS for word in words):
        return ""
    if line.casefold() in _NONE or not _WORD.search(line) or "www." in line.lower():
        return ""
    return "" if read_moment(line) or len(line) < 2 - bool(_CJK.search(line)) else line
