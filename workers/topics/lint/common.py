"""Topics that rest on a word so common that they ring all day, and how often that is."""

from collections.abc import Iterator, Mapping
from math import prod
from typing import NamedTuple

from workers.model.base import Record
from workers.model.topic import TopicSpec
from workers.topics.canonical import canonical
from workers.topics.errors import quoted
from workers.topics.likely import FORMS, PREFIX, UNKNOWN
from workers.topics.lint.findings import Finding, finding_at
from workers.topics.tree import (
    Alias,
    Both,
    Count,
    Either,
    Element,
    Fact,
    FactField,
    Near,
    Node,
    Not,
    Phrase,
    Scope,
    Term,
)

__all__ = ["ASSUMED", "Archive", "common_findings"]

ASSUMED = 1_000.0
"""Articles a day where nothing is known."""
OFTEN = 24.0
"""Times a day: a topic that rings so often rings all day."""
MUCH = 0.3
"""Of articles: what a table of words alone says of a topic is no more than a guess. Its shares are
of articles of the word's own language, and most of those that were counted are about wars."""
TABLE = 20
"""Articles that were looked at after which these count as much as the table,"""
ENOUGH = 200
"""and after which they are believed."""
MUCH_SEEN = 0.05
"""The same if enough articles were looked at."""
NEARNESS = 0.3
"""Of articles that have all words of a NEAR, in how many they are near."""
SPELLINGS = 200
"""Of an alias set, by which its share is reckoned."""
_SCOPES: dict[Scope, float] = {"": 1, "title": 0.15, "lead": 0.2, "body": 1, "caption": 0.1,
                               "any": 1}  # fmt: skip
_FACTS: dict[FactField, float] = {"lang": 0.4, "source": 0.02, "tag": 0.02, "author": 0.002}


class Archive(Record, frozen=True, kw_only=True):
    """What is known of the articles that come in."""

    per_day: float | None = None
    """Articles a day; None is unknown."""
    seen: int = 0
    """Articles that were looked at."""
    words: Mapping[str, int] = {}
    """In how many of them each folded word stands."""
    hits: Mapping[str, int] = {}
    """How many of them each topic matched, by its name."""


class _Likely(NamedTuple):
    """The share of articles in which something holds, and the clause that it rests on."""

    share: float
    clause: Node


def common_findings(
    spec: TopicSpec, tree: Node, common: Mapping[str, float], archive: Archive
) -> Iterator[Finding]:
    """Yield that a topic rings all day, with the word that does it and how often that is.

    ``common`` is the share of articles in which a folded word stands. What was seen in the archive
    counts the more, the more was looked at.
    """
    expected = _Shares(common, archive).of(tree)
    hits = archive.hits.get(spec.name, 0)
    share = (expected.share * TABLE + hits) / (TABLE + archive.seen)
    known = archive.per_day is not None and archive.seen >= ENOUGH
    per_day = share * (archive.per_day or ASSUMED)
    if per_day < OFTEN or share < (MUCH_SEEN if known else MUCH):
        return
    clause = expected.clause
    word = canonical(clause)
    of_word = _Shares(common, archive).of(clause).share
    message = (
        f"rests on a word so common that it rings all day: {quoted(word)} stands in "
        f"{of_word * 100:.0f}% of articles, so about {per_day:,.0f} hits a day ({_basis(archive)})"
    )
    yield finding_at(
        spec,
        clause,
        "common",
        (message, "say what else must be there, near it: NEAR/30, or title: before it"),
        word=word,
        share=round(of_word, 4),
        per_day=round(per_day, 1),
    )


def _basis(archive: Archive) -> str:
    if archive.per_day is None:
        return f"at {ASSUMED:,.0f} articles a day, which is assumed: there is no archive yet"
    return f"of {archive.per_day:,.0f} articles a day, {archive.seen:,} of them looked at"


class _Shares:
    """Reckons shares of articles, as if clauses had nothing to do with each other."""

    def __init__(self, common: Mapping[str, float], archive: Archive) -> None:
        self._common = common
        self._archive = archive

    def of(self, node: Node) -> _Likely:  # noqa: PLR0911 - one a kind of node
        """Return the share of articles in which a tree holds; too much rather than too little."""
        match node:
            case Term():
                return _Likely(self._phrase(node.phrase) * _SCOPES[node.scope], node)
            case Alias():
                some = sum(map(self._phrase, node.phrases[:SPELLINGS]))
                return _Likely(min(some, 1.0) * _SCOPES[node.scope], node)
            case Fact():
                return _Likely(_FACTS[node.field], node)
            case Count():
                return _Likely(self.of(node.operand).share / node.least, self._rests(node))
            case Near():
                every = [self.of(operand) for operand in node.operands]
                share = prod(one.share for one in every) * NEARNESS
                return _Likely(share, min(every, key=_share).clause)
            case Not():
                return _Likely(1 - self.of(node.child).share, node)
            case Both():
                every = [self.of(child) for child in node.children]
                needed = [one for one in every if not isinstance(one.clause, Not)] or every
                share = prod(one.share for one in every)
                return _Likely(share, min(needed, key=_share).clause)
            case Either():
                every = [self.of(child) for child in node.children]
                share = 1 - prod(1 - one.share for one in every)
                return _Likely(share, max(every, key=_share).clause)

    def _rests(self, node: Count) -> Node:
        return self.of(node.operand).clause

    def _phrase(self, phrase: Phrase) -> float:
        least = min(map(self._element, phrase))
        return least if len(phrase) == 1 else least / 2

    def _element(self, element: Element) -> float:
        share = self._common.get(element.folded, UNKNOWN)
        seen = self._archive.words.get(element.folded, 0)
        share = (share * TABLE + seen) / (TABLE + self._archive.seen)
        if element.kind == "forms":
            share *= FORMS
        elif element.kind == "prefix":
            share *= PREFIX
        return min(share, 1.0)


def _share(one: _Likely) -> float:
    return one.share
