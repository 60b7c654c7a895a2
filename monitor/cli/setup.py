"""Setting up: ``init``, ``check`` and ``completion``."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from monitor.cli.common import (
    CONFIG,
    FOUND,
    config_option,
    fail,
    json_option,
    print_json,
    print_text,
    read_settings,
    say,
    say_problems,
    used,
)
from workers.errors import TocsinError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.settings import Loaded, Problem, SinkSetting, TopicSetting
    from monitor.settings.queries import Queries

__all__ = ["check", "completion", "init"]

_WRITTEN: tuple[tuple[str, Literal["config", "seeds"], str], ...] = (
    ("tocsin.toml", "config", "tocsin.toml"),
    ("topics.toml", "seeds", "topics.toml"),
    ("feeds.opml", "seeds", "feeds.opml"),
)
_MODE = 0o666


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False))
def init(folder: str) -> None:
    """Write tocsin.toml, topics.toml and feeds.opml into DIR (the current folder)."""
    target = Path(folder)
    there = [name for name, _, _ in _WRITTEN if os.path.lexists(target / name)]
    if there:
        names = ", ".join(str(target / name) for name in there)
        fail(f"nothing is overwritten: {names}: there already (choose another folder)")
    try:
        _write(target)
    except TocsinError as error:
        fail(str(error))
    except OSError as error:
        fail(f"cannot write: {error.filename or target}: {error.strerror or error}")
    for name, _, _ in _WRITTEN:
        print_text(f"wrote {target / name}")
    config = "" if target.resolve() == Path.cwd() else f" -c {target / 'tocsin.toml'}"
    print_text(f"next: edit topics.toml, then `tocsin check{config}` and `tocsin run{config}`")


def _write(target: Path) -> None:
    from monitor import shipped

    texts = {name: shipped.read(kind, source) for name, kind, source in _WRITTEN}
    target.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        # O_EXCL: what appeared since we looked is not overwritten either.
        opened = os.open(target / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        with os.fdopen(opened, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False))
@config_option
@json_option
def check(file: str | None, config: str | None, *, as_json: bool) -> None:
    """Say everything that is wrong with the config (FILE, or as -c says), and who is told what."""
    from monitor.settings.queries import check_queries

    loaded = read_settings(file or config)
    if loaded is None:
        fail("there is no config to check (name one with -c, or write one: `tocsin init`)", CONFIG)
    queries = check_queries(loaded)
    problems = [*loaded.problems, *queries.problems]
    warnings = [*loaded.warnings, *queries.warnings]
    if as_json:
        _print_checked(loaded, queries, problems, warnings)
    else:
        _say_checked(loaded, queries, problems, warnings)
    if problems:
        raise SystemExit(FOUND)


def _print_checked(
    loaded: "Loaded", queries: "Queries", problems: "list[Problem]", warnings: "list[Problem]"
) -> None:
    print_json(
        {
            "ok": not problems,
            "config": loaded.path,
            "data_dir": loaded.settings.data_dir,
            "problems": [_facts(problem) for problem in problems],
            "warnings": [_facts(warning) for warning in warnings],
            "routes": [
                {"topic": topic.name, "sinks": [sink.name for sink in sinks]}
                for topic, sinks in _routes(loaded)
            ],
            "examples": {"passed": queries.passed, "failed": list(queries.failed)},
        }
    )


def _facts(problem: "Problem") -> dict[str, object]:
    names = ("file", "line", "key", "value", "message", "hint")
    return {name: getattr(problem, name) or None for name in names}


def _say_checked(
    loaded: "Loaded", queries: "Queries", problems: "list[Problem]", warnings: "list[Problem]"
) -> None:
    say(used(loaded.path, loaded.settings))
    say_problems(problems, label="problem: ")
    say_problems(warnings, label="warning: ")
    for topic, sinks in _routes(loaded):
        told = ", ".join(sink.name for sink in sinks) or "nobody"
        print_text(f"{topic.name} → {told}")
    if problems:
        say(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}")
    else:
        print_text(_summary(loaded, queries, len(warnings)))


def _summary(loaded: "Loaded", queries: "Queries", warnings: int) -> str:
    settings = loaded.settings
    counts = (
        (sum(feed.enabled for feed in settings.feeds), "feed"),
        (sum(topic.enabled for topic in settings.topics), "topic"),
        (sum(sink.enabled for sink in settings.sinks.values()), "sink"),
        (queries.passed, "example"),
        (warnings, "warning"),
    )
    told = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts)
    return f"good: {told}"


def _routes(loaded: "Loaded") -> "Iterator[tuple[TopicSetting, list[SinkSetting]]]":
    from monitor.settings import told_sinks

    for topic in loaded.settings.topics:
        if topic.enabled:
            yield topic, told_sinks(loaded.settings, topic)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script that completes words: `eval "$(tocsin completion bash)"`."""
    from click.shell_completion import get_completion_class

    from monitor.cli import tocsin

    found = get_completion_class(shell)
    if found is None:
        fail(f"there is no completion for {shell}")
    script = found(tocsin, {}, "tocsin", "_TOCSIN_COMPLETE")
    click.echo(script.source())
