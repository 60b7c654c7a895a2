"""A query as it was tried, clause by clause: what held and where, what did not and why."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from workers.model.topic import Document, Part
from workers.topics.canonical import canonical
from workers.topics.clauses import holds, places, places_of
from workers.topics.errors import quoted
from workers.topics.near import apart, linked
from workers.topics.reading import Chain, Place, Searched
from workers.topics.receipt import hits_of, operator, rescoped, shortened, tightened
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
    Scope,
    Term,
)

__all__ = ["TREE_BYTES", "because", "tree_of"]

TREE_BYTES = 32_768
"""Of a tree as JSON."""
ANYWHERE = 10**9
"""A distance that no text has."""
VALUES = 5
"""Values of a fact that are told,"""
VALUE = 80
"""with so many characters."""


class _Limits(NamedTuple):
    """How much of a tree is told."""

    hits: int
    """Of a clause."""
    characters: int
    """Of a sentence, or of a clause's writing."""
    parts: int
    """Of a clause."""
    depth: int


_LIMITS = (
    _Limits(5, 300, 40, 50),
    _Limits(3, 160, 20, 30),
    _Limits(2, 120, 10, 10),
    _Limits(1, 80, 6, 5),
    _Limits(1, 40, 4, 3),
    _Limits(1, 30, 3, 2),
)
"""Tried in turn until a tree is small enough; the last of them always is."""
_WHERE: dict[Scope, str] = {
    "": "in title or body",
    "title": "in the title",
    "body": "in the body",
    "lead": "in the first line of the body",
    "caption": "in a caption",
    "any": "anywhere",
}
_FACTS: dict[FactField, str] = {
    "source": "the article comes from",
    "lang": "the article's language is",
    "tag": "the article's tags are",
    "author": "the article's author is",
}
_UNKNOWN: dict[FactField, str] = {
    "source": "where the article comes from is not known",
    "lang": "the article's language is not known",
    "tag": "the article has no tags",
    "author": "the article's author is not known",
}


def tree_of(node: Node, reading: Searched, document: Document) -> Part:
    """Return a query with every clause that it is made of, within 32 KiB."""
    told = _told(node, _Asked(reading, document, _LIMITS[0]))
    for limits in _LIMITS[1:]:
        if len(msgspec.json.encode(told)) <= TREE_BYTES:
            break
        told = _told(node, _Asked(reading, document, limits))
    return told


class _Asked(NamedTuple):
    """Of what article, and in how many words."""

    reading: Searched
    document: Document
    limits: _Limits


def _told(node: Node, asked: _Asked) -> Part:
    return _part(node, asked, asked.limits.depth)


def _part(node: Node, asked: _Asked, depth: int) -> Part:
    reading, limits = asked.reading, asked.limits
    held = holds(node, reading)
    inner = _inner(node, held=held)
    kept = _kept(inner, limits.parts, asked, wanted=isinstance(node, Either)) if depth else []
    shown = node.child if isinstance(node, Not) and not held else node
    hits = hits_of(places_of(shown, reading), reading, limits.hits)
    return Part(
        op=operator(node),
        query=shortened(canonical(node), limits.characters),
        span=node.span,
        held=held,
        because="" if held else because(node, reading, asked.document),
        found=_found(node, reading) if isinstance(node, Count) else None,
        apart=_gap(node, reading).apart if isinstance(node, Near) and not held else None,
        hits=tuple(tightened(hit, limits.characters) for hit in hits),
        parts=tuple(_part(child, asked, depth - 1) for child in kept),
        left_out=len(inner) - len(kept),
    )


def _inner(node: Node, *, held: bool) -> Sequence[Node]:
    """Return the clauses of a clause that say more than it says itself."""
    match node:
        case Both(children=inner) | Either(children=inner):
            return inner
        case Near(operands=inner) if not held:
            return inner
        case Count(operand=Either(children=inner)):
            return inner
        case Not(child=Both() | Either() | Near() | Count() | Not()):
            return (node.child,)
        case _:
            return ()


def _kept(inner: Sequence[Node], most: int, asked: _Asked, *, wanted: bool) -> list[Node]:
    """Return the first few clauses, those before the others by which it was decided.

    That is those that hold (``wanted``) of an OR, those that do not of all else.
    """
    if len(inner) <= most:
        return list(inner)
    places_in = range(len(inner))
    telling = [place for place in places_in if holds(inner[place], asked.reading) is wanted]
    others = [place for place in places_in if place not in set(telling[:most])]
    return [inner[place] for place in sorted([*telling, *others][:most])]


def because(  # noqa: PLR0911 - one a kind of node
    node: Node, reading: Searched, document: Document
) -> str:
    """Return why a clause does not hold of an article, "" where its parts say all."""
    match node:
        case Term() | Alias():
            return _absent(node, reading)
        case Fact():
            return _other_facts(node.field, document)
        case Near():
            return _too_far(node, reading)
        case Count():
            found = _found(node, reading)
            return f"found {_times(found)}, wanted {_times(node.least)}"
        case Not():
            return f"{_named(node.child)} is there"
        case Either():
            return "none of these"
        case _:
            return ""


def _absent(leaf: Term | Alias, reading: Searched) -> str:
    """Return that something does not stand where it is searched, and in which zones it does."""
    what = "not"
    if isinstance(leaf, Alias) and len(leaf.phrases) > 1:
        what = f"none of its {len(leaf.phrases)} spellings"
    found = {place[0]: place for place in places(rescoped(leaf, "any"), reading)}
    zones = dict.fromkeys(reading.shown(place).zone for place in found.values())
    others = f", but in {' and '.join(zones)}" if zones else ""
    return f"{what} {_WHERE[leaf.scope]}{others}"


def _too_far(node: Near, reading: Searched) -> str:
    """Return which operand of a NEAR is missing, or how far apart two of them are."""
    missing = [operand for operand in node.operands if not places(operand, reading)]
    if missing:
        return f"{' and '.join(map(_named, missing[:VALUES]))} not there"
    gap = _gap(node, reading)
    link = node.links[gap.place]
    what = f"{_named(node.operands[gap.place])} and {_named(node.operands[gap.place + 1])}"
    if gap.apart is None:
        return f"{what} {_never_apart(node, reading, gap.place)}"
    if link.ordered and not gap.in_order:
        return f"{what} stand only in the other order, {gap.apart} apart"
    order = " in this order" if link.ordered else ""
    return f"{what} are {gap.apart} apart at the nearest{order}, wanted at most {link.reach}"


def _never_apart(node: Near, reading: Searched, link: int) -> str:
    """Return why two operands of a NEAR that are there are at no distance from each other."""
    left, right = (
        {place[0]: place for place in places(operand, reading)}
        for operand in node.operands[link : link + 2]
    )
    if left.keys() & right.keys():
        return "are the same words there, and a word is not near itself"
    one, other = (reading.shown(next(iter(side.values()))).zone for side in (left, right))
    where = f"the one in {one}, the other in {other}" if one != other else f"in two lines of {one}"
    return f"stand in texts of their own ({where}), and NEAR never goes from one to another"


class _Gap(NamedTuple):
    """Where a NEAR fails."""

    place: int
    """The number of the link."""
    apart: int | None
    """How far apart what it should join is at the nearest; None if it never is in one text."""
    in_order: bool


def _gap(node: Near, reading: Searched) -> _Gap:
    number = -1
    found: list[Chain] = []
    joined: list[Chain] = [(place,) for place in places(node.operands[0], reading)]
    while joined and number + 1 < len(node.links):
        number, found = number + 1, joined
        right = places(node.operands[number + 1], reading)
        joined = list(linked(found, right, node.links[number]))
    return _nearest(found, places(node.operands[number + 1], reading), node.links[number], number)


def _nearest(left: list[Chain], right: list[Place], link: Link, number: int) -> _Gap:
    for ordered in (True, False) if link.ordered else (False,):
        found = linked(left, right, Link(ordered=ordered, reach=ANYWHERE))
        nearest = min((apart(chain[-2], chain[-1]) for chain in found), default=None)
        if nearest is not None:
            return _Gap(number, int(nearest), ordered)
    return _Gap(number, None, in_order=False)


def _found(node: Count, reading: Searched) -> int:
    return len({place[:2] for place in places(node.operand, reading)})


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _named(node: Node) -> str:
    return quoted(canonical(node))


def _other_facts(field: FactField, document: Document) -> str:
    """Return what an article has where a query asks for something else."""
    values: dict[FactField, Sequence[str | None]] = {
        "source": document.sources,
        "lang": (document.language,),
        "tag": document.tags,
        "author": (document.author,),
    }
    known = [value for value in values[field] if value]
    if not known:
        return _UNKNOWN[field]
    more = f" and {len(known) - VALUES} more" if len(known) > VALUES else ""
    return f"{_FACTS[field]} {', '.join(shortened(v, VALUE) for v in known[:VALUES])}{more}"
