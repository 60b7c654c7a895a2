"""The command line. A command's module is imported when the command is called, not before.

So that ``tocsin --help`` answers at once, what it says about each command stands in a table here.
Exit codes: 0 good, 1 a problem was found, 2 usage, 3 not running, 78 config.
"""

import errno
import os
import sys

import click

from monitor.cli.lazy import Command, LazyGroup

__all__ = ["COMMANDS", "Command", "LazyGroup", "main", "tocsin"]


COMMANDS: dict[str, Command] = {
    "run": Command("monitor.cli.daemon:run", "Watch the feeds and ring, until stopped."),
    "demo": Command("monitor.cli.demo:demo", "Play an offline newswire through the real daemon."),
    "init": Command("monitor.cli.setup:init", "Write a config to start from."),
    "check": Command("monitor.cli.setup:check", "Say everything that is wrong with the config."),
    "feeds": Command("monitor.cli.feeds:feeds", "Try, add, list, explain and export feeds."),
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


def _version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it so
    if not value or ctx.resilient_parsing:
        return
    from monitor import shipped

    click.echo(f"tocsin {shipped.version()}")
    ctx.exit()


@click.group(
    name="tocsin",
    cls=LazyGroup,
    table=COMMANDS,
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
