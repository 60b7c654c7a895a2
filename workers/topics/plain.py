"""The plain evaluator: each topic walked over a document, straight from the meaning of the tree.

It is the reference for what a query means. A faster matcher has to give the same answers.
"""

from bisect import bisect_left
from collections.abc import Sequence
from math import inf

from workers.topics.canonical import canonical
from workers.topics.reading import Chain, Place, Reading
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


def chains(node: Near, reading: Reading) -> list[Chain]:
    """Return how a NEAR is met: a place of each operand, every one near the one before.

    One chain for each place of the last operand that ends one, by the nearest partners. Places
    that overlap are no neighbours: a word is not near itself.
    """
    key = canonical(node)
    known = reading.remembered_chains.get(key)
    if known is not None:
        return known
    found: list[Chain] = [(place,) for place in places(node.operands[0], reading)]
    for link, operand in zip(node.links, node.operands[1:], strict=True):
        found = _linked(found, places(operand, reading), link) if found else []
    reading.remembered_chains[key] = found
    return found


def _linked(left: list[Chain], right: Sequence[Place], link: Link) -> list[Chain]:
    """Lengthen chains by every place that is near the end of one, each the nearest.

    The nearest before a place is the last to end before it, the nearest behind it the first to
    begin behind it: two look-ups in sorted lists, whatever the text.
    """
    by_last = sorted(left, key=_ending)
    lasts = [_ending(chain) for chain in by_last]
    firsts = [chain[-1] for chain in left]  # chains come in the order of their last places
    found: list[Chain] = []
    for place in right:
        before = bisect_left(lasts, place[:2]) - 1
        near = [by_last[before]] if before >= 0 else []
        if not link.ordered:
            behind = bisect_left(firsts, (place[0], place[2] + 1, -1))
            near += left[behind : behind + 1]
        near = [chain for chain in near if _apart(chain[-1], place) <= link.reach]
        if near:
            nearest = min(near, key=lambda chain: _apart(chain[-1], place))
            found.append((*nearest, place))
    return found


def _ending(chain: Chain) -> tuple[int, int]:
    return chain[-1][0], chain[-1][2]


def _apart(one: Place, other: Place) -> float:
    """Return the distance between the nearer ends of two places that do not overlap."""
    if one[0] != other[0]:
        return inf
    return other[1] - one[2] if one[2] < other[1] else one[1] - other[2]
