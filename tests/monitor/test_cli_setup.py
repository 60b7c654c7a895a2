"""The command line itself, and the commands that set Tocsin up."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from monitor import shipped
from monitor.cli import COMMANDS, tocsin
from monitor.cli.common import load_settings, print_json
from monitor.settings import load
from monitor.settings.items import SINKS, FeedSetting, SinkSetting
from monitor.settings.model import General, Settings
from monitor.settings.reference import options, reference
from monitor.settings.sections import SECTIONS, Host

ROOT = Path(__file__).parent.parent.parent
HEAVY = (
    "aiohttp",
    "redis",
    "sqlalchemy",
    "trafilatura",
    "pydantic",
    "lxml",
    "structlog",
    "asyncio",
)
GOOD = """
[[feeds]]
url = "https://feeds.example.org/world.xml"
[[topics]]
name = "quakes"
query = "quake"
examples.match = ["A quake"]
[sinks.screen]
type = "console"
[sinks.spare]
type = "console"
"""


def call(*arguments: str | Path) -> Result:
    """Run a command as the shell would."""
    return CliRunner().invoke(tocsin, [str(argument) for argument in arguments])


def python(code: str) -> subprocess.CompletedProcess[str]:
    """Run a fresh Python on this tree."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False
    )


def uncommented(text: str) -> str:
    """Return the shipped config with every option in it switched on."""
    return re.sub(r"^# (\[.+\]|[a-z_]+ = .+)$", r"\1", text, flags=re.MULTILINE)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, with nothing of the real environment."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("TOCSIN_"):
            monkeypatch.delenv(name)


def test_help_imports_nothing_heavy() -> None:
    """``tocsin --help`` lists every command and imports none of them."""
    code = (
        "import sys; from monitor.cli import tocsin\n"
        "tocsin(['--help'], standalone_mode=False)\n"
        f"print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules])"
    )

    said = python(code).stdout

    assert "HEAVY []" in said
    assert all(re.search(rf"^  {name} ", said, re.MULTILINE) for name in COMMANDS)


@pytest.mark.parametrize("name", ["init", "check", "completion"])
def test_the_table_tells_what_the_commands_tell(name: str) -> None:
    """A command of the table is there, under its own name."""
    command = tocsin.get_command(click.Context(tocsin), name)

    assert command is not None
    assert name == command.name


def test_the_version_is_printed() -> None:
    """``--version`` prints name and version."""
    assert f"tocsin {shipped.version()}\n" == call("--version").output


def test_a_wrong_option_is_usage() -> None:
    """Exit 2 is usage."""
    assert (2, 2) == (call("chekc").exit_code, call("check", "--colour").exit_code)


def test_init_then_check(tmp_path: Path) -> None:
    """What init writes has no problem, and runs as it stands."""
    made = call("init", "news")

    assert 0 == made.exit_code, made.output
    assert ["feeds.opml", "tocsin.toml", "topics.toml"] == sorted(
        path.name for path in Path("news").iterdir()
    )
    assert "`tocsin check -c news/tocsin.toml`" in made.output
    checked = call("check", "-c", "news/tocsin.toml")
    assert 0 == checked.exit_code, checked.output
    settings = load(tmp_path / "news" / "tocsin.toml", {}).settings
    assert tmp_path / "news" / "data" == settings.data_dir
    assert ["screen", "journal"] == list(settings.sinks)
    assert len(settings.feeds) >= 40


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    """A file that is there is named and left alone, and no other is written."""
    (tmp_path / "topics.toml").write_text("mine")

    refused = call("init")

    assert 1 == refused.exit_code
    assert "nothing is overwritten: topics.toml: there already" in refused.output
    assert [tmp_path / "topics.toml"] == list(tmp_path.iterdir())
    assert "mine" == (tmp_path / "topics.toml").read_text()


def test_check_tells_who_is_told_what(tmp_path: Path) -> None:
    """Routes and a summary go to stdout, the files that were used to stderr."""
    (tmp_path / "tocsin.toml").write_text(GOOD)

    checked = call("check")

    assert 0 == checked.exit_code
    assert "quakes → screen, spare\n" in checked.stdout
    assert "good: 1 feed, 1 topic, 2 sinks, 1 example, 0 warnings\n" in checked.stdout
    assert f"config: {tmp_path}/tocsin.toml; data: " in checked.stderr


def test_check_tells_every_problem_at_once(tmp_path: Path) -> None:
    """Sections, topics, queries and examples are checked in one go; exit 1."""
    bad = GOOD.replace('"A quake"', '"A flood"') + (
        '[polling]\nfastest = 1\nslow = "2h"\n[[topics]]\nname = "x"\nquery = "(a"\n'
    )
    (tmp_path / "bad.toml").write_text(bad)

    checked = call("check", "bad.toml")

    assert 1 == checked.exit_code
    found = [line for line in checked.stderr.splitlines() if line.startswith("problem: ")]
    assert 4 == len(found)
    assert "4 problems" == checked.stderr.splitlines()[-1]
    assert any("bad.toml:13: polling.fastest = 1: a plain number" in line for line in found)
    assert "  (a\n  ^" in checked.stderr


def test_check_tells_a_hundred_problems(tmp_path: Path) -> None:
    """A file of the wrong kind does not fill the screen: it is said how many more there are."""
    config = tmp_path / "tocsin.toml"
    config.write_text(GOOD + "".join(f"[nosuch{number}]\n" for number in range(250)))
    result = call("check", config)
    assert 1 == result.exit_code
    assert 100 == result.stderr.count("problem: ") - 1
    assert "problem: and 150 more\n" in result.stderr
    assert "250 problems\n" in result.stderr


def test_check_counts_what_it_does_not_tell(tmp_path: Path) -> None:
    """Of thousands of problems in one table the first are told, and the number of the others."""
    config = tmp_path / "tocsin.toml"
    config.write_text(
        GOOD + "[web]\n" + "".join(f"nosuch{number} = 1\n" for number in range(3000))
    )
    result = call("check", config, "--json")
    problems = json.loads(result.stdout)["problems"]
    assert ("web", "has 2,000 more problems") == (problems[-1]["key"], problems[-1]["message"])
    assert 1001 == len(problems)


def test_check_answers_in_json(tmp_path: Path) -> None:
    """One object with everything that was found, and nothing else on stdout."""
    (tmp_path / "tocsin.toml").write_text(GOOD + "[web]\nlisten = 8080\n")

    checked = call("check", "--json")

    answer = json.loads(checked.stdout)
    assert (1, False) == (checked.exit_code, answer["ok"])
    assert [
        {
            "file": f"{tmp_path}/tocsin.toml",
            "line": 13,
            "key": "web.listen",
            "value": "8080",
            "message": "must be a text",
            "hint": 'put it in quotes: "…"',
        }
    ] == answer["problems"]
    assert [{"topic": "quakes", "sinks": ["screen", "spare"]}] == answer["routes"]
    assert {"passed": 1, "failed": []} == answer["examples"]


def test_without_a_config_the_exit_says_so() -> None:
    """Nothing to check is exit 78, with what to do."""
    checked = call("check")

    assert (78, True) == (checked.exit_code, "`tocsin init`" in checked.stderr)


def test_commands_that_need_a_config_say_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No config, or a bad one: exit 78 and the reasons; a bad topic is no reason."""
    with pytest.raises(SystemExit, match="78"):
        load_settings(None)
    assert "there is no config" in capsys.readouterr().err

    (tmp_path / "tocsin.toml").write_text(GOOD + "[web]\nlisten = 1\n")
    with pytest.raises(SystemExit, match="78"):
        load_settings(None)
    assert "web.listen = 1: must be a text" in capsys.readouterr().err

    (tmp_path / "tocsin.toml").write_text(GOOD + '[[topics]]\nname = "x"\n')
    assert 1 == len(load_settings(None).problems)
    assert "topics.x.query: is missing" in capsys.readouterr().err


def test_whoever_only_asks_needs_no_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A secret that this process cannot read forbids a start, but no question."""
    (tmp_path / "tocsin.toml").write_text(GOOD + '[web]\ntoken = { env = "NOT_SET" }\n')

    assert tmp_path / "tocsin.toml" == load_settings(None).path
    with pytest.raises(SystemExit, match="78"):
        load_settings(None, starting=True)
    assert "web.token: environment variable NOT_SET is not set" in capsys.readouterr().err


def test_without_need_there_are_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    """What works without a config says that it uses the defaults."""
    assert Settings() == load_settings(None, needed=False).settings
    assert "config: none, defaults; data: " in capsys.readouterr().err


def test_json_is_one_line_of_utf8(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Any text can be printed, even half a surrogate pair."""
    print_json({"a": "ü", "b": Path("/x")})
    print_json({"a": "\ud800"})

    assert b'{"a":"\xc3\xbc","b":"/x"}\n{"a": "\\ud800"}\n' == capsysbinary.readouterr().out


def test_json_takes_over_no_terminal(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Control characters and what turns text around are escaped; the value stays the same."""
    value = "a\x1b[31m\x7f\x9b31m\u202ecod\u2066e\u2028\u200f \u0628\u200c\u0628 é"
    print_json({"a": value})
    raw = capsysbinary.readouterr().out
    assert {"a": value} == json.loads(raw)
    assert not set("\x1b\x7f\x9b\u202e\u2066\u2028\u200f") & set(raw.decode())
    assert "\u0628\u200c\u0628 é" in raw.decode()


def test_a_reader_that_goes_is_no_error(tmp_path: Path) -> None:
    """``tocsin check | head -1`` leaves no traceback."""
    topics = "".join(f'[[topics]]\nname = "t{n}"\nquery = "quake"\n' for n in range(3000))
    (tmp_path / "tocsin.toml").write_text(GOOD + topics)
    command = f"{sys.executable} -m monitor check 2>errors | head -1"

    subprocess.run(  # noqa: S602 - our own words
        command, shell=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True
    )

    assert "Traceback" not in (tmp_path / "errors").read_text()
    assert "BrokenPipe" not in (tmp_path / "errors").read_text()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    """Each shell gets a script that asks tocsin for words."""
    printed = call("completion", shell)

    assert 0 == printed.exit_code
    assert "_TOCSIN_COMPLETE" in printed.output


def test_words_are_completed_from_the_table() -> None:
    """Completing a command imports no command."""
    context = click.Context(tocsin)

    assert ["reload"] == [item.value for item in tocsin.shell_complete(context, "rel")]


def test_the_reference_is_up_to_date() -> None:
    """``docs/configuration.md`` is what the models say: `make docs` writes it."""
    assert reference() == (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def test_every_option_has_its_heading_and_its_words() -> None:
    """No option of any table is without a heading and a description."""
    page = reference()
    tables = {"": General, "feeds": FeedSetting, "sinks": SinkSetting, "net.hosts": Host}
    for name, model in {**tables, **SECTIONS}.items():
        for option, info in options(model):
            assert f"\n### {name}{'.' if name else ''}{option}\n" in page
            assert info.description


def test_the_shipped_config_names_every_option() -> None:
    """Each option stands in ``config/tocsin.toml``, switched on or as a comment."""
    text = shipped.read("config", "tocsin.toml")
    tables = (General, *SECTIONS.values(), Host, FeedSetting, SinkSetting, *SINKS.values())

    missing = {
        option
        for model in tables
        for option, _ in options(model)
        if not re.search(rf"^(# |#   )?(\[net\.)?{option}( = |\.)", text, re.MULTILINE)
    }

    assert set() == missing


def test_the_shipped_comments_are_the_defaults(tmp_path: Path) -> None:
    """Every commented option can be switched on, and then changes nothing."""
    text = uncommented(shipped.read("config", "tocsin.toml"))
    (tmp_path / "tocsin.toml").write_text(text)

    loaded = load(tmp_path / "tocsin.toml", {})

    wrong = [one for one in loaded.problems if "unknown" in one.message or one.value]
    assert {"include", "opml.files"} == {one.key for one in wrong}
    free = {"data_dir", "include", "contact", "feeds", "sinks", "net", "web", "opml", "pages"}
    for name in set(Settings.model_fields) - free - {"heartbeat"}:
        assert getattr(Settings(), name) == getattr(loaded.settings, name), name
    assert Settings().web.listen == loaded.settings.web.listen
    assert Host() == loaded.settings.net.hosts["slow.example.org"]
    assert tomllib.loads(text)["feeds"][0]["name"] == loaded.settings.feeds[0].name
