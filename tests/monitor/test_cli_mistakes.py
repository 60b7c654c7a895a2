"""Mistakes in queries, as ``tocsin topics check`` and ``try`` tell them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import tocsin

pytestmark = pytest.mark.usefixtures("folder")

MISTAKES = [
    ("", 1, 1), ('""', 1, 2), ("()", 1, 2), ("{}", 1, 2), ("(militia OR strike", 1, 1),
    ("{US", 1, 1), ('militia "drone', 9, 1), ("militia) strike", 8, 1), ("militia * strike", 9, 1),
    ("@kataib", 1, 7), ("militia NEAR/x strike", 9, 6), ("militia AND", 9, 3),
    ("titel:strike", 1, 6), ("m*", 1, 2), ("mi*litia", 3, 1), ("NOT militia", 1, 11),
    ("militia OR NOT strike", 12, 10), ("(militia AND raid) NEAR/5 strike", 2, 16),
    ("militia NEAR/500 strike", 9, 8), ("(" * 51 + "a" + ")" * 51, 51, 1),
    ("x" * 10_001, 10_001, 1), (" OR ".join(["a"] * 1_001), 5_001, 1), ("militia or strike", 9, 2),
    ("(" * 10_000, 51, 1), ("a\u202eb", 2, 1), ("x" * 300_000, 10_001, 1),
]  # fmt: skip


def call(*words: str | Path, text: str | bytes | None = None) -> Result:
    """Run a command."""
    return CliRunner().invoke(tocsin, [str(word) for word in words], input=text)


def written(queries: list[str]) -> str:
    """Return a file of topics with these queries, and one good one."""
    topics = "".join(
        f"[[topics]]\nname = 'topic {number}'\nquery = {json.dumps(query, ensure_ascii=False)}\n"
        for number, query in enumerate([*queries, "good"])
    )
    return f"[aliases]\nkataib_hezbollah = ['Kataib Hezbollah']\n{topics}"


def test_each_mistake_is_told_with_its_place_and_what_to_write(tmp_path):
    """All mistakes of a file are told at once: topic, line, column, length, hint."""
    file = tmp_path / "topics.toml"
    file.write_text(written([query for query, _, _ in MISTAKES]), encoding="utf-8")
    result = call("topics", "check", file, "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    found = [(one["topic"], one["column"], one["length"]) for one in told["problems"]]
    assert found == [
        (f"topic {n}", column, length) for n, (_, column, length) in enumerate(MISTAKES)
    ]
    assert all(one["line"] == 1 and one["hint"] for one in told["problems"])


@pytest.mark.parametrize(("query", "column", "length"), MISTAKES[:23])
def test_each_mistake_has_a_caret_under_its_place(query, column, length):
    """`try` shows the line of the query, carets under the place, and the hint; exit 2."""
    result = call("topics", "try", f"--query={query}", "-", text="A text")
    shown = result.stderr.splitlines()
    at = next(n for n, line in enumerate(shown) if line.strip().startswith("^"))
    assert result.exit_code == 2
    assert f"line 1, column {column}: " in shown[at - 2]
    line, caret = shown[at - 1], shown[at]
    assert length == caret.count("^")
    start = caret.index("^")
    assert query[column - 1 : column - 1 + length] == line[start : start + length]
    assert "hint: " in shown[at + 1]


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        (b"query = 'Kata'ib'", "write '''"),
        (b'query = "\\ud800"', "no TOML"),
        (b'query = "a\xed\xa0\x80"', "not UTF-8"),
        (b'query = "a\x07"', "no TOML"),
    ],
)
def test_what_no_file_of_topics_may_hold_is_told_with_its_line(raw, part, tmp_path):
    """An apostrophe that ends a string, half characters and control characters are explained."""
    file = tmp_path / "topics.toml"
    file.write_bytes(b"[[topics]]\nname = 'a'\n" + raw + b"\n")
    result = call("topics", "check", file)
    assert result.exit_code == 1
    assert f"{file}: line 3: " in result.stderr
    assert part in result.stderr
