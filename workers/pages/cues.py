"""Cue phrases: read from data, and looked for where a line opens.

Lines and cues are compared folded: without regard to case, accents, points and the width of
letters, and with one space for any white space, so that each cue is written down once. A cue is
found by its first two letters: a book of all languages is asked as fast as one of a single one.
"""

import re
import tomllib
from collections.abc import Iterable
from enum import IntFlag
from functools import lru_cache
from typing import cast
from unicodedata import category, normalize

from workers.model.article import Cues

__all__ = ["CueBook", "Fires", "book_for", "parse_cues"]

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
        cue = _text(cast("dict[str, object]", entry).get("cue"), where)
        if len(_opening(cue)) < 2:  # noqa: PLR2004 - found by its first two
            raise ValueError(f"cue list refused: {where}: a cue begins with two letters or more")
        found.append(cue.lower())
    return tuple(found)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"cue list refused: {where}: text is missing")
    return value.strip()


class Fires(IntFlag):
    """What a line is, by how it opens."""

    OPENS = 1
    """Begins with a strong or weak cue (R4)."""
    LABEL = 2
    """Is only a strong cue (R5)."""
    COLON = 4
    """Begins with a strong cue and a colon, dash or arrow (R6)."""
    AD = 8
    """Is only an ad label (B1)."""
    SERVICE = 16
    """Begins with service wording (B2)."""
    TOPIC = 32
    """Begins with a strong cue that names what it leads to, and ends soon (a heading: R5)."""


_NOTHING = Fires(0)
LOOKED_AT = 160
"""Characters of a line that are folded: no cue is half as long."""
PEEKED_AT = 24
"""Characters that are folded of every line: most open with the two letters of no cue."""
_KINDS = {
    "strong": Fires.OPENS | Fires.LABEL | Fires.COLON,
    "weak": Fires.OPENS,
    "ads": Fires.AD,
    "service": Fires.SERVICE,
}
_GOES_ON = Fires.OPENS | Fires.TOPIC
_LEAD = re.compile(r"[\W_]{0,8}")
_ENDS = re.compile(r"[\W_]{0,8}\Z")
_SEPARATOR = re.compile(
    r"\s?(?:[:»«›‹→←⇒➔➜➡⬅➤▶►◄▸❯>|】\]]|\?\s?:|[-=]{1,3}>|[–—―]|\.{2,4}(?=\s|\Z))|\s?-\s"  # noqa: RUF001 - as pages write them
)
_ENDED = re.compile(
    r"(?:[.!?…؟।۔][\"'”’»)\]]{0,3}\s+|[。！？][\"'”’」』）)]{0,3}\s*|\n\s*)"  # noqa: RUF001 - as above
)
"""The end of a sentence."""
_BRACKETED = re.compile(
    r"[(\[（【［]([^()\[\]（）【】［］\n]{4,})[)\]）】］]"  # noqa: RUF001 - as above
)
_NAMED = re.compile(r"\s?[^.!?。！？:;,]{1,50}\Z")  # noqa: RUF001 - as above
"""What a heading that leads elsewhere names: a place, a section, a matter."""
GOES_ON = "…"
"""Ends a cue after which a heading names what it leads to: "more from …". Inside of a cue it
stands for a few words: "follow … on whatsapp"."""
_WITHIN = re.compile(r"[^.!?。！？:;]{1,60}?")  # noqa: RUF001 - as above
"""What may stand there."""
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
"""Letters of scripts in which a space inside of a line parts what does not belong together."""
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
"""Letters of scripts that put no space after a word, or write endings to it."""


def _dropped() -> dict[int, str | int | None]:
    """Return what folding takes out of decomposed text, or writes in one way."""
    marks = (
        range(0x300, 0x370),  # accents
        range(0x591, 0x5C8),  # points of Hebrew
        range(0x64B, 0x660),  # vowels and hamza of Arabic
        (0x640, 0x670, 0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0xFE0F, 0xFEFF),
        range(0x202A, 0x202F),
        range(0x2066, 0x206A),
    )
    found: dict[int, str | int | None] = {code: None for some in marks for code in some}
    found.update(str.maketrans("’‘ʼ`´ı", "'" * 5 + "i"))  # noqa: RUF001 - as pages write them
    found.update(str.maketrans("ىیکھہ", "ييكهه"))
    return found


_DROPPED = _dropped()


def _folded(text: str) -> str:
    if text.isascii():
        return " ".join(text.casefold().replace("`", "'").split())
    bare = normalize("NFKD", text).casefold().translate(_DROPPED)
    return " ".join((bare if bare.isascii() else normalize("NFC", bare)).split())


@lru_cache(maxsize=4096)
def _opening(text: str) -> str:
    """Return the beginning of a line, folded, from its first letter or digit on."""
    folded = _folded(text)
    lead = _LEAD.match(folded)
    return folded[lead.end() :] if lead else folded


@lru_cache(maxsize=256)
def _openings(cues: Cues) -> tuple[tuple[tuple[str, str], Fires], ...]:
    """Return the cues of one language, folded, and what each can make of a line.

    A cue is how a line opens and, where it names what it leads to, how it ends.
    """
    found = []
    for name, fires in _KINDS.items():
        for cue in getattr(cues, name):
            first, _, last = cue.removesuffix(GOES_ON).partition(GOES_ON)
            kinds = _GOES_ON if cue.endswith(GOES_ON) else fires
            found.append(((_opening(first.rstrip()), _folded(last)), kinds))
    return tuple(found)


class CueBook:
    """The cues of one or more languages."""

    def __init__(self, cues: Iterable[Cues]) -> None:
        self._cues: dict[str, dict[tuple[str, str], Fires]] = {}
        for one in cues:
            for whole, kinds in _openings(one):
                some = self._cues.setdefault(whole[0][:2], {})
                some[whole] = some.get(whole, _NOTHING) | kinds

    def fires(self, text: str) -> Fires:
        """Return what a line is by its wording, of all cues that it opens with."""
        found = _NOTHING
        some = self._cues.get(_opening(text[:PEEKED_AT])[:2])
        if not some:
            return found
        opening = _opening(text[:LOOKED_AT])
        for (cue, last), kinds in some.items():
            if opening.startswith(cue):
                rest = opening[len(cue) :]
                found |= kinds & (_parted(cue, last, rest) if last else _followed(cue, rest))
        if found & Fires.COLON and self._is_in_brackets(text):
            found &= ~Fires.COLON
        return found

    def _is_in_brackets(self, text: str) -> bool:
        """Say whether only what a line has in brackets at its start leads elsewhere."""
        opening = _BRACKETED.search(text, 0, 4 * LOOKED_AT)
        return (
            opening is not None
            and not any(map(str.isalnum, text[: opening.start()]))
            and any(map(str.isalnum, text[opening.end() :]))
            and bool(self.fires(opening[1]) & Fires.COLON)
        )

    def aside(self, text: str, longest: int) -> tuple[int, int] | None:
        """Return the span of what leads elsewhere inside of a paragraph, None if nothing does.

        That is what opens with a cue and a colon, and stands in brackets, or is the last sentence.

        Args:
            text: a paragraph.
            longest: characters that it may have.
        """
        for found in _BRACKETED.finditer(text):
            if len(found[1]) <= longest and self.fires(found[1]) & Fires.COLON:
                return found.span()
        for end in _ENDED.finditer(text, max(0, len(text) - longest - 1)):
            rest = text[end.end() :]
            if "\n" not in rest and self.fires(rest) & Fires.COLON:
                return end.end(), len(text)
        return None


def _parted(cue: str, last: str, rest: str) -> Fires:
    """Return what a cue in two parts can be taken for, by what follows its first.

    One that nothing follows leads elsewhere by itself: "read more about the strike here".
    """
    if not _followed(cue, rest):
        return _NOTHING
    within = re.compile(f"{_WITHIN.pattern}{re.escape(last)}")
    found = _NOTHING
    if (end := within.match(rest)) is not None:
        found = _followed(last, rest[end.end() :])
    return found | Fires.COLON if found & Fires.LABEL else found


def _followed(cue: str, rest: str) -> Fires:
    """Return what a cue can be taken for, by what follows it."""
    spaced = _goes_on(cue[-1]) and not _UNSPACED.match(cue[-1])
    year = cue[-1:].isdigit() and rest[:2].isdigit()
    if rest and spaced and _goes_on(rest[0]) and not (year or _SEPARATOR.match(rest)):
        return _NOTHING
    found = Fires.OPENS | Fires.SERVICE
    if _ENDS.match(rest):
        found |= Fires.LABEL | Fires.AD
    if _SEPARATOR.match(rest) or (rest[:1] == " " and _HAN.match(cue[-1])):
        found |= Fires.COLON
    if _NAMED.match(rest):
        found |= Fires.TOPIC
    return found


def _goes_on(letter: str) -> bool:
    """Say whether a word goes on with this character."""
    return letter.isalnum() or letter in "-_" or category(letter).startswith("M")


_NAMES = {
    "nb": "no", "nn": "no", "iw": "he", "in": "id", "mo": "ro",
    "bs": "hr", "sh": "sr", "cnr": "sr",
}  # fmt: skip
"""Other names of languages, and the language that is nearest."""
_LATIN = 0x24F


def book_for(cues: tuple[Cues, ...], language: str | None) -> CueBook:
    """Return the cues for a page in ``language``; all of them if that one has none.

    English ones are always among them, for many sites label in English what they write in another
    language, and those of other scripts, which can mark no line of a page that is what it says.
    """
    primary = (language or "").lower().replace("_", "-").partition("-")[0]
    primary = _NAMES.get(primary, primary)
    return _book(cues, primary if any(one.language == primary for one in cues) else "")


@lru_cache(maxsize=128)
def _book(cues: tuple[Cues, ...], primary: str) -> CueBook:
    if not primary:
        return CueBook(cues)
    wanted = {primary, "en"}
    return CueBook(one for one in cues if one.language in wanted or _other_script(one))


def _other_script(cues: Cues) -> bool:
    first = next(iter((*cues.strong, *cues.service)), "a")
    return ord(first[0]) > _LATIN
