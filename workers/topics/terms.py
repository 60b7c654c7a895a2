"""Words of a query or of an alias entry, made into elements that a text can be searched for."""

# ruff: noqa: RUF001 -- the letters that look like others are what this is about

import re
from collections.abc import Callable, Iterator
from typing import Literal, NoReturn

from workers.text.fold import kind_of
from workers.text.tokens import LEAST_LETTERS, Token, tokenize
from workers.topics.errors import QueryError, problem_at, quoted
from workers.topics.forms import has_forms
from workers.topics.tree import Element, Phrase

__all__ = [
    "UNSEEN",
    "Refuse",
    "bare_elements",
    "cased_elements",
    "quoted_elements",
    "refuser",
    "spelled",
    "spelled_cased",
    "spelled_phrase",
]

Refuse = Callable[[int, int, str, str], NoReturn]
"""Raises: start and end in the query, what is wrong, what to write."""

_EDGES = ".,;:!?…،؛؟。、，；'’‘\"“”„«»()[]{}…"
_STARS = "*＊"
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
"""An acronym without its last dot."""
UNSEEN = frozenset("\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
"""Characters that nobody sees and that word processors and right-to-left text bring along."""


def refuser(query: str) -> Refuse:
    """Return what raises a `QueryError` with a place in ``query``."""

    def refuse(start: int, end: int, message: str, hint: str) -> NoReturn:
        raise QueryError(problem_at(query, start, end, message, hint))

    return refuse


def bare_elements(text: str, start: int, refuse: Refuse) -> Phrase:
    """Return the elements of a word that was written without quotes at ``start``.

    One element in its forms, or a prefix; several, as written, where it has a hyphen or the like.
    """
    return _chunk(text, start, refuse, bare=True)


def quoted_elements(text: str, start: int, refuse: Refuse, *, particles: bool = False) -> Phrase:
    """Return the elements of a phrase: as written, save for ``*`` and ``~`` inside.

    ``particles`` allows Arabic and Hebrew particles before the first word (alias entries).
    """
    found: list[Element] = []
    for at, chunk in _chunks(text):
        if (
            tokenize(chunk, remember=False)
            or "~" in chunk
            or any(star in chunk for star in _STARS)
        ):
            found += _chunk(chunk, start + at, refuse, bare=False)
    if not found:
        shown = quoted(text) if text.strip() else "empty quotes"
        refuse(start - 1, start + len(text) + 1, f"nothing to search for: {shown}", "write words")
    if particles:
        found[0] = _with_particles(found[0])
    return tuple(found)


def cased_elements(text: str, start: int, refuse: Refuse) -> Phrase:
    """Return the elements of ``{…}``: exactly these words in exactly this case."""
    for place, character in enumerate(text):
        if character in _STARS or character == "~":
            hint = "inside { } words stand exactly as written"
            at = start + place
            refuse(at, at + 1, f"{quoted(character)} cannot stand in {quoted(text)}", hint)
    tokens = _tokens(text)
    if not tokens:
        shown = quoted(text) if text.strip() else "empty brackets"
        refuse(start - 1, start + len(text) + 1, f"nothing to search for: {shown}", "write a word")
    return tuple(_element(token, "case") for token in tokens)


def spelled(text: str, phrase: Phrase) -> str:
    """Return a bare word in canonical writing; ``text`` is what was written."""
    if len(phrase) == 1:
        return _spelled_one(phrase[0])
    if not any(map(str.isspace, text)) and all(_alone(element) for element in phrase):
        return "".join(element.cased for element in phrase)
    return spelled_phrase(phrase)


def spelled_phrase(phrase: Phrase) -> str:
    """Return a phrase in canonical writing, in quotes."""
    words = (
        f"~{_letters(e)}" if e.kind == "forms" else f"{_letters(e)}*" if e.kind == "prefix"
        else _letters(e)
        for e in phrase
    )  # fmt: skip
    return f'"{" ".join(words)}"'


def spelled_cased(phrase: Phrase) -> str:
    """Return words in exactly their case in canonical writing, in braces."""
    return f"{{{' '.join(map(_letters, phrase))}}}"


def _spelled_one(element: Element) -> str:
    return f"{_letters(element)}*" if element.kind == "prefix" else _letters(element)


def _letters(element: Element) -> str:
    """Return a word as written, or its plain letters where that would be read otherwise."""
    if element.raw.isascii() and element.raw.isalpha():
        return element.raw
    written = "".join(c for c in element.raw if c not in UNSEEN).strip(_EDGES)
    if element.kind != "prefix" and _DOTTED.fullmatch(written):
        written += "."
    return (
        written
        if [t.cased for t in tokenize(written, remember=False)] == [element.cased]
        else element.cased
    )


def _tokens(text: str) -> list[Token]:
    """Return the words of a query, which need not be remembered as those of articles are."""
    return tokenize(text, remember=False)


def _alone(element: Element) -> bool:
    return element.kind == "exact" and kind_of(element.folded[0]) == "c"


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for chunk in text.split():
        at = text.index(chunk, at)
        yield at, chunk
        at += len(chunk)


def _chunk(text: str, start: int, refuse: Refuse, *, bare: bool) -> Phrase:
    """Return the elements of what stands between two white spaces."""
    end = start + len(text)
    inner = text.strip(_EDGES)
    start += text.find(inner) if inner else 0
    formed = inner.startswith("~")
    word = inner[1:] if formed else inner
    place = start + formed
    prefix = _prefixed(word, place, refuse)
    tokens = _tokens(word[:-1] if prefix else word)
    if not tokens or "~" in word:
        hint = "~ stands right before one word" if "~" in inner else _nothing_hint(text)
        refuse(start, end, f"nothing to search for: {quoted(text)}", hint)
    if formed and prefix:
        refuse(start, end, f"~ and * on one word: {quoted(text)}", "use one of them")
    if bare and not prefix:
        tokens = _unelided(word, tokens)
    if prefix:
        return _prefix_phrase(tokens, (start, end), text, bare=bare, refuse=refuse)
    if len(tokens) > 1 and not formed:
        return tuple(_element(token, "exact") for token in tokens)
    if not bare and not formed:
        return (_element(tokens[0], "exact"),)
    return tuple(_in_forms(token) for token in tokens)


def _nothing_hint(text: str) -> str:
    """Return what to write in place of signs alone."""
    if text in {",", ";"}:
        return "delete it; to find one of several, write OR between them"
    return "a field is written without spaces, as in title:word" if text == ":" else "write a word"


def _prefixed(word: str, start: int, refuse: Refuse) -> bool:
    """Say whether ``word`` ends with a star; refuse stars elsewhere."""
    star = next((place for place, character in enumerate(word) if character in _STARS), -1)
    if star < 0:
        return False
    if not word.strip("*＊"):
        hint = "write a prefix such as strike*; for words with a gap use NEAR/3"
        refuse(start, start + len(word), f"a star without a word: {quoted(word)}", hint)
    if star != len(word) - 1:
        hint = "a star stands only at the end of a word"
        refuse(start + star, start + star + 1, f"a star inside a word: {quoted(word)}", hint)
    return True


def _prefix_phrase(
    tokens: list[Token], place: tuple[int, int], text: str, *, bare: bool, refuse: Refuse
) -> Phrase:
    last = tokens[-1]
    before = tuple(_element(token, "exact") for token in tokens[:-1])
    if kind_of(last.folded[0]) == "c":  # each character is a token: the rest follows anyway
        return (*before, _element(last, "exact"))
    if sum(map(_weight, last.folded)) < LEAST_LETTERS:
        hint = f"at least {LEAST_LETTERS} letters before the star"
        refuse(*place, f"the prefix is too short: {quoted(text)}", hint)
    return (*before, _element(last, "prefix", particles=bare and not before))


def _weight(character: str) -> int:
    """Return how many letters a character counts for: Hangul and Katakana write syllables."""
    syllable = "\uac00" <= character <= "\ud7a3" or kind_of(character) == "k"
    return 2 if syllable else 1


def _unelided(word: str, tokens: list[Token]) -> list[Token]:
    """Drop an elided article before a common word (``l'attaque``), not a name (``L'Aquila``)."""
    while len(tokens) > 1:
        between = word[tokens[0].end : tokens[1].start]
        elided = len(between) == 1 and not between.isspace() and between in "'’‘ʼ`´ʻ＇"
        if not elided or (tokens[1].cased[0].isupper() and not word.isupper()):
            break
        tokens = tokens[1:]
    return tokens


def _in_forms(token: Token) -> Element:
    if kind_of(token.folded[0]) == "c":
        return _element(token, "exact")
    behind = len(token.folded) >= LEAST_LETTERS
    return _element(token, "forms" if has_forms(token.cased) else "exact", particles=behind)


def _element(
    token: Token, kind: Literal["forms", "exact", "case", "prefix"], *, particles: bool = False
) -> Element:
    semitic = "\u0590" <= token.folded[0] <= "\u06ff"
    return Element(
        kind=kind,
        folded=token.folded,
        cased=token.cased,
        raw=token.raw,
        particles=particles and semitic,
    )


def _with_particles(element: Element) -> Element:
    if element.kind == "case" or len(element.folded) < LEAST_LETTERS:
        return element
    return Element(
        kind=element.kind,
        folded=element.folded,
        cased=element.cased,
        raw=element.raw,
        particles="\u0590" <= element.folded[0] <= "\u06ff",
    )
