"""A query read into a tree, by recursive descent.

::

    either  = both { OR both }
    both    = near { [AND] near }
    near    = not { NEAR/n not | ONEAR/n not }
    not     = { NOT | - } primary
    primary = field: primary | ( either ) | COUNT/n( either ) | "…" | {…} | @alias | word
"""

import re
from collections.abc import Mapping
from typing import Literal, NoReturn, cast
from unicodedata import normalize

from msgspec.structs import replace

from workers.model.base import Record
from workers.model.topic import Problem
from workers.topics.canonical import canonical
from workers.topics.checks import check_operand, check_positive, never_near
from workers.topics.descent import Descent
from workers.topics.errors import QueryError, no_alias, problem_at, quoted
from workers.topics.lexeme import Lexeme
from workers.topics.lexer import FACTS, lex
from workers.topics.reading import WITHIN
from workers.topics.terms import (
    bare_elements,
    cased_elements,
    quoted_elements,
    spelled,
    spelled_cased,
    spelled_phrase,
)
from workers.topics.tree import (
    Alias,
    Both,
    Count,
    Either,
    Fact,
    FactField,
    Link,
    Near,
    Node,
    Not,
    Phrase,
    Scope,
    Term,
)

__all__ = ["MAX_LEAVES", "Aliases", "Parsed", "parse"]

MAX_LEAVES = 1_000
"""Words, phrases, aliases and facts of one query."""

Aliases = Mapping[str, tuple[Phrase, ...]]
"""The spellings of each accepted alias set."""

_LEAVES = {"word", "quoted", "cased", "alias"}
_OPERATORS = {"and", "or", "not", "near", "onear"}
_SHOUTED = {"AND", "OR", "NOT", "NEAR", "ONEAR", "COUNT"}
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*", re.IGNORECASE | re.ASCII)
_PLAIN = re.compile(r"[\w.-]+\*?")
_GLUED = re.compile(r"\||(?<=[^\W\d_])[,;](?=[^\W\d_])")
"""Signs inside a word that people take for an OR."""
_SINGLE = frozenset("'\u2018\u2019\u201a\u201b`\u00b4")
"""Apostrophes and the like."""
_AMBIGUOUS = {"US": "us", "IT": "it", "WHO": "who", "IS": "is", "ICE": "ice", "AIDS": "aids"}
"""Names in capitals that are also common words: in any case they are found all day."""


class Parsed(Record, frozen=True, kw_only=True):
    """A query that was accepted."""

    tree: Node
    warnings: tuple[Problem, ...] = ()


def parse(query: str, aliases: Aliases) -> Parsed:
    """Read ``query``.

    Raises:
        QueryError: it is refused; the error says where, why, and what to write instead.
    """
    if not query.strip():
        raise QueryError(problem_at(query, 0, 1, "the query is empty", "write a word"))
    parser = _Parser(query, lex(query), aliases)
    tree = parser.whole()
    check_positive(tree, query)
    return Parsed(tree=tree, warnings=tuple(parser.warnings))


class _Parser(Descent):
    """Makes a tree of the lexemes of a query."""

    def __init__(self, query: str, lexemes: list[Lexeme], aliases: Aliases) -> None:
        super().__init__(query, lexemes)
        self.aliases = aliases
        self.leaves = 0
        self.scope: Scope = ""
        self.fact: FactField | None = None
        self.warnings: list[Problem] = []

    # --- from the weakest operator to the tightest

    def whole(self) -> Node:
        if self.at("end"):
            self.refuse(0, 1, "the query is empty", "write a word")
        tree = self._either()
        self.refuse_close()
        return tree

    def _either(self) -> Node:
        start = self.now.start
        children = [self._both()]
        mixed = isinstance(children[0], _Loose)
        while self.at("or"):
            operator = self.next()
            self._operand(operator)
            children.append(self._both())
            mixed = mixed or isinstance(children[-1], _Loose)
        tight = tuple(_tightened(child) for child in children)
        if len(tight) == 1:
            return tight[0]
        either = Either(span=(start, self.end()), children=tight)
        if mixed:
            self._warn(either.span, f"AND and OR without brackets are read as {canonical(either)}")
        return either

    def _both(self) -> Node:
        start = self.now.start
        children = [self._near()]
        while self.now.kind not in {"or", "close", "end"}:
            if self.at("and"):
                self._operand(self.next())
            children.append(self._near())
        if len(children) == 1:
            return children[0]
        return _Loose(span=(start, self.end()), children=tuple(children))

    def _near(self) -> Node:
        start = self.now.start
        operands = [self._not()]
        links: list[Link] = []
        while self.now.kind in {"near", "onear"}:
            operator = self.next()
            self._operand(operator)
            links.append(Link(ordered=operator.kind == "onear", reach=operator.number))
            operands.append(self._not())
        if not links:
            return operands[0]
        for operand in operands:
            check_operand(operand, "NEAR", self.query)
        near = Near(span=(start, self.end()), operands=tuple(operands), links=tuple(links))
        for part in never_near(near):
            shown = quoted(self.query[slice(*part.span)])
            message = f"NEAR never goes from one zone to another, so this cannot hold: {shown}"
            self._warn(part.span, message, "search the words in one zone, or write AND")
        return near

    def _not(self) -> Node:
        if not self.at("not"):
            return self._primary()
        operator = self.next()
        self.deeper(operator)
        self._operand(operator)
        child = self._not()
        self.depth -= 1
        return Not(span=(operator.start, self.end()), child=child)

    def _operand(self, operator: Lexeme) -> None:
        """Refuse an operator with nothing to its right."""
        if self.now.kind in {"and", "or", "near", "onear", "close", "end"}:
            self._dangling(operator)

    def _dangling(self, operator: Lexeme) -> NoReturn:
        shown = quoted(self.query[operator.start : operator.end])
        hint = 'write a term on either side, or the word itself in quotes, as in "or"'
        self.refuse(operator.start, operator.end, f"an operator without a term: {shown}", hint)

    # --- what operators stand between

    def _primary(self) -> Node:
        lexeme = self.next()
        match lexeme.kind:
            case "open":
                node = self._group(lexeme)
            case "field":
                node = self._field(lexeme)
            case "count":
                node = self._count(lexeme)
            case kind if kind in _LEAVES:
                node = self._leaf(lexeme)
            case "close":
                message = "a closing bracket too many: `)`"
                self.refuse(lexeme.start, lexeme.end, message, "delete it")
            case _:
                self._dangling(lexeme)
        return node

    def _group(self, opener: Lexeme) -> Node:
        self.deeper(opener)
        if self.at("close"):
            self.refuse(opener.start, self.now.end, "empty brackets: `()`", "write a term in them")
        if self.at("end"):
            self._unclosed(opener)
        inside = self._either()
        if not self.at("close"):
            self._unclosed(opener)
        self.next()
        self.depth -= 1
        return inside

    def _unclosed(self, opener: Lexeme) -> NoReturn:
        message = f"the bracket is not closed: {quoted(self.query[opener.start :])}"
        self.refuse(opener.start, opener.end, message, "put a ) where the group ends")

    def _field(self, lexeme: Lexeme) -> Node:
        if self.now.kind not in {"open", "word", "quoted", "cased", "alias", "field", "count"}:
            message = f"a field without a term: {quoted(self.query[lexeme.start : lexeme.end])}"
            hint = f"write {lexeme.text}:word or {lexeme.text}:(one OR other)"
            if self.at("not"):
                hint = f"write -{lexeme.text}:word to exclude it there"
            self.refuse(lexeme.start, lexeme.end, message, hint)
        self._check_within(lexeme)
        self.deeper(lexeme)
        before, alone = (self.scope, self.fact), self.now.kind in _LEAVES
        if lexeme.text in FACTS:
            self.fact = cast("FactField", lexeme.text)
        else:
            self.scope, self.fact = cast("Scope", lexeme.text), None
        child = self._primary()
        self.scope, self.fact = before
        self.depth -= 1
        if alone and isinstance(child, Term | Alias | Fact):
            return replace(child, span=(lexeme.start, child.span[1]))  # its field is part of it
        return child

    def _check_within(self, lexeme: Lexeme) -> None:
        """Refuse a field inside another, but for a part of the zone around it."""
        outer, inner = self.fact or self.scope, lexeme.text
        if not outer or (self.fact is None and inner in WITHIN[self.scope]):
            return
        shown = quoted(self.query[lexeme.start : lexeme.end])
        message = f"{inner}: has no meaning inside {outer}: {shown}"
        if self.fact is None and inner in FACTS:
            message = f"a fact stands in no zone, so not inside {outer}: {shown}"
        hint = f"write {outer}:word and {inner}:word beside each other"
        hint += ', or the value in quotes: "…"' if self.fact is not None else ""
        self.refuse(lexeme.start, lexeme.end, message, hint)

    def _count(self, lexeme: Lexeme) -> Node:
        if self.now.kind != "open":
            hint = f"write COUNT/{lexeme.number}(word)"
            message = f"COUNT without brackets: {quoted(lexeme.text)}"
            self.refuse(lexeme.start, lexeme.end, message, hint)
        operand = self._group(self.next())
        check_operand(operand, "COUNT", self.query)
        return Count(span=(lexeme.start, self.end()), least=lexeme.number, operand=operand)

    # --- leaves

    def _leaf(self, lexeme: Lexeme) -> Node:
        self.leaves += 1
        if self.leaves > MAX_LEAVES:
            hint = "move lists of names into [aliases], which count as one"
            message = f"more than {MAX_LEAVES:,} terms"
            self.refuse(lexeme.start, lexeme.end, message, hint)
        if lexeme.kind == "alias":
            return self._alias(lexeme)
        if self.fact is not None:
            return self._fact(lexeme, self.fact)
        span = (lexeme.start, lexeme.end)
        if lexeme.kind == "quoted":
            phrase = quoted_elements(lexeme.text, lexeme.start + 1, self.refuse)
            alone = len(phrase) == 1 and phrase[0].kind == "exact"
            return Term(
                span=span,
                op="exact" if alone else "phrase",
                phrase=phrase,
                written=spelled_phrase(phrase),
                scope=self.scope,
            )
        if lexeme.kind == "cased":
            phrase = cased_elements(lexeme.text, lexeme.start + 1, self.refuse)
            written = spelled_cased(phrase)
            return Term(span=span, op="exact", phrase=phrase, written=written, scope=self.scope)
        return self._word(lexeme)

    def _word(self, lexeme: Lexeme) -> Term:
        phrase = bare_elements(lexeme.text, lexeme.start, self.refuse)
        written = spelled(lexeme.text, phrase)
        self._check_word(lexeme, written)
        span = (lexeme.start, lexeme.end)
        name = phrase[0].cased
        if len(phrase) == 1 and phrase[0].kind == "exact" and name in _AMBIGUOUS:
            message = f"{name} also finds the word {_AMBIGUOUS[name]}"
            self._warn(span, message, f"write {{{name}}} for the name")
        return Term(
            span=span,
            op=_op(phrase),
            phrase=phrase,
            written=written,
            scope=self.scope,
        )

    def _check_word(self, lexeme: Lexeme, written: str) -> None:
        word = normalize("NFKC", written)  # operators as Chinese and Japanese keyboards write them
        if word in _SHOUTED or (word in _OPERATORS and not self._alone()):
            upper = "NEAR/8" if "near" in word.lower() else word.upper()
            self.refuse(
                lexeme.start,
                lexeme.end,
                f"is this an operator or a word: {quoted(lexeme.text)}",
                f'write {upper}, or "{word}" for the word',
            )
        span = (lexeme.start, lexeme.end)
        if word in {"And", "Or", "Not", "Near"} and not self._alone():
            upper = "NEAR/8" if word == "Near" else word.upper()
            self._warn(span, f"{quoted(word)} is read as a word", f"the operator is {upper}")
        glued = _GLUED.search(lexeme.text)
        if glued:
            message = f"{quoted(lexeme.text)} is read as words in a row"
            sign = glued.group()
            hint = "put spaces around | to mean OR"
            self._warn(span, message, hint if sign == "|" else f"put a space behind {sign}")
        self._check_apostrophes(lexeme)

    def _check_apostrophes(self, lexeme: Lexeme) -> None:
        """Warn of words between apostrophes, which are no quotes."""
        first = lexeme.text[:1]
        if first not in _SINGLE or len(lexeme.text) == 1:
            return
        for other in self.lexemes[self.place - 1 :]:
            if other.kind != "word":
                return
            if other.text[-1] in _SINGLE:
                break
        else:
            return
        if other is not lexeme:
            span = (lexeme.start, other.end)
            message = f"apostrophes are no quotes: {quoted(self.query[slice(*span)])}"
            self._warn(span, message, 'write "…" for words in a row')

    def _alone(self) -> bool:
        return len(self.lexemes) == 2  # noqa: PLR2004 — the word and the end

    def _alias(self, lexeme: Lexeme) -> Node:
        span = (lexeme.start, lexeme.end)
        name = lexeme.text if lexeme.text in self.aliases else lexeme.text.casefold()
        if name not in self.aliases:
            raise QueryError(no_alias(self.query, span, lexeme.text, self.aliases))
        if self.fact is not None:
            message = f"an alias is no value of {self.fact}: {quoted('@' + name)}"
            self.refuse(*span, message, f'write {self.fact}:"…" for each value')
        return Alias(span=span, name=name, phrases=self.aliases[name], scope=self.scope)

    def _fact(self, lexeme: Lexeme, field: FactField) -> Fact:
        inside = lexeme.kind != "word"
        if field == "lang" and not _LANGUAGE.fullmatch(lexeme.text):
            message = f"no code of a language: {quoted(lexeme.text)}"
            hint = "write two letters, as in lang:en"
            self.refuse(lexeme.start, lexeme.end, message, hint)
        phrase = quoted_elements(lexeme.text, lexeme.start + inside, self.refuse)
        written = lexeme.text if _PLAIN.fullmatch(lexeme.text) else spelled_phrase(phrase)
        if _PLAIN.fullmatch(written.strip('"')):
            written = written.strip('"')
        span = (lexeme.start, lexeme.end)
        return Fact(span=span, field=field, phrase=phrase, written=written)

    def _warn(self, span: tuple[int, int], message: str, hint: str = "") -> None:
        self.warnings.append(problem_at(self.query, *span, message, hint))


def _op(phrase: Phrase) -> Literal["word", "phrase", "prefix"]:
    if len(phrase) > 1:
        return "phrase"
    return "prefix" if phrase[0].kind == "prefix" else "word"


class _Loose(Both, frozen=True, kw_only=True):
    """An AND that stands without brackets, until the group around it is read."""


def _tightened(node: Node) -> Node:
    return Both(span=node.span, children=node.children) if isinstance(node, _Loose) else node
