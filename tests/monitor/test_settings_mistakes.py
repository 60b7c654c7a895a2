"""One mistake a file: what is said about it, where, and what it costs."""

import re
from pathlib import Path

import pytest

from monitor.settings import Loaded, load, render
from monitor.settings.queries import check_queries

FOLDER = Path(__file__).parent.parent / "mistakes"
FILES = sorted(FOLDER.glob("*.toml"))
PASSWORD = "hunter2"


def everything(loaded: Loaded) -> list[str]:
    """Return what `check` would say of a file, without the folder it is in."""
    problems = [*loaded.problems, *check_queries(loaded).problems]
    return [
        ("" if problem.fatal else "mild: ")
        + render(problem)
        .split("\n")[0]
        .replace(f"{FOLDER}/", "")
        .replace(str(FOLDER), "the folder of the mistakes")
        for problem in problems
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_mistake_is_told_with_its_place_and_what_to_do(path: Path) -> None:
    """The problems of a file are exactly those in its first lines."""
    text = path.read_bytes().decode("latin-1" if path.stem == "not_utf8" else "utf-8")
    expected = re.findall(r"^# expect: (.*)$", text, re.MULTILINE)

    assert expected == everything(load(path, {}))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_mistake_prints_a_secret(path: Path) -> None:
    """Neither messages nor settings hold what was written as a password, not even by mistake."""
    loaded = load(path, {})

    said = "\n".join(everything(loaded)) + repr(loaded) + str(loaded.settings.model_dump())

    assert PASSWORD not in said


def test_a_mistake_costs_only_its_own_part() -> None:
    """A bad topic leaves the feeds, the sinks and the other topics as they are."""
    loaded = load(FOLDER / "topic_severity.toml", {})

    assert ["militia strikes"] == [topic.name for topic in loaded.settings.topics]
    assert ["screen"] == list(loaded.settings.sinks)
    assert () == loaded.fatal
