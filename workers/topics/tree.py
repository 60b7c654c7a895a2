"""A query as a tree. Every node knows where it stands in the query."""

from typing import Literal

from workers.model.base import Record

__all__ = [
    "Alias",
    "Both",
    "Count",
    "Either",
    "Element",
    "Fact",
    "FactField",
    "Link",
    "Near",
    "Node",
    "Not",
    "Phrase",
    "Scope",
    "Term",
]

Scope = Literal["", "title", "lead", "body", "caption", "any"]
"""Where a term is searched; the empty one is title and body."""
FactField = Literal["source", "lang", "tag", "author"]
Span = tuple[int, int]


class Element(Record, frozen=True, kw_only=True):
    """One word of a term."""

    kind: Literal["forms", "exact", "case", "prefix"]
    folded: str
    cased: str
    raw: str
    """As written in the query, for the dictionary."""
    particles: bool = False
    """Also behind Arabic and Hebrew particles."""


Phrase = tuple[Element, ...]
"""Words in a row."""


class Term(Record, frozen=True, kw_only=True):
    """A word, a phrase, a prefix, or words in exactly this case."""

    span: Span
    op: Literal["word", "phrase", "prefix", "exact"]
    phrase: Phrase
    written: str
    """In canonical writing, without scope."""
    scope: Scope = ""


class Alias(Record, frozen=True, kw_only=True):
    """One of the spellings of an alias set."""

    span: Span
    name: str
    phrases: tuple[Phrase, ...]
    scope: Scope = ""


class Fact(Record, frozen=True, kw_only=True):
    """A fact of the article or of the feeds that listed it."""

    span: Span
    field: FactField
    phrase: Phrase
    written: str


class Link(Record, frozen=True, kw_only=True):
    """How two neighbours of a `Near` must stand."""

    ordered: bool
    reach: int
    """Positions at most; words that touch are 1 apart."""


class Near(Record, frozen=True, kw_only=True):
    """Operands near one another, each with the next."""

    span: Span
    operands: tuple["Node", ...]
    links: tuple[Link, ...]
    """One less than operands."""


class Count(Record, frozen=True, kw_only=True):
    """At least so many occurrences."""

    span: Span
    least: int
    operand: "Node"


class Not(Record, frozen=True, kw_only=True):
    """The child must not hold."""

    span: Span
    child: "Node"


class Both(Record, frozen=True, kw_only=True):
    """All children must hold (AND)."""

    span: Span
    children: tuple["Node", ...]


class Either(Record, frozen=True, kw_only=True):
    """One child at least must hold (OR)."""

    span: Span
    children: tuple["Node", ...]


Node = Term | Alias | Fact | Near | Count | Not | Both | Either
