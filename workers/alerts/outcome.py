"""How a query came out on an article in words, for people: a line a clause, safe to show."""

from collections.abc import Iterator

from typing_extensions import override

from workers.alerts.passage import sentences
from workers.alerts.words import safe_line
from workers.model.base import Record
from workers.model.topic import Part, TopicTry

__all__ = ["OutcomeLine", "outcome_lines"]


class OutcomeLine(Record, frozen=True, kw_only=True):
    """One line."""

    depth: int
    """How far in it stands."""
    text: str
    held: bool | None = None
    """Of a clause; None of what is said about one."""

    @override
    def __str__(self) -> str:
        """Return the line, with a mark of whether its clause held."""
        mark = {True: "✓ ", False: "✗ ", None: ""}[self.held]
        return f"{'  ' * self.depth}{mark}{self.text}"


def outcome_lines(outcome: TopicTry) -> Iterator[OutcomeLine]:
    """Yield each clause with where it holds or why not, what failed first, and where that is."""
    if outcome.tree is not None:
        yield from _part(outcome.tree, 0)
    if outcome.failed is not None:
        told = f" ({safe_line(outcome.because)})" if outcome.because else ""
        text = f"did not hold: {safe_line(outcome.failed.query)}{told}"
        yield OutcomeLine(depth=0, text=text)
    for zone, sentence in sentences(outcome.elsewhere):
        text = f"but stands in {zone}, which is not searched: {sentence}"
        yield OutcomeLine(depth=0, text=text)


def _part(part: Part, depth: int) -> Iterator[OutcomeLine]:
    """Yield a clause, the sentences that it was found in, and what it is made of."""
    told = f": {safe_line(part.because)}" if part.because else ""
    yield OutcomeLine(depth=depth, text=f"{safe_line(part.query)}{told}", held=part.held)
    for zone, sentence in () if part.parts and part.held else sentences(part.hits):
        yield OutcomeLine(depth=depth + 2, text=f"{zone}: {sentence}")
    for inner in part.parts:
        yield from _part(inner, depth + 1)
    if part.left_out:
        yield OutcomeLine(depth=depth + 1, text=f"… and {part.left_out} more")
