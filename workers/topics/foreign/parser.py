"""A query of another tool, translated by recursive descent.

::

    either  = both { OR both }              Google: both = either { [AND] either }
    both    = near { [AND] near }                   either = near { OR near }
    near    = not { NEAR/n not }
    not     = { NOT | - } primary
    primary = field: primary | ( either ) [~n] | ATLEASTn primary | "…" [~n] | {…} | word
"""

from collections.abc import Callable
from typing import NoReturn

from workers.model.base import Record
from workers.model.topic import Problem
from workers.topics.canonical import canonical
from workers.topics.descent import Descent
from workers.topics.errors import QueryError, problem_at, quoted
from workers.topics.foreign.lexer import lex
from workers.topics.foreign.nodes import (
    And,
    Count,
    Link,
    Near,
    Node,
    Or,
    flat,
    join,
    nearer,
    negated,
    positive,
    written,
)
from workers.topics.foreign.tools import Tool, reason
from workers.topics.foreign.words import Words
from workers.topics.lexeme import Kind, Lexeme
from workers.topics.lexer import MAX_COUNT, MAX_REACH
from workers.topics.parser import MAX_LEAVES, parse

__all__ = ["MOST_NOTES", "Translation", "translate"]

MOST_NOTES = 100
"""Notes that one query gets; there is one more that says so."""
_FACTS = {"source", "author", "lang"}


class Translation(Record, frozen=True, kw_only=True):
    """What became of a query."""

    query: str
    """In our language; it is always accepted."""
    notes: tuple[Problem, ...] = ()
    """What has no equal, where it stood, and what became of it; in the order of places."""


def translate(query: str, tool: Tool, *, forms: bool = False) -> Translation:
    """Translate ``query`` of ``tool``.

    A word without quotes becomes exactly that word, as it is to all of these tools but Google;
    ``forms`` makes it a word in all its forms.

    Raises:
        QueryError: it cannot be read, or nothing is left of it; with a place in it.
    """
    reader = _Reader(query, tool, forms=forms or tool.forms)
    node = reader.whole()
    try:
        tree = parse(written(node), {}).tree
    except QueryError as error:
        message = f"the translation is refused: {error.problem.message}"
        raise QueryError(problem_at(query, 0, len(query), message, error.problem.hint)) from error
    return Translation(query=canonical(tree), notes=reader.told())


class _Reader(Descent):
    """Translates the lexemes of a query."""

    def __init__(self, query: str, tool: Tool, *, forms: bool) -> None:
        self.notes: list[Problem] = []
        self.query = query  # which notes need, and lexemes may have some
        super().__init__(query, lex(query, tool, self.note))
        self.tool = tool
        self.words = Words(query, tool, self.note, forms=forms)
        self.nears = 0
        self.field = ""

    def note(self, start: int, end: int, message: str, hint: str) -> None:
        if len(self.notes) <= MOST_NOTES:
            self.notes.append(problem_at(self.query, start, end, message, hint))

    def told(self) -> tuple[Problem, ...]:
        notes = sorted(self.notes[:MOST_NOTES], key=lambda note: (note.line, note.column))
        if len(self.notes) > MOST_NOTES:
            message = f"more than {MOST_NOTES} places have no equal"
            notes.append(problem_at(self.query, 0, 1, message, "translate it in parts"))
        return tuple(notes)

    def _shown(self, start: int, end: int) -> str:
        return quoted(self.query[start:end])

    # --- from the weakest operator to the tightest

    def whole(self) -> Node:
        if self.at("end"):
            self.refuse(0, 1, "the query is empty", "write a word")
        node = self._few_words()
        if self.place == 0:
            node = self._expression()
        self.refuse_close()
        if node is None:
            self._nothing_left()
        if not positive(node):
            hint = "say also what must be there"
            self.refuse(0, len(self.query), f"only NOT: {quoted(self.query)}", hint)
        return node

    def _nothing_left(self) -> NoReturn:
        hint = "nothing that was asked for has an equal here"
        if self.notes:
            hint += f": {self.notes[0].message}"
        self.refuse(0, len(self.query), "nothing is left of the query", hint)

    def _few_words(self) -> Node | None:
        """Return the reading of a query of plain words, which are near one another there."""
        words = self.lexemes[:-1]
        if self.tool.space != "near" or any(lexeme.kind != "word" for lexeme in words):
            return None
        if len(words) == 1 and words[0].text.isupper() and words[0].text.isalpha():
            self.place = 1
            return self.words.cased(words[0].text, words[0].start, "")
        if len(words) > 1:
            between = (len(words) - 1) * 10
            hint = f"read as NEAR/{min(MAX_REACH, between + 1)}, each with the next"
            message = "words without operators are near one another"
            self.note(0, words[-1].end, message, hint)
            return self._all(lambda: self._term(self.next()), between)
        return None

    def _expression(self) -> Node | None:
        if self.tool.or_first:
            return self._all(lambda: self._any(self._near))
        return self._any(lambda: self._all(self._near))

    def _any(self, sub: Callable[[], Node | None]) -> Node | None:
        branches: list[Node] = []
        start = self.now.start
        node = sub()
        if not self.at("or"):
            return node
        while True:
            if node is not None and not positive(node):
                end = self.end()
                message = f"an OR branch is only NOT: {self._shown(start, end)}"
                self.note(start, end, message, "left out; it would be met by almost everything")
            elif node is not None:
                branches.append(node)
            if not self.at("or"):
                return join(Or, branches) if branches else None
            self._operand(self.next())
            start = self.now.start
            node = sub()

    def _all(self, sub: Callable[[], Node | None], between: int | None = None) -> Node | None:
        """Return all that stand in a row; with ``between``, each so near the next."""
        found: list[Node] = []
        ends: set[Kind] = {"close", "end"} if self.tool.or_first else {"or", "close", "end"}
        while True:
            node = sub()
            if node is not None and found and between is not None:
                found = [nearer(found[0], node, self._link(between), self._spend)]
            elif node is not None:
                found.append(node)
            if self.now.kind in ends:
                return join(And, found) if found else None
            if self.at("and"):
                self._operand(self.next())
            elif not self.at("not") and self.tool.space != "and" and between is None:
                message = f"no operator before {self._shown(self.now.start, self.now.end)}"
                self.note(self.now.start, self.now.end, message, "read as AND")

    def _near(self) -> Node | None:
        left = self._not()
        while self.at("near"):
            closed = self.lexemes[self.place - 1].kind == "close"
            operator = self.next()
            self._operand(operator)
            right = self._not()
            if left is not None and right is not None:
                self._note_near(operator, left, right, closed=closed)
                link = self._link(operator.number, operator)
                left = nearer(left, right, link, self._spend)
            left = left if right is None else right if left is None else left
        return left

    def _note_near(self, operator: Lexeme, left: Node, right: Node, *, closed: bool) -> None:
        hint = ""
        if not all(flat(side) or isinstance(side, Near) for side in (left, right)):
            hint = "each part on its own is near the other side"
        elif isinstance(right, Near) or (closed and isinstance(left, Near)):
            hint = "read as one row, each near the next"
        if hint:
            shown = self._shown(operator.start, operator.end)
            message = f"{shown} takes words, phrases and groups of them with OR"
            self.note(operator.start, operator.end, message, hint)

    def _link(self, between: int, operator: Lexeme | None = None) -> Link:
        """Return a distance of ours: neighbours are 1 apart, and there is a limit."""
        if between + 1 > MAX_REACH and operator is not None:
            message = f"words are near up to {MAX_REACH} apart: "
            message += self._shown(operator.start, operator.end)
            hint = f"read as {MAX_REACH}; write AND if the place does not matter"
            self.note(operator.start, operator.end, message, hint)
        return operator is not None and operator.ordered, min(MAX_REACH, between + 1)

    def _spend(self) -> None:
        self.nears += 1
        if self.nears > MAX_LEAVES:
            start = self.lexemes[self.place - 1].start
            hint = "take NEAR over long groups with AND apart"
            self.refuse(start, start + 1, "the translation would be too long", hint)

    def _not(self) -> Node | None:
        if not self.at("not"):
            return self._primary()
        operator = self.next()
        self.deeper(operator)
        self._operand(operator)
        child = self._not()
        self.depth -= 1
        return None if child is None else negated(child)

    def _operand(self, operator: Lexeme) -> None:
        """Refuse an operator with nothing to its right."""
        if self.now.kind in {"and", "or", "near", "slop", "close", "end"}:
            self._dangling(operator)

    def _dangling(self, operator: Lexeme) -> NoReturn:
        shown = self._shown(operator.start, operator.end)
        hint = "write a term on either side"
        self.refuse(operator.start, operator.end, f"an operator without a term: {shown}", hint)

    # --- what operators stand between

    def _primary(self) -> Node | None:
        lexeme = self.next()
        match lexeme.kind:
            case "open":
                node = self._group(lexeme)
            case "field":
                node = self._fielded(lexeme)
            case "count":
                node = self._count(lexeme)
            case "word" | "quoted" | "exact" | "cased":
                node = self._term(lexeme)
            case "close":
                message = "a closing bracket too many: `)`"
                self.refuse(lexeme.start, lexeme.end, message, "delete it")
            case _:
                self._dangling(lexeme)
        return node

    def _group(self, opener: Lexeme) -> Node | None:
        self.deeper(opener)
        if self.at("close"):
            self.refuse(opener.start, self.now.end, "empty brackets: `()`", "write a term in them")
        inside = None if self.at("end") else self._expression()
        if not self.at("close"):
            message = f"the bracket is not closed: {self._shown(opener.start, opener.start + 20)}"
            self.refuse(opener.start, opener.end, message, "put a ) where the group ends")
        self.next()
        self.depth -= 1
        return self._slopped(inside) if self.at("slop") else inside

    def _slopped(self, group: Node | None) -> Node | None:
        """Return a group with ``~n`` behind it: all of it so near."""
        slop = self.next()
        if not isinstance(group, And):
            shown = self._shown(slop.start, slop.end)
            self.note(slop.start, slop.end, f"{shown} over what is no AND", "left out")
            return group
        node = group.parts[0]
        for part in group.parts[1:]:
            node = nearer(node, part, self._link(slop.number), self._spend)
        return node

    def _fielded(self, lexeme: Lexeme) -> Node | None:
        if self.now.kind not in {"open", "word", "quoted", "exact", "cased", "field", "count"}:
            shown = self._shown(lexeme.start, lexeme.end)
            hint = f"write {lexeme.text}:word"
            self.refuse(lexeme.start, lexeme.end, f"a field without a term: {shown}", hint)
        self.deeper(lexeme)
        before, known = self.field, self.tool.fields.get(lexeme.text)
        count = len(self.notes)
        self.field = known if known is not None else before
        rest = self.tool.or_first and lexeme.text.startswith("allin")
        node = self._expression() if rest else self._primary()
        self.field = before
        self.depth -= 1
        if known is not None:
            return node
        del self.notes[count:]  # of what is left out as a whole
        end = self.end()
        message = f"{self._shown(lexeme.start, end)} has no equal: {reason(lexeme.text)}"
        self.note(lexeme.start, end, message, "left out")
        return None

    def _count(self, lexeme: Lexeme) -> Node | None:
        if self.now.kind not in {"open", "word", "quoted", "exact", "cased", "field"}:
            self._dangling(lexeme)
        self.deeper(lexeme)
        part = self._primary()
        self.depth -= 1
        if part is None or flat(part):
            least = min(MAX_COUNT, lexeme.number)
            return None if part is None else Count(least=least, part=part)
        message = f"{self._shown(lexeme.start, lexeme.end)} counts words and groups with OR only"
        self.note(lexeme.start, lexeme.end, message, "how often is left out; stands for more")
        return part

    def _term(self, lexeme: Lexeme) -> Node | None:
        text, start = lexeme.text, lexeme.inside
        slop = self.next() if self.at("slop") else None
        if slop is not None and (lexeme.kind != "quoted" or self.field in {*_FACTS, "raw"}):
            message = f"a distance behind what is no phrase: {self._shown(slop.start, slop.end)}"
            self.note(slop.start, slop.end, message, "left out")
        if self.field in _FACTS:
            return self.words.fact(self.field, text, start)
        scope = "" if self.field in {"raw", "word"} else self.field
        if lexeme.kind == "cased":
            return self.words.cased(text, start, scope)
        if lexeme.kind == "exact" or self.field == "raw":
            return self.words.phrase(text, start, scope)
        if lexeme.kind == "word":
            return self.words.bare(text, start, scope)
        return self.words.phrase(text, start, scope, slop.number if slop else None)
