"""Characters made comparable: one spelling for what readers take for the same letter.

Two steps. `settle` maps a cluster (a character and the marks on it) to plain characters and keeps
their case; `fold` does that for a whole string and takes the case away too. What is folded:
compatibility forms (NFKC), marks on Latin, Greek, Arabic and Hebrew letters, stress marks on
Cyrillic ones, a few letters that have no decomposition, the Arabic forms of alef, ya, kaf and
ta marbuta, digits of every script. What stays: й ї ў, the marks of Indic and South-East Asian
scripts, the voicing of kana: there they make another letter.
"""

# ruff: noqa: RUF001, RUF003 -- the letters that look like others are what this is about

import unicodedata
from bisect import bisect_right
from functools import lru_cache

__all__ = ["APOSTROPHE", "Kind", "extends", "fold", "kind_of", "plain_letters", "settle"]

APOSTROPHE = "'"

Kind = str
"""One letter for what a plain character is to the tokenizer:

``l`` letter, ``h`` Hebrew letter, ``m`` mark, ``d`` digit, ``c`` a letter that is a token by
itself, ``k`` Katakana, ``'`` apostrophe, ``.`` full stop, ``g`` gershayim, ``q`` a quote that may
stand for gershayim, and a space for all that separates.
"""

_APOSTROPHES = frozenset("'`´ʹʻʼʽʾʿˈˊˋ‘’‛′＇׳ꞌ՚")
_SIGNS = {APOSTROPHE: APOSTROPHE, ".": ".", "\u05f4": "g", **dict.fromkeys('"“”„‟', "q")}
_SEPARATORS = frozenset("™℠")  # NFKC would glue the letters TM and SM to the word before
_CLUSTER_MARKS = 32
"""Marks kept on one character: normalising a long run of them costs its square."""

_SCRIPTS = (
    (0x0041, "latin"),
    (0x0370, "greek"),
    (0x0400, "cyrillic"),
    (0x0530, "other"),
    (0x0590, "hebrew"),
    (0x0600, "arabic"),
    (0x0700, "other"),
    (0x0750, "arabic"),
    (0x0780, "other"),
    (0x0870, "arabic"),
    (0x0900, "other"),
    (0x0E00, "char"),  # Thai, Lao
    (0x0F00, "other"),
    (0x1000, "char"),  # Myanmar
    (0x10A0, "other"),
    (0x1780, "char"),  # Khmer
    (0x1800, "other"),
    (0x19E0, "char"),  # Khmer symbols
    (0x1A00, "other"),
    (0x1C80, "cyrillic"),
    (0x1C90, "other"),
    (0x1D00, "latin"),
    (0x1F00, "greek"),
    (0x2000, "other"),
    (0x2C60, "latin"),
    (0x2C80, "other"),
    (0x2DE0, "cyrillic"),
    (0x2E00, "other"),
    (0x2E80, "char"),  # Han radicals
    (0x2FE0, "other"),
    (0x3005, "char"),  # 々
    (0x3006, "other"),
    (0x3007, "char"),  # 〇
    (0x3008, "other"),
    (0x3021, "char"),
    (0x302A, "other"),
    (0x3038, "char"),
    (0x303D, "other"),
    (0x3041, "char"),  # Hiragana
    (0x30A0, "katakana"),
    (0x3100, "other"),
    (0x31F0, "katakana"),
    (0x3200, "other"),
    (0x3400, "char"),  # Han
    (0x4DC0, "other"),
    (0x4E00, "char"),
    (0xA000, "other"),
    (0xA640, "cyrillic"),
    (0xA6A0, "other"),
    (0xA722, "latin"),
    (0xA800, "other"),
    (0xA9E0, "char"),  # Myanmar
    (0xAA00, "other"),
    (0xAA60, "char"),
    (0xAA80, "other"),
    (0xAB30, "latin"),
    (0xAB70, "other"),
    (0xF900, "char"),  # Han, compatibility
    (0xFB00, "latin"),
    (0xFB07, "other"),
    (0xFB1D, "hebrew"),
    (0xFB50, "arabic"),
    (0xFE00, "other"),
    (0xFE70, "arabic"),
    (0xFEFF, "other"),
    (0xFF21, "latin"),
    (0xFF5B, "other"),
    (0xFF66, "katakana"),
    (0xFFA0, "other"),
    (0x1B000, "char"),  # kana supplements
    (0x1B170, "other"),
    (0x20000, "char"),  # Han
    (0x323B0, "other"),
)
_STARTS = tuple(start for start, _ in _SCRIPTS)
_MARKLESS = frozenset({"latin", "greek", "cyrillic", "hebrew", "arabic"})
"""Scripts whose marks are dropped, as far as they did not compose with a Cyrillic letter."""
_DECOMPOSED = frozenset({"latin", "greek"})

_LETTERS = {
    "ё": "е", "Ё": "Е",
    "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i",
    "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE",
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك",
    "ة": "ه", "ۃ": "ه", "ہ": "ه", "ھ": "ه", "ە": "ه", "ۀ": "ه", "ۂ": "ه",
    "ـ": "",
}  # fmt: skip


def _script(character: str) -> str:
    place = bisect_right(_STARTS, ord(character))
    return _SCRIPTS[place - 1][1] if place else "other"


def extends(character: str) -> bool:
    """Say whether ``character`` belongs to the one before.

    True for marks, for conjoining vowels and finals of Hangul, and for halfwidth voicing marks.
    """
    if character < "\u0300":
        return False
    if "\u1160" <= character <= "\u11ff" or character in "\uff9e\uff9f":
        return True
    return unicodedata.category(character)[0] == "M"


@lru_cache(maxsize=65_536)
def settle(cluster: str) -> str:
    """Return the plain characters of ``cluster`` (a character and its marks), case kept.

    Format characters (soft hyphen, zero width, direction marks) vanish; apostrophes of every kind
    become the ASCII one.
    """
    if cluster[0] in _APOSTROPHES:
        return APOSTROPHE
    if cluster[0] in _SEPARATORS:
        return " "
    out: list[str] = []
    script = "other"
    for character in unicodedata.normalize("NFKC", cluster[: 1 + _CLUSTER_MARKS]):
        category = unicodedata.category(character)
        if category[0] == "M":
            script = script if script != "other" or out else _script(character)
            out.append("" if script in _MARKLESS or _selects(character) else character)
            continue
        script = _script(character)
        out.append(_settle_one(character, script, category))
    return "".join(out)


def _selects(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or character >= "\U000e0100"


def _settle_one(character: str, script: str, category: str) -> str:
    if character in _APOSTROPHES:
        return APOSTROPHE
    if category == "Cf":
        return ""
    if category == "Nd":
        return str(unicodedata.digit(character))
    if script in _DECOMPOSED:
        character = unicodedata.normalize("NFD", character)[0]
    return _LETTERS.get(character, character)


def plain_letters(text: str) -> tuple[str, list[int], list[int]]:
    """Settle ``text`` and tell where each plain character comes from.

    Returns:
        The plain characters, case kept, and for each of them where the characters that it was
        made of begin and end in ``text``.
    """
    plain: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    shown = [at for at, c in enumerate(text) if c < "\u00ad" or unicodedata.category(c) != "Cf"]
    seen = text if len(shown) == len(text) else "".join([text[at] for at in shown])
    at, size = 0, len(seen)
    while at < size:
        end = at + 1
        while end < size and extends(seen[end]):
            end += 1
        piece = settle(seen[at : min(end, at + 1 + _CLUSTER_MARKS)])
        plain.append(piece)
        starts += [shown[at]] * len(piece)
        ends += [shown[end - 1] + 1] * len(piece)
        at = end
    return "".join(plain), starts, ends


def fold(text: str) -> str:
    """Return ``text`` as it is compared: plain characters, case taken away."""
    return text.lower() if text.isascii() else plain_letters(text)[0].casefold()


def kind_of(character: str) -> Kind:
    """Return what a plain ``character`` is to the tokenizer (see `Kind`)."""
    if character in _SIGNS:
        return _SIGNS[character]
    category = unicodedata.category(character)
    if category == "Nd" or category[0] not in "LMN":
        return "d" if category == "Nd" else " "
    of_script = {"char": "c", "katakana": "k", "hebrew": "h"}.get(_script(character), "l")
    return "m" if category[0] == "M" and of_script != "c" else of_script
