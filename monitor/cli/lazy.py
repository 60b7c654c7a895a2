"""Groups whose commands are imported when they are called.

So that ``--help`` answers at once, what it says about each command stands in a table.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem
from typing_extensions import override

__all__ = ["Command", "LazyGroup"]


class Command(NamedTuple):
    """Where a command is, and what the list of commands says about it."""

    target: str
    """``module:name`` of a click command or group."""
    help: str


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click's own
        table: Mapping[str, Command],
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        self.table = table

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
