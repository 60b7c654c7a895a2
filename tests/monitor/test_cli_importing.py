"""``tocsin topics import``: what is printed is accepted by ``tocsin topics check``."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import tocsin
from monitor.cli.topics_import import TOOLS
from workers.topics.foreign import TOOLS as KNOWN

pytestmark = pytest.mark.usefixtures("folder")


def call(*words: str | Path, text: str | bytes | None = None) -> Result:
    """Run a command."""
    return CliRunner().invoke(tocsin, [str(word) for word in words], input=text)


@pytest.mark.parametrize(
    ("tool", "query"),
    [
        ("meltwater", '(militia OR "armed group")\n near/8 strike* AND country:us'),
        ("brandwatch", "{Kata'ib} NEAR/2f drone <<< ''' >>>"),
        ("talkwalker", "++\"Apple Inc\" AND l'''x"),
        ("google", 'drone AROUND(5) strike -site:example.org "it\'s"'),
    ],
)
def test_what_is_printed_is_a_topic_that_check_accepts(tool, query, tmp_path):
    """The TOML names the topic, cites the original, and is accepted as it is."""
    result = call("topics", "import", "--from", tool, "--name", 'My "topic"', "-", text=query)
    assert result.exit_code == 0
    [topic] = tomllib.loads(result.stdout)["topics"]
    assert topic["name"] == 'My "topic"'
    assert f"# {tool}:" in result.stdout
    file = tmp_path / "topics.toml"
    file.write_text(result.stdout, encoding="utf-8")
    checked = call("topics", "check", file, "--json")
    assert checked.exit_code == 0, checked.output
    assert json.loads(checked.stdout)["warnings"] == []


def test_what_has_no_equal_stands_under_a_caret_and_in_a_comment():
    """What could not be translated is said on stderr with its place, and in the file."""
    result = call("topics", "import", "--from", "meltwater", "--query", "coup AND country:us")
    assert "^^^^^^^^^^" in result.stderr
    assert "# line 1, column 10: `country:us` has no equal" in result.stdout


def test_json_holds_query_original_and_notes():
    """--json prints one object: name, query, tool, original, notes with places."""
    result = call("topics", "import", "--from", "google", "-q", "coup after:2024", "--json")
    told = json.loads(result.stdout)
    [note] = told.pop("notes")
    assert told == {
        "name": "imported from google",
        "query": "coup",
        "from": "google",
        "original": "coup after:2024",
    }
    assert (1, 6, 10) == (note["line"], note["column"], note["length"])


def test_forms_let_words_stand_for_their_forms():
    """--forms leaves words without quotes as they are."""
    words = ("topics", "import", "--from", "meltwater", "-q", "militia AND strike", "--json")
    assert json.loads(call(*words, "--forms").stdout)["query"] == "militia AND strike"


@pytest.mark.parametrize("query", ["coup AND", "NOT coup", "x" * 10_001, "a\x00b", "\udcff"])
def test_what_cannot_be_read_exits_2_with_a_caret(query):
    """A query that cannot be translated prints no TOML, and says why and where."""
    result = call("topics", "import", "--from", "meltwater", f"--query={query}")
    assert (2, "") == (result.exit_code, result.stdout)
    assert "^" in result.stderr


def test_a_file_that_cannot_be_had_exits_1(tmp_path):
    """A file that is missing or no UTF-8 is said by name."""
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"coup \xff")
    for file in (bad, tmp_path / "none.txt"):
        result = call("topics", "import", "--from", "google", file)
        assert result.exit_code == 1
        assert file.name in result.stderr


def test_a_file_or_a_query_must_be_given():
    """Neither or both is a mistake in the command."""
    assert call("topics", "import", "--from", "google").exit_code == 2
    assert call("topics", "import", "--from", "google", "-q", "x", "y").exit_code == 2


def test_every_tool_that_is_offered_is_known():
    """The command, which imports the languages only when it runs, offers all of them."""
    assert set(TOOLS) == set(KNOWN)


ALIASES = '[aliases]\nkataib = ["Kataib Hezbollah", "Kata\'ib Hizballah"]\n'


@pytest.mark.parametrize("text", ["militia strikes", "Kata'ib Hizballah raids", 'say "it\'s"'])
def test_a_proposed_topic_is_accepted(text, tmp_path):
    """`topics new` prints TOML that `check` accepts, with how to try it."""
    (tmp_path / "tocsin.toml").write_text(ALIASES, encoding="utf-8")
    result = call("topics", "new", text, "-c", tmp_path / "tocsin.toml")
    assert result.exit_code == 0, result.output
    assert "# try it: tocsin topics try --query " in result.stdout
    file = tmp_path / "topics.toml"
    file.write_text(ALIASES + result.stdout, encoding="utf-8")
    [topic] = tomllib.loads(file.read_text(encoding="utf-8"))["topics"]
    assert topic["name"] == text
    assert call("topics", "check", file).exit_code == 0


def test_a_proposal_as_json(tmp_path):
    """--json prints one object: name, query, text, aliases, what is similar, what was dropped."""
    (tmp_path / "tocsin.toml").write_text(ALIASES, encoding="utf-8")
    words = ("topics", "new", "--json", "-c", tmp_path / "tocsin.toml", "raids", "by", "Hezbollah")
    assert json.loads(call(*words).stdout) == {
        "name": "raids by Hezbollah",
        "query": "raid NEAR/30 Hezbollah",
        "text": "raids by Hezbollah",
        "aliases": [],
        "similar": ["kataib"],
        "dropped": ["by"],
        "try": "tocsin topics try --query 'raid NEAR/30 Hezbollah' FILE|URL",
    }


def test_no_word_to_propose_for_exits_2():
    """A text without a word is refused with a caret."""
    result = call("topics", "new", "...")
    assert (2, "") == (result.exit_code, result.stdout)
    assert "there is no word in it" in result.stderr
