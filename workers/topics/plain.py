"""The plain evaluator: each topic walked over a document, straight from the meaning of the tree.

It is the reference for what a query means. A faster matcher has to give the same answers.
"""

from bisect import bisect_left
from collections.abc import Sequence

from workers.topics.canonical import canonical
from workers.topics.reading import Place, Reading
from workers.topics.tree import Alias, Both, Count, Either, Fact, Link, Near, Node, Not, Term

__all__ = ["chains", "holds", "places"]


def holds(node: Node, reading: Reading) -> bool:
    """Say whether a tree is true of a document."""
    match node:
        case Both():
            return all(holds(child, reading) for child in node.children)
        case Either():
            return any(holds(child, reading) for child in node.children)
        case Not():
            return not holds(node.child, reading)
        case Near():
            return bool(chains(node, reading))
        case Count():
            found = places(node.operand, reading)
            return len({place[:2] for place in found}) >= node.least
        case Term() | Alias() | Fact():
            return _holds_leaf(node, reading)


def _holds_leaf(leaf: Term | Alias | Fact, reading: Reading) -> bool:
    if isinstance(leaf, Fact):
        return reading.has_fact(leaf.field, leaf.phrase)
    return bool(places(leaf, reading))


def places(node: Node, reading: Reading) -> list[Place]:
    """Return where a term, an alias or an OR group of them stands, in order, none twice."""
    if isinstance(node, Either):
        return sorted({place for child in node.children for place in places(child, reading)})
    if not isinstance(node, Term | Alias):
        return []
    key = canonical(node)
    found = reading.remembered.get(key)
    if found is None:
        found = reading.remembered[key] = _look(node, reading)
    return found


def _look(leaf: Term | Alias, reading: Reading) -> list[Place]:
    if isinstance(leaf, Term):
        return reading.find(leaf.phrase, leaf.scope)
    found = {place for phrase in leaf.phrases for place in reading.find(phrase, leaf.scope)}
    return sorted(found)


def chains(node: Near, reading: Reading) -> list[tuple[Place, ...]]:
    """Return how a NEAR is met: a place of each operand, every one near the one before.

    One chain for each place of the last operand that ends one, by the nearest partners. Places
    that overlap are no neighbours: a word is not near itself.
    """
    found: list[tuple[Place, ...]] = [(place,) for place in places(node.operands[0], reading)]
    for link, operand in zip(node.links, node.operands[1:], strict=True):
        if not found:
            return []
        found = _linked(found, places(operand, reading), link)
    return found


def _linked(
    left: list[tuple[Place, ...]], right: Sequence[Place], link: Link
) -> list[tuple[Place, ...]]:
    ends = [chain[-1] for chain in left]
    longest = max(last - first for _, first, last in ends)
    found: list[tuple[Place, ...]] = []
    for place in right:
        passage, first, last = place
        low = bisect_left(ends, (passage, first - link.reach - longest, -1))
        high = bisect_left(ends, (passage, last + link.reach + 1, -1))
        near = [n for n in range(low, high) if _near(ends[n], place, link)]
        if near:
            best = min(near, key=lambda n: abs(ends[n][1] - first))
            found.append((*left[best], place))
    return found


def _near(left: Place, right: Place, link: Link) -> bool:
    """Say whether two places are within reach, measured between their nearer ends."""
    if left[2] < right[1]:
        return right[1] - left[2] <= link.reach
    return not link.ordered and right[2] < left[1] and left[1] - right[2] <= link.reach
