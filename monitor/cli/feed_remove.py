"""``tocsin feeds remove``: out of the file that `add` writes to, and no other."""

import asyncio
from typing import TYPE_CHECKING, NoReturn

import click

from monitor.cli.common import FOUND, config_option, fail, json_option, print_json, print_text

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.settings import FeedSetting, Loaded

__all__ = ["remove"]


@click.command()
@config_option
@json_option
@click.argument("feed", metavar="NAME|URL")
def remove(config: str | None, feed: str, *, as_json: bool) -> None:
    """Take a feed out of feeds.d/added.opml. It is parked, and its history is kept.

    Exit 1 if another file lists it: that one is yours to edit, and is named with the line.
    """
    from monitor.cli.feed_daemon import tell_daemon
    from monitor.cli.feed_listed import listed, listed_once, settings_to_change
    from monitor.settings.opml import feed_key, web_address
    from monitor.settings.opml_edit import CannotEdit, remove_feeds
    from workers.text.urls import without_user

    loaded, path = settings_to_change(config)
    meant = listed(loaded, feed) or asyncio.run(listed_once(loaded, feed))
    if len(meant) > 1:
        fail(f"several feeds are called so: {feed}: name one by its address", FOUND)
    urls = [meant[0].url] if meant else [web_address(feed)]
    try:
        removed = remove_feeds(path, {feed_key(url) for url in urls})
    except CannotEdit as error:
        _refuse(str(error), None, as_json=as_json)
    if not removed:
        _refuse(*_elsewhere(loaded, feed, meant), as_json=as_json)
    daemon = asyncio.run(tell_daemon(loaded.settings))
    still = _still(path, urls[0])
    url = without_user(urls[0])
    name = str(meant[0].name) if meant else url
    if as_json:
        print_json(
            {"removed": name, "url": url, "still_listed": still, "daemon": daemon,
             "error": None}
        )  # fmt: skip
        return
    print_text(f"removed: {name}: {url}")
    if still:
        print_text(f"it is still listed at {still}: take it out there, or `tocsin feeds disable`")


def _still(path: "Path", url: str) -> str | None:
    """Return where another file lists the feed, None if none does."""
    import os

    from monitor.cli.feed_listed import listed, where
    from monitor.settings import load

    now = load(path, os.environ)
    left = listed(now, url)
    return where(now, left[0]) if left else None


def _elsewhere(loaded: "Loaded", words: str, meant: "list[FeedSetting]") -> tuple[str, str | None]:
    """Return why nothing was removed, and where the feed stands."""
    from monitor.cli.feed_listed import where

    if not meant:
        return f"no file lists it: {words}: `tocsin feeds list` names all feeds", None
    place = where(loaded, meant[0])
    told = (
        f"it was not added by `tocsin feeds add`: {meant[0].name}: it stands at {place}: take it "
        "out there, or `tocsin feeds disable` stops polling it without a change of files"
    )
    return told, place


def _refuse(message: str, place: str | None, *, as_json: bool) -> NoReturn:
    if as_json:
        print_json({"removed": None, "listed_at": place, "error": message})
    fail(message, FOUND)
