"""A query of another tool cut into lexemes, each with its place."""

# ruff: noqa: RUF001 -- signs that look like others are what people type

import re
from typing import Literal, NoReturn

from workers.model.base import Record
from workers.text.fold import kind_of
from workers.topics.errors import QueryError, problem_at, quoted
from workers.topics.foreign.tools import Tool
from workers.topics.foreign.words import Note
from workers.topics.lexer import check_characters
from workers.topics.terms import UNSEEN

__all__ = ["Kind", "Lexeme", "lex"]

Kind = Literal[
    "open", "close", "and", "or", "not", "near", "count", "field", "word", "quoted", "exact",
    "cased", "slop", "end",
]  # fmt: skip


class Lexeme(Record, frozen=True, kw_only=True):
    """A piece of a query."""

    kind: Kind
    start: int
    end: int
    text: str = ""
    """A word, the inside of quotes or braces, or the name of a field in lower case."""
    inside: int = 0
    """Where ``text`` begins in the query."""
    number: int = 0
    """Words between for ``near`` and ``slop``, times for ``count``."""
    ordered: bool = False
    """Of ``near``: in this order."""


_QUOTES = frozenset('"“”„‟＂«»')
_ANGLED = frozenset("«»")
_OPEN, _CLOSE = frozenset("(（"), frozenset(")）")
_DASHES = frozenset("-‐‑‒–—−﹣－")
_BORDER = re.compile(r"[\s(){}（）\"“”„‟＂«»]")
_NEAR = re.compile(
    r"(?P<name>o?near)(?:[/:](?P<number>[0-9]{1,6}|[sp])(?P<forwards>f?))?"
    r"|(?P<unit>sentence|paragraph)",
    re.IGNORECASE | re.ASCII,
)
_AROUND = re.compile(r"AROUND\s{0,9}\(\s{0,9}([0-9]{1,6})\s{0,9}\)", re.ASCII)
_COUNT = re.compile(r"(?:atleast|count)/?([0-9]{1,6}):?", re.IGNORECASE | re.ASCII)
_FIELD = re.compile(r"([a-z][a-z_.]{1,40}):", re.IGNORECASE | re.ASCII)
_SLOP = re.compile(r"~([0-9]{1,6})", re.ASCII)
_WEIGHT = re.compile(r"\^[0-9.]{1,9}", re.ASCII)
_SYMBOLS: dict[str, Kind] = {
    "and": "and", "&": "and", "&&": "and", "or": "or", "|": "or", "||": "or", "not": "not",
}  # fmt: skip
_UNITS = {"s": 19, "sentence": 19, "p": 49, "paragraph": 49}
"""Words between that stand for a sentence and for a paragraph: 20 and 50 apart."""


def lex(query: str, tool: Tool, note: Note) -> list[Lexeme]:
    """Cut ``query`` into lexemes; the last is always ``end``.

    Raises:
        QueryError: something in it cannot be part of a query of this tool.
    """
    check_characters(query)
    return _Lexer(query, tool, note).lex()


class _Lexer:
    """Walks over a query once."""

    def __init__(self, query: str, tool: Tool, note: Note) -> None:
        self.query = query
        self.tool = tool
        self.note = note
        self.at = 0
        self.found: list[Lexeme] = []

    def lex(self) -> list[Lexeme]:
        while self._skip():
            self._step(self.query[self.at])
        size = len(self.query)
        self.found.append(Lexeme(kind="end", start=size, end=size))
        return self.found

    def _skip(self) -> bool:
        query = self.query
        while self.at < len(query):
            if self.tool.comments and query.startswith("<<<", self.at):
                self._comment()
            elif query[self.at].isspace() or query[self.at] in UNSEEN:
                self.at += 1
            else:
                return True
        return False

    def _comment(self) -> None:
        end = self.query.find(">>>", self.at)
        if end < 0:
            self._refuse(3, "the comment is not closed: `<<<`", "put >>> at its end")
        self.at = end + 3

    def _refuse(self, length: int, message: str, hint: str) -> NoReturn:
        raise QueryError(problem_at(self.query, self.at, self.at + length, message, hint))

    def _add(self, kind: Kind, end: int, text: str = "", *, inside: int = 0) -> None:
        self.found.append(
            Lexeme(kind=kind, start=self.at, end=end, text=text, inside=inside or self.at)
        )
        self.at = end

    def _step(self, character: str) -> None:
        attached = bool(self.found) and self.found[-1].end == self.at
        slop = _SLOP.match(self.query, self.at) if attached else None
        weight = _WEIGHT.match(self.query, self.at) if attached else None
        if slop:
            self._number("slop", slop.end(), int(slop.group(1)))
        elif weight:
            self._drop(weight.end(), "there are no weights in the language")
        elif character in _OPEN:
            self._add("open", self.at + 1)
        elif character in _CLOSE:
            self._add("close", self.at + 1)
        elif character in _QUOTES:
            self._quoted("quoted", self.at)
        elif character in "{}":
            self._braces(character)
        else:
            self._signed(character)

    def _number(self, kind: Kind, end: int, number: int, *, ordered: bool = False) -> None:
        self.found.append(
            Lexeme(kind=kind, start=self.at, end=end, number=number, ordered=ordered)
        )
        self.at = end

    def _drop(self, end: int, why: str) -> None:
        shown = quoted(self.query[self.at : end])
        self.note(self.at, end, f"{shown} has no equal: {why}", "left out")
        self.at = end

    def _quoted(self, kind: Kind, start: int) -> None:
        """Add what stands in the quotes that open at ``start``; the lexeme begins where we are."""
        query = self.query
        closers = _ANGLED if query[start] in _ANGLED else _QUOTES - _ANGLED
        end = start + 1
        while end < len(query):
            if query[end] in closers and not self._gershayim(end):
                self._add(kind, end + 1, query[start + 1 : end], inside=start + 1)
                return
            end += 1
        self.at = start
        shown = quoted(query[start : start + 40])
        self._refuse(1, f"the quote is not closed: {shown}", 'put a " at its end')

    def _gershayim(self, at: int) -> bool:
        around = self.query[at - 1 : at] + self.query[at + 1 : at + 2]
        return len(around) == 2 and all(kind_of(letter) == "h" for letter in around)  # noqa: PLR2004

    def _braces(self, opener: str) -> None:
        if not self.tool.braces:
            self._drop(self.at + 1, f"it means nothing to {self.tool.name}")
            return
        end = self.query.find("}", self.at)
        if opener == "}":
            self._refuse(1, "a closing bracket too many: `}`", "delete it")
        if end < 0:
            shown = quoted(self.query[self.at : self.at + 40])
            self._refuse(1, f"the bracket is not closed: {shown}", "put a } at its end")
        self._add("cased", end + 1, self.query[self.at + 1 : end], inside=self.at + 1)

    def _signed(self, character: str) -> None:
        follows = self.query[self.at + 1 : self.at + 2]
        if character in _DASHES:
            if not follows or follows.isspace() or follows in _CLOSE or follows in _DASHES:
                self._drop(self.at + 1, "a dash on its own excludes nothing")
            else:
                self._add("not", self.at + 1)
        elif character == "+" and self.tool.pluses and follows and not follows.isspace():
            self._plus()
        else:
            self._chunk()

    def _plus(self) -> None:
        kind: Kind = "cased" if self.query.startswith("++", self.at) else "exact"
        start = self.at + (2 if kind == "cased" else 1)
        if self.query[start : start + 1] in _QUOTES:
            self._quoted(kind, start)
            return
        end = self._chunk_end(start)
        if end == start:
            self._drop(start, "a plus on its own asks for nothing")
        else:
            self._add(kind, end, self.query[start:end], inside=start)

    def _chunk_end(self, start: int) -> int:
        for found in _BORDER.finditer(self.query, start):
            end = found.start()
            if found.group() not in _QUOTES or end == start or not self._gershayim(end):
                return end
        return len(self.query)

    def _chunk(self) -> None:
        end = self._chunk_end(self.at)
        raw = self.query[self.at : end]
        lower = raw.lower()
        around = _AROUND.match(self.query, self.at)
        near, count, field = _NEAR.fullmatch(raw), _COUNT.fullmatch(raw), _FIELD.match(raw)
        if self._after_field():
            self._add("word", end, raw)
        elif lower in _SYMBOLS and self._operator(raw):
            self._add(_SYMBOLS[lower], end)
        elif around:
            self._number("near", around.end(), int(around.group(1)))
        elif near and self._proximity(near):
            self._near(near, end)
        elif count:
            self._number("count", end, max(1, int(count.group(1))))
        elif field and not raw[field.end() :].startswith("//"):
            self._field(field)
        else:
            self._word(raw, end)

    def _after_field(self) -> bool:
        """Say whether the chunk is the value of a fact, which may be an address."""
        before = self.found[-1] if self.found else None
        facts = {"source", "author", "lang"}
        known = self.tool.fields.get(before.text) if before else None
        return before is not None and before.kind == "field" and known in facts

    def _operator(self, raw: str) -> bool:
        """Say whether ``raw`` is an operator, which a word in lower case may not be."""
        if raw.upper() == raw or self.tool.lower == "operators":
            return True
        if self.tool.lower == "words":
            return False
        message = f"is this an operator or a word: {quoted(raw)}"
        hint = f"read as {raw.upper()}"
        self.note(self.at, self.at + len(raw), message, hint)
        return True

    def _proximity(self, found: re.Match[str]) -> bool:
        """Say whether it is an operator: without a number it may be a word."""
        if found.group("number") is not None or found.group().isupper():
            return True
        return self.tool.lower == "operators" and found.group("unit") is None

    def _near(self, found: re.Match[str], end: int) -> None:
        number = (found.group("number") or found.group("unit") or "").lower()
        name = (found.group("name") or "").lower()
        words = _UNITS.get(number)
        if words is not None:
            message = f"{quoted(found.group())} has no equal: sentences are not told apart"
            self.note(self.at, end, message, f"read as NEAR/{words + 1}")
        elif number:
            words = int(number)
        elif self.tool.near is None:
            message = f"{name.upper()} needs a number: {quoted(found.group())}"
            self._refuse(end - self.at, message, f"write {name.upper()}/8")
        else:
            words = self.tool.near
        ordered = name == "onear" or bool(found.group("forwards"))
        self._number("near", end, words, ordered=ordered)

    def _field(self, found: re.Match[str]) -> None:
        name = found.group(1).lower()
        end = self.at + found.end()
        follows = self.query[end : end + 1]
        if name not in self.tool.fields and (not follows or follows.isspace()):
            self._word(found.group(1), end)  # a word before a colon
        else:
            self._add("field", end, name)

    def _word(self, raw: str, end: int) -> None:
        if self.tool.lower != "words" and "^" in raw:
            place = raw.index("^")
            if place and _WEIGHT.fullmatch(raw, place):
                self._add("word", self.at + place, raw[:place])
                return
        if "~" in raw:
            slop = _SLOP.search(raw)
            if slop and slop.end() == len(raw):
                end, raw = self.at + slop.start(), raw[: slop.start()]
        self._add("word", max(end, self.at + 1), raw)
