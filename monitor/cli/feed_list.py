"""``tocsin feeds list``: how the feeds are doing."""

import asyncio
from typing import TYPE_CHECKING

import click

from monitor.cli.asking import ask_store
from monitor.cli.common import config_option, json_option, print_json, print_text, say

if TYPE_CHECKING:
    from monitor.daemon.build import SqlStore
    from workers.model.feed import FeedRow

__all__ = ["list_"]


@click.command("list")
@config_option
@json_option
def list_(config: str | None, *, as_json: bool) -> None:
    """List the feeds: health, interval and why, next poll, last entry, last error in words."""
    from monitor.cli.feed_words import doing, line_of
    from workers.clock import SystemClock

    async def rows(store: "SqlStore") -> "list[FeedRow]":
        return await store.feed_rows()

    found, now = asyncio.run(ask_store(config, rows)), SystemClock().now()
    if not found:
        say("no feeds yet: `tocsin run` takes over what the config lists")
    for row in found:
        if as_json:
            print_json(line_of(row, now))
        else:
            print_text("\n".join(doing(row, now)))
