"""Is a page still being written? Its JSON-LD says so, or its title or address looks like it."""

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from typing import cast
from urllib.parse import unquote

from lxml import html

from workers.model.article import Live, LiveCues
from workers.pages.dates import read_date
from workers.pages.jsonld import of_type, strings
from workers.pages.sites import split

__all__ = ["live_of", "parse_live"]

LISTS = ("titles", "phrases", "slugs", "ended")
_MARKS = r":|/–—·•.,!(){}\[\]【】「」『』：｜+*…»«"  # noqa: RUF001
_AFTER = rf"(?:\s*[{_MARKS}]|\s+-|-\s|\s*\Z)"
"""What tells a word from the rest of a title that follows; a hyphen inside of a word does not."""
_BEFORE = rf"(?:[{_MARKS}]\s*|\s-\s*|-\s+)"
_AROUND = rf"[\s{_MARKS}-]*"
_SLUG_SPLIT = re.compile(r"[/]+")
_SEPARATORS = re.compile(r"[_\s.]+")


def live_of(root: html.HtmlElement, title: str, url: str, cues: LiveCues) -> Live | None:
    """Return whether a page is live, and until when it says to be; None if it is not."""
    nodes = of_type(root, "liveblogposting")
    if nodes:
        ends = [
            moment
            for node in nodes
            for text in strings(node.get("coverageEndTime"))[:1]
            if (moment := read_date(text)) is not None
        ]
        return Live(sure=True, until=max(ends, default=None))
    return Live(sure=False) if _looks_live(title, url, cues) else None


def _looks_live(title: str, url: str, cues: LiveCues) -> bool:
    book = _book(cues)
    if book.ended and book.ended.search(title):
        return False
    if any(pattern and pattern.search(title) for pattern in (book.titles, book.phrases)):
        return True
    path = unquote(split(url).path).lower()
    parts = (_SEPARATORS.sub("-", part) for part in _SLUG_SPLIT.split(path))
    return any(book.slugs.fullmatch(part) for part in parts) if book.slugs else False


class _Book:
    """The expressions of all cues, each None where there is no cue."""

    def __init__(self, cues: LiveCues) -> None:
        titles = _either(cues.titles)
        begins, ends = rf"\A{_AROUND}{titles}{_AFTER}", rf"{_BEFORE}{titles}{_AROUND}\Z"
        self.titles = _pattern(rf"{begins}|{ends}") if cues.titles else None
        self.phrases = _pattern(rf"(?<!\w){_either(cues.phrases)}(?!\w)") if cues.phrases else None
        self.ended = _pattern(rf"(?<!\w){_either(cues.ended)}(?!\w)") if cues.ended else None
        slugs = _either(cues.slugs)
        self.slugs = _pattern(rf"{slugs}(?:-.*)?|.*-{slugs}") if cues.slugs else None


@lru_cache(maxsize=4)
def _book(cues: LiveCues) -> _Book:
    return _Book(cues)


def _either(cues: Iterable[str]) -> str:
    longest = sorted(cues, key=len, reverse=True)
    return "(?:" + "|".join(re.escape(cue).replace(r"\ ", r"\s+") for cue in longest) + ")"


def _pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.IGNORECASE)


def parse_live(text: str) -> LiveCues:
    """Return the cues by which a page looks live, from the text of their TOML file.

    Each of ``titles``, ``phrases``, ``slugs`` and ``ended`` is a list of tables with ``cue``, and
    with ``fires`` and ``silent``, which test it.

    Raises:
        ValueError: the text is no TOML, or does not have that shape; says where.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"live cues refused: not TOML: {error}") from error
    return LiveCues(**{name: _cues(data, name) for name in LISTS})


def _cues(data: dict[str, object], name: str) -> tuple[str, ...]:
    entries = data.get(name, [])
    if not isinstance(entries, list):
        raise ValueError(f"live cues refused: {name}: must be a list of tables")  # noqa: TRY004
    found = []
    for number, entry in enumerate(cast("list[object]", entries), 1):
        cue = cast("dict[str, object]", entry).get("cue") if isinstance(entry, dict) else None
        if not isinstance(cue, str) or not cue.strip():
            raise ValueError(f"live cues refused: {name}, entry {number}: cue is missing")
        found.append(cue.strip().lower())
    return tuple(found)
