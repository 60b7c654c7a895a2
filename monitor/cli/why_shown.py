"""A journey as ``tocsin why`` shows it to people: a line a stage, its reason indented."""

import shlex
from typing import TYPE_CHECKING, Any

from monitor.cli.common import print_text
from monitor.cli.inputs import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.journey import Step
    from workers.model.article import Edition

__all__ = ["print_journey"]


def print_journey(told: dict[str, Any], topic: str | None = None) -> None:
    """Print what ``--json`` would."""
    left_out = told.get("left_out", 0)
    if told["found"]:
        print_text(f"{told['title'] or 'no title'}\n{told['url']}  ({told['article']})\n")
    if left_out:
        print_text(f"… {left_out} older lines are left out")
    _print_steps(told["steps"])
    _print_editions(told.get("editions", []))
    if "topic" in told:
        _print_topic(told["topic"])
    elif told["found"] and topic is None:
        print_text(f"\nwhy a topic rang or did not: tocsin why {shlex.quote(told['url'])} TOPIC")


def _print_steps(steps: "Sequence[Step]") -> None:
    for step in steps:
        print_text(f"{iso(step.at)}  {step.stage:8} {step.decision}")
        if step.because:
            print_text(f"{'':31}{step.because}")


def _print_editions(editions: "Sequence[Edition]") -> None:
    """Print what later readings of the page changed."""
    for one in editions:
        print_text(f"\n{iso(one.at)}  changed; read before that {iso(one.since)}: {one.title}")
        for mark, lines in (("+", one.added), ("-", one.removed)):
            for line in lines:
                print_text(f"  {mark} {line}")
        if one.left_out:
            print_text(f"  … and {one.left_out} lines more")


def _print_topic(topic: dict[str, Any]) -> None:
    print_text("\nthe topic matches" if topic["matched"] else "\nthe topic does not match")
    for clause in topic["clauses"]:
        for hit in clause["hits"]:
            print_text(f"  {clause['query']} in {hit['zone']}: {hit['sentence']}")
    if topic["failed"]:
        because = topic["failed"].get("because")
        print_text(
            f"  did not hold: {topic['failed']['query']}{f': {because}' if because else ''}"
        )
    elsewhere = dict.fromkeys((hit["zone"], hit["sentence"]) for hit in topic["elsewhere"])
    for zone, sentence in elsewhere:
        print_text(f"  but stands in {zone}, which is not searched: {sentence}")
