"""``tocsin feeds list``: how the feeds are doing."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.asking import ask_store
from monitor.cli.common import config_option, json_option, print_json, print_text
from monitor.cli.inputs import iso

if TYPE_CHECKING:
    from monitor.daemon.build import SqlStore
    from workers.model.feed import FeedRow

__all__ = ["list_"]


@click.command("list")
@config_option
@json_option
def list_(config: str | None, *, as_json: bool) -> None:
    """List the feeds: health, interval, next poll, last entry, last error in words."""

    async def rows(store: "SqlStore") -> "list[FeedRow]":
        return await store.feed_rows()

    for row in asyncio.run(ask_store(config, rows)):
        line = _line(row)
        if as_json:
            print_json(line)
            continue
        every = f"every {row.interval_s:.0f} s" if row.interval_s else "not polled yet"
        print_text(f"{line['state']:8} {row.name}  {every}, next {iso(row.next_poll_at)}")
        if row.why:
            print_text(f"         {'; '.join(row.why)}")
        if row.quiet and line["state"] == "quiet":
            print_text(f"         quiet: {row.quiet}")
        if row.last_error and row.errors:
            print_text(f"         failed {row.errors} times in a row: {row.last_error}")


def _state(row: "FeedRow") -> str:
    if row.parked:
        return "parked"
    if row.errors:
        return "failing"
    if row.last_good_at is None:
        return "new"
    return "quiet" if row.quiet else "ok"


def _line(row: "FeedRow") -> dict[str, Any]:
    return {
        "feed": row.id,
        "name": row.name,
        "url": row.url,
        "state": _state(row),
        "interval_s": row.interval_s,
        "next_poll": row.next_poll_at,
        "last_poll": row.last_poll_at,
        "last_new": row.last_new_at,
        "errors": row.errors,
        "last_error": row.last_error,
        "full_text": list(row.full_text),
        "why": list(row.why),
    }
