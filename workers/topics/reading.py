"""What receipts ask of a document: where something stands, as people see it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from workers.topics.tree import Element, FactField, Phrase, Scope

__all__ = ["TEXTS", "WITHIN", "ZONE_LINES", "Chain", "Place", "Searched", "Shown", "fact_holds"]

ZONE_LINES = 5_000
"""Lines of other zones that are searched: link lists of real pages have 600."""

TEXTS: Mapping[Scope, frozenset[str]] = MappingProxyType({
    "": frozenset({"title", "body"}),
    "title": frozenset({"title"}),
    "lead": frozenset({"body"}),
    "body": frozenset({"body"}),
    "caption": frozenset({"caption"}),
    "any": frozenset({"title", "body", "caption", "other"}),
})  # fmt: skip
"""The texts of which each scope searches some: no phrase and no NEAR goes from one to another."""
WITHIN: Mapping[Scope, frozenset[str]] = MappingProxyType({
    "title": frozenset({"title"}),
    "lead": frozenset({"lead"}),
    "body": frozenset({"body", "lead"}),
    "caption": frozenset({"caption"}),
    "any": frozenset({"any", "title", "body", "lead", "caption"}),
})  # fmt: skip
"""The scopes that may stand inside each, for they are parts of it."""

Place = tuple[int, int, int]
"""Where something stands: number of the passage, first token, last token."""
Chain = tuple[Place, ...]
"""A place of each operand of a NEAR."""


class Shown(NamedTuple):
    """Where a place is, for people: offsets in characters into the text of a passage."""

    zone: str
    text: str
    start: int
    end: int


class Searched(Protocol):
    """A document that can be asked where something stands, and remembers what was asked."""

    remembered: dict[str, list[Place]]
    """Places by canonical writing of a leaf."""
    remembered_chains: dict[str, list[Chain]]
    """How each NEAR is met, by its canonical writing."""

    def find(self, phrase: Phrase, scope: Scope) -> list[Place]:
        """Return where words stand in a row, in order."""
        ...

    def has_fact(self, field: FactField, phrase: Phrase) -> bool:
        """Say whether the document has this fact."""
        ...

    def shown(self, place: Place) -> Shown:
        """Return a place as people see it."""
        ...


def fact_holds(field: FactField, words: tuple[str, ...], phrase: Phrase) -> bool:
    """Say whether a value, given as its folded words, is what ``field:`` asks for.

    A language by its first parts, a tag as a whole, sources and authors by words in a row.
    """
    if field == "lang":
        wanted = tuple(element.folded for element in phrase)
        return words[: len(wanted)] == wanted
    return _holds_words(words, phrase, whole=field == "tag")


def _holds_words(words: tuple[str, ...], phrase: Phrase, *, whole: bool) -> bool:
    size = len(phrase)
    starts = range(len(words) - size + 1)
    if whole and len(words) != size:
        return False
    return any(
        all(_is_word(words[start + n], element) for n, element in enumerate(phrase))
        for start in starts
    )


def _is_word(word: str, element: Element) -> bool:
    if element.kind == "prefix":
        return word.startswith(element.folded)
    return word == element.folded
