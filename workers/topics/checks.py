"""What a tree may not be, though each part of it reads well."""

from collections.abc import Iterator
from typing import NoReturn

from workers.topics.clauses import leaves
from workers.topics.errors import QueryError, problem_at, quoted
from workers.topics.reading import TEXTS
from workers.topics.tree import Alias, Both, Count, Either, Near, Node, Not, Term

__all__ = ["check_operand", "check_positive", "never_near"]


def check_operand(node: Node, operator: str, query: str) -> None:
    """Refuse an operand of NEAR or COUNT that has no places in a text to measure from.

    Raises:
        QueryError: it is an AND, a NOT, another NEAR or COUNT, or a fact.
    """
    if isinstance(node, Term | Alias):
        return
    if isinstance(node, Either):
        for child in node.children:
            check_operand(child, operator, query)
        return
    shown = quoted(query[slice(*node.span)])
    _refuse(
        query,
        node,
        f"{operator} over {_kind(node)} has no meaning: {shown}",
        f"{operator} takes words, phrases and groups of them with OR",
    )


def _kind(node: Node) -> str:
    match node:
        case Both():
            return "AND"
        case Not():
            return "NOT"
        case Near():
            return "NEAR"
        case Count():
            return "COUNT"
        case _:
            return "a fact"


def never_near(near: Near) -> Iterator[Node]:
    """Yield what of a NEAR cannot hold, for its parts are searched in texts of their own.

    That is all of it, or branches of its OR groups.
    """
    shared = frozenset.intersection(*map(_texts, near.operands))
    if not shared:
        yield near
    else:
        yield from (leaf for leaf in leaves(near) if shared.isdisjoint(TEXTS[leaf.scope]))


def _texts(operand: Node) -> frozenset[str]:
    return frozenset().union(*(TEXTS[leaf.scope] for leaf in leaves(operand)))


def check_positive(tree: Node, query: str) -> None:
    """Refuse a query, or a branch of an OR, that only says what must not be there.

    Such a topic would ring for almost every article.

    Raises:
        QueryError: with the place of that branch.
    """
    _check_branches(tree, query)
    if not _positive(tree):
        hint = "say also what must be there, as in word NOT other"
        _refuse(query, tree, f"only NOT: {quoted(query[slice(*tree.span)])}", hint)


def _check_branches(node: Node, query: str) -> None:
    for child in _children(node):
        if isinstance(node, Either) and not _positive(child):
            shown = quoted(query[slice(*child.span)])
            hint = "an OR branch must say what is there; write (one OR other) NOT third"
            _refuse(query, child, f"an OR branch is only NOT: {shown}", hint)
        _check_branches(child, query)


def _children(node: Node) -> tuple[Node, ...]:
    match node:
        case Both() | Either():
            return node.children
        case Not():
            return (node.child,)
        case _:
            return ()


def _positive(node: Node) -> bool:
    match node:
        case Both():
            return any(map(_positive, node.children))
        case Either():
            return all(map(_positive, node.children))
        case Not():
            return isinstance(node.child, Not) and _positive(node.child.child)
        case _:
            return True


def _refuse(query: str, node: Node, message: str, hint: str) -> NoReturn:
    raise QueryError(problem_at(query, *node.span, message, hint))
