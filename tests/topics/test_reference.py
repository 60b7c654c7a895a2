"""The reference in docs/topics.md says what the evaluator does, row by row."""

import re
from pathlib import Path

import pytest

from workers.topics import QueryError

REFERENCE = Path(__file__).parents[2] / "docs" / "topics.md"
CODE = re.compile(r"^`(.*)`$")


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table rows under a table head, without their back-ticks."""
    found: list[list[str]] = []
    inside = False
    for line in REFERENCE.read_text(encoding="utf-8").splitlines():
        if line == heading:
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("|---"):
            found.append([_cell(cell) for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def _cell(cell: str) -> str:
    text = cell.strip().replace("\\|", "|")
    code = CODE.match(text)
    return code.group(1) if code else text


LANGUAGE = rows("| write | means | matches | does not match |")
REFUSALS = rows("| write | refused because | at |")


@pytest.mark.parametrize(("query", "matches"), [(row[0], row[2]) for row in LANGUAGE])
def test_every_row_matches_its_example(query, matches, tried):
    """Each operator matches the example that the reference gives for it."""
    assert tried(query, matches).matched is True


@pytest.mark.parametrize(("query", "other"), [(row[0], row[3]) for row in LANGUAGE])
def test_no_row_matches_its_counterexample(query, other, tried):
    """Each operator leaves out the counterexample that the reference gives for it."""
    assert tried(query, other).matched is False


@pytest.mark.parametrize(("query", "because", "place"), REFUSALS)
def test_every_refusal_says_why_and_where(query, because, place, tried):
    """Each refusal of the reference says its cause and underlines its place, with a hint."""
    with pytest.raises(QueryError) as caught:
        tried(query, "Some title")
    problem = caught.value.problem
    start = problem.column - 1
    assert because.replace("`", "") in problem.message.replace("`", "")
    assert place == query[start : start + problem.length]
    assert problem.hint


def test_the_reference_is_whole():
    """The reference holds all its rows: a table that moved would leave these tests empty."""
    assert len(LANGUAGE) > 50
    assert len(REFUSALS) > 40
