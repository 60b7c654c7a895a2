"""``tocsin feeds poll``: ask now, by the running daemon."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.asking import ask_store
from monitor.cli.common import (
    FOUND,
    NOT_RUNNING,
    config_option,
    fail,
    json_option,
    print_json,
    print_text,
)

if TYPE_CHECKING:
    from monitor.daemon.build import SqlStore
    from monitor.settings import Loaded
    from workers.model.feed import FeedRow

__all__ = ["poll"]

WAIT_S = 45.0
"""Longer than any one fetch takes."""
LOOK_S = 0.2


@click.command()
@config_option
@json_option
@click.option("--failing", is_flag=True, help="All feeds whose last poll failed.")
@click.option("--all", "every", is_flag=True, help="All feeds.")
@click.argument("feed", metavar="[NAME|URL]", required=False)
def poll(
    config: str | None, feed: str | None, *, failing: bool, every: bool, as_json: bool
) -> None:
    """Let the running daemon poll feeds now, whatever their next time was.

    One feed is waited for. Exit 1 if it fails, 3 if no daemon runs.
    """
    if sum((feed is not None, failing, every)) != 1:
        raise click.UsageError("name one feed, or --failing, or --all")
    from monitor.cli.daemon import load_settings_of_running
    from monitor.cli.feed_words import counted

    loaded = load_settings_of_running(config)
    if feed is None:
        which = "failing" if failing else "all"
        told = asyncio.run(_ask(loaded, "POST", f"/feeds/poll?which={which}"))
        if as_json:
            print_json(told)
        else:
            are = "is" if told["feeds"] == 1 else "are"
            within = f"{told['within_s']:.0f} s"
            print_text(f"{counted(told['feeds'])} {are} due within {within}, a host's in turn")
        return
    row = asyncio.run(_one(loaded, feed))
    _print(row, as_json=as_json)
    if row.errors:
        raise SystemExit(FOUND)


def _print(row: "FeedRow", *, as_json: bool) -> None:
    from monitor.cli.feed_words import doing, line_of
    from workers.clock import SystemClock

    now = SystemClock().now()
    if as_json:
        print_json(line_of(row, now))
    else:
        print_text("\n".join(doing(row, now)))


async def _one(loaded: "Loaded", words: str) -> "FeedRow":
    from monitor.cli.feed_found import the_feed
    from monitor.cli.feed_words import in_words
    from workers.clock import SystemClock

    await _ask(loaded, "GET", "/livez")

    async def asked(store: "SqlStore") -> "FeedRow":
        before = await the_feed(store, words)
        if before.parked:
            fail(f"parked: {before.name}: {in_words(before, SystemClock().now())}", FOUND)
        await _ask(loaded, "POST", f"/feeds/poll?id={before.id}")
        row: FeedRow | None = before
        for _ in range(round(WAIT_S / LOOK_S)):
            await asyncio.sleep(LOOK_S)  # noqa: TID251 - a person waits at the terminal
            row = await store.load_feed(before.id)
            if row is None or row.last_poll_at != before.last_poll_at:
                break
        if row is None or row.last_poll_at == before.last_poll_at:
            fail(
                f"not polled within {WAIT_S:.0f} s: {before.name}: its host may have to wait: "
                "`tocsin feeds why` says more",
                FOUND,
            )
        return row

    return await ask_store(None, asked, settings=loaded.settings)


async def _ask(loaded: "Loaded", method: str, path: str) -> dict[str, Any]:
    """Ask the daemon; exit 3 if there is none, 1 if it cannot do it."""
    from monitor.cli.daemon import not_there
    from monitor.daemon.control import control_socket
    from monitor.web.client import ask

    told = await ask(control_socket(loaded.settings.data_dir), method, path)
    if told is None:
        not_there(loaded, NOT_RUNNING)
    if told.get("feeds", 0) is None:
        fail(f"the daemon cannot poll now: {told.get('error', 'it does not answer')}", FOUND)
    return told
