"""What each clause of a query finds in a document: of those that are explained, not of all.

The matcher asks whether programs hold; here every node of one tree is asked, and where it stands.
"""

from itertools import islice

from workers.topics.canonical import canonical
from workers.topics.near import rows
from workers.topics.reading import Chain, Place, Searched
from workers.topics.tree import Alias, Both, Count, Either, Fact, Near, Node, Not, Term

__all__ = ["chains", "holds", "leaves", "places", "places_of"]

CHAINS = 20
"""Ways in which a NEAR is met that are looked for: more than are told."""


def holds(node: Node, reading: Searched) -> bool:
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


def _holds_leaf(leaf: Term | Alias | Fact, reading: Searched) -> bool:
    if isinstance(leaf, Fact):
        return reading.has_fact(leaf.field, leaf.phrase)
    return bool(places(leaf, reading))


def places(node: Node, reading: Searched) -> list[Place]:
    """Return where a term, an alias or an OR group of them stands, in order, none twice."""
    if not isinstance(node, Term | Alias | Either):
        return []
    key = canonical(node)
    found = reading.remembered.get(key)
    if found is None:
        found = reading.remembered[key] = _look(node, reading)
    return found


def _look(node: Term | Alias | Either, reading: Searched) -> list[Place]:
    if isinstance(node, Term):
        return reading.find(node.phrase, node.scope)
    if isinstance(node, Alias):
        each = [reading.find(phrase, node.scope) for phrase in node.phrases]
    else:
        each = [places(child, reading) for child in node.children]
    some = [found for found in each if found]
    return some[0] if len(some) == 1 else sorted(set().union(*some))


def chains(node: Near, reading: Searched) -> list[Chain]:
    """Return how a NEAR is met: a place of each operand, every one near the one before.

    One chain for each place of the last operand that ends one, by the nearest partners, and the
    first few of them: no more are told. Places that overlap are no neighbours: a word is not near
    itself.
    """
    key = canonical(node)
    known = reading.remembered_chains.get(key)
    if known is not None:
        return known
    each = [places(operand, reading) for operand in node.operands]
    found = islice(rows(each, node.links), CHAINS) if all(each) else ()
    reading.remembered_chains[key] = few = list(found)
    return few


def places_of(node: Node, reading: Searched) -> list[Place]:
    """Return where a clause holds: for a NEAR what it joins, for a COUNT what it counts."""
    if isinstance(node, Near):
        return [place for chain in chains(node, reading) for place in chain]
    if isinstance(node, Count):
        return places(node.operand, reading)
    return places(node, reading)


def leaves(node: Node) -> list[Term | Alias]:
    """Return the terms and alias sets of a clause, but for those that must not be there."""
    match node:
        case Term() | Alias():
            return [node]
        case Near(operands=inner) | Both(children=inner) | Either(children=inner):
            return [leaf for child in inner for leaf in leaves(child)]
        case Count():
            return leaves(node.operand)
        case _:
            return []
