"""The examples of topics, run: sentences beside them, and files of labelled articles."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from monitor.cli.example_files import Line, read_labelled
from workers.model.topic import Problem

if TYPE_CHECKING:
    from monitor.settings import TopicSetting
    from workers.model.topic import Document, TopicSpec
    from workers.topics import Score, TopicSet

__all__ = ["Missed", "Tried", "run_examples"]

TOLD = 20
"""Failing articles told of one topic."""
TOLD_OF_ALL = 1_000
"""Failing examples told of all topics together."""
BAD_LINES = 100
"""Bad lines told of one file."""
SHOWN = 200
"""Characters of an article that are shown."""


@dataclass(frozen=True, kw_only=True)
class Missed:
    """An example that did not come out as somebody says."""

    topic: str
    example: str
    expected: Literal["match", "no match"]
    file: str
    line: int | None = None
    """In the file of labelled articles; None for a sentence beside the topic."""
    id: str | None = None
    why: str = ""

    def told(self) -> dict[str, Any]:
        """Return it as ``--json`` prints it."""
        return {
            "topic": self.topic,
            "example": self.example,
            "expected": self.expected,
            "file": self.file,
            "line": self.line,
            "id": self.id,
            "why": self.why,
        }


@dataclass(kw_only=True)
class Tried:
    """What became of the examples."""

    passed: int = 0
    inline: list[Missed] = field(default_factory=list)
    """Sentences beside topics that failed: each is an error."""
    missed: list[Missed] = field(default_factory=list)
    """Articles of files that failed: what counts of them is precision and recall."""
    left_out: int = 0
    """Failing examples that are counted and not told."""
    scores: "dict[str, Score]" = field(default_factory=dict)
    """Of each topic that has examples, in the order of the file."""
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def run_examples(
    specs: "Sequence[TopicSpec]", written: "Iterable[TopicSetting]", topics: "TopicSet"
) -> Tried:
    """Run the examples of all accepted topics.

    ``written`` are the topics with the names of their files of labelled articles, each relative to
    the file that names it; a file that several topics name is read once.
    """
    tried = Tried()
    scores = _inline(specs, topics, tried)
    accepted = [one for one in written if one.name in topics.specs]
    naming: defaultdict[Path, list[str]] = defaultdict(list)
    for one in accepted:
        for name in dict.fromkeys(one.examples.files):
            naming[Path(one.file).parent / name].append(one.name)
    told: Counter[str] = Counter()
    for path, names in naming.items():
        for name, score in _file(path, names, topics, tried, told).items():
            scores[name] = scores[name] + score if name in scores else score
    tried.scores = {one.name: scores[one.name] for one in accepted if one.name in scores}
    tried.problems += _short(accepted, tried)
    return tried


def _inline(specs: "Sequence[TopicSpec]", topics: "TopicSet", tried: Tried) -> "dict[str, Score]":
    from workers.topics import Score, check_examples, read_as

    tried.passed, failed = check_examples(specs, topics)
    missed = Counter((miss.topic, miss.expected) for miss in failed)
    for miss in failed[:TOLD_OF_ALL]:
        why = _why(topics, miss.topic, miss.expected, read_as(miss.example))
        tried.inline.append(
            Missed(
                topic=miss.topic,
                example=miss.example,
                expected=miss.expected,
                file=miss.file,
                why=why,
            )
        )
    tried.left_out += len(failed[TOLD_OF_ALL:])
    scores = {}
    for spec in specs:
        if (spec.match or spec.no_match) and topics.specs.get(spec.name) == spec:
            fn, fp = missed[spec.name, "match"], missed[spec.name, "no match"]
            tp, tn = len(spec.match) - fn, len(spec.no_match) - fp
            scores[spec.name] = Score(tp=tp, fp=fp, fn=fn, tn=tn)
    return scores


def _file(
    path: Path, names: Sequence[str], topics: "TopicSet", tried: Tried, told: Counter[str]
) -> "dict[str, Score]":
    """Run one file of labelled articles for the topics that name it."""
    from workers.topics import Scores

    scores = Scores(topics, names)
    unknown: dict[str, int] = {}
    bad = _Bad(path, tried)
    for line in read_labelled(path, bad):
        for name in line.labelled.topics or ():
            if name not in topics.specs:
                unknown.setdefault(name, line.number)
        for miss in scores.take(line.labelled):
            told[miss.topic] += 1
            if told[miss.topic] > TOLD or len(tried.missed) >= TOLD_OF_ALL:
                tried.left_out += 1
            else:
                why = _why(topics, miss.topic, miss.expected, (line.labelled.document,))
                tried.missed.append(
                    Missed(
                        topic=miss.topic,
                        example=_shown(line),
                        expected=miss.expected,
                        file=str(path),
                        line=line.number,
                        id=line.id,
                        why=why,
                    )
                )
    bad.end()
    for name, number in list(unknown.items())[:BAD_LINES]:
        message = f"a label names a topic that is not in this file of topics: {name}"
        tried.warnings.append(_problem(path, number, message))
    found = {name: scores.of(name) for name in names}
    tried.passed += sum(score.tp + score.tn for score in found.values())
    return found


def _shown(line: Line) -> str:
    document = line.labelled.document
    return (document.title.strip() or document.body.strip())[:SHOWN]


class _Bad:
    """Takes what is wrong with the lines of a file."""

    def __init__(self, path: Path, tried: Tried) -> None:
        self._path = path
        self._tried = tried
        self._many = 0

    def __call__(self, number: int, message: str) -> None:
        self._many += 1
        if self._many <= BAD_LINES:
            self._tried.problems.append(_problem(self._path, number, message))

    def end(self) -> None:
        """Tell how many there were beyond those told."""
        if self._many > BAD_LINES:
            message = f"{self._many - BAD_LINES:,} bad lines more"
            self._tried.problems.append(_problem(self._path, 0, message))


def _problem(path: Path, number: int, message: str) -> Problem:
    hint = "" if number else "examples.files is relative to the file that names it"
    return Problem(
        topic="", file=str(path), line=number, column=1, length=1, message=message, hint=hint
    )


def _short(written: "Iterable[TopicSetting]", tried: Tried) -> Iterable[Problem]:
    """Yield which topics do worse than their author asks."""
    for one in written:
        score = tried.scores.get(one.name)
        asked = one.examples
        if score is None:
            continue
        for name, least, reached in (
            ("precision", asked.least_precision, score.precision),
            ("recall", asked.least_recall, score.recall),
        ):
            if least is not None and reached is not None and reached < least:
                message = f"{name} is {reached:.3f}, and {least:g} is asked for"
                yield Problem(
                    topic=f"{one.name}: examples.least_{name}",
                    file=one.file,
                    line=0,
                    column=1,
                    length=1,
                    message=message,
                    hint="the failing examples say what to change",
                )


def _why(topics: "TopicSet", topic: str, expected: str, documents: "Sequence[Document]") -> str:
    """Return why an example failed: the clause that did not hold, or all that did."""
    outcomes = [topics.tried(topic, document) for document in documents]
    if expected == "match":
        failed = outcomes[0].failed
        there = sorted({hit.zone for hit in outcomes[0].elsewhere})
        apart = f", which stands in {', '.join(there)}, where it is not searched" if there else ""
        return f"did not hold: {failed.query}{apart}" if failed is not None else ""
    clauses = next((outcome.clauses for outcome in outcomes if outcome.matched), ())
    return f"held: {', '.join(clause.query for clause in clauses)}" if clauses else ""
