"""A journey as ``tocsin why`` shows it to people: a line a stage, its reason indented."""

import shlex
from typing import TYPE_CHECKING, Any

from monitor.cli.common import print_text
from monitor.cli.inputs import iso
from monitor.cli.topics_shown import show_outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.journey import Step
    from workers.model.article import Edition
    from workers.model.topic import TopicTry

__all__ = ["print_journey"]


def print_journey(told: dict[str, Any], topic: str | None, outcome: "TopicTry | None") -> None:
    """Print what ``--json`` would; below it how the ``topic`` came out, clause by clause."""
    left_out = told.get("left_out", 0)
    if told["found"]:
        print_text(f"{told['title'] or 'no title'}\n{told['url']}  ({told['article']})\n")
    if left_out:
        print_text(f"… {left_out} older lines are left out")
    _print_steps(told["steps"])
    _print_editions(told.get("editions", []))
    if outcome is not None:
        print_text("\nthe topic matches" if outcome.matched else "\nthe topic does not match")
        show_outcome(outcome)
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
