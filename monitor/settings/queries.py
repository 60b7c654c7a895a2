"""Queries, aliases and examples as the rules of topics see them, placed in their files.

Apart from `load`, because compiling takes longer than reading: the daemon compiles for itself.
"""

from collections.abc import Mapping
from typing import Any

from monitor import shipped
from monitor.settings.convert import topic_spec
from monitor.settings.load import Loaded
from monitor.settings.packs import hinted
from monitor.settings.problems import Problem, dotted, shown
from workers.model.base import Record
from workers.model.topic import Problem as QueryProblem
from workers.model.topic import TopicSpec
from workers.topics import ExampleFailure, check_examples, compile_topics, render_caret

__all__ = ["Queries", "check_queries"]


class Queries(Record, frozen=True, kw_only=True):
    """What is wrong with queries, aliases and examples."""

    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    passed: int = 0
    """How many examples came out as they should."""
    failed: tuple[ExampleFailure, ...] = ()
    """Those that did not; each is among the problems too."""


def check_queries(loaded: Loaded) -> Queries:
    """Compile every enabled topic and try its examples."""
    settings = loaded.settings
    specs = {topic.name: topic_spec(topic) for topic in settings.topics if topic.enabled}
    compiled = compile_topics(
        tuple(specs.values()),
        settings.aliases,
        settings.matching.languages,
        shipped.common_words(),
    )
    passed, failed = check_examples(tuple(specs.values()), compiled)
    return Queries(
        problems=(
            *(_placed(hinted(one), loaded, specs) for one in compiled.problems),
            *(_missed(one, loaded) for one in failed),
        ),
        warnings=tuple(_placed(one, loaded, specs) for one in compiled.warnings),
        passed=passed,
        failed=failed,
    )


def _placed(problem: QueryProblem, loaded: Loaded, specs: Mapping[str, TopicSpec]) -> Problem:
    """Return what is wrong with a query or an alias, with the line of its file and a caret."""
    spec = specs.get(problem.topic)
    if spec is not None:
        path: tuple[str, ...] = ("topics", problem.topic, "query")
        piece, below = loaded.topics.get(problem.topic), path[2:]
        detail = "\n".join(render_caret(problem, spec.query).split("\n")[1:3])
    else:
        name = problem.topic.removeprefix("@")
        path = ("aliases", name)
        piece, below, detail = loaded.aliases.get(name), (), ""
    said: dict[str, Any] = {
        "key": dotted(path),
        "message": problem.message,
        "hint": problem.hint,
        "detail": detail,
        "fatal": False,
    }
    if piece is None:
        return Problem(file=problem.file, **said)
    return piece.problem(below, **said)


def _missed(failure: ExampleFailure, loaded: Loaded) -> Problem:
    option = "match" if failure.expected == "match" else "no_match"
    path = ("topics", failure.topic, "examples", option)
    said: dict[str, Any] = {
        "key": dotted(path),
        "value": shown(failure.example),
        "message": "does not match" if option == "match" else "matches",
        "hint": "change the query or the example: `tocsin topics try` shows why",
        "fatal": False,
    }
    piece = loaded.topics.get(failure.topic)
    return piece.problem(path[2:], **said) if piece else Problem(file=failure.file, **said)
