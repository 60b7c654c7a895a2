"""What is told of a topic, with its place in the query."""

from typing import Literal

from msgspec.structs import asdict

from workers.model.topic import Problem, TopicSpec
from workers.topics.errors import problem_at
from workers.topics.tree import Node

__all__ = ["Finding", "Kind", "finding_at"]

Kind = Literal["never", "branch", "equal", "contained", "common", "script"]


class Finding(Problem, frozen=True, kw_only=True):
    """Something about a topic that its author should know, though the query is accepted."""

    kind: Kind
    span: tuple[int, int]
    """Where it stands in the query, in characters."""
    other: str | None = None
    """The topic that it is equal to, or contained in."""
    word: str | None = None
    """The clause that is so common."""
    per_day: float | None = None
    """How often the topic would ring a day, about."""
    script: str | None = None
    """The script in which it has no term."""
    share: float | None = None
    """Of articles that have the word, or of entries in the script."""


def finding_at(
    spec: TopicSpec, node: Node, kind: Kind, said: tuple[str, str], **more: object
) -> Finding:
    """Return a finding with the place of ``node``; ``said`` are message and hint."""
    placed = problem_at(spec.query, *node.span, *said)
    known = asdict(placed) | {"topic": spec.name, "file": spec.file}
    return Finding(kind=kind, span=node.span, **known, **more)  # type: ignore[arg-type]  # of Finding
