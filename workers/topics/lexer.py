"""A query cut into lexemes, each with its place.

Everything that can be refused without knowing the rest of the query is refused here: characters
that are no part of the language, brackets and quotes that do not close, operators without number.
"""

# ruff: noqa: RUF001 -- the letters that look like others are what this is about

import re
from typing import NoReturn

from typing_extensions import override

from workers.topics.errors import QueryError, nearest, problem_at, quoted
from workers.topics.lexeme import CLOSE, DASHES, OPEN, QUOTES, Cutter, Kind, Lexeme
from workers.topics.terms import UNSEEN

__all__ = [
    "FACTS",
    "FIELDS",
    "MAX_COUNT",
    "MAX_LENGTH",
    "MAX_REACH",
    "check_characters",
    "lex",
]

MAX_LENGTH = 10_000
"""Characters of a query."""
MAX_REACH = 50
"""Positions that NEAR may reach: two sentences."""
MAX_COUNT = 1000
"""Occurrences that COUNT may ask for."""

FACTS = frozenset({"source", "lang", "tag", "author"})
"""Fields that ask for a fact, not for a place in the text."""
FIELDS = ("title", "lead", "body", "caption", "any", "source", "lang", "tag", "author")

_NAMED_ELSEWHERE = {
    "headline": "title", "intitle": "title", "subject": "title", "ingress": "lead",
    "intro": "lead", "text": "body", "content": "body", "intext": "body", "site": "source",
    "domain": "source", "url": "source", "host": "source", "feed": "source",
    "publisher": "source", "outlet": "source", "language": "lang", "tags": "tag",
    "category": "tag", "keyword": "tag", "by": "author", "byline": "author", "all": "any",
    "anywhere": "any",
}  # fmt: skip
"""Fields as other tools call them."""

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_STRANGE = {
    "?": "there is no ? in the language; a prefix is written word*",
    "!": "exclude with -word or NOT word; a prefix is written word*",
    "^": "there are no weights in the language; leave ^ out",
    "\\": "nothing is escaped with \\; put the word in quotes",
    "[": "group with ( )",
    "]": "group with ( )",
    "=": "fields are written with a colon, as in title:word",
    "<": "near is written NEAR/8",
    ">": "near is written NEAR/8",
}
_SYMBOLS: dict[str, Kind] = {
    "AND": "and", "&": "and", "&&": "and", "OR": "or", "|": "or", "||": "or", "NOT": "not",
}  # fmt: skip
_PROXIMITY = re.compile(r"(O?NEAR|COUNT)(?:/([0-9]+))?", re.ASCII)
_LIKE_PROXIMITY = re.compile(
    r"(?:O?NEAR|COUNT)[/:~,.0-9].*|(?i:o?near|count)/.*|(?:W|w|N|PRE|ADJ)/[0-9]+",
    re.ASCII | re.DOTALL,
)
_DIGITS = re.compile(r"[0-9]{1,6}", re.ASCII)
_SLOP = re.compile(r"~([0-9]+)", re.ASCII)
_FIELD = re.compile(r"([^\W\d_]+):")
_ALIAS = re.compile(r"[\w-]*")
_TRAILING = ".,;:!?…،؛؟。、，；"


def lex(query: str) -> list[Lexeme]:
    """Cut ``query`` into lexemes; the last is always ``end``.

    Raises:
        QueryError: something in it cannot be part of a query.
    """
    check_characters(query)
    return _Lexer(query).lex()


def check_characters(query: str) -> None:
    """Refuse what is too long, and characters that no query needs.

    Raises:
        QueryError: with the place of the first of them.
    """
    if len(query) > MAX_LENGTH:
        message = f"the query is too long: {len(query):,} characters"
        hint = f"at most {MAX_LENGTH:,}; move lists of names into [aliases]"
        raise QueryError(problem_at(query, MAX_LENGTH, MAX_LENGTH + 1, message, hint))
    for pattern, what in (
        (_SURROGATE, "half a character (a lone surrogate)"),
        (_CONTROL, "a control character"),
        (_TURNING, "a character that turns the direction of writing"),
    ):
        found = pattern.search(query)
        if found:
            message = f"{what} stands in the query: U+{ord(found.group()):04X}"
            hint = "delete it; it may be invisible, so write the word anew"
            raise QueryError(problem_at(query, found.start(), found.end(), message, hint))


class _Lexer(Cutter):
    """Cuts a query of ours."""

    def __init__(self, query: str) -> None:
        super().__init__(query)
        self.groups: list[bool] = []
        """Of each bracket that is open: whether it holds values of a fact."""

    def _refuse(self, start: int, end: int, message: str, hint: str) -> NoReturn:
        raise QueryError(problem_at(self.query, start, end, message, hint))

    def _add(self, kind: Kind, end: int, text: str = "", number: int = 0) -> None:
        self.found.append(Lexeme(kind=kind, start=self.at, end=end, text=text, number=number))
        self.at = end

    @override
    def comment_end(self) -> int:
        """Return the end of the line; in a query of one line ``#word`` is a word."""
        before, query = self.at, self.query
        if query[before] != "#" or (before and not query[before - 1].isspace()):
            return before
        follows = query[before + 1 : before + 2]
        if "\n" not in query and follows and not follows.isspace() and follows != "#":
            return before
        end = query.find("\n", before)
        return len(query) if end < 0 else end

    @override
    def step(self, character: str) -> None:
        """Add what begins with ``character``."""
        if character in OPEN:
            self.groups.append(self._after_fact() or self._in_facts())
            self._add("open", self.at + 1)
        elif character in CLOSE:
            del self.groups[-1:]
            self._add("close", self.at + 1)
        elif character in QUOTES:
            self._quoted()
        elif character in "{}":
            self._cased(character)
        elif character in DASHES:
            self._dash()
        elif character == "@":
            self._alias()
        else:
            self._chunk()

    def _quoted(self) -> None:
        end = self.closing_quote(self.at)
        if end < 0:
            rest = quoted(self.query[self.at : self.at + 40])
            message = f"the quote is not closed: {rest}"
            self._refuse(self.at, self.at + 1, message, 'put a " at its end')
        self._add("quoted", end + 1, self.query[self.at + 1 : end])

    def _cased(self, opener: str) -> None:
        if opener == "}":
            self._refuse(self.at, self.at + 1, "a closing bracket too many: `}`", "delete it")
        end = self.query.find("}", self.at)
        if end < 0:
            rest = quoted(self.query[self.at : self.at + 40])
            self._refuse(
                self.at, self.at + 1, f"the bracket is not closed: {rest}", "put a } at its end"
            )
        self._add("cased", end + 1, self.query[self.at + 1 : end])

    def _dash(self) -> None:
        follows = self.query[self.at + 1 : self.at + 2]
        if not follows or follows.isspace() or follows in CLOSE or follows in DASHES:
            self._refuse(
                self.at,
                self.at + 1,
                f"a dash excludes nothing here: {quoted(self.query[self.at])}",
                "write -word without a space to exclude a word, or leave the dash out",
            )
        self._add("not", self.at + 1)

    def _alias(self) -> None:
        found = _ALIAS.match(self.query, self.at + 1)
        name = found.group() if found else ""
        if not name:
            self._refuse(
                self.at, self.at + 1, "an alias without a name: `@`", "write @name of an alias set"
            )
        end = self.at + 1 + len(name)
        if end < len(self.query) and self._goes_on(self.query[end]):
            message = f"the alias ends before {quoted(self.query[end])}: {quoted('@' + name)}"
            self._refuse(end, end + 1, message, "put a space behind the name of an alias")
        self._add("alias", end, name)

    def _goes_on(self, character: str) -> bool:
        closed = character.isspace() or character in UNSEEN
        return not (closed or character in QUOTES or character in "(){}（）")

    def _chunk(self) -> None:
        end = self.chunk_end(self.at)
        raw = self.query[self.at : end]
        text = raw if raw.isascii() else "".join(c for c in raw if c not in UNSEEN)
        proximity = _PROXIMITY.fullmatch(text)
        field = _FIELD.match(text)
        known = field is not None and field.group(1).lower() in FIELDS
        if self._after_fact() and not known:
            self._add("word", end, raw)
        elif text in _SYMBOLS:
            self._add(_SYMBOLS[text], end)
        elif proximity:
            self._proximity(proximity, end)
        elif _LIKE_PROXIMITY.fullmatch(text):
            self._unread_proximity(text, end)
        elif self._in_facts() and not known:
            self._add("word", end, raw)
        elif field and field.end() == raw.find(":") + 1:
            self._field(field.group(1))
        else:
            self._word(raw, end)

    def _in_facts(self) -> bool:
        """Say whether the chunk is one of several values of a fact, in brackets."""
        return bool(self.groups) and self.groups[-1]

    def _after_fact(self) -> bool:
        """Say whether the chunk is the value of a fact, which may be an address."""
        before = self.found[-1] if self.found else None
        if before is None or before.kind != "field" or before.end != self.at:
            return False
        return before.text in FACTS

    def _proximity(self, found: re.Match[str], end: int) -> None:
        name, digits = found.groups()
        most = MAX_COUNT if name == "COUNT" else MAX_REACH
        number = int(digits[:6]) if digits else 0
        if not 1 <= number <= most:
            cause = "needs a number" if digits is None else "has a number out of range"
            self._refuse(
                self.at, end, f"{name} {cause}: {quoted(found.group())}", _reach_hint(name)
            )
        kinds: dict[str, Kind] = {"NEAR": "near", "ONEAR": "onear", "COUNT": "count"}
        self._add(kinds[name], end, found.group(), number)

    def _unread_proximity(self, text: str, end: int) -> None:
        upper = text.upper()
        name = next((name for name in ("ONEAR", "NEAR", "COUNT") if upper.startswith(name)), "")
        message = f"{name or 'near'} cannot be read: {quoted(text)}"
        self._refuse(self.at, end, message, _reach_hint(name or "NEAR", text))

    def _field(self, name: str) -> None:
        end = self.at + self.query[self.at :].index(":") + 1
        if name.lower() not in FIELDS:
            near = _NAMED_ELSEWHERE.get(name.lower()) or nearest(name, FIELDS)
            hint = f"did you mean {near}: ? " if near else f"fields are {', '.join(FIELDS)}. "
            self._refuse(
                self.at,
                end,
                f"there is no field {quoted(name)}",
                f'{hint}For the words themselves, put them in quotes: "{name[:20]} …"',
            )
        self._add("field", end, name.lower())

    def _check_slop(self, raw: str, end: int) -> None:
        """Refuse a distance behind a phrase or a group, as other languages write it."""
        before = self.found[-1] if self.found else None
        slop = _SLOP.fullmatch(raw)
        if slop and before is not None and before.end == self.at:
            hint = _reach_hint("NEAR", slop.group(1)).replace("write ", "write one ", 1)
            hint = hint.replace(",", " other,", 1)
            self._refuse(self.at, end, f"`~` stands before a word: {quoted(raw)}", hint)

    def _word(self, raw: str, end: int) -> None:
        self._check_slop(raw, end)
        if raw.startswith("~@"):
            hint = "write ~ before words inside the alias set, as in armed ~drone"
            self._refuse(self.at, end, f"`~` cannot stand before an alias: {quoted(raw)}", hint)
        bare = raw.rstrip(_TRAILING) if len(raw) > 1 else raw
        for place, character in enumerate(bare):
            if character in _STRANGE:
                start = self.at + place
                message = f"{quoted(character)} means nothing in {quoted(raw)}"
                self._refuse(start, start + 1, message, _STRANGE[character])
        if raw.endswith("!") and len(bare) == len(raw) - 1:
            message = f"`!` means nothing in {quoted(raw)}"
            self._refuse(end - 1, end, message, _STRANGE["!"])
        self._add("word", end, raw)


def _reach_hint(name: str, written: str = "") -> str:
    digits = _DIGITS.search(written)
    number = int(digits.group()) if digits else 0
    if name == "COUNT":
        number = number if 1 <= number <= MAX_COUNT else 3
        return f"write COUNT/{number}(word), with a number from 1 to {MAX_COUNT:,}"
    number = number if 1 <= number <= MAX_REACH else 8
    return f"write {name}/{number}, with a number from 1 to {MAX_REACH}"
