"""The one writing of a tree: it reads back as the same tree, and equal trees share it."""

from workers.topics.tree import Alias, Both, Count, Either, Fact, Near, Node, Not, Term

__all__ = ["canonical"]

_WEAKER = {Either: 0, Both: 1, Near: 2, Not: 3}
"""How tightly an operator binds; all else binds tightest."""
_TIGHTEST = 4


def canonical(node: Node) -> str:
    """Return ``node`` as a query, with the brackets that precedence needs or readers like."""
    match node:
        case Term() | Alias() | Fact():
            return _leaf(node)
        case Near():
            return _near(node)
        case Count():
            return f"COUNT/{node.least}({canonical(node.operand)})"
        case Not():
            return f"NOT {_inside(node.child, 3)}"
        case Both() | Either():
            operator = " AND " if isinstance(node, Both) else " OR "
            return operator.join(_inside(child, 2) for child in node.children)


def _leaf(leaf: Term | Alias | Fact) -> str:
    if isinstance(leaf, Fact):
        return f"{leaf.field}:{leaf.written}"
    written = f"@{leaf.name}" if isinstance(leaf, Alias) else leaf.written
    return f"{leaf.scope}:{written}" if leaf.scope else written


def _near(node: Near) -> str:
    parts = [_inside(node.operands[0], _TIGHTEST)]
    for link, operand in zip(node.links, node.operands[1:], strict=True):
        parts.append(f"{'ONEAR' if link.ordered else 'NEAR'}/{link.reach}")
        parts.append(_inside(operand, _TIGHTEST))
    return " ".join(parts)


def _inside(node: Node, least: int) -> str:
    text = canonical(node)
    return f"({text})" if _WEAKER.get(type(node), _TIGHTEST) < least else text
