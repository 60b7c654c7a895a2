"""Topics that contain each other: every article of one rings the other too."""

from collections.abc import Iterator, Mapping

from workers.model.topic import TopicSpec
from workers.topics.canonical import canonical
from workers.topics.compiled import TopicSet
from workers.topics.errors import quoted
from workers.topics.lint.findings import Finding, finding_at
from workers.topics.lint.prove import implies
from workers.topics.lint.witness import witnesses
from workers.topics.tree import Node

__all__ = ["held_findings"]

ENOUGH = 3
"""Articles by which topics are left out that do not hold a topic."""
LOOKED = 50
"""Topics that may hold one topic, looked at more closely."""
TOLD = 3
"""Topics told that hold one topic."""
WORK = 60_000_000
"""What all comparisons may cost, in microseconds or so; beyond it no topic is compared."""
A_TOPIC, A_PROOF, FOUND = 200, 200, 3
"""What it costs to make up articles of a topic, to compare two topics more closely, and for each
topic that an article finds."""


def held_findings(topics: TopicSet, left: list[str] | None = None) -> Iterator[Finding]:
    """Yield which topics are equal, and which are contained in another.

    For each topic an article is made up of which it is true; only topics that are true of it as
    well are compared. A topic that listens to fewer feeds does not hold one that listens to more.

    Args:
        topics: Those that are compared with each other.
        left: Gets the names of topics that too many others are like: they were not compared with
            all of these, or with none.
    """
    groups: dict[tuple[str, frozenset[str] | None], str] = {}
    for name, spec in topics.specs.items():
        tree = topics.tree(name)
        same = groups.setdefault((canonical(tree), _feeds(spec)), name)
        if same != name:
            yield _equal(spec, tree, same)
    compared = _Compared(topics)
    held = {name: list(compared.holders(name)) for name in groups.values()}
    if left is not None:
        left += compared.left
    first = _firsts(held)
    for name in held:
        if first[name] != name:
            yield _equal(topics.specs[name], topics.tree(name), first[name])
        else:
            yield from _contained(name, topics, held, first)


def _firsts(held: Mapping[str, list[str]]) -> dict[str, str]:
    """Return for each topic the first of those that it is equal to."""
    first: dict[str, str] = {}
    for name, holders in held.items():
        for other in (name, *holders):
            if other == name or name in held.get(other, ()):
                first.setdefault(other, first.get(name, name))
    return first


def _equal(spec: TopicSpec, tree: Node, other: str) -> Finding:
    said = (f"asks the same as the topic {quoted(other)}", "keep one of them")
    return finding_at(spec, tree, "equal", said, other=other)


class _Compared:
    """Compares topics, as long as there is time for it: what is alike costs its square."""

    def __init__(self, topics: TopicSet) -> None:
        self._topics = topics
        self._cost = 0
        self.left: list[str] = []

    def holders(self, name: str) -> Iterator[str]:
        """Yield the topics that hold one, proven; of topics that are written alike each."""
        if self._cost > WORK:
            self.left.append(name)
            return
        topics = self._topics
        spec, tree = topics.specs[name], topics.tree(name)
        possible = self._possible(name, tree)
        heard = [one for one in sorted(possible) if _listens(spec, topics.specs[one])]
        if len(heard) > LOOKED:
            self.left.append(name)
        for other in heard[:LOOKED]:
            self._cost += A_PROOF
            if implies(tree, topics.tree(other)):
                yield other

    def _possible(self, name: str, tree: Node) -> set[str]:
        """Return the other topics that are true of all made-up articles of one."""
        possible: set[str] = set()
        seen = 0
        self._cost += A_TOPIC
        for document in witnesses(tree):
            found = set(self._topics.names(document))
            self._cost += FOUND * len(found)
            if name not in found:
                continue
            possible = possible & found if seen else found
            seen += 1
            if seen == ENOUGH or possible == {name}:
                break
        return possible - {name}


def _feeds(spec: TopicSpec) -> frozenset[str] | None:
    return None if spec.feeds is None else frozenset(name.casefold() for name in spec.feeds)


def _listens(spec: TopicSpec, other: TopicSpec) -> bool:
    """Say whether ``other`` hears all feeds that ``spec`` hears, whatever they are."""
    mine, others = _feeds(spec), _feeds(other)
    return others is None or (mine is not None and mine <= others)


def _contained(
    name: str, topics: TopicSet, held: Mapping[str, list[str]], first: Mapping[str, str]
) -> Iterator[Finding]:
    """Yield what holds one topic, but for what follows from what is told of others."""
    others = [other for other in held[name] if first.get(other) == other and other != name]
    follows = {further for other in others for further in held[other]}
    for other in [other for other in others if other not in follows][:TOLD]:
        said = (
            f"every article of it rings the topic {quoted(other)} too",
            f"leave one of them out, or exclude in {quoted(other)} what this one asks for",
        )
        yield finding_at(topics.specs[name], topics.tree(name), "contained", said, other=other)
