"""What every command shares: its options, its settings, and how it answers.

Answers go to stdout (JSON alone with ``--json``), everything said on the way to stderr.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    from monitor.settings import Loaded, Problem, Settings

__all__ = [
    "CONFIG",
    "FOUND",
    "MOST_SAID",
    "NOT_RUNNING",
    "coloured",
    "config_option",
    "fail",
    "json_option",
    "load_settings",
    "print_json",
    "print_text",
    "read_settings",
    "say",
    "say_problems",
    "used",
]

FOUND = 1
"""A problem was found, or what was asked for is not there."""
NOT_RUNNING = 3
"""The daemon that is asked is not running."""
CONFIG = 78
"""The config is missing or bad (EX_CONFIG of sysexits.h)."""

MOST_SAID = 100
"""Problems that are printed; a file of the wrong kind may have one in each line."""

_RISKY = re.compile(
    rb"\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]"
)
"""Control characters that JSON may hold as they are, and those that set the direction of text."""

F = TypeVar("F", bound=Callable[..., Any])


def config_option(function: F) -> F:
    """Add ``-c/--config`` to a command, as its argument ``config`` (a path or None)."""
    return click.option(
        "-c",
        "--config",
        type=click.Path(dir_okay=False),
        default=None,
        help="The config file; else $TOCSIN_CONFIG, ./tocsin.toml, /etc/tocsin/tocsin.toml.",
    )(function)


def json_option(function: F) -> F:
    """Add ``--json`` to a command, as its argument ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")(
        function
    )


def read_settings(config: str | None, *, part: bool = False) -> "Loaded | None":
    """Return what the config that is meant says, None if there is none. Prints nothing.

    With ``part`` nothing is said about what it does not hold, such as feeds.
    """
    from monitor.settings import find_config, load

    path = find_config(config, os.environ)
    return load(path, os.environ, part=part) if path is not None else None


def load_settings(
    config: str | None, *, needed: bool = True, starting: bool = False, quiet: bool = False
) -> "Loaded":
    """Return the settings, having said on stderr which config and data folder they are.

    Args:
        config: the argument of ``-c``.
        needed: without a config, exit 78 with what to do; else use the default settings, and take
            a config that only sets some of them.
        starting: secrets that cannot be read are problems too; whoever only asks the daemon may
            well be somebody who cannot read them.
        quiet: say nothing but what forbids a start; another process has said the rest.

    Problems are said on stderr; those that forbid a start exit 78.
    """
    from monitor.logs import configure
    from monitor.settings import load

    configure("console", "warning")  # to stderr: until told otherwise it would go to stdout
    loaded = read_settings(config, part=not needed)
    if loaded is None and needed:
        fail(
            "there is no config: looked at $TOCSIN_CONFIG, ./tocsin.toml and "
            "/etc/tocsin/tocsin.toml (write one with `tocsin init`, or name one with -c)",
            CONFIG,
        )
    if loaded is None:
        loaded = load(None, os.environ)
    problems = [problem for problem in loaded.problems if starting or not problem.missing]
    if quiet:
        problems = [problem for problem in problems if problem.fatal]
    else:
        say(used(loaded.path, loaded.settings))
    say_problems(problems)
    if any(problem.fatal for problem in problems):
        fail("the config is not good enough to start: `tocsin check` says more", CONFIG)
    return loaded


def used(path: Path | None, settings: "Settings") -> str:
    """Return the sentence that says which config and data folder are used."""
    config = str(path) if path is not None else "none, defaults"
    return f"config: {config}; data: {settings.data_dir}"


def say(text: str) -> None:
    """Write a line to stderr, without what could take over a terminal."""
    from monitor.settings import plain

    click.echo(plain(text), err=True)


def say_problems(problems: "Sequence[Problem]", *, label: str = "") -> None:
    """Write problems to stderr, one a line, at most `MOST_SAID` of them."""
    from monitor.settings import render

    for problem in problems[:MOST_SAID]:
        click.echo(f"{label}{render(problem)}", err=True)
    if len(problems) > MOST_SAID:
        click.echo(f"{label}and {len(problems) - MOST_SAID} more", err=True)


def fail(message: str, code: int = FOUND) -> NoReturn:
    """Say on stderr why the command ends, and end it with ``code``."""
    say(f"tocsin: {message}")
    raise SystemExit(code)


def coloured(text: str, colour: str | None = None, *, bold: bool = False) -> str:
    """Return ``text`` in a colour of the terminal, as it is if ``NO_COLOR`` is set.

    Without a terminal `click.echo` takes colours out again. (Source: no-color.org.)
    """
    if os.environ.get("NO_COLOR"):
        return text
    return click.style(text, fg=colour, bold=bold or None)


def print_text(text: str) -> None:
    """Write lines for people to stdout, without what could take over a terminal."""
    from monitor.settings import plain

    click.echo(plain(text))


def print_json(value: object) -> None:
    """Write one JSON object as one line of UTF-8 to stdout; times are UTC with ``Z``.

    Takes records, datetimes, paths and whatever else msgspec knows. What could take over a
    terminal, or turn text around, is written by its number, which says the same in JSON.
    """
    import msgspec

    try:
        raw = msgspec.json.encode(value, enc_hook=str)
    except UnicodeEncodeError:  # half a surrogate pair, which only \\u can say
        raw = json.dumps(msgspec.to_builtins(value, enc_hook=str)).encode()
    if _RISKY.search(raw):
        raw = _RISKY.sub(lambda found: f"\\u{ord(found[0].decode()):04x}".encode(), raw)
    sys.stdout.flush()
    sys.stdout.buffer.write(raw + b"\n")
    sys.stdout.buffer.flush()
