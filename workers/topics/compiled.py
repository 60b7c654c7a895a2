"""Topics made ready to match; what is wrong with one never stops the others."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from math import inf
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
from workers.topics.program import Compiler, Program
from workers.topics.receipt import receipt
from workers.topics.scan import Scan
from workers.topics.tree import Node, Phrase
from workers.topics.tried import tried, unlisted
from workers.topics.vocabulary import Lexicon, Vocabulary
from workers.topics.wide import WideScan

__all__ = ["TopicSet", "compile_topics"]

NOTHING_COMMON: Mapping[str, float] = MappingProxyType({})
MOST_TOPICS = 200_000
"""About a gigabyte of topics; those beyond are refused."""
WORK = 10_000
"""What a document may take while others wait, in places of words that are compared: 15 ms, as
`benchmarks.stalls` measures it."""
RECEIPTS, RECEIPT = 5_000, 40
"""Receipts that are written while others wait, in letters of their queries, and how many more each
counts for: 10 ms, twice that where the queries are read anew."""
MISSED = 100
"""Topics of which is told that a document has them in other zones."""
SEVERAL = "several"
"""More than one zone."""
TREES = 2_000
"""Queries remembered as trees, for the receipts of topics that ring often."""
CHANGES = 500
"""Topics that may change, one after the other or at once, before all are compiled anew: then words
that nobody asks for any more are forgotten, and all are filed by what was seen since."""


class _Topic(Record, frozen=True, kw_only=True):
    """An accepted topic."""

    spec: TopicSpec
    program: Program
    warnings: tuple[Problem, ...]
    feeds: frozenset[str] | None
    """Names, folded; None is all feeds."""


class _Made(Record, frozen=True, kw_only=True):
    """What topics are made with; a later set goes on with it while little changes."""

    aliases: Mapping[str, Sequence[str]]
    languages: Sequence[str]
    forms: Forms
    vocabulary: Vocabulary
    likelihood: Likelihood
    phrases: Mapping[str, tuple[Phrase, ...]]
    """Of the alias sets."""
    tree: Callable[[str], Node]
    """Reads an accepted query, for its receipt: trees of all topics would fill the memory."""


class _Told(Record, frozen=True, kw_only=True):
    """What is to be said of a set of topics."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    changes: float
    """Topics that changed since all were compiled."""


class TopicSet:
    """Accepted topics. It never changes; a reload makes another."""

    __slots__ = (
        "_feeds",
        "_made",
        "_matcher",
        "_names",
        "_programs",
        "_specs",
        "_told",
        "_topics",
        "_twins",
    )

    def __init__(
        self,
        made: _Made,
        topics: Mapping[str, _Topic],
        matcher: Matcher,
        told: _Told,
    ) -> None:
        """Keep what `compile_topics` made."""
        self._made = made
        self._topics = topics
        self._matcher = matcher
        self._names = tuple(topics)
        self._specs = MappingProxyType({name: topic.spec for name, topic in topics.items()})
        self._programs: dict[Program, int] = {}
        """Where the first topic of each stands in the order,"""
        self._twins: dict[Program, list[int]] = {}
        """and those that ask the same: few do, and lists would take longer to reach."""
        self._feeds: dict[int, frozenset[str]] = {}
        """Of topics that want some feeds only."""
        for place, topic in enumerate(topics.values()):
            if self._programs.setdefault(topic.program, place) != place:
                self._twins.setdefault(topic.program, []).append(place)
            if topic.feeds is not None:
                self._feeds[place] = topic.feeds
        self._told = told

    @property
    def specs(self) -> Mapping[str, TopicSpec]:
        """Return the topics that are accepted and enabled, by name, as written."""
        return self._specs

    @property
    def aliases(self) -> Mapping[str, Sequence[str]]:
        """Return the alias sets that its queries may name, as written."""
        return self._made.aliases

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return what is wrong with topics and aliases that were left out."""
        return self._told.problems

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Return what is doubtful about topics, and what is wrong with disabled ones."""
        return self._told.warnings

    def match(self, document: Document, *, load: bool = True) -> tuple[Match, ...]:
        """Return the topics that are true of ``document``, in order, each with its receipt.

        Raises:
            NotAtHand: not ``load``, and it would take more than a few hundredths of a second.
        """
        scan = self._scan(document, load=load)
        found = self._holding(scan)
        if not load and sum(len(self._specs[name].query) + RECEIPT for name in found) > RECEIPTS:
            raise NotAtHand
        return tuple(Match(topic=name, clauses=receipt(self.tree(name), scan)) for name in found)

    def names(self, document: Document, *, load: bool = True) -> tuple[str, ...]:
        """Return the names of the topics that are true of ``document``, in order.

        Raises:
            NotAtHand: as `match` does.
        """
        return tuple(self._holding(self._scan(document, load=load)))

    def tree(self, name: str) -> Node:
        """Return the query of an accepted topic, read.

        Raises:
            KeyError: no accepted topic has this name.
        """
        return self._made.tree(self._specs[name].query)

    def tried(self, name: str, document: Document) -> TopicTry:
        """Try one topic on ``document``: where it holds, or which clause does not and why.

        Raises:
            KeyError: no accepted topic has this name.
        """
        spec = self._specs[name]
        outcome = tried(self._made.tree(spec.query), self._scan(document, load=True))
        if _wanted(self._topics[name].feeds, _listed(document)):
            return outcome
        return unlisted(outcome, spec.feeds or (), document.feeds)

    def elsewhere(
        self, document: Document, matched: Collection[str], *, load: bool = True
    ) -> list[tuple[str, str]]:
        """Return which topics would match if the body had the lines of another zone too.

        Each with the zone, or `SEVERAL` where it takes the lines of more than one; those that
        ``matched`` as it is are left out.

        Raises:
            NotAtHand: as `match` does.
        """
        zones = dict.fromkeys(line.zone for line in document.zones)
        scan = self._wide(document, zones, load=load) if zones else None
        if scan is None or not scan.wider:
            return []
        found = self._names_of(self._matcher.holding(scan), document)
        missed = [name for name in found if name not in matched][:MISSED]
        if len(zones) == 1:
            return [(name, zone) for name in missed for zone in zones]
        alone = [
            (zone, set(self._matcher.holding(self._wide(document, (zone,), load=load))))
            for zone in zones
            if missed
        ]
        return [(name, zone) for name in missed for zone in self._enough(name, alone)]

    def _enough(self, name: str, alone: Sequence[tuple[str, set[Program]]]) -> list[str]:
        """Return the zones of which each would do for a topic."""
        program = self._topics[name].program
        return [zone for zone, holding in alone if program in holding] or [SEVERAL]

    def _scan(self, document: Document, *, load: bool) -> Scan:
        lexicon, budget = self._lexicon(document, load=load)
        return Scan(document, self._made.vocabulary, lexicon, budget)

    def _wide(self, document: Document, zones: Collection[str], *, load: bool) -> WideScan:
        lexicon, budget = self._lexicon(document, load=load)
        return WideScan(document, self._made.vocabulary, lexicon, zones, budget)

    def _lexicon(self, document: Document, *, load: bool) -> tuple[Lexicon, float]:
        """Return how a document is read, and how much work that may make."""
        made = self._made
        forms = made.forms if load else made.forms.at_hand()
        lexicon = made.vocabulary.lexicon(forms.codes_for(document.language))
        if not load and not lexicon.ready:
            raise NotAtHand
        return lexicon, inf if load else WORK

    def _holding(self, scan: Scan) -> list[str]:
        return self._names_of(self._matcher.matching(scan), scan.document)

    def _names_of(self, programs: Collection[Program], document: Document) -> list[str]:
        """Return the topics of these programs that want a document of its feeds, in order."""
        places = list(map(self._programs.__getitem__, programs))
        if self._twins:
            places += chain.from_iterable(self._twins.get(program, ()) for program in programs)
        if self._feeds:
            listed = _listed(document)
            places = [place for place in places if _wanted(self._feeds.get(place), listed)]
        return [self._names[place] for place in sorted(places)]


def _listed(document: Document) -> frozenset[str]:
    return frozenset(name.casefold() for name in document.feeds)


def _wanted(feeds: frozenset[str] | None, listed: frozenset[str]) -> bool:
    return feeds is None or not listed or not feeds.isdisjoint(listed)


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
    changes = _changes(before, specs, aliases, languages)
    same = before if changes <= CHANGES else None
    made = same._made if same else _made(aliases, sets, languages, common, before)  # noqa: SLF001
    problems, warnings = list(sets.problems), list[Problem]()
    topics: dict[str, _Topic] = {}
    names: set[str] = set()
    compiler = Compiler(made.vocabulary, made.likelihood)
    for spec in specs[:MOST_TOPICS]:
        try:
            topic = _known(spec, names, same) or _read(spec, made, compiler)
        except QueryError as error:
            (problems if spec.enabled else warnings).append(_told(error.problem, spec))
            continue
        names.add(spec.name)
        warnings += topic.warnings
        if spec.enabled:
            topics[spec.name] = topic
    problems += map(_too_many, specs[MOST_TOPICS:])
    matcher = _matcher(topics, made, same)
    told = _Told(
        problems=tuple(problems),
        warnings=tuple(warnings),
        changes=changes if same else 0,
    )
    return TopicSet(made, topics, matcher, told)


def _changes(
    before: TopicSet | None,
    specs: Sequence[TopicSpec],
    aliases: Mapping[str, Sequence[str]],
    languages: Sequence[str],
) -> float:
    """Return how many topics have changed since all were compiled; infinite is all of them."""
    if before is None:
        return inf
    made = before._made  # noqa: SLF001
    if made.aliases != aliases or tuple(made.languages) != tuple(languages):
        return inf
    known = before.specs
    kept = sum(known.get(spec.name) == spec for spec in specs)
    return before._told.changes + max(len(specs), len(known)) - kept  # noqa: SLF001


def _made(
    aliases: Mapping[str, Sequence[str]],
    sets: AliasSets,
    languages: Sequence[str],
    common: Mapping[str, float],
    before: TopicSet | None,
) -> _Made:
    old = before._made if before is not None else None  # noqa: SLF001
    kept = old is not None and tuple(old.languages) == tuple(languages)
    forms = old.forms if old is not None and kept else Forms(languages)
    vocabulary = Vocabulary(forms)
    likelihood = Likelihood(common, old.likelihood.seen(old.vocabulary) if old else None)
    return _Made(
        aliases=dict(aliases),
        languages=tuple(languages),
        forms=forms,
        vocabulary=vocabulary,
        likelihood=likelihood,
        tree=lru_cache(TREES)(lambda query: parse(query, sets.phrases).tree),
        phrases=sets.phrases,
    )


def _matcher(topics: Mapping[str, _Topic], made: _Made, same: TopicSet | None) -> Matcher:
    """Return what matches: what was in force before, and what changed since."""
    now = {topic.program for topic in topics.values()}
    if same is None:
        return Matcher(Files(now), made.likelihood)
    old = same._programs.keys()  # noqa: SLF001
    return same._matcher.changed(now - old, old - now)  # noqa: SLF001


def _known(spec: TopicSpec, names: set[str], same: TopicSet | None) -> _Topic | None:
    """Return a topic that was accepted as it is, or None."""
    if spec.name in names:
        message = f"two topics have one name: {quoted(spec.name)}"
        raise QueryError(problem_at(spec.query, 0, 1, message, "give one of them another"))
    known = same._topics.get(spec.name) if same is not None else None  # noqa: SLF001
    return known if known is not None and known.spec == spec else None


def _read(spec: TopicSpec, made: _Made, compiler: Compiler) -> _Topic:
    parsed = parse(spec.query, made.phrases)
    return _Topic(
        spec=spec,
        program=compiler.program(parsed.tree),
        warnings=tuple(_told(warning, spec) for warning in parsed.warnings),
        feeds=_feeds(spec),
    )


def _too_many(spec: TopicSpec) -> Problem:
    message = f"more than {MOST_TOPICS} topics"
    return _told(problem_at(spec.query, 0, 1, message, "join some of them with OR"), spec)


def _feeds(spec: TopicSpec) -> frozenset[str] | None:
    return None if spec.feeds is None else frozenset(name.casefold() for name in spec.feeds)


def _told(problem: Problem, spec: TopicSpec) -> Problem:
    return replace(problem, topic=spec.name, file=spec.file)
