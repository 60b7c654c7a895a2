"""The table at the end: a line a row, what was skipped and why."""

from collections.abc import Iterable, Iterator, Sequence

import pytest

__all__ = ["printed"]

HEADS = (
    "row", "fault", "accepted", "done", "lost", "duplicates", "bound", "database", "redis",
    "processes", "verdict",
)  # fmt: skip


def printed(reports: Sequence[pytest.TestReport]) -> Iterator[str]:
    """Yield the lines of the table, then what failed without one, then what was skipped."""
    lines, silent, skipped = [], [], []
    for report in reports:
        told = [value for name, value in report.user_properties if name == "chaos"]
        if report.skipped:
            skipped.append(f"skipped: {_name(report)}: {_why(report)}")
        elif report.when == "call" or report.failed:
            verdict = "FAILED" if report.failed else "held"
            if report.when == "call":
                lines += [{**line, "verdict": verdict} for line in told]
            if report.failed and not (told and report.when == "call"):
                silent.append(f"FAILED outside of its count: {_name(report)} ({report.when})")
    if not reports:
        return
    yield from _aligned([HEADS, *(_cells(line) for line in sorted(lines, key=_order))])
    yield from silent
    yield from skipped
    if not skipped:
        yield "skipped: none"


def _order(line: dict[str, object]) -> tuple[int, str, str, str]:
    return int(str(line["row"])), str(line["fault"]), str(line["database"]), str(line["redis"])


def _cells(line: dict[str, object]) -> tuple[str, ...]:
    return tuple(str(line[head]) for head in HEADS)


def _aligned(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    table.insert(1, ["-" * width for width in widths])
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "| " + " | ".join(cells) + " |"


def _name(report: pytest.TestReport) -> str:
    return report.nodeid.rpartition("/")[2]


def _why(report: pytest.TestReport) -> str:
    why = report.longrepr
    return str(why[2]) if isinstance(why, tuple) else str(why)
