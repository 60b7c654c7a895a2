"""Topics made ready to match; what is wrong with one never stops the others."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msgspec.structs import replace

from workers.model.base import Record
from workers.model.topic import Document, Match, Problem, TopicSpec, TopicTry
from workers.topics.aliases import AliasSets, read_aliases
from workers.topics.errors import QueryError, problem_at, quoted
from workers.topics.forms import Forms
from workers.topics.parser import Parsed, parse
from workers.topics.plain import holds
from workers.topics.reading import Reading
from workers.topics.receipt import elsewhere, failure, first_failure, receipt
from workers.topics.tree import Node

__all__ = ["TopicSet", "compile_topics", "try_query"]


class _Topic(Record, frozen=True, kw_only=True):
    """An accepted topic."""

    spec: TopicSpec
    tree: Node
    feeds: frozenset[str] | None
    """Names, folded; None is all feeds."""


class TopicSet:
    """Accepted topics. It never changes; a reload makes another."""

    __slots__ = ("_forms", "_problems", "_specs", "_topics", "_warnings")

    def __init__(
        self,
        topics: Sequence[_Topic],
        forms: Forms,
        problems: Sequence[Problem],
        warnings: Sequence[Problem],
    ) -> None:
        """Keep what `compile_topics` made."""
        self._topics = tuple(topics)
        self._forms = forms
        self._specs = MappingProxyType({topic.spec.name: topic.spec for topic in topics})
        self._problems = tuple(problems)
        self._warnings = tuple(warnings)

    @property
    def specs(self) -> Mapping[str, TopicSpec]:
        """Return the topics that are accepted and enabled, by name, as written."""
        return self._specs

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return what is wrong with topics and aliases that were left out."""
        return self._problems

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Return what is doubtful about topics, and what is wrong with disabled ones."""
        return self._warnings

    def match(self, document: Document, *, load: bool = True) -> tuple[Match, ...]:
        """Return the topics that are true of ``document``, in order, each with its receipt.

        Raises:
            NotAtHand: not ``load``, and a dictionary would have to be: that takes seconds.
        """
        reading = Reading(document, self._forms if load else self._forms.at_hand())
        listed = frozenset(name.casefold() for name in document.feeds)
        return tuple(
            Match(topic=topic.spec.name, clauses=receipt(topic.tree, reading))
            for topic in self._topics
            if _wanted(topic, listed) and holds(topic.tree, reading)
        )


def _wanted(topic: _Topic, listed: frozenset[str]) -> bool:
    return topic.feeds is None or not listed or not topic.feeds.isdisjoint(listed)


def compile_topics(
    specs: Sequence[TopicSpec],
    aliases: Mapping[str, Sequence[str]],
    languages: Sequence[str],
) -> TopicSet:
    """Read topics and make them ready. Never raises for what is written in them.

    ``languages`` are the codes whose word forms are known. A topic or an alias that is refused is
    told in `TopicSet.problems`, with the place in its query, and left out.
    """
    sets = read_aliases(aliases)
    problems, warnings = list(sets.problems), list[Problem]()
    topics: list[_Topic] = []
    names: set[str] = set()
    for spec in specs:
        try:
            parsed = _read(spec, sets, names)
        except QueryError as error:
            (problems if spec.enabled else warnings).append(_told(error.problem, spec))
            continue
        names.add(spec.name)
        warnings += (_told(warning, spec) for warning in parsed.warnings)
        if spec.enabled:
            topics.append(_Topic(spec=spec, tree=parsed.tree, feeds=_feeds(spec)))
    return TopicSet(topics, Forms(languages), problems, warnings)


def _read(spec: TopicSpec, sets: AliasSets, names: set[str]) -> Parsed:
    if spec.name in names:
        message = f"two topics have one name: {quoted(spec.name)}"
        raise QueryError(problem_at(spec.query, 0, 1, message, "give one of them another"))
    return parse(spec.query, sets.phrases)


def _feeds(spec: TopicSpec) -> frozenset[str] | None:
    return None if spec.feeds is None else frozenset(name.casefold() for name in spec.feeds)


def _told(problem: Problem, spec: TopicSpec) -> Problem:
    return replace(problem, topic=spec.name, file=spec.file)


def try_query(
    query: str,
    aliases: Mapping[str, Sequence[str]],
    languages: Sequence[str],
    document: Document,
) -> TopicTry:
    """Try one query on one document, and tell where it held or which clause did not.

    Raises:
        QueryError: the query is refused.
    """
    tree = parse(query, read_aliases(aliases).phrases).tree
    reading = Reading(document, Forms(languages))
    if holds(tree, reading):
        return TopicTry(matched=True, clauses=receipt(tree, reading))
    failed = first_failure(tree, reading)
    return TopicTry(
        matched=False, failed=failure(failed, reading), elsewhere=elsewhere(failed, reading)
    )
