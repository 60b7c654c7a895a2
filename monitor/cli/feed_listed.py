"""Which feed of the files somebody means, and where it stands."""

from typing import TYPE_CHECKING

from monitor.cli.common import CONFIG, fail, say, say_problems, used

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.settings import FeedSetting, Loaded

__all__ = ["listed", "listed_once", "settings_to_change", "where"]


def settings_to_change(config: str | None) -> "tuple[Loaded, Path]":
    """Return the settings and the main file; exit 78 without one that can be read.

    What else is wrong is said and forbids nothing: a config without feeds is where they are added.
    """
    import os

    from monitor.logs import configure
    from monitor.settings import Problem, find_config, load
    from monitor.settings.files import read_config

    configure("console", "warning")
    path = find_config(config, os.environ)
    if path is None:
        fail(
            "there is no config beside which feeds could be added: looked at $TOCSIN_CONFIG, "
            "./tocsin.toml and /etc/tocsin/tocsin.toml (write one with `tocsin init`, or name one "
            "with -c)",
            CONFIG,
        )
    main = read_config(path)
    if isinstance(main, Problem):
        say_problems([main])
        fail("the config cannot be read", CONFIG)
    loaded = load(path, os.environ)
    say(used(loaded.path, loaded.settings))
    say_problems([one for one in loaded.problems if one.fatal and not one.missing])
    return loaded, path


def listed(loaded: "Loaded", words: str) -> "list[FeedSetting]":
    """Return the feeds of the files that are called so, or have, or had, this address."""
    from monitor.settings.opml import feed_key, web_address
    from workers.text.urls import without_user

    feeds = loaded.settings.feeds
    key = feed_key(web_address(words))
    keyed = [
        feed
        for feed in feeds
        if feed.name == words or key in {feed_key(url) for url in (feed.url, *feed.was)}
    ]
    named = keyed or [feed for feed in feeds if str(feed.name).lower() == words.lower()]
    return named or [feed for feed in feeds if key == feed_key(without_user(feed.url))]


async def listed_once(loaded: "Loaded", words: str) -> "list[FeedSetting]":
    """Return the feeds of the files that have moved to this address, by what the database knows.

    By their ids too. None where there is no database.
    """
    from monitor.daemon.build import read_store
    from workers.clock import SystemClock
    from workers.errors import TocsinError

    try:
        store = await read_store(loaded.settings, SystemClock())
    except (TocsinError, ValueError):
        return []
    try:
        rows = await store.find_feeds(words)
    except TocsinError:
        return []
    finally:
        await store.close()
    return [feed for row in rows if not row.parked for feed in listed(loaded, row.name)]


def where(loaded: "Loaded", feed: "FeedSetting") -> str:
    """Return file and line of a feed."""
    from monitor.settings.gather import place

    piece = loaded.feeds.get(str(feed.name))
    return place(piece) if piece is not None else "the config"
