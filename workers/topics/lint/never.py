"""Topics that can never match, and branches of an OR that cannot."""

from collections.abc import Iterator
from itertools import combinations

from workers.model.topic import TopicSpec
from workers.topics.canonical import canonical
from workers.topics.errors import quoted
from workers.topics.lint.findings import Finding, finding_at
from workers.topics.lint.prove import contradicts
from workers.topics.tree import Both, Either, Near, Node, Not

__all__ = ["never_findings"]

PAIRS = 200
"""Pairs of clauses that are looked at to say which two exclude each other."""


def never_findings(spec: TopicSpec, tree: Node) -> list[Finding]:
    """Return that a topic, or which of its OR branches, can match no article."""
    if contradicts((tree,)):
        blamed, message = _blamed(tree)
        hint = "take one of them out" if isinstance(blamed, Both) else "change it or take it out"
        return [finding_at(spec, blamed, "never", (f"can never match: {message}", hint))]
    return [
        finding_at(
            spec,
            branch,
            "branch",
            (f"this OR branch can never hold: {_shown(branch)}", "change it or take it out"),
        )
        for branch in _branches(tree)
        if _doubtful(branch) and contradicts((branch,))
    ]


def _branches(node: Node) -> Iterator[Node]:
    """Yield the branches of every OR that is not itself excluded."""
    match node:
        case Either():
            yield from node.children
            for child in node.children:
                yield from _branches(child)
        case Both():
            for child in node.children:
                yield from _branches(child)
        case _:
            return


def _doubtful(node: Node) -> bool:
    return isinstance(node, Both | Near)


def _blamed(tree: Node) -> tuple[Node, str]:
    """Return the smallest part of a tree that cannot hold, and why."""
    match tree:
        case Near():
            return tree, f"NEAR never goes from one zone to another: {_shown(tree)}"
        case Both():
            return _of_all(tree)
        case Either() if tree.children:
            return tree, f"no branch of it can hold: {_shown(tree)}"
        case _:
            return tree, _shown(tree)


def _of_all(tree: Both) -> tuple[Node, str]:
    for child in tree.children:
        if contradicts((child,)):
            return _blamed(child)
    pairs = list(combinations(tree.children, 2))
    for one, other in pairs[:PAIRS]:
        if contradicts((one, other)):
            first, second = (other, one) if isinstance(one, Not) else (one, other)
            if isinstance(second, Not):
                shown = _shown(second.child)
                return second, f"{_shown(first)} is needed, and {shown} excludes it"
            return second, f"no article is both: {_shown(first)} and {_shown(second)}"
    return tree, f"these exclude each other: {_shown(tree)}"


def _shown(node: Node) -> str:
    return quoted(canonical(node))
