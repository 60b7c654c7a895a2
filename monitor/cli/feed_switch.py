"""``tocsin feeds disable`` and ``enable``: for any feed, wherever it is listed.

Kept in the database and not in a file: so it holds for every process that shares it, over
restarts, and where the files cannot be written.
"""

import asyncio
from typing import TYPE_CHECKING

import click

from monitor.cli.common import FOUND, config_option, fail, json_option, print_json, print_text

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.daemon.build import SqlStore
    from monitor.settings import FeedSetting, Loaded
    from workers.model.feed import FeedRow

__all__ = ["disable", "enable"]


@click.command()
@config_option
@json_option
@click.argument("feed", metavar="NAME|URL")
def disable(config: str | None, feed: str, *, as_json: bool) -> None:
    """Poll a feed no more until it is enabled, whichever file lists it. Its history is kept.

    Holds over restarts, and for all processes that share the database. Exit 1 if there is no such
    feed.
    """
    _switch(config, feed, on=False, as_json=as_json)


@click.command()
@config_option
@json_option
@click.argument("feed", metavar="NAME|URL")
def enable(config: str | None, feed: str, *, as_json: bool) -> None:
    """Poll a disabled feed again, at once.

    Exit 1 if there is no such feed, or the config itself disables it.
    """
    _switch(config, feed, on=True, as_json=as_json)


def _switch(config: str | None, words: str, *, on: bool, as_json: bool) -> None:
    from monitor.cli.asking import ask_store
    from monitor.cli.feed_daemon import tell_daemon
    from monitor.cli.feed_found import the_feed
    from monitor.cli.feed_listed import listed, settings_to_change
    from workers.text.urls import without_user

    loaded, _ = settings_to_change(config)
    _need_database(loaded, words, on=on)

    async def go(store: "SqlStore") -> "tuple[FeedRow, datetime | None, FeedSetting | None]":
        known = listed(loaded, words)
        if known and not await store.find_feeds(known[0].url):
            told = _meanwhile(loaded, known[0], on=on)
            fail(f"the database does not know it yet: {told}", FOUND)
        row = await the_feed(store, known[0].url if known else words)
        known = known or listed(loaded, row.name) or listed(loaded, row.url)
        feed = known[0] if known else None
        if not on:
            return row, await store.disable_feed(row.id), feed
        alive = feed is not None and feed.enabled
        return row, await store.enable_feed(row.id, listed=alive), feed

    row, was, feed = asyncio.run(ask_store(None, go, writes=True, settings=loaded.settings))
    if on:
        _refuse_off(loaded, row, feed)
    changed = (was is not None) is on
    daemon = asyncio.run(tell_daemon(loaded.settings)) if changed else None
    url = without_user(row.url)
    if as_json:
        print_json(
            {"feed": row.id, "name": row.name, "url": url, "enabled": on,
             "changed": changed, "daemon": daemon}
        )  # fmt: skip
        return
    state = "enabled" if on else "disabled"
    before = "" if changed else " (it was so already)"
    print_text(f"{row.name} is {state}{before}: {url}")


def _refuse_off(loaded: "Loaded", row: "FeedRow", feed: "FeedSetting | None") -> None:
    """Exit 1 where the files keep a feed from being polled: no command overrules them."""
    from monitor.cli.feed_listed import where
    from workers.text.urls import without_user

    if feed is None:
        again = f"`tocsin feeds add {without_user(row.url)}`"
        fail(f"no file lists it any more: {row.name}: {again}", FOUND)
    if not feed.enabled:
        told = f"the config itself disables it: {row.name}: {where(loaded, feed)}"
        fail(f"{told} (remove enabled = false there)", FOUND)


def _need_database(loaded: "Loaded", words: str, *, on: bool) -> None:
    """Exit 1 where there is no database yet, with what to do instead."""
    from pathlib import Path

    from monitor.cli.feed_listed import listed
    from monitor.settings import SecretUnreadable, database_address

    try:
        address = database_address(loaded.settings)
    except (ValueError, SecretUnreadable):
        return  # opening it will say what is wrong
    if not isinstance(address, Path) or address.is_file():
        return
    known = listed(loaded, words)
    told = _meanwhile(loaded, known[0], on=on) if known else f"{words} (`tocsin run` makes it)"
    fail(f"there is no database yet: {address}: {told}", FOUND)


def _meanwhile(loaded: "Loaded", feed: "FeedSetting", *, on: bool) -> str:
    """Return what to do about a feed that only the files know."""
    from monitor.cli.feed_listed import where

    rather = "" if on else f", or write enabled = false at {where(loaded, feed)}"
    return f"{feed.name} (`tocsin run` first{rather})"
