"""A query of another tool as far as it could be translated, and its writing in our language."""

from collections.abc import Callable, Sequence

from workers.model.base import Record

__all__ = ["And", "Count", "Leaf", "Link", "Near", "Node", "Not", "Or", "flat", "join", "nearer",
           "negated", "positive", "written"]  # fmt: skip

Link = tuple[bool, int]
"""In this order; positions apart at most."""


class Leaf(Record, frozen=True, kw_only=True):
    """A word, a phrase or a fact in our writing, with its field."""

    text: str
    fact: bool = False


class Near(Record, frozen=True, kw_only=True):
    """Flat parts, each near the next."""

    parts: tuple["Node", ...]
    links: tuple[Link, ...]


class Count(Record, frozen=True, kw_only=True):
    """At least so many."""

    least: int
    part: "Node"


class Not(Record, frozen=True, kw_only=True):
    """Not this."""

    part: "Node"


class And(Record, frozen=True, kw_only=True):
    """All of these."""

    parts: tuple["Node", ...]


class Or(Record, frozen=True, kw_only=True):
    """One of these."""

    parts: tuple["Node", ...]


Node = Leaf | Near | Count | Not | And | Or


def join(kind: type[And] | type[Or], parts: Sequence[Node]) -> Node:
    """Return one part or more as one node, those of the same kind taken apart."""
    found: list[Node] = []
    for part in parts:
        found += part.parts if isinstance(part, And | Or) and type(part) is kind else (part,)
    return found[0] if len(found) == 1 else kind(parts=tuple(found))


def negated(node: Node) -> Node:
    """Return its opposite."""
    return node.part if isinstance(node, Not) else Not(part=node)


def positive(node: Node) -> bool:
    """Say whether something must be there."""
    match node:
        case And():
            return any(map(positive, node.parts))
        case Or():
            return all(map(positive, node.parts))
        case Not():
            return False
        case _:
            return True


def flat(node: Node) -> bool:
    """Say whether NEAR and COUNT take it: words, phrases, and groups of them with OR."""
    if isinstance(node, Or):
        return all(map(flat, node.parts))
    return isinstance(node, Leaf) and not node.fact


def nearer(left: Node, right: Node, link: Link, spend: Callable[[], None]) -> Node:
    """Return ``left`` near ``right``; what NEAR takes not whole is taken apart.

    ``(a AND b) NEAR c`` is ``a NEAR c AND b NEAR c``; facts, which stand nowhere, are only asked
    for. ``spend`` is called for each part, and raises when there are too many.
    """
    spend()
    apart = _apart(left, right, lambda part: nearer(part, right, link, spend))
    if apart is None:
        apart = _apart(right, left, lambda part: nearer(left, part, link, spend))
    if apart is not None:
        return apart
    parts: list[Node] = []
    links: list[Link] = []
    for number, side in enumerate((left, right)):
        parts += side.parts if isinstance(side, Near) else (side,)
        links += side.links if isinstance(side, Near) else ()
        links += () if number else (link,)
    return Near(parts=tuple(parts), links=tuple(links))


def _apart(one: Node, other: Node, near: Callable[[Node], Node]) -> Node | None:
    """Return ``one`` near ``other`` if ``one`` must be taken apart for that."""
    match one:
        case Leaf() if one.fact:
            return join(And, [one, other])
        case Count():
            return join(And, [near(one.part), one])
        case Not():
            return join(And, [other, negated(near(one.part))])
        case And():
            return join(And, [near(part) for part in one.parts])
        case Or() if not flat(one):
            return join(Or, [near(part) for part in one.parts])
        case _:
            return None


_WEAKER = {Or: 0, And: 1, Near: 2, Not: 3}
_TIGHTEST = 4


def written(node: Node, least: int = 0) -> str:
    """Return ``node`` in our language, in brackets if it binds weaker than ``least``."""
    text = _written(node)
    return f"({text})" if _WEAKER.get(type(node), _TIGHTEST) < least else text


def _written(node: Node) -> str:
    match node:
        case Leaf():
            return node.text
        case Near():
            text = written(node.parts[0], _TIGHTEST)
            for (ordered, reach), part in zip(node.links, node.parts[1:], strict=True):
                text += f" {'ONEAR' if ordered else 'NEAR'}/{reach} {written(part, _TIGHTEST)}"
            return text
        case Count():
            return f"COUNT/{node.least}({written(node.part)})"
        case Not():
            return f"NOT {written(node.part, 3)}"
        case And():
            return " AND ".join(written(part, 2) for part in node.parts)
        case Or():
            return " OR ".join(written(part, 2) for part in node.parts)
