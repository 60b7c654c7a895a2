"""What queries are cut into, here and in other tools, and what every cutter does alike."""

# ruff: noqa: RUF001 -- the letters that look like others are what people type

import re
from abc import ABC, abstractmethod
from typing import Literal

from workers.model.base import Record
from workers.text.fold import kind_of
from workers.topics.terms import UNSEEN

__all__ = ["CLOSE", "DASHES", "OPEN", "QUOTES", "Cutter", "Kind", "Lexeme"]

Kind = Literal[
    "open", "close", "and", "or", "not", "near", "onear", "count", "field", "word", "quoted",
    "exact", "cased", "alias", "slop", "end",
]  # fmt: skip

QUOTES = frozenset('"“”„‟＂«»')
_ANGLED = frozenset("«»")
OPEN, CLOSE = frozenset("(（"), frozenset(")）")
DASHES = frozenset("-‐‑‒–—−﹣－")
_BORDER = re.compile(r"[\s(){}（）\"“”„‟＂«»]")


class Lexeme(Record, frozen=True, kw_only=True):
    """A piece of a query."""

    kind: Kind
    start: int
    end: int
    text: str = ""
    """A word as written, the inside of quotes or braces, the name of a field or an alias."""
    inside: int = 0
    """Where ``text`` begins in the query; told only of queries of other tools."""
    number: int = 0
    """Of NEAR/n, ONEAR/n and COUNT/n; in other tools, how many words may stand between."""
    ordered: bool = False
    """Of ``near`` in other tools: in this order."""


class Cutter(ABC):
    """Walks over a query once. A language says what begins at a place, and what a comment is."""

    def __init__(self, query: str) -> None:
        """Begin at the start of ``query``."""
        self.query = query
        self.at = 0
        self.found: list[Lexeme] = []

    def lex(self) -> list[Lexeme]:
        """Return all lexemes; the last is always ``end``.

        Raises:
            QueryError: something cannot be part of a query of this language.
        """
        while self._skip():
            self.step(self.query[self.at])
        size = len(self.query)
        self.found.append(Lexeme(kind="end", start=size, end=size))
        return self.found

    @abstractmethod
    def step(self, character: str) -> None:
        """Add what begins here, and go on behind it."""

    @abstractmethod
    def comment_end(self) -> int:
        """Return where the comment ends that begins here; here, if none begins."""

    def _skip(self) -> bool:
        """Pass over white space and comments; say whether anything is left."""
        query = self.query
        while self.at < len(query):
            character = query[self.at]
            if character.isspace() or character in UNSEEN:
                self.at += 1
                continue
            end = self.comment_end()
            if end == self.at:
                return True
            self.at = end
        return False

    def closing_quote(self, start: int) -> int:
        """Return where the quote is closed that opens at ``start``; -1 if it is not."""
        query = self.query
        closers = _ANGLED if query[start] in _ANGLED else QUOTES - _ANGLED
        for end in range(start + 1, len(query)):
            if query[end] in closers and not self._gershayim(end):
                return end
        return -1

    def chunk_end(self, start: int) -> int:
        """Return where the chunk ends that begins at ``start``."""
        found = _BORDER.search(self.query, start)
        while found:
            end = found.start()
            if found.group() not in QUOTES or end == start or not self._gershayim(end):
                return end
            found = _BORDER.search(self.query, end + 1)
        return len(self.query)

    def _gershayim(self, at: int) -> bool:
        """Say whether the quote at ``at`` stands between Hebrew letters, as in צה"ל."""
        around = self.query[at - 1 : at] + self.query[at + 1 : at + 2]
        return len(around) == 2 and all(kind_of(letter) == "h" for letter in around)  # noqa: PLR2004
