"""The reference in docs/topics.md says what the evaluator does, row by row."""

import re
from pathlib import Path

import pytest

from workers.topics import QueryError
from workers.topics.aliases import read_aliases
from workers.topics.canonical import canonical
from workers.topics.foreign import TOOLS, translate
from workers.topics.parser import parse

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
OTHERS = "| here | Meltwater | Brandwatch | Talkwalker | Cision | Google |"
ELSEWHERE = [
    (ours, tool.rstrip(" |").lower(), theirs)
    for ours, *cells in rows(OTHERS)
    for tool, theirs in zip(OTHERS.split(" | ")[1:], cells, strict=True)
    if len(theirs) > 1 and tool.rstrip(" |").lower() in TOOLS
]
ALIASES = read_aliases({"group": ["Kataib Hezbollah"]}).phrases


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


@pytest.mark.parametrize(("ours", "tool", "theirs"), ELSEWHERE)
def test_other_tools_say_the_same(ours, tool, theirs):
    """What the reference says in the words of another tool is translated into ours."""
    assert canonical(parse(ours, ALIASES).tree) == translate(theirs, TOOLS[tool]).query


@pytest.mark.parametrize("row", rows(OTHERS), ids=lambda row: row[0])
def test_what_stands_first_is_of_our_language(row):
    """The first column is accepted as it stands."""
    assert parse(row[0], ALIASES).warnings == ()


def test_the_reference_is_whole():
    """The reference holds all its rows: a table that moved would leave these tests empty."""
    assert len(LANGUAGE) > 50
    assert len(REFUSALS) > 40
    assert {tool for _, tool, _ in ELSEWHERE} == set(TOOLS)
    assert len(ELSEWHERE) > 60
