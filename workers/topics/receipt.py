"""Receipts: which clauses held, and where; and for what did not match, why not."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec
from msgspec.structs import replace

from workers.model.topic import Clause, Hit
from workers.text.sentences import sentence_around
from workers.topics.canonical import canonical
from workers.topics.clauses import holds, leaves, places, places_of
from workers.topics.reading import Place, Searched
from workers.topics.tree import Alias, Both, Count, Either, Fact, Near, Node, Not, Scope, Term

__all__ = [
    "RECEIPT_BYTES",
    "clause_of",
    "elsewhere",
    "failure",
    "first_failure",
    "hits_of",
    "operator",
    "partly",
    "receipt",
    "rescoped",
    "shortened",
    "tightened",
]

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
    return _within([clause_of(node, reading) for node in islice(_held(tree, reading), CLAUSES)])


def partly(tree: Node, reading: Searched) -> tuple[Clause, ...]:
    """Return the clauses that held of a tree that does not, in the order of the query."""
    held = (node for node in _held(tree, reading) if holds(node, reading))
    return _within([clause_of(node, reading) for node in islice(held, CLAUSES)])


def first_failure(tree: Node, reading: Searched) -> Node:
    """Return the first clause of a tree that does not hold, down to where that says something."""
    if isinstance(tree, Both):
        failed = next((child for child in tree.children if not holds(child, reading)), None)
        return first_failure(failed, reading) if failed is not None else tree
    return tree


def failure(node: Node, reading: Searched) -> Clause:
    """Return a clause that did not hold; its hits are those of its parts, as far as there."""
    clause = clause_of(node, reading)
    if clause.hits:
        return _within([clause])[0]
    if isinstance(node, Not):
        found = list(_met(node.child, reading))
    else:
        found = [place for leaf in leaves(node) for place in places(leaf, reading)]
    return _within([replace(clause, hits=hits_of(found, reading))])[0]


def _met(node: Node, reading: Searched) -> Iterator[Place]:
    """Yield by what a clause holds that must not."""
    if isinstance(node, Both | Either):
        for child in node.children:
            if holds(child, reading):
                yield from _met(child, reading)
    else:
        yield from places_of(node, reading)


def elsewhere(node: Node, reading: Searched) -> tuple[Hit, ...]:
    """Return where a clause that failed stands in zones that it does not search.

    That is the whole of it, where all of a NEAR or COUNT is elsewhere; else the terms that are
    missing. Of a group only what does not hold is asked for.
    """
    found = [place for part in _missing(node, reading) for place in _outside(part, reading)]
    hits = hits_of(found, reading)
    return _within([Clause(op="", query="", span=(0, 0), hits=hits)])[0].hits if hits else ()


def _missing(node: Node, reading: Searched) -> Iterator[Term | Alias | Near | Count]:
    """Yield what does not hold of a clause, of what stands somewhere in a text."""
    match node:
        case Both(children=inner) | Either(children=inner):
            for child in inner:
                if not holds(child, reading):
                    yield from _missing(child, reading)
        case Term() | Alias() | Near() | Count():
            yield node
        case _:
            return


def _outside(part: Term | Alias | Near | Count, reading: Searched) -> list[Place]:
    """Return where a clause stands in zones that it does not search, or what it misses does."""
    if isinstance(part, Term | Alias):
        return _unsearched(part, reading)
    own = {place for leaf in leaves(part) for place in places(leaf, reading)}
    whole = [one for one in places_of(rescoped(part, "any"), reading) if one not in own]
    operands = part.operands if isinstance(part, Near) else (part.operand,)
    gone = [operand for operand in operands if not places(operand, reading)]
    missing = (leaf for operand in gone for leaf in leaves(operand))
    return whole or [place for leaf in missing for place in _unsearched(leaf, reading)]


def _unsearched(leaf: Term | Alias, reading: Searched) -> list[Place]:
    """Return where a term stands in zones that it does not search."""
    own = set(places(leaf, reading))
    return [place for place in places(rescoped(leaf, "any"), reading) if place not in own]


def rescoped(node: Node, scope: Scope) -> Node:
    """Return a clause with all its terms searched in another scope."""
    match node:
        case Term() | Alias():
            return replace(node, scope=scope)
        case Near():
            operands = tuple(rescoped(operand, scope) for operand in node.operands)
            return replace(node, operands=operands)
        case Count():
            return replace(node, operand=rescoped(node.operand, scope))
        case Both() | Either():
            children = tuple(rescoped(child, scope) for child in node.children)
            return replace(node, children=children)
        case _:
            return node


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


def clause_of(node: Node, reading: Searched) -> Clause:
    """Return a clause with where it holds."""
    return Clause(
        op=operator(node),
        query=shortened(canonical(node), QUERY),
        span=node.span,
        hits=hits_of(places_of(node, reading), reading),
    )


def operator(node: Node) -> str:
    """Return the name of what a clause is, as receipts tell it."""
    if isinstance(node, Term):
        return node.op
    if isinstance(node, Fact):
        return node.field
    if isinstance(node, Near):
        return "onear" if all(link.ordered for link in node.links) else "near"
    return _OPS[type(node)]


def hits_of(found: Iterable[Place], reading: Searched, most: int = HITS) -> tuple[Hit, ...]:
    """Return places as people see them, the first few, none twice."""
    few: dict[Place, None] = {}
    for place in found:
        few[place] = None
        if len(few) == most:
            break
    return tuple(_hit(place, reading) for place in few)


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
    kept = tuple(tightened(hit, characters) for hit in clause.hits[:hits])
    return replace(clause, query=shortened(clause.query, characters), hits=kept)


def shortened(text: str, most: int) -> str:
    """Return ``text`` in at most so many characters, the last of which says that it is cut."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def tightened(hit: Hit, characters: int) -> Hit:
    """Return a hit of which no text is longer than ``characters``."""
    return replace(hit, sentence=_around(hit, characters), text=hit.text[:characters])


def _around(hit: Hit, characters: int) -> str:
    at = max(0, hit.sentence.find(hit.text))
    return sentence_around(
        hit.sentence, at, min(at + len(hit.text), len(hit.sentence)), characters
    )
