"""``tocsin feeds add``: find a site's feed, add it beside the config, tell the daemon."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from monitor.cli.common import (
    FOUND,
    config_option,
    fail,
    json_option,
    print_json,
    print_text,
    say,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.settings import FeedSetting, Loaded
    from workers.model.feed import FeedRow
    from workers.steps.finding import Found, Search

__all__ = ["add"]

_HOW = {
    "address": "the address itself",
    "header": "named by a Link header",
    "link": "named by the page",
    "anchor": "linked to by the page",
    "well-known": "found where feeds usually are",
    "robots": "named by robots.txt",
}


@click.command()
@config_option
@json_option
@click.argument("url", metavar="URL")
@click.option("--name", help="What alerts and topics call it. Unset: the feed's own title.")
@click.option("--tag", "tags", multiple=True, help="A tag; repeat it for more.")
@click.option("--weight", type=float, help="How much its delay matters; 1 is usual.")
@click.option("--interval", help='A fixed interval, such as "15m".')
@click.option("--first", "--yes", "first", is_flag=True, help="Of several, the main one.")
@click.option("--all", "every", is_flag=True, help="Of several, all.")
@click.option("--unchecked", is_flag=True, help="Add the address as it is, asking nobody.")
def add(  # noqa: PLR0913, PLR0917 - an option each
    config: str | None,
    url: str,
    name: str | None,
    tags: tuple[str, ...],
    weight: float | None,
    interval: str | None,
    *,
    first: bool,
    every: bool,
    unchecked: bool,
    as_json: bool,
) -> None:
    """Add the feed at URL, or the feed of the page or site at URL, to the watched ones.

    Looks at the address itself, at what its page names, at where feeds usually are, and at the
    news sitemaps of robots.txt, with 12 requests at most. Of several it asks which, and takes the
    main one where it cannot ask. Appends to feeds.d/added.opml beside the config, which is read
    without being listed, and tells the running daemon.

    Exit 1 if there is no feed, or it is listed already.
    """
    from monitor.cli.feed_listed import settings_to_change

    loaded, path = settings_to_change(config)
    options = {"tags": list(tags), "weight": weight, "interval": interval}
    wanted = {key: value for key, value in options.items() if value not in (None, [])}
    if name is not None:
        wanted["name"] = name
    _refuse_known(loaded, url, as_json=as_json)
    search = _as_it_is(url) if unchecked else asyncio.run(_search(loaded, url))
    if not search.found:
        _nothing(url, search, as_json=as_json)
    chosen = _chosen(search, first=first, every=every, as_json=as_json)
    if name is not None and len(chosen) > 1:
        raise click.UsageError("--name is for one feed: leave it out with --all")
    chosen = _unlisted(loaded, chosen, as_json=as_json)
    feeds = [_feed(found, wanted, loaded) for found in chosen]
    _finish(loaded, path, feeds, search, chosen, as_json=as_json)


async def _search(loaded: "Loaded", url: str) -> "Search":
    """Search with the daemon's own fetcher, guard and reader."""
    from monitor.cli.feed_search import search

    return await search(loaded.settings, url)


def _as_it_is(url: str) -> "Search":
    from monitor.settings.opml import web_address
    from workers.steps.finding import Found, Search

    plain = web_address(url)
    return Search(found=(Found(url=plain, title="", kind="", entries=0, how="address"),))


def _refuse_known(loaded: "Loaded", url: str, *, as_json: bool) -> None:
    """Exit 1 if a file lists the address already, under whatever name."""
    told = _known(loaded, url)
    if told is not None:
        _refuse(told, {"added": [], "error": told}, as_json=as_json)


def _known(loaded: "Loaded", url: str) -> str | None:
    """Return where a file lists the address, None if none does."""
    from monitor.cli.feed_listed import listed, where
    from monitor.settings.opml import feed_key
    from workers.text.urls import without_user

    for feed in listed(loaded, url):
        if feed_key(url) in {feed_key(one) for one in (feed.url, *feed.was)}:
            shown = without_user(feed.url)
            return f"it is listed already: {feed.name}: {shown}: {where(loaded, feed)}"
    return None


def _moved(loaded: "Loaded", url: str) -> str | None:
    """Return which listed feed has moved to this address, or was there once; None if none."""
    from monitor.cli.feed_listed import listed_once, where
    from workers.text.urls import without_user

    for feed in asyncio.run(listed_once(loaded, url)):
        shown = f"{feed.name}: {without_user(feed.url)}: {where(loaded, feed)}"
        return f"it is listed already, by another address that it had: {shown}"
    return None


def _unlisted(loaded: "Loaded", chosen: "Sequence[Found]", *, as_json: bool) -> "Sequence[Found]":
    """Return those that no file lists yet, and name the others; exit 1 if there are none."""
    told = {found.url: _known(loaded, found.url) or _moved(loaded, found.url) for found in chosen}
    left = [found for found in chosen if told[found.url] is None]
    known = [words for words in told.values() if words is not None]
    if not left:
        _refuse(known[0], {"added": [], "error": known[0]}, as_json=as_json)
    for words in known:
        say(words)
    return left


def _refuse(message: str, told: dict[str, Any], *, as_json: bool) -> NoReturn:
    if as_json:
        print_json(told)
    fail(message, FOUND)


def _nothing(url: str, search: "Search", *, as_json: bool) -> NoReturn:
    from workers.text.urls import without_user

    for tried in search.tried:
        say(f"  {without_user(tried.url)}: {tried.said}")
    message = f"no feed added: {without_user(url)}: {search.error}"
    _refuse(message, {"added": [], "error": search.error, "tried": search.tried}, as_json=as_json)


def _chosen(search: "Search", *, first: bool, every: bool, as_json: bool) -> "Sequence[Found]":
    """Return what is to be added of what was found."""
    main = [found for found in search.found if not found.comments] or list(search.found)
    if every or len(main) == 1:
        return main
    for number, found in enumerate(main, 1):
        say(f"  {number}. {_described(found)}")
    if first or as_json or not sys.stdin.isatty():
        say("the first of these is taken (--all takes all; or add another one by its address)")
        return main[:1]
    number = click.prompt("Which one?", type=click.IntRange(1, len(main)), default=1, err=True)
    return main[number - 1 : number]


def _described(found: "Found") -> str:
    from workers.text.urls import without_user

    title = f"{found.title}: " if found.title else ""
    kind = f" ({found.kind}, {found.entries} entries; {_HOW[found.how]})" if found.kind else ""
    return f"{title}{without_user(found.url)}{kind}"


def _feed(found: "Found", wanted: dict[str, Any], loaded: "Loaded") -> "FeedSetting":
    """Return what will be written; exit 2 if the options say what cannot be."""
    from monitor.cli.feed_listed import listed, where
    from monitor.settings import FeedSetting, render
    from monitor.settings.files import Piece
    from monitor.settings.validate import validate

    title = " ".join(found.title.split())[:100].strip()
    data = {**({"name": title} if title else {}), **wanted, "url": found.url}
    feed, problems = validate(FeedSetting, Piece(file=None, path=(), data=data), (), {})
    if feed is None or problems:
        raise click.UsageError("; ".join(render(problem) for problem in problems))
    if "name" in wanted:
        for other in listed(loaded, wanted["name"]):
            fail(f"the name is taken: {other.name}: {where(loaded, other)}", FOUND)
    return feed


def _finish(  # noqa: PLR0913 - all that is told at the end
    loaded: "Loaded",
    path: Path,
    feeds: "list[FeedSetting]",
    search: "Search",
    chosen: "Sequence[Found]",
    *,
    as_json: bool,
) -> None:
    """Write, tell the daemon, and say what came of it."""
    from monitor.cli.feed_daemon import enabled_again, polled, tell_daemon
    from monitor.cli.feed_listed import listed
    from monitor.settings import load
    from monitor.settings.opml_edit import CannotEdit, add_feeds

    try:
        file = add_feeds(path, feeds)
    except CannotEdit as error:
        _refuse(str(error), {"added": [], "error": str(error)}, as_json=as_json)
    import os

    now = load(path, os.environ)
    names = [str(one.name) for feed in feeds for one in listed(now, feed.url)]
    for found, name in zip(chosen, names, strict=False):
        called = "" if name == found.title else f"{name}: "
        say(f"added to {file}: {called}{_described(found)}")
    urls = [feed.url for feed in feeds]
    asyncio.run(enabled_again(loaded.settings, urls))
    daemon = asyncio.run(tell_daemon(loaded.settings))
    rows = asyncio.run(polled(loaded.settings, urls)) if daemon["ok"] else []
    if as_json:
        print_json(_told(file, search, chosen, names, daemon, rows))
        return
    for row in rows:
        print_text(_how_it_went(row))
    if not rows:
        print_text("\n".join(f"added: {name}" for name in names))


def _how_it_went(row: "FeedRow") -> str:
    from monitor.cli.feed_words import doing
    from workers.clock import SystemClock

    return "\n".join(doing(row, SystemClock().now()))


def _told(  # noqa: PLR0913, PLR0917 - as above
    file: Path,
    search: "Search",
    chosen: "Sequence[Found]",
    names: list[str],
    daemon: dict[str, Any],
    rows: "list[FeedRow]",
) -> dict[str, Any]:
    """Return the object that ``--json`` prints."""
    from msgspec.structs import replace

    from monitor.cli.feed_words import line_of
    from workers.clock import SystemClock
    from workers.text.urls import without_user

    now = SystemClock().now()
    return {
        "added": [
            {
                "name": name, "url": without_user(found.url), "title": found.title,
                "kind": found.kind or None, "entries": found.entries, "how": found.how,
            }
            for found, name in zip(chosen, names, strict=False)
        ],
        "file": str(file),
        "others": [
            replace(found, url=without_user(found.url))
            for found in search.found
            if found not in chosen
        ],
        "tried": search.tried,
        "daemon": daemon,
        "polled": [line_of(row, now) for row in rows],
        "error": None,
    }  # fmt: skip
