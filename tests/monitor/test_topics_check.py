"""``tocsin topics check``: labelled examples, precision and recall, and what is too much."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import tocsin
from monitor.settings.validate import MOST_TOLD

pytestmark = pytest.mark.usefixtures("folder")

TOPICS = """
[aliases]
group = ["Kataib Hezbollah", "Houthi*"]

[[topics]]
name = "militia strikes"
query = '''(militia OR @group) NEAR/5 strike'''
examples.files = ["sets/militia.jsonl"]
examples.match = ["Militia strikes port"]

[[topics]]
name = "quakes"
query = "quake"
examples.files = ["sets/militia.jsonl"]
"""
LINES = [
    {"id": "a", "title": "Militia strikes a base", "topics": ["militia strikes"]},
    {"id": "b", "title": "Houthis strike ships", "text": "A quake too", "topics": ["quakes"]},
    {"id": "c", "title": "Strike of dock workers", "match": False},
    {"id": "d", "title": "Militia", "text": "They strike", "match": True,
     "topics": ["militia strikes"]},
]  # fmt: skip


def call(*words: str | Path) -> Result:
    """Run a command."""
    return CliRunner().invoke(tocsin, [str(word) for word in words])


@pytest.fixture
def written(tmp_path):
    """Write a file of topics in a folder of its own, and the labelled articles that it names."""

    def write(
        topics: str = TOPICS, lines: list[object] | None = None, name: str = "t.toml"
    ) -> Path:
        folder = tmp_path / "there"
        (folder / "sets").mkdir(parents=True, exist_ok=True)
        text = "\n".join(
            line if isinstance(line, str) else json.dumps(line) for line in lines or LINES
        )
        (folder / "sets" / "militia.jsonl").write_text(text + "\n", encoding="utf-8")
        (folder / name).write_text(topics, encoding="utf-8")
        return folder / name

    return write


def test_a_file_of_labelled_articles_gives_precision_and_recall(written):
    """Each topic has its counts over sentences and files, relative to the file that names them."""
    result = call("topics", "check", written(), "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 0, result.stderr
    assert told["ok"] is True
    assert told["examples"]["passed"] == 1 + 5
    assert told["examples"]["topics"] == [
        {"topic": "militia strikes", "tp": 2, "fp": 1, "fn": 1, "tn": 1,
         "precision": 2 / 3, "recall": 2 / 3},
        {"topic": "quakes", "tp": 1, "fp": 0, "fn": 0, "tn": 2, "precision": 1.0, "recall": 1.0},
    ]  # fmt: skip
    assert [
        (one["topic"], one["id"], one["line"], one["expected"])
        for one in told["examples"]["failed"]
    ] == [("militia strikes", "b", 2, "no match"), ("militia strikes", "d", 4, "match")]
    wrong, missing = told["examples"]["failed"]
    assert "NEAR/5" in wrong["why"]
    assert "NEAR/5" in missing["why"]
    assert missing["file"].endswith("there/sets/militia.jsonl")


def test_people_are_told_the_same(written):
    """Without --json: precision and recall a topic on stdout, each failing article on stderr."""
    result = call("topics", "check", written())
    assert result.exit_code == 0
    assert "militia strikes: precision 0.67, recall 0.67 (2 tp, 1 fp, 1 fn, 1 tn)" in result.stdout
    assert "expected match: Militia (" in result.stderr
    assert "militia.jsonl:4)" in result.stderr


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ("examples.least_precision = 0.6", 0, None),
        ("examples.least_precision = 0.9", 1, "precision is 0.667, and 0.9 is asked for"),
        ("examples.least_recall = 0.7", 1, "recall is 0.667, and 0.7 is asked for"),
        ("examples.least_recall = 1.5", 1, "must be at most 1"),
    ],
)
def test_a_topic_may_ask_for_its_precision_and_recall(written, asked, code, said):
    """Failing articles alone are no error; doing worse than is asked for is one."""
    named = 'examples.match = ["Militia strikes port"]'
    result = call("topics", "check", written(TOPICS.replace(named, f"{named}\n{asked}")), "--json")
    told = json.loads(result.stdout)
    assert (code, code == 0) == (result.exit_code, told["ok"])
    assert [said] * code == [one["message"] for one in told["problems"]]


def test_bad_lines_are_named_and_the_others_go_on(written):
    """A line that is no labelled article is told with file and line; all others count."""
    bad = [
        '{"title": "no end',
        '"text"',
        {"title": "no label"},
        {"title": "a", "match": "yes"},
        {"title": "a", "topics": "quakes"},
        {"title": 5, "match": True},
        "[" * 100_000,
        '{"title": "\\ud800", "match": true',
        "",
        {"title": "Quake", "match": True, "topics": ["quakes"]},
    ]
    result = call("topics", "check", written(lines=bad), "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [one["line"] for one in told["problems"]] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert all(one["file"].endswith("militia.jsonl") for one in told["problems"])
    assert told["examples"]["topics"][1]["tp"] == 1


def test_many_bad_lines_are_counted(written):
    """Of a file of the wrong kind a hundred lines are told, and how many more there are."""
    told = json.loads(call("topics", "check", written(lines=["no"] * 250), "--json").stdout)
    assert len(told["problems"]) == 101
    assert told["problems"][-1]["message"] == "150 bad lines more"


def test_a_label_that_names_no_topic_is_a_warning(written):
    """A name that is misspelt would be taken for a topic of another file: it is told, once."""
    lines = [{"title": "Quake", "topics": ["quaks"]}] * 3
    result = call("topics", "check", written(lines=lines), "--json")
    (warning,) = json.loads(result.stdout)["warnings"]
    assert "quaks" in warning["message"]
    assert warning["line"] == 1


def test_a_file_that_is_not_there_or_none(written, tmp_path):
    """What cannot be read is a problem with its path, and a pipe does not keep anybody waiting."""
    topics = written(TOPICS.replace('["sets/militia.jsonl"]', '["none.jsonl", "pipe", "."]'))
    os.mkfifo(tmp_path / "there" / "pipe")
    told = json.loads(call("topics", "check", topics, "--json").stdout)
    said = [(Path(one["file"]).name, one["message"]) for one in told["problems"]]
    assert said == [
        ("none.jsonl", "cannot be read: No such file or directory"),
        ("pipe", "is no file"),
        ("there", "is no file"),
    ]


def test_a_sentence_that_fails_is_told_with_its_clause(written):
    """A sentence beside its topic that fails is an error, with the clause that did not hold."""
    topics = written(TOPICS.replace("Militia strikes port", "Militia denies it"))
    result = call("topics", "check", topics, "--json")
    failed = json.loads(result.stdout)["examples"]["failed"][0]
    assert result.exit_code == 1
    assert failed["line"] is None
    assert "did not hold: (militia OR @group) NEAR/5 strike" in failed["why"]


def test_many_failing_articles_are_counted(written):
    """Twenty failing articles are told of a topic; the others are counted."""
    lines = [{"title": "Nothing", "match": True, "topics": ["quakes"]}] * 30
    told = json.loads(call("topics", "check", written(lines=lines), "--json").stdout)["examples"]
    assert (20, 10) == (len(told["failed"]), told["left_out"])
    assert told["topics"][1]["recall"] == 0.0
    assert told["topics"][1]["precision"] is None


def test_too_many_topics_are_refused_before_they_are_parsed(tmp_path):
    """Half a million topics, and millions of keys, are refused with the reason at once."""
    file = tmp_path / "t.toml"
    file.write_text("[[topics]]\nname='a'\nquery='b'\n" * 500_000)
    result = call("topics", "check", file)
    assert result.exit_code == 1
    assert "holds 500,000 [[topics]] and the like, more than 200,000" in result.stderr
    file.write_text("topics=[" + "{}," * 4_000_000 + "]")
    result = call("topics", "check", file, "--json")
    (problem,) = json.loads(result.stdout)["problems"]
    assert problem["message"] == "holds more than 4,000,000 keys and values"


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    """A file of 100 MB is refused with the limit; no more than the limit of it is read."""
    file = tmp_path / "t.toml"
    with file.open("wb") as stream:
        stream.truncate(100_000_000)
    result = call("topics", "check", file)
    assert result.exit_code == 1
    assert "is larger than 64 MiB" in result.stderr


def test_of_many_unknown_keys_the_first_are_told_and_the_others_counted(tmp_path):
    """Thousands of keys that nobody knows cost no look for a like word each."""
    file = tmp_path / "t.toml"
    keys = "".join(f"a{n} = 1\n" for n in range(20_000))
    file.write_text(f"{keys}[[topics]]\nname = 'a'\nquery = 'b'\n{keys}")
    result = call("topics", "check", file, "--json")
    assert result.exit_code == 1
    assert len(json.loads(result.stdout)["problems"]) == 2 * (MOST_TOLD + 1)


def test_a_bad_alias_is_told_with_its_file(written):
    """What is wrong with an alias set names the file, to people and in JSON, and no line of it."""
    file = written(TOPICS.replace("[aliases]", '[aliases]\nround = ["@round"]'))
    result = call("topics", "check", file, "--json")
    [problem] = json.loads(result.stdout)["problems"]
    assert (result.exit_code, problem["topic"], problem["file"]) == (1, "@round", str(file))
    assert f"{file}: @round: a cycle of aliases" in result.stderr


@pytest.mark.parametrize(
    "words", [("check",), ("lint",), ("match", "--articles", "-", "--topics")]
)
@pytest.mark.parametrize(
    ("content", "because"),
    [(None, "cannot be read: No such file"), (b"x = [", "is no TOML"), (b"\xff", "is not UTF-8")],
)
def test_of_a_file_that_cannot_be_read_only_that_is_told(tmp_path, words, content, because):
    """Nothing is counted of a file of which nothing is known; the error names it, exit 1."""
    file = tmp_path / "t.toml"
    if content is not None:
        file.write_bytes(content)
    result = call("topics", *words, file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert because in result.stderr
    assert f"{file}: " in result.stderr


@pytest.mark.parametrize("command", ["check", "lint", "match"])
def test_a_bad_alias_set_is_told_with_the_file_that_has_it(tmp_path, command):
    """The set of another file is known, and what is wrong with it is told with that file."""
    config, file = tmp_path / "tocsin.toml", tmp_path / "t.toml"
    config.write_text('[aliases]\nround = ["@round"]\nspare = ["@spare"]\ngood = ["x y"]\n')
    query = '[[topics]]\nname = "t"\nquery = "a @{}"\n'
    words = ("--articles", "-", "--topics", file) if command == "match" else (file,)
    file.write_text(query.format("round"))
    result = call("topics", command, *words, "--config", config)
    assert result.exit_code == 1
    assert f"{config}: @round: a cycle of aliases" in result.stderr
    assert "spare" not in result.stderr
    file.write_text(query.format("good") + '[aliases]\nround = ["z"]\n')
    result = call("topics", command, *words, "--config", config)
    assert result.exit_code == 0, result.stderr
    file.write_text('[aliases]\nmine = ["@mine"]\n' + query.format("good"))
    result = call("topics", command, *words, "--config", config)
    assert result.exit_code == 1
    assert f"{file}: @mine: a cycle of aliases" in result.stderr
