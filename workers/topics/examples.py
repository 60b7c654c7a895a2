"""Examples that stand beside a topic: what it must match, and what it must not."""

from collections.abc import Sequence
from typing import Literal

from workers.model.base import Record
from workers.model.topic import Document, TopicSpec
from workers.topics.compiled import TopicSet

__all__ = ["ExampleFailure", "check_examples"]


class ExampleFailure(Record, frozen=True, kw_only=True):
    """An example that did not come out as its topic says."""

    topic: str
    example: str
    expected: Literal["match", "no match"]
    file: str = ""


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
        for expected, examples in (("match", spec.match), ("no match", spec.no_match)):
            for example in examples:
                if _matches(spec.name, example, topics) == (expected == "match"):
                    passed += 1
                    continue
                wanted: Literal["match", "no match"] = (
                    "match" if expected == "match" else "no match"
                )
                failed.append(
                    ExampleFailure(
                        topic=spec.name, example=example, expected=wanted, file=spec.file
                    )
                )
    return passed, tuple(failed)


def _matches(topic: str, example: str, topics: TopicSet) -> bool:
    tried = (Document(title=example, body=""), Document(title="", body=example))
    return any(match.topic == topic for one in tried for match in topics.match(one))
