"""Cue phrases: read from data, and made into expressions that open or fill a line."""

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from typing import cast

import msgspec

from workers.model.article import Cues

__all__ = ["CueBook", "book_for", "parse_cues"]

_LISTS = ("strong", "weak", "ads", "service")


def parse_cues(text: str) -> Cues:
    """Return the cues of one language, from the text of its TOML file.

    Each of ``strong``, ``weak``, ``ads`` and ``service`` is a list of tables with ``cue``, and
    with ``fires`` and ``silent``, two lines that test it.

    Raises:
        ValueError: the text is no TOML, or does not have that shape; says where.
    """
    try:
        data = tomllib.loads(text)
        return Cues(
            language=_text(data.get("language"), "language"),
            strong=_phrases(data, "strong"),
            weak=_phrases(data, "weak"),
            ads=_phrases(data, "ads"),
            service=_phrases(data, "service"),
        )
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"cue list refused: not TOML: {error}") from error


def _phrases(data: dict[str, object], name: str) -> tuple[str, ...]:
    entries = data.get(name, [])
    if not isinstance(entries, list):
        raise ValueError(f"cue list refused: {name}: must be a list of tables")  # noqa: TRY004
    found = []
    for number, entry in enumerate(cast("list[object]", entries), 1):
        where = f"{name}, entry {number}"
        if not isinstance(entry, dict):
            raise ValueError(f"cue list refused: {where}: must be a table")  # noqa: TRY004
        found.append(_text(cast("dict[str, object]", entry).get("cue"), where).lower())
    return tuple(found)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"cue list refused: {where}: text is missing")
    return value.strip()


class CueBook(msgspec.Struct, frozen=True, kw_only=True):
    """The expressions of one or more languages, each None where there is no cue."""

    opens: re.Pattern[str] | None
    """A line that begins with a strong or weak cue (R4)."""
    label: re.Pattern[str] | None
    """A line that is only a strong cue (R5)."""
    colon: re.Pattern[str] | None
    """A line that begins with a strong cue and a colon, dash or arrow (R6)."""
    tail: re.Pattern[str] | None
    """The last sentence of a paragraph, if it begins so (R6)."""
    ads: re.Pattern[str] | None
    """A line that is only an ad label (B1)."""
    service: re.Pattern[str] | None
    """A line that begins with service wording (B2)."""


_LEAD = r"[\W_]{0,6}"
_SEPARATOR = r"(?:\s?[:：»›→▶►>|｜]|\s?[–—―]|\s+-\s)"  # noqa: RUF001 - as pages write them

_ENDED = r"(?:[.!?。！？…][\"'”’»)\]]{0,3}\s+|\n\s*)"  # noqa: RUF001
"""The end of the sentence before."""


@lru_cache(maxsize=64)
def book_for(cues: tuple[Cues, ...], language: str | None) -> CueBook:
    """Return the expressions for a page in ``language``; all languages if that one has no cues."""
    primary = (language or "").lower().replace("_", "-").partition("-")[0]
    chosen = [one for one in cues if one.language == primary] or list(cues)
    strong = _either(phrase for one in chosen for phrase in one.strong)
    weak = _either(phrase for one in chosen for phrase in (*one.strong, *one.weak))
    ads = _either(phrase for one in chosen for phrase in one.ads)
    service = _either(phrase for one in chosen for phrase in one.service)
    return CueBook(
        opens=_made(weak, _LEAD, r"(?![\w-])"),
        label=_made(strong, _LEAD, r"[\W_]{0,6}\Z"),
        colon=_made(strong, _LEAD, _SEPARATOR),
        tail=_made(strong, _ENDED + "(", _SEPARATOR + r"[^\n]*)\Z"),
        ads=_made(ads, _LEAD, r"[\W_]{0,6}\Z"),
        service=_made(service, _LEAD, r"(?![\w-])"),
    )


def _either(phrases: Iterable[str]) -> str:
    """Return an alternation, the longest first; a space stands for any white space."""
    ordered = sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase))
    return "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in ordered)


def _made(alternatives: str, before: str, after: str) -> re.Pattern[str] | None:
    if not alternatives:
        return None
    return re.compile(f"{before}(?:{alternatives}){after}", re.IGNORECASE)
