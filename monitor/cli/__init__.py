"""The command line. A command's module is imported when the command is called, not before.

So that ``tocsin --help`` answers at once, what it says about each command stands in a table here.
Exit codes: 0 good, 1 a problem was found, 2 usage, 3 not running, 78 config.
"""

import errno
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

import click
from click.shell_completion import CompletionItem
from typing_extensions import override

__all__ = ["COMMANDS", "Command", "LazyGroup", "main", "tocsin"]


class Command(NamedTuple):
    """Where a command is, and what the list of commands says about it."""

    target: str
    """``module:name`` of a click command or group."""
    help: str


COMMANDS: dict[str, Command] = {
    "run": Command("monitor.cli.daemon:run", "Watch the feeds and ring, until stopped."),
    "demo": Command("monitor.cli.demo:demo", "Play an offline newswire through the real daemon."),
    "init": Command("monitor.cli.setup:init", "Write a config to start from."),
    "check": Command("monitor.cli.setup:check", "Say everything that is wrong with the config."),
    "feeds": Command("monitor.cli.feeds:feeds", "Try a feed; list how the feeds are doing."),
    "pages": Command("monitor.cli.pages:pages", "Try what is read of a page."),
    "topics": Command("monitor.cli.topics:topics", "Try, match and check queries."),
    "sinks": Command("monitor.cli.sinks:sinks", "See how sinks stand, test one, tell one again."),
    "status": Command("monitor.cli.daemon:status", "Say how the running daemon is doing."),
    "health": Command("monitor.cli.daemon:health", "Exit 0 if the daemon is ready, 1 if not."),
    "alerts": Command("monitor.cli.alerts:alerts", "List and show what rang."),
    "dead": Command("monitor.cli.dead:dead", "List, show, replay and drop what was given up."),
    "held": Command(
        "monitor.cli.held:held", "List, send or drop what waits for your word (after a restore)."
    ),
    "db": Command("monitor.cli.db:db", "Migrate, check, back up, restore and copy the database."),
    "why": Command("monitor.cli.why:why", "Tell the journey of one address through Tocsin."),
    "reload": Command("monitor.cli.daemon:reload", "Let the running daemon read its files again."),
    "completion": Command("monitor.cli.setup:completion", "Print a script that completes words."),
}
"""Every command, in the order in which people meet them."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    table: Mapping[str, Command] = COMMANDS

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the table."""
        return list(self.table)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, None if there is none of this name."""
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry.target.partition(":")
        found = getattr(import_module(module), name)
        return found if isinstance(found, click.Command) else None

    @override
    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that begin with ``incomplete``, importing none."""
        commands = [
            CompletionItem(name, help=entry.help)
            for name, entry in self.table.items()
            if name.startswith(incomplete)
        ]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.table.items()])


def _version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it so
    if not value or ctx.resilient_parsing:
        return
    from monitor import shipped

    click.echo(f"tocsin {shipped.version()}")
    ctx.exit()


@click.group(
    name="tocsin",
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`tocsin init` writes a config, `tocsin demo` shows what happens without one.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Print the version and exit.",
)
def tocsin() -> None:
    """Watch news feeds, and tell when a topic comes up."""


def main() -> None:
    """Run the command line: the entry point of the ``tocsin`` command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        tocsin(prog_name="tocsin")
    except BrokenPipeError:
        # Who reads us has gone (`tocsin … | head`). Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(f"tocsin: cannot write: {error.strerror}")
