"""``tocsin feeds``: a group of which each command is a module of its own."""

import click

from monitor.cli.lazy import Command, LazyGroup

__all__ = ["feeds"]

_TABLE: dict[str, Command] = {
    "try": Command("monitor.cli.feed_try:try_", "Show what is read of a feed."),
    "list": Command("monitor.cli.feed_list:list_", "List how the feeds are doing."),
    "why": Command("monitor.cli.feed_why:why", "Explain a feed's next poll."),
    "poll": Command("monitor.cli.feed_poll:poll", "Poll feeds now."),
    "add": Command("monitor.cli.feed_add:add", "Find a site's feed and watch it."),
    "remove": Command("monitor.cli.feed_remove:remove", "Take out a feed that was added."),
    "disable": Command(
        "monitor.cli.feed_switch:disable", "Poll a feed no more, until it is enabled."
    ),
    "enable": Command("monitor.cli.feed_switch:enable", "Poll a disabled feed again."),
    "export": Command("monitor.cli.feed_export:export", "Write the feeds as OPML."),
}


@click.group(cls=LazyGroup, table=_TABLE)
def feeds() -> None:
    """Try feeds, add and remove them, list how they are doing, and why."""
