"""Topics that contain each other: every article of one rings the other too."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from workers.model.topic import Document, TopicSpec
from workers.topics.canonical import canonical
from workers.topics.compiled import TopicSet
from workers.topics.errors import quoted
from workers.topics.lint.findings import Finding, finding_at
from workers.topics.lint.prove import implies
from workers.topics.lint.witness import witnesses
from workers.topics.tree import Node

__all__ = ["LOOKED", "held_findings"]

ENOUGH = 3
"""Articles by which topics are left out that do not hold a topic."""
LOOKED = 50
"""Topics that may hold one topic, looked at more closely."""
TOLD = 3
"""Topics told that hold one topic."""


class _Group(NamedTuple):
    """Topics that are written alike."""

    first: TopicSpec
    tree: Node


def held_findings(trees: Mapping[str, Node], topics: TopicSet) -> Iterator[Finding]:
    """Yield which topics are equal, and which are contained in another.

    ``trees`` are the accepted queries by the names of their topics. For each topic an article is
    made up of which it is true; only topics that are true of it as well are compared. A topic that
    listens to fewer feeds does not hold one that listens to more.
    """
    groups: dict[tuple[str, frozenset[str] | None], _Group] = {}
    for name, tree in trees.items():
        spec = topics.specs[name]
        key = (canonical(tree), _feeds(spec))
        same = groups.setdefault(key, _Group(spec, tree))
        if same.first is not spec:
            yield _equal(spec, tree, same.first)
    leading = {group.first.name: group for group in groups.values()}
    held = {name: list(_holders(one, leading, topics)) for name, one in leading.items()}
    order = {name: place for place, name in enumerate(leading)}
    for name, group in leading.items():
        alike = [other for other in held[name] if name in held[other]]
        first = min([name, *alike], key=order.__getitem__)
        if first != name:
            yield _equal(group.first, group.tree, leading[first].first)
        else:
            yield from _contained(group, held, set(alike))


def _equal(spec: TopicSpec, tree: Node, other: TopicSpec) -> Finding:
    return finding_at(
        spec,
        tree,
        "equal",
        (f"asks the same as the topic {quoted(other.name)}", "keep one of them"),
        other=other.name,
    )


def _holders(group: _Group, leading: Mapping[str, _Group], topics: TopicSet) -> Iterator[str]:
    """Yield the topics that hold one, proven."""
    name = group.first.name
    possible: set[str] | None = None
    seen = 0
    for document in witnesses(group.tree):
        found = _asked(topics, document)
        if name not in found:
            continue
        possible = found if possible is None else possible & found
        seen += 1
        if seen == ENOUGH or possible == {name}:
            break
    looked = 0
    for other in sorted((possible or set()) - {name}):
        if other in leading and _listens(group.first, leading[other].first):
            looked += 1
            if looked > LOOKED:
                return
            if implies(group.tree, leading[other].tree):
                yield other


def _asked(topics: TopicSet, document: Document) -> set[str]:
    return set(topics.names(document))


def _feeds(spec: TopicSpec) -> frozenset[str] | None:
    return None if spec.feeds is None else frozenset(name.casefold() for name in spec.feeds)


def _listens(spec: TopicSpec, other: TopicSpec) -> bool:
    """Say whether ``other`` hears all feeds that ``spec`` hears, whatever they are."""
    mine, others = _feeds(spec), _feeds(other)
    return others is None or (mine is not None and mine <= others)


def _contained(group: _Group, held: Mapping[str, list[str]], alike: set[str]) -> Iterator[Finding]:
    """Yield what holds one topic, but for what follows from what is told of others."""
    spec = group.first
    others = [name for name in held[spec.name] if name not in alike]
    follows = {
        further
        for name in others
        for further in held[name]
        if further != name and name not in held[further]
    }
    for name in [name for name in others if name not in follows][:TOLD]:
        said = (
            f"every article of it rings the topic {quoted(name)} too",
            f"leave one of them out, or exclude in {quoted(name)} what this one asks for",
        )
        yield finding_at(spec, group.tree, "contained", said, other=name)
