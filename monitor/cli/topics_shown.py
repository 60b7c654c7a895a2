"""How topics are shown: receipts and problems, to people and as the objects of ``--json``."""

from typing import TYPE_CHECKING, Any

import click

from monitor.cli.common import coloured, print_text, say
from monitor.settings import plain
from monitor.settings.packs import hinted
from workers.alerts import outcome_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workers.model.topic import Clause, Hit, Part, Problem, TopicSpec, TopicTry

__all__ = [
    "clause_objects",
    "hit_objects",
    "part_object",
    "problem_object",
    "say_query_problems",
    "show_outcome",
    "show_try",
    "try_object",
]


def try_object(outcome: "TopicTry") -> dict[str, Any]:
    """Return the outcome of a try as the object that ``--json`` prints."""
    failed = clause_objects((outcome.failed,))[0] if outcome.failed else None
    return {
        "matched": outcome.matched,
        "clauses": clause_objects(outcome.clauses),
        "failed": failed and {**failed, "because": outcome.because},
        "elsewhere": hit_objects(outcome.elsewhere),
        "tree": outcome.tree and part_object(outcome.tree),
    }


def part_object(part: "Part") -> dict[str, Any]:
    """Return a clause with those that it is made of as ``--json`` prints it."""
    return {
        "op": part.op,
        "query": part.query,
        "span": list(part.span),
        "held": part.held,
        "because": part.because or None,
        "found": part.found,
        "apart": part.apart,
        "hits": hit_objects(part.hits),
        "parts": [part_object(inner) for inner in part.parts],
        "left_out": part.left_out,
    }


def show_try(title: str, outcome: "TopicTry") -> None:
    """Write to stdout, for people, how a query was tried on an article of this title."""
    print_text(f"{'matches' if outcome.matched else 'does not match'}: {title or '-'}")
    show_outcome(outcome)


def show_outcome(outcome: "TopicTry") -> None:
    """Write each clause of a query with where it holds or why not, and what failed first."""
    for line in outcome_lines(outcome):
        colour = {True: "green", False: "red", None: None}[line.held]
        click.echo(f"  {coloured(plain(str(line)), colour)}")


def clause_objects(clauses: "Iterable[Clause]") -> list[dict[str, Any]]:
    """Return clauses of a receipt as ``--json`` prints them."""
    return [
        {
            "op": clause.op,
            "query": clause.query,
            "span": list(clause.span),
            "hits": hit_objects(clause.hits),
        }
        for clause in clauses
    ]


def hit_objects(hits: "Iterable[Hit]") -> list[dict[str, Any]]:
    """Return hits of a receipt as ``--json`` prints them."""
    return [
        {
            "zone": hit.zone,
            "start": hit.start,
            "end": hit.end,
            "text": hit.text,
            "sentence": hit.sentence,
        }
        for hit in hits
    ]


def problem_object(problem: "Problem", file: str) -> dict[str, Any]:
    """Return what is wrong with a topic of ``file`` as ``--json`` prints it."""
    return {
        "file": problem.file or file,
        "topic": problem.topic,
        "line": problem.line or None,
        "column": problem.column,
        "length": problem.length,
        "message": problem.message,
        "hint": hinted(problem).hint,
    }


def say_query_problems(
    specs: "list[TopicSpec]", problems: "Iterable[Problem]", label: str = ""
) -> None:
    """Say each problem with its topic, and with a caret where its query is known."""
    from workers.topics import render_caret

    queries = {spec.name: spec.query for spec in specs}
    for problem in map(hinted, problems):
        where = f"{problem.file}: " if problem.file else ""
        query = queries.get(problem.topic)
        if query is not None:
            say(f"{label}{where}{problem.topic}: {render_caret(problem, query)}")
        else:
            hint = f" ({problem.hint})" if problem.hint else ""
            what = f"{problem.topic}: " if problem.topic else ""
            entry = problem.topic.startswith("@")  # its line is one of the entry, not of the file
            line = f"line {problem.line}: " if problem.line and not entry else ""
            say(f"{label}{where}{line}{what}{problem.message}{hint}")
