"""Alias packs: a configuration names them, and queries use their sets."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor import shipped
from monitor.cli import tocsin
from monitor.registry import difference
from monitor.settings import Loaded, load
from monitor.settings.packs import pack_names
from monitor.settings.queries import check_queries

pytestmark = pytest.mark.usefixtures("folder")

ROOT = Path(__file__).parents[2]
BASE = """
[[feeds]]
url = "https://feeds.example.org/world.xml"
[sinks.screen]
type = "console"
[[topics]]
name = "talks"
query = "@hezbollah NEAR/9 talk"
examples.match = ["真主党 holds talks", "Talks with Hizballah"]
"""


def said(folder: Path, text: str, **environ: str) -> Loaded:
    """Return what is read from a file of this text."""
    file = folder / "tocsin.toml"
    file.write_text(BASE + text, encoding="utf-8")
    return load(file, environ)


def call(*words: str, text: str | None = None) -> Result:
    """Run a command."""
    return CliRunner().invoke(tocsin, list(words), input=text)


def test_a_pack_brings_its_sets(tmp_path: Path) -> None:
    """Its spellings are found by the examples of a topic that uses one of its sets."""
    loaded = said(tmp_path, '[matching]\npacks = ["middle-east-armed-groups"]\n')

    assert () == loaded.problems
    assert () == check_queries(loaded).problems
    assert 2 == check_queries(loaded).passed
    assert "حزب الله" in loaded.settings.aliases["hezbollah"]


def test_without_a_pack_its_sets_are_unknown(tmp_path: Path) -> None:
    """No pack is used unless it is asked for."""
    loaded = said(tmp_path, "")

    assert {} == loaded.settings.aliases
    (problem,) = check_queries(loaded).problems[:1]
    assert "there is no alias `@hezbollah`" in problem.message
    assert problem.hint == (
        'an alias pack has it: add "middle-east-armed-groups" to packs under [matching]'
    )


HINTS = [
    ("@Rafah", "middle-east-places", "an alias pack has it: add"),
    ("@volodymyr_zelenski OR militia", "ukraine-people", "did you mean @volodymyr_"),
    ("@natoo", "international-institutions", "did you mean @nato of an alias pack? add"),
    ("@mine", "", "write it under [aliases]"),
    ("@own_set", "", "did you mean @own_sets?"),
]


@pytest.mark.parametrize(("query", "pack", "hint"), HINTS)
def test_the_pack_of_an_unknown_set_is_named(
    tmp_path: Path, query: str, pack: str, hint: str
) -> None:
    """Each command that refuses a query says which pack would have its set, or one like it."""
    topics = tmp_path / "topics.toml"
    aliases = '[aliases]\nown_sets = ["Own"]\n'
    topics.write_text(f'{aliases}[[topics]]\nname = "a"\nquery = "{query}"\n')
    checked = json.loads(call("topics", "check", str(topics), "--json").stdout)
    told = checked["problems"][0]["hint"]
    assert hint in told
    assert f'"{pack}"' in told if pack else "pack" not in told
    assert told in call("topics", "check", str(topics)).stderr


def test_a_set_that_a_pack_and_a_file_have_like_names_of(tmp_path: Path) -> None:
    """Where both are near, the pack's set of that very name is told first."""
    text = BASE + '[aliases]\nhezbollahs = ["Own"]\n'
    (tmp_path / "tocsin.toml").write_text(text, encoding="utf-8")
    tried = call("topics", "try", "-q", "@hezbollah", "-c", str(tmp_path / "tocsin.toml"), "-")
    assert 2 == tried.exit_code
    assert "packs under [matching]; or did you mean @hezbollahs?" in tried.stderr


def test_a_set_that_takes_the_place_of_a_packs_is_told(tmp_path: Path) -> None:
    """A warning, in its line of its file, says that the operator's spellings count."""
    text = '[aliases]\nhouthis = ["Sana rebels"]\n[matching]\npacks = ["{}"]\n'
    loaded = said(tmp_path, text.format("middle-east-armed-groups"))
    (warning,) = loaded.warnings
    assert "aliases.houthis" == warning.key
    assert "takes the place of the set of that name in the pack middle-east" in warning.message
    assert warning.line == (BASE + text).split("\n").index('houthis = ["Sana rebels"]') + 1
    assert ("Sana rebels",) == loaded.settings.aliases["houthis"]
    assert () == said(tmp_path, text.format("middle-east-places")).warnings


def test_a_file_of_topics_may_take_the_place_of_a_packs_set(tmp_path: Path) -> None:
    """The commands that read one file of topics say so on stderr."""
    said(tmp_path, '[matching]\npacks = ["middle-east-armed-groups"]\n')
    topics = tmp_path / "more.toml"
    topics.write_text(
        '[aliases]\nhouthis = ["Sana rebels"]\n[[topics]]\nname = "a"\nquery = "@houthis"\n'
        'examples.match = ["Sana rebels"]\nexamples.no_match = ["Houthis"]\n'
    )
    result = call("topics", "check", str(topics), "-c", str(tmp_path / "tocsin.toml"))
    assert 0 == result.exit_code
    assert "warning:" in result.stderr
    assert "aliases.houthis: takes the place of the set of that name in the pack" in result.stderr


def test_a_set_of_ones_own_wins_and_stands_in_the_sets_that_hold_it(tmp_path: Path) -> None:
    """The pack's umbrella group then means the own set too, whichever file it stands in."""
    (tmp_path / "more.toml").write_text('[aliases]\nhouthis = ["Sana rebels"]\n')
    main = tmp_path / "tocsin.toml"
    main.write_text(
        'include = ["more.toml"]\n'
        + BASE.replace("@hezbollah NEAR/9 talk", "@iran_backed_groups")
        + 'examples.no_match = ["Houthis deny it"]\n'
        + '[matching]\npacks = ["middle-east-armed-groups"]\n',
        encoding="utf-8",
    )
    text = main.read_text(encoding="utf-8").replace(
        '"真主党 holds talks"', '"Sana rebels deny it"'
    )
    main.write_text(text, encoding="utf-8")

    loaded = load(main, {})

    assert () == loaded.problems
    assert ("Sana rebels",) == loaded.settings.aliases["houthis"]
    assert () == check_queries(loaded).problems


def test_a_pack_may_be_named_in_the_environment(tmp_path: Path) -> None:
    """As every option."""
    loaded = said(tmp_path, "", TOCSIN_MATCHING__PACKS='["middle-east-armed-groups"]')

    assert () == loaded.problems
    assert "hezbollah" in loaded.settings.aliases


def test_an_unknown_pack_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    """A path is none either: packs are what Tocsin brings."""
    names = ("middle-east-people.toml", "../topics", "Ukraine-Places", "", "none")
    text = ", ".join(f'"{name}"' for name in names)

    problems = said(tmp_path, f"[matching]\npacks = [{text}]\n").problems

    assert {"is no alias pack"} == {problem.message for problem in problems}
    assert len(names) == len(problems)
    assert all(problem.fatal for problem in problems)
    assert 'did you mean "middle-east-people"?' == problems[0].hint
    assert 'did you mean "ukraine-places"?' == problems[2].hint
    assert all(name in problems[4].hint for name in pack_names())


def test_a_set_that_breaks_one_of_a_pack_is_told_at_its_own_place(tmp_path: Path) -> None:
    """The own set is named with its line, the pack's with the file that Tocsin brings."""
    loaded = said(
        tmp_path,
        '[aliases]\nhouthis = ["ab*"]\n[matching]\npacks = ["middle-east-armed-groups"]\n',
    )

    told = {problem.key: problem for problem in check_queries(loaded).problems}

    assert str(tmp_path / "tocsin.toml") == told["aliases.houthis"].file
    pack = shipped.path("seeds", "aliases/middle-east-armed-groups.toml")
    assert str(pack) == told["aliases.iran_backed_groups"].file
    assert told["aliases.iran_backed_groups"].line is not None


def test_a_pack_that_is_added_is_told_by_a_reload(tmp_path: Path) -> None:
    """The difference counts its sets."""
    before = said(tmp_path, "").settings
    after = said(tmp_path, '[matching]\npacks = ["ukraine-people"]\n').settings

    change = difference(before, after)

    assert "volodymyr_zelensky" in change.aliases.added
    assert ("matching",) == change.sections


def test_every_pack_is_documented() -> None:
    """docs/topics.md lists each with the number of its sets."""
    page = (ROOT / "docs" / "topics.md").read_text(encoding="utf-8")
    for name in pack_names():
        count = shipped.read("seeds", f"aliases/{name}.toml").count(" = [")
        assert f"| `{name}` | {count} |" in page


def test_the_packs_are_listed_and_those_in_use_marked(tmp_path: Path) -> None:
    """A line each, or an object each with all sets."""
    said(tmp_path, '[matching]\npacks = ["ukraine-people"]\n')
    config = ("--config", str(tmp_path / "tocsin.toml"))

    lines = call("topics", "packs", *config).stdout.splitlines()
    objects = [
        json.loads(line) for line in call("topics", "packs", "--json", *config).stdout.splitlines()
    ]

    assert list(pack_names()) == [line[2:].split(":")[0] for line in lines]
    assert ["* ukraine-people"] == [line.split(":")[0] for line in lines if line[0] == "*"]
    assert list(pack_names()) == [one["pack"] for one in objects]
    assert ["ukraine-people"] == [one["pack"] for one in objects if one["used"]]
    assert "Putin" in objects[-2]["sets"]["vladimir_putin"]


def test_a_pack_is_printed_as_toml_that_can_be_used() -> None:
    """What is printed is the file itself."""
    result = call("topics", "packs", "middle-east-armed-groups")

    assert (
        tomllib.loads(result.stdout)["aliases"]
        == tomllib.loads(shipped.read("seeds", "aliases/middle-east-armed-groups.toml"))["aliases"]
    )
    refused = call("topics", "packs", "middle-east-armed-group")
    assert 1 == refused.exit_code
    assert 'did you mean "middle-east-armed-groups"?' in refused.stderr


def test_commands_about_a_file_of_topics_know_the_packs_in_use(tmp_path: Path) -> None:
    """A file that is included may use the sets of packs, and is checked alone by that."""
    said(tmp_path, '[matching]\npacks = ["middle-east-armed-groups"]\n')
    config = ("--config", str(tmp_path / "tocsin.toml"))
    file = tmp_path / "topics.toml"
    file.write_text('[[topics]]\nname = "t"\nquery = "@houthis"\nexamples.match = ["胡塞"]\n')
    articles = tmp_path / "articles.jsonl"
    articles.write_text('{"id": "a", "title": "والحوثيون", "text": ""}\n', encoding="utf-8")

    checked = call("topics", "check", str(file), *config)
    assert 0 == checked.exit_code, checked.output
    matched = call(
        "topics", "match", "--topics", str(file), "--articles", str(articles), "--json", *config
    )
    assert {"id": "a", "topics": ["t"]} == json.loads(matched.stdout)
    tried = call("topics", "try", "-q", "@nujaba", "-", *config, text="حركة النجباء")
    assert 0 == tried.exit_code, tried.output
    (tmp_path / "tocsin.toml").unlink()
    assert 1 == call("topics", "check", str(file)).exit_code
