"""Topics made ready to match; what is wrong with one never stops the others."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msgspec.structs import replace

from workers.model.base import Record
from workers.model.topic import Document, Match, Problem, TopicSpec, TopicTry
from workers.topics.aliases import AliasSets, read_aliases
from workers.topics.errors import QueryError, problem_at, quoted
from workers.topics.forms import Forms, NotAtHand
from workers.topics.likely import Likelihood
from workers.topics.matcher import Files, Matcher
from workers.topics.parser import parse
from workers.topics.plain import holds
from workers.topics.program import Compiler, Program
from workers.topics.reading import Reading
from workers.topics.receipt import elsewhere, failure, first_failure, receipt
from workers.topics.scan import Scan
from workers.topics.vocabulary import Vocabulary

__all__ = ["TopicSet", "compile_topics", "try_query"]

NOTHING_COMMON: Mapping[str, float] = MappingProxyType({})


class _Topic(Record, frozen=True, kw_only=True):
    """An accepted topic."""

    spec: TopicSpec
    program: Program
    warnings: tuple[Problem, ...]
    feeds: frozenset[str] | None
    """Names, folded; None is all feeds."""


class _Made(Record, frozen=True, kw_only=True):
    """What topics are made with; a later set goes on with it if aliases and languages stay."""

    aliases: Mapping[str, Sequence[str]]
    languages: Sequence[str]
    forms: Forms
    vocabulary: Vocabulary
    likelihood: Likelihood
    compiler: Compiler


class TopicSet:
    """Accepted topics. It never changes; a reload makes another."""

    __slots__ = (
        "_made",
        "_matcher",
        "_problems",
        "_programs",
        "_ranks",
        "_specs",
        "_topics",
        "_warnings",
    )

    def __init__(
        self,
        made: _Made,
        topics: Mapping[str, _Topic],
        matcher: Matcher,
        problems: Sequence[Problem],
        warnings: Sequence[Problem],
    ) -> None:
        """Keep what `compile_topics` made."""
        self._made = made
        self._topics = topics
        self._matcher = matcher
        self._ranks = {name: rank for rank, name in enumerate(topics)}
        self._specs = MappingProxyType({name: topic.spec for name, topic in topics.items()})
        self._programs: dict[Program, list[_Topic]] = {}
        for topic in topics.values():
            self._programs.setdefault(topic.program, []).append(topic)
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
        found = self._holding(document, load=load)
        if not found:
            return ()
        reading = Reading(document, self._made.forms)
        return tuple(
            Match(topic=topic.spec.name, clauses=receipt(topic.program.tree, reading))
            for topic in found
        )

    def names(self, document: Document) -> tuple[str, ...]:
        """Return the names of the topics that are true of ``document``, in order."""
        return tuple(topic.spec.name for topic in self._holding(document, load=True))

    def _holding(self, document: Document, *, load: bool) -> list[_Topic]:
        forms = self._made.forms if load else self._made.forms.at_hand()
        lexicon = self._made.vocabulary.lexicon(forms.codes_for(document.language))
        if not load and not lexicon.ready:
            raise NotAtHand
        scan = Scan(document, self._made.vocabulary, lexicon)
        listed = frozenset(name.casefold() for name in document.feeds)
        found = [
            topic
            for program in self._matcher.matching(scan)
            for topic in self._programs.get(program, ())
            if _wanted(topic, listed)
        ]
        return sorted(found, key=lambda topic: self._ranks[topic.spec.name])


def _wanted(topic: _Topic, listed: frozenset[str]) -> bool:
    return topic.feeds is None or not listed or not topic.feeds.isdisjoint(listed)


def compile_topics(
    specs: Sequence[TopicSpec],
    aliases: Mapping[str, Sequence[str]],
    languages: Sequence[str],
    common: Mapping[str, float] = NOTHING_COMMON,
    before: TopicSet | None = None,
) -> TopicSet:
    """Read topics and make them ready. Never raises for what is written in them.

    A topic or an alias that is refused is told in `TopicSet.problems`, with the place in its
    query, and left out.

    Args:
        specs: The topics, as written.
        aliases: The alias sets.
        languages: Codes of the languages whose word forms are known.
        common: The share of articles in which a folded word stands, of words that are common.
        before: What was in force; of it is taken over what did not change.
    """
    sets = read_aliases(aliases)
    problems, warnings = list(sets.problems), list[Problem]()
    made = _made(aliases, languages, common, before)
    same = before if before is not None and before._made is made else None  # noqa: SLF001
    topics: dict[str, _Topic] = {}
    names: set[str] = set()
    for spec in specs:
        try:
            topic = _read(spec, sets, names, made, same)
        except QueryError as error:
            (problems if spec.enabled else warnings).append(_told(error.problem, spec))
            continue
        names.add(spec.name)
        warnings += topic.warnings
        if spec.enabled:
            topics[spec.name] = topic
    matcher = _matcher(topics, made, same)
    return TopicSet(made, topics, matcher, problems, warnings)


def _made(
    aliases: Mapping[str, Sequence[str]],
    languages: Sequence[str],
    common: Mapping[str, float],
    before: TopicSet | None,
) -> _Made:
    known = before._made if before is not None else None  # noqa: SLF001
    if known and known.aliases == aliases and tuple(known.languages) == tuple(languages):
        return known
    forms = Forms(languages)
    vocabulary = Vocabulary(forms)
    likelihood = Likelihood(common)
    return _Made(
        aliases=dict(aliases),
        languages=tuple(languages),
        forms=forms,
        vocabulary=vocabulary,
        likelihood=likelihood,
        compiler=Compiler(vocabulary, likelihood),
    )


def _matcher(topics: Mapping[str, _Topic], made: _Made, same: TopicSet | None) -> Matcher:
    """Return what matches: what was in force before, and what changed since, if that is little."""
    now = {topic.program for topic in topics.values()}
    if same is not None:
        old = same._programs.keys()  # noqa: SLF001
        changed = same._matcher.changed(now - old, old - now)  # noqa: SLF001
        if changed is not None:
            return changed
    return Matcher(Files(now), made.likelihood)


def _read(
    spec: TopicSpec, sets: AliasSets, names: set[str], made: _Made, same: TopicSet | None
) -> _Topic:
    if spec.name in names:
        message = f"two topics have one name: {quoted(spec.name)}"
        raise QueryError(problem_at(spec.query, 0, 1, message, "give one of them another"))
    known = same._topics.get(spec.name) if same is not None else None  # noqa: SLF001
    if known is not None and known.spec == spec:
        return known
    parsed = parse(spec.query, sets.phrases)
    return _Topic(
        spec=spec,
        program=made.compiler.program(parsed.tree),
        warnings=tuple(_told(warning, spec) for warning in parsed.warnings),
        feeds=_feeds(spec),
    )


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
