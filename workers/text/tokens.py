"""Tokens: what a text is searched by, in every script, with where each stands.

Text is split at white space; each chunk is cut once and remembered. Inside a chunk a token is a
run of letters, marks and digits. Apostrophes inside it vanish, after ``'s`` was cut off and French
and Italian elision split (``l'attaque`` is ``l`` and ``attaque``); dotted acronyms and words with
gershayim are joined (``U.S.`` is ``us``, with the cased form ``US``); everything else splits. Han,
Hiragana, Thai, Lao, Khmer and Myanmar are one token a character, so that a phrase finds every
occurrence without a dictionary; a run of Katakana is one word.
"""

# ruff: noqa: RUF001 -- the letters that look like others are what this is about

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from workers.text.fold import APOSTROPHE, kind_of, plain_letters

__all__ = ["MEMO_LENGTH", "TEXT_LIMIT", "Token", "behind_particles", "tokenize"]

TEXT_LIMIT = 1_000_000
"""Characters of one text that are searched; the longest real articles have 200,000."""
MEMO_CHUNKS = 400_000
"""Chunks remembered; then the memory is cleared. A year of English news has about as many."""
MEMO_LENGTH = 48
"""Characters of a chunk that is remembered: longer ones rarely come twice."""
LEAST_LETTERS = 3
"""Letters of a term that is also found behind Arabic and Hebrew particles."""


class Token(NamedTuple):
    """One searchable word (or character) of a text."""

    folded: str
    """As it is compared."""
    cased: str
    """The same with its case kept: ``US`` for ``U.S.``."""
    raw: str
    """As written; what a dictionary is asked for."""
    start: int
    """Offset in characters into the text."""
    end: int


class _Kinds(dict[int, str]):
    """What each code point is, worked out when first seen; for `str.translate`."""

    def __missing__(self, code: int) -> str:
        if len(self) >= MEMO_CHUNKS:
            self.clear()
        kind = self[code] = kind_of(chr(code))
        return kind


_KINDS = _Kinds()
_MEMO: dict[str, tuple[Token, ...]] = {}
_CHUNK = re.compile(r"\S+")
_PIECE = re.compile(  # over kinds, not characters
    r"(?P<dotted>(?<![lhdm])[lh](?:\.[lh])+(?![lhdm])\.?(?:'l(?![lhdm]))?)"
    r"|(?P<word>[lhd][lhdm]*(?:(?:'+(?![lh]\.[lh](?![lhdm]))|g|(?<=h)q(?=h))[lhdm]+)*)"
    r"|(?P<one>c)"
    r"|(?P<kana>k[km]*)"
)
_ELISIONS = frozenset((
    "l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu",
    "presqu", "quelqu", "un", "all", "dall", "dell", "nell", "sull", "coll", "quell", "quest",
    "sant", "bell",
))  # fmt: skip
_ELIDED_BEFORE = frozenset("aeiouhyAEIOUHY")
"""Elision comes before a vowel or a mute h: ``d'État``, but not ``D'Souza`` or ``N'Djamena``."""
_JOINERS = re.compile("['\"“”„‟״.]")


def tokenize(text: str, *, remember: bool = True) -> list[Token]:
    """Return the tokens of ``text`` (of its first million characters) in order.

    What is not to be asked again, as the words of queries, need not be remembered.
    """
    if not remember and text.isascii() and text.isalpha():
        return list(_cut(text[:TEXT_LIMIT]))
    tokens: list[Token] = []
    cut = _remembered if remember else _known_or_cut
    for found in _CHUNK.finditer(text, 0, TEXT_LIMIT):
        chunk, base = found.group(), found.start()
        for folded, cased, raw, start, end in cut(chunk):
            tokens.append(Token(folded, cased, raw, base + start, base + end))
    return tokens


def _remembered(chunk: str) -> tuple[Token, ...]:
    known = _MEMO.get(chunk)
    if known is not None:
        return known
    parts = tuple(_cut(chunk))
    if len(chunk) <= MEMO_LENGTH:
        if len(_MEMO) >= MEMO_CHUNKS:
            _MEMO.clear()
        _MEMO[chunk] = parts
    return parts


def _known_or_cut(chunk: str) -> Iterable[Token]:
    known = _MEMO.get(chunk)
    return _cut(chunk) if known is None else known


def _cut(chunk: str) -> Iterator[Token]:
    if chunk.isascii() and chunk.isalpha():
        yield Token(chunk.lower(), chunk, chunk, 0, len(chunk))
        return
    if chunk.isascii():
        plain, starts, ends = chunk.replace("`", APOSTROPHE), None, None
    else:
        plain, starts, ends = plain_letters(chunk)
    for first, last, cased in _pieces(plain):
        start = first if starts is None else starts[first]
        end = last if ends is None else ends[last - 1]
        yield Token(cased.casefold(), cased, chunk[start:end], start, end)


def _pieces(plain: str) -> Iterator[tuple[int, int, str]]:
    """Yield first, end and cased form of each token in ``plain``."""
    for found in _PIECE.finditer(plain.translate(_KINDS)):
        first, last = found.span()
        if found.lastgroup == "dotted":
            yield from _dotted(plain, first, last)
        elif found.lastgroup == "word":
            yield from _word(plain, first, last)
        else:
            yield first, last, plain[first:last]


def _dotted(plain: str, first: int, last: int) -> Iterator[tuple[int, int, str]]:
    """Join an acronym; a letter after an apostrophe is its ``'s``, or else a word by itself."""
    cut = plain.find(APOSTROPHE, first, last)
    end = last if cut < 0 else cut
    yield first, end, plain[first:end].replace(".", "")
    if cut >= 0 and plain[last - 1] not in "sS":
        yield last - 1, last, plain[last - 1]


def _word(plain: str, first: int, last: int) -> Iterator[tuple[int, int, str]]:
    if plain[last - 2 : last] in {"'s", "'S"} and last - 2 > first:
        last -= 2
        while plain[last - 1] == APOSTROPHE:
            last -= 1
    cut = plain.find(APOSTROPHE, first, last)
    while cut > 0 and plain[first:cut].casefold() in _ELISIONS:
        rest = cut + 1
        while plain[rest] == APOSTROPHE:
            rest += 1
        if plain[rest] not in _ELIDED_BEFORE:
            break
        yield first, cut, plain[first:cut]
        first = rest
        cut = plain.find(APOSTROPHE, first, last)
    yield first, last, _JOINERS.sub("", plain[first:last])


_ARABIC = (
    "و", "ف", "ب", "ل", "ك", "ال", "وال", "فال", "بال", "كال", "لل", "ولل", "فلل", "وب", "ول",
    "وك", "فب", "فل", "فك", "وبال", "فبال", "وكال",
)  # fmt: skip
_HEBREW = (
    "ו", "ה", "ב", "ל", "מ", "ש", "כ", "וה", "וב", "ול", "ומ", "וש", "וכ", "שה", "שב", "של",
    "שמ", "שכ", "מה", "כש", "כשה", "ושה", "ושב", "ומה", "וכש", "מש",
)  # fmt: skip


@lru_cache(maxsize=65_536)
def behind_particles(folded: str) -> tuple[str, ...]:
    """Return what a folded Arabic or Hebrew word may be without particles and article.

    Only what keeps at least three letters. ``لل`` is ``ل`` before the article, so there the word
    with its article is returned as well.
    """
    if "\u05d0" <= folded[:1] <= "\u05ea":
        return tuple(_without(folded, _HEBREW))
    if not "\u0621" <= folded[:1] <= "\u064a":
        return ()
    rests = _without(folded, _ARABIC)
    for particle in ("لل", "ولل", "فلل"):
        if folded.startswith(particle) and len(folded) >= len(particle) + LEAST_LETTERS:
            rests.append("ال" + folded[len(particle) :])
    return tuple(rests)


def _without(folded: str, particles: tuple[str, ...]) -> list[str]:
    return [
        folded[len(particle) :]
        for particle in particles
        if folded.startswith(particle) and len(folded) >= len(particle) + LEAST_LETTERS
    ]
