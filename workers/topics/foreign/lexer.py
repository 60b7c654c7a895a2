"""A query of another tool cut into lexemes, each with its place."""

import re
from typing import NoReturn

from typing_extensions import override

from workers.topics.errors import QueryError, problem_at, quoted
from workers.topics.foreign.tools import Tool
from workers.topics.foreign.words import Note
from workers.topics.lexeme import CLOSE, DASHES, OPEN, QUOTES, Cutter, Kind, Lexeme
from workers.topics.lexer import check_characters

__all__ = ["lex"]

_NEAR = re.compile(
    r"(?P<name>o?near)(?:[/:](?P<number>[0-9]{1,6}|[sp])(?P<forwards>f?))?"
    r"|(?P<unit>sentence|paragraph)",
    re.IGNORECASE | re.ASCII,
)
_AROUND = re.compile(
    r"(?:AROUND\s{0,9}|(?i:around|near|onear))\(\s{0,9}([0-9]{1,6})\s{0,9}\)", re.ASCII
)
_LIKE_NEAR = re.compile(
    r"(?:(?P<ordered>pre|adj)|within|around|[wn])/(?P<number>[0-9]{1,6})"
    r"|(?P<glued>o?near)\(?(?P<digits>[0-9]{1,6})\)?",
    re.IGNORECASE | re.ASCII,
)
"""How still others write a distance; people mix them up."""
_UNREAD_NEAR = re.compile(r"o?near/.*", re.IGNORECASE | re.DOTALL)
_NOT_OURS = {"XOR", "ADJ", "SAME", "WITHIN", "AROUND", "PRE"}
"""Operators of still others, which have no number."""
_RANGE = re.compile(r"\[[^\[\]]{1,80}\]")
_COUNT = re.compile(r"(?:atleast|count)/?([0-9]{1,6}):?", re.IGNORECASE | re.ASCII)
_FIELD = re.compile(r"([a-z][a-z_.]{1,40}):", re.IGNORECASE | re.ASCII)
_SLOP = re.compile(r"~([0-9]{1,6})", re.ASCII)
_WEIGHT = re.compile(r"\^[0-9.]{1,9}", re.ASCII)
_SYMBOLS: dict[str, Kind] = {
    "and": "and", "&": "and", "&&": "and", "or": "or", "|": "or", "||": "or", "not": "not",
    "andnot": "not", "and-not": "not", "and_not": "not",
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


class _Lexer(Cutter):
    """Cuts a query of another tool."""

    def __init__(self, query: str, tool: Tool, note: Note) -> None:
        super().__init__(query)
        self.tool = tool
        self.note = note

    @override
    def comment_end(self) -> int:
        """Return the end of a comment, in tools that have them."""
        if not self.tool.comments or not self.query.startswith("<<<", self.at):
            return self.at
        end = self.query.find(">>>", self.at)
        if end < 0:
            self._refuse(3, "the comment is not closed: `<<<`", "put >>> at its end")
        return end + 3

    def _refuse(self, length: int, message: str, hint: str) -> NoReturn:
        raise QueryError(problem_at(self.query, self.at, self.at + length, message, hint))

    def _add(self, kind: Kind, end: int, text: str = "", *, inside: int = 0) -> None:
        self.found.append(
            Lexeme(kind=kind, start=self.at, end=end, text=text, inside=inside or self.at)
        )
        self.at = end

    @override
    def step(self, character: str) -> None:
        """Add what begins with ``character``."""
        attached = bool(self.found) and self.found[-1].end == self.at
        slop = _SLOP.match(self.query, self.at) if attached else None
        weight = _WEIGHT.match(self.query, self.at) if attached else None
        if slop:
            self._number("slop", slop.end(), int(slop.group(1)))
        elif weight:
            self._drop(weight.end(), "there are no weights in the language")
        elif character in OPEN:
            self._add("open", self.at + 1)
        elif character in CLOSE:
            self._add("close", self.at + 1)
        elif character in QUOTES:
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
        end = self.closing_quote(start)
        if end < 0:
            self.at = start
            shown = quoted(self.query[start : start + 40])
            self._refuse(1, f"the quote is not closed: {shown}", 'put a " at its end')
        self._add(kind, end + 1, self.query[start + 1 : end], inside=start + 1)

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
        if character in DASHES:
            if not follows or follows.isspace() or follows in CLOSE or follows in DASHES:
                self._drop(self.at + 1, "a dash on its own excludes nothing")
            else:
                self._add("not", self.at + 1)
        elif character == "!" and self.tool.lower != "words" and follows and not follows.isspace():
            self.note(self.at, self.at + 1, "`!` stands before a term", "read as NOT")
            self._add("not", self.at + 1)
        elif character == "+" and self.tool.pluses and follows and not follows.isspace():
            self._plus()
        else:
            self._chunk()

    def _plus(self) -> None:
        kind: Kind = "cased" if self.query.startswith("++", self.at) else "exact"
        start = self.at + (2 if kind == "cased" else 1)
        if self.query[start : start + 1] in QUOTES:
            self._quoted(kind, start)
            return
        end = self.chunk_end(start)
        if end == start:
            self._drop(start, "a plus on its own asks for nothing")
        else:
            self._add(kind, end, self.query[start:end], inside=start)

    def _chunk(self) -> None:
        end = self.chunk_end(self.at)
        raw = self.query[self.at : end]
        lower = raw.lower()
        around = _AROUND.match(self.query, self.at)
        near, count, field = _NEAR.fullmatch(raw), _COUNT.fullmatch(raw), _FIELD.match(raw)
        scale = _RANGE.match(self.query, self.at) if self._after_field(any_field=True) else None
        if scale:
            self._add("word", scale.end(), scale.group())
        elif self._after_field():
            self._add("word", end, raw)
        elif lower in _SYMBOLS and self._operator(raw):
            self._add(_SYMBOLS[lower], end)
        elif around:
            self._around(around)
        elif self._like_near(raw, end):
            return
        elif near and self._proximity(near):
            self._near(near, end)
        elif count:
            self._number("count", end, max(1, int(count.group(1))))
        elif field and not raw[field.end() :].startswith("//"):
            self._field(field)
        else:
            self._word(raw, end)

    def _around(self, found: re.Match[str]) -> None:
        """Add a distance in brackets; what the tool does not write so is told."""
        written = found.group()
        number = int(found.group(1))
        ordered = written[:1] in "oO"
        if not (self.tool.name == "google" and written.startswith("AROUND")):
            self._told_near(found.end(), number, ordered=ordered)
        self._number("near", found.end(), number, ordered=ordered)

    def _like_near(self, raw: str, end: int) -> bool:
        """Add a distance as still others write it; say whether it is one."""
        if _NEAR.fullmatch(raw):
            return False
        found = _LIKE_NEAR.fullmatch(raw)
        if found:
            number = int(found.group("number") or found.group("digits"))
            ordered = bool(found.group("ordered")) or raw[:1] in "oO"
            self._told_near(end, number, ordered=ordered)
            self._number("near", end, number, ordered=ordered)
            return True
        if _UNREAD_NEAR.fullmatch(raw):
            self._refuse(end - self.at, f"NEAR cannot be read: {quoted(raw)}", "write NEAR/8")
        if raw in _NOT_OURS:
            message = f"no operator of {self.tool.name}: {quoted(raw)}"
            self.note(self.at, end, message, "read as a word")
        return False

    def _told_near(self, end: int, number: int, *, ordered: bool) -> None:
        shown = quoted(self.query[self.at : end])
        message = f"{self.tool.name} writes a distance otherwise: {shown}"
        name = "ONEAR" if ordered else "NEAR"
        self.note(self.at, end, message, f"read as {name}, with at most {number} words between")

    def _after_field(self, *, any_field: bool = False) -> bool:
        """Say whether the chunk is the value of a fact, which may be an address."""
        before = self.found[-1] if self.found else None
        if any_field:
            attached = before is not None and before.end == self.at
            return attached and before is not None and before.kind == "field"
        facts = {"source", "author", "lang"}
        known = self.tool.fields.get(before.text) if before else None
        return before is not None and before.kind == "field" and known in facts

    def _operator(self, raw: str) -> bool:
        """Say whether ``raw`` is an operator, which a word in lower case may not be."""
        if raw.upper() == raw or self.tool.lower == "operators":
            return True
        if self.tool.lower == "words":
            message = f"{quoted(raw)} is a word in small letters, to {self.tool.name} too"
            hint = f"read as the word; the operator is {raw.upper()}"
            self.note(self.at, self.at + len(raw), message, hint)
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
