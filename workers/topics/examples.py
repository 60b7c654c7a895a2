"""Examples that stand beside a topic: what it must match, and what it must not."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from workers.model.base import Record
from workers.model.topic import Document, TopicSpec
from workers.topics.compiled import TopicSet

__all__ = [
    "ExampleFailure",
    "Labelled",
    "Miss",
    "Score",
    "Scores",
    "check_examples",
    "read_as",
]


class ExampleFailure(Record, frozen=True, kw_only=True):
    """An example that did not come out as its topic says."""

    topic: str
    example: str
    expected: Literal["match", "no match"]
    file: str = ""


class Labelled(Record, frozen=True, kw_only=True):
    """An article of which somebody says which topics are to match it."""

    document: Document
    match: bool | None = None
    """What is said of all topics that are asked, or of ``topics`` alone; None: ``topics`` are to
    match, and no other."""
    topics: frozenset[str] | None = None


class Miss(Record, frozen=True, kw_only=True):
    """A topic that did not do with a labelled article what was said."""

    topic: str
    expected: Literal["match", "no match"]


class Score(Record, frozen=True, kw_only=True):
    """How a topic did on its labelled examples."""

    tp: int = 0
    """Matched, and was to."""
    fp: int = 0
    """Matched, and was not to."""
    fn: int = 0
    """Was to match, and did not."""
    tn: int = 0
    """Was not to match, and did not."""

    @property
    def precision(self) -> float | None:
        """Return the share of what it matched that it was to match; None if it matched nothing."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else None

    @property
    def recall(self) -> float | None:
        """Return the share of what it was to match that it matched; None if that is nothing."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else None

    def __add__(self, other: "Score") -> "Score":
        """Return the score on both sets of examples."""
        return Score(
            tp=self.tp + other.tp,
            fp=self.fp + other.fp,
            fn=self.fn + other.fn,
            tn=self.tn + other.tn,
        )


class Scores:
    """How several topics do on the same labelled articles, all asked at once."""

    def __init__(self, topics: TopicSet, names: Collection[str]) -> None:
        """Ask ``names``, which are accepted ``topics``."""
        self._topics = topics
        self._names = frozenset(names)
        self._asked_all = 0
        self._asked: Counter[str] = Counter()
        self._counts: dict[str, Counter[str]] = {kind: Counter() for kind in ("tp", "fp", "fn")}

    def take(self, one: Labelled) -> Iterator[Miss]:
        """Count an article; yield what did not come out as said."""
        found = self._names.intersection(self._topics.names(one.document))
        asked = self._names if one.topics is None or one.match is None else None
        if asked is None:
            asked = self._names & (one.topics or frozenset())
            self._asked.update(asked)
        else:
            self._asked_all += 1
        wanted = asked if one.topics is None else asked & one.topics
        if one.match is False:
            wanted = frozenset()
        wrong, missing = (found & asked) - wanted, wanted - found
        self._counts["tp"].update(found & wanted)
        self._counts["fp"].update(wrong)
        self._counts["fn"].update(missing)
        for name in sorted(wrong):
            yield Miss(topic=name, expected="no match")
        for name in sorted(missing):
            yield Miss(topic=name, expected="match")

    def of(self, name: str) -> Score:
        """Return how a topic did on all articles that were taken."""
        tp, fp, fn = (self._counts[kind][name] for kind in ("tp", "fp", "fn"))
        asked = self._asked_all + self._asked[name]
        return Score(tp=tp, fp=fp, fn=fn, tn=asked - tp - fp - fn)


def check_examples(
    specs: Sequence[TopicSpec], topics: TopicSet
) -> tuple[int, tuple[ExampleFailure, ...]]:
    """Run the examples of the accepted topics among ``specs``.

    An example is read once as a title and once as a body; either counts.

    Returns:
        How many came out as written, and those that did not.
    """
    passed = 0
    failed: list[ExampleFailure] = []
    for spec in specs:
        if topics.specs.get(spec.name) != spec:
            continue
        for example in spec.match:
            if _matches(spec.name, example, topics):
                passed += 1
            else:
                failed.append(_failure(spec, example, "match"))
        for example in spec.no_match:
            if _matches(spec.name, example, topics):
                failed.append(_failure(spec, example, "no match"))
            else:
                passed += 1
    return passed, tuple(failed)


def read_as(example: str) -> tuple[Document, Document]:
    """Return an example as a title and as a body."""
    return Document(title=example, body=""), Document(title="", body=example)


def _matches(topic: str, example: str, topics: TopicSet) -> bool:
    return any(topic in topics.names(document) for document in read_as(example))


def _failure(
    spec: TopicSpec, example: str, expected: Literal["match", "no match"]
) -> ExampleFailure:
    return ExampleFailure(topic=spec.name, example=example, expected=expected, file=spec.file)
