"""``tocsin pages``: a group of which each command is a module of its own."""

import click

from monitor.cli.lazy import Command, LazyGroup

__all__ = ["pages"]

_TABLE: dict[str, Command] = {
    "try": Command("monitor.cli.pages_try:try_", "Show what is read of a page."),
    "compare": Command(
        "monitor.cli.pages_compare:compare", "Show trafilatura alone beside what is read."
    ),
}


@click.group(cls=LazyGroup, table=_TABLE)
def pages() -> None:
    """Try what is read of a page."""
