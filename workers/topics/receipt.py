"""Receipts: which clauses held, and where; and for what did not match, why not."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from workers.model.topic import Clause, Hit
from workers.text.sentences import sentence_around
from workers.topics.canonical import canonical
from workers.topics.plain import chains, holds, places
from workers.topics.reading import Place, Searched
from workers.topics.tree import Alias, Both, Count, Either, Fact, Near, Node, Not, Scope, Term

__all__ = ["RECEIPT_BYTES", "elsewhere", "failure", "first_failure", "receipt"]

RECEIPT_BYTES = 4096
"""Of a receipt as JSON."""
HITS = 5
"""Hits told of one clause."""
CLAUSES = 20
"""Clauses told of one match."""
SENTENCE = 300
"""Characters of the sentence around a hit."""
QUERY = 300
"""Characters of a clause's canonical writing."""
_TIGHTER = ((4, 240), (3, 160), (2, 120), (1, 100), (1, 60), (1, 30))
"""Hits a clause and characters a sentence, tried in turn until a receipt is small enough."""

_OPS: dict[type[Node], str] = {
    Alias: "alias",
    Count: "count",
    Not: "not",
    Both: "and",
    Either: "or",
}


def receipt(tree: Node, reading: Searched) -> tuple[Clause, ...]:
    """Return every clause of ``tree`` that held, in the order of the query, within 4 KiB."""
    found = [clause for node in _held(tree, reading) for clause in [_clause(node, reading)]]
    return _within(found[:CLAUSES])


def first_failure(tree: Node, reading: Searched) -> Node:
    """Return the first clause of a tree that does not hold, down to where that says something."""
    if isinstance(tree, Both):
        failed = next((child for child in tree.children if not holds(child, reading)), None)
        return first_failure(failed, reading) if failed is not None else tree
    return tree


def failure(node: Node, reading: Searched) -> Clause:
    """Return a clause that did not hold; its hits are those of its parts, as far as there."""
    clause = _clause(node, reading)
    if clause.hits:
        return _within([clause])[0]
    inner = node.child if isinstance(node, Not) else node
    hits = _hits([place for leaf in _leaves(inner) for place in places(leaf, reading)], reading)
    return _within([replace(clause, hits=hits)])[0]


def elsewhere(node: Node, reading: Searched) -> tuple[Hit, ...]:
    """Return where a clause that failed stands in zones that it does not search."""
    if isinstance(node, Not | Fact):
        return ()
    searched = {
        (number, token)
        for leaf in _leaves(node)
        for number, size in reading.searched(leaf.scope)
        for token in (range(size) if leaf.scope == "lead" else [-1])
    }
    open_passages = {number for number, token in searched if token < 0}
    found = _everywhere(node, reading)
    fresh = [p for p in found if p[0] not in open_passages and p[:2] not in searched]
    hits = _hits(fresh, reading)
    return _within([Clause(op="", query="", span=(0, 0), hits=hits)])[0].hits if hits else ()


def _everywhere(node: Node, reading: Searched) -> list[Place]:
    """Return the places of a node, or else of its leaves, in all zones."""
    wide = _rescoped(node, "any")
    found = _places_of(wide, reading)
    return found or [place for leaf in _leaves(wide) for place in places(leaf, reading)]


def _rescoped(node: Node, scope: Scope) -> Node:
    match node:
        case Term() | Alias():
            return replace(node, scope=scope)
        case Near():
            operands = tuple(_rescoped(operand, scope) for operand in node.operands)
            return replace(node, operands=operands)
        case Count():
            return replace(node, operand=_rescoped(node.operand, scope))
        case Both() | Either():
            children = tuple(_rescoped(child, scope) for child in node.children)
            return replace(node, children=children)
        case _:
            return node


def _leaves(node: Node) -> list[Term | Alias]:
    match node:
        case Term() | Alias():
            return [node]
        case Near():
            return [leaf for operand in node.operands for leaf in _leaves(operand)]
        case Count():
            return _leaves(node.operand)
        case Both() | Either():
            return [leaf for child in node.children for leaf in _leaves(child)]
        case _:
            return []


def _held(node: Node, reading: Searched) -> Iterable[Node]:
    match node:
        case Both():
            for child in node.children:
                yield from _held(child, reading)
        case Either():
            for child in node.children:
                if holds(child, reading):
                    yield from _held(child, reading)
        case _:
            yield node


def _clause(node: Node, reading: Searched) -> Clause:
    text = canonical(node)
    return Clause(
        op=_op(node),
        query=text if len(text) <= QUERY else f"{text[: QUERY - 1]}…",
        span=node.span,
        hits=_hits(_places_of(node, reading), reading),
    )


def _places_of(node: Node, reading: Searched) -> list[Place]:
    if isinstance(node, Near):
        return [place for chain in chains(node, reading) for place in chain]
    if isinstance(node, Count):
        return places(node.operand, reading)
    return places(node, reading)


def _op(node: Node) -> str:
    if isinstance(node, Term):
        return node.op
    if isinstance(node, Fact):
        return node.field
    if isinstance(node, Near):
        return "onear" if all(link.ordered for link in node.links) else "near"
    return _OPS[type(node)]


def _hits(found: Sequence[Place], reading: Searched) -> tuple[Hit, ...]:
    return tuple(_hit(place, reading) for place in list(dict.fromkeys(found))[:HITS])


def _hit(place: Place, reading: Searched) -> Hit:
    zone, text, start, end = reading.shown(place)
    return Hit(
        zone=zone,
        start=start,
        end=end,
        text=sentence_around(text[start:end].replace("\n", " "), 0, end - start, SENTENCE),
        sentence=sentence_around(text, start, end, SENTENCE),
    )


def _within(clauses: list[Clause]) -> tuple[Clause, ...]:
    """Shorten sentences, then drop hits and clauses, until a receipt fits its bytes."""
    if _fits(clauses):
        return tuple(clauses)
    for hits, characters in _TIGHTER:
        clauses = [_tightened(clause, hits, characters) for clause in clauses]
        if _fits(clauses):
            return tuple(clauses)
    while len(clauses) > 1 and not _fits(clauses):
        clauses = clauses[:-1]
    return tuple(clauses)


def _fits(clauses: Sequence[Clause]) -> bool:
    return len(msgspec.json.encode({"clauses": clauses})) <= RECEIPT_BYTES


def _tightened(clause: Clause, hits: int, characters: int) -> Clause:
    kept = tuple(
        replace(hit, sentence=_around(hit, characters), text=hit.text[:characters])
        for hit in clause.hits[:hits]
    )
    query = clause.query
    return replace(
        clause,
        query=query if len(query) <= characters else f"{query[: characters - 1]}…",
        hits=kept,
    )


def _around(hit: Hit, characters: int) -> str:
    at = max(0, hit.sentence.find(hit.text))
    return sentence_around(
        hit.sentence, at, min(at + len(hit.text), len(hit.sentence)), characters
    )
