"""``tocsin feeds try``: what is read of one document, without keeping anything."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.common import (
    FOUND,
    config_option,
    json_option,
    load_settings,
    print_json,
    print_text,
)
from monitor.cli.inputs import (
    answer_of_file,
    fetch_answer,
    is_address,
    iso,
    parse_headers,
)

if TYPE_CHECKING:
    from monitor.settings import Settings
    from workers.model.feed import Listed, ParsedFeed
    from workers.model.net import Answer

__all__ = ["try_"]


@click.command("try")
@config_option
@json_option
@click.argument("source", metavar="URL|FILE|-")
@click.option("--url", "base", help="The address that a file was fetched from.")
@click.option("--header", "headers", multiple=True, help="'Name: value' as the server sent it.")
def try_(
    config: str | None,
    source: str,
    base: str | None,
    headers: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Show what is read of a feed: kind, charset, hints, next interval and why, entries.

    Exit 1 if it is no feed.
    """
    settings = load_settings(config, needed=False).settings
    told = asyncio.run(_try(settings, source, base, parse_headers(headers)))
    if as_json:
        print_json(told)
    else:
        _print(told)
    if told["kind"] == "none":
        raise SystemExit(FOUND)


async def _try(
    settings: "Settings", source: str, base: str | None, headers: dict[str, str]
) -> dict[str, Any]:
    from monitor.settings import poll_options
    from workers.errors import Permanent, Transient
    from workers.model.feed import ParsedFeed

    options = poll_options(settings)
    try:
        if is_address(source):
            answer = await fetch_answer(settings, source, options.body_bytes)
        else:
            answer = answer_of_file(source, base, headers)
    except (Transient, Permanent) as error:
        return _told(source, ParsedFeed(kind="none", error=str(error)), {}, settings)
    except OSError as error:
        hint = " (an address begins with https:// or http://)"
        told = hint if isinstance(error, FileNotFoundError) else ""
        wrong = ParsedFeed(kind="none", error=f"cannot read: {error.strerror}{told}")
        return _told(source, wrong, {}, settings)
    url = base or answer.url
    headers = {**answer.headers, **headers}
    if answer.status != 200:  # noqa: PLR2004
        wrong = ParsedFeed(kind="none", error=f"HTTP {answer.status}")
        return _told(url, wrong, headers, settings)
    return _told(url, await _read(settings, answer, url, headers), headers, settings)


async def _read(
    settings: "Settings", answer: "Answer", url: str, headers: dict[str, str]
) -> "ParsedFeed":
    """Read as a poll does: the fast parser, then the slow one in a process of its own."""
    from monitor.daemon.build import build_pool, read_feed_again
    from monitor.settings import poll_options
    from workers.clock import SystemClock
    from workers.errors import Transient
    from workers.feeds import read_feed
    from workers.steps.look import POOL_S

    now, most = SystemClock().now(), poll_options(settings).max_entries
    kind = headers.get("content-type", "")
    parsed = read_feed(answer.body, url, kind, now, most)
    if parsed.kind != "none" or not answer.body.strip():
        return parsed
    pool = build_pool(settings)
    try:
        second: ParsedFeed = await pool.call(
            POOL_S, read_feed_again, answer.body, url, kind, now, most
        )
    except Transient:
        return parsed
    finally:
        await pool.close()
    return second if second.kind != "none" else parsed


def _told(
    url: str, parsed: "ParsedFeed", headers: dict[str, str], settings: "Settings"
) -> dict[str, Any]:
    """Return a reading as the object that ``--json`` prints."""
    from monitor.cli.feed_words import told_hints
    from monitor.settings import poll_options
    from workers.clock import SystemClock
    from workers.feeds import http_hints, merge_hints
    from workers.feeds.schedule import after_good
    from workers.model.feed import FeedRow

    now = SystemClock().now()
    hints = merge_hints(http_hints(headers, now), parsed.hints)
    posted = [entry.published or now for entry in parsed.entries]
    unseen = FeedRow(id="", url=url, name=parsed.title or url)
    row = after_good(unseen, hints, posted, now, poll_options(settings))
    return {
        "url": url,
        "kind": parsed.kind,
        "title": parsed.title,
        "link": parsed.link,
        "charset": parsed.charset,
        "parser": parsed.parser,
        "warnings": list(parsed.warnings),
        "language": parsed.language,
        "error": parsed.error,
        "hints": told_hints(hints),
        "next": {"interval_s": round(row.interval_s or 0), "why": list(row.why)}
        if parsed.kind != "none"
        else None,
        "entries": [_entry(entry) for entry in parsed.entries],
    }


def _print(told: dict[str, Any]) -> None:
    if told["kind"] == "none":
        print_text(f"no feed: {told['url']}: {told['error']}")
        return
    print_text(f"{told['title'] or '(no title)'}\n{told['url']}")
    print_text(f"{told['kind']}, {told['charset']}, read by the {told['parser']} parser")
    for warning in told["warnings"]:
        print_text(f"warning: {warning}")
    print_text(
        f"next poll after {told['next']['interval_s']:.0f} s: {'; '.join(told['next']['why'])}"
    )
    print_text(f"{len(told['entries'])} entries")
    for entry in told["entries"]:
        print_text(f"\n{iso(entry['published'])}  {entry['title']}\n    {entry['url'] or '-'}")
        if entry["summary"]:
            print_text(f"    {entry['summary'][:200]}")


def _entry(entry: "Listed") -> dict[str, Any]:
    return {
        "identity": entry.identity,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "content": entry.content,
        "published": entry.published,
        "updated": entry.updated,
        "authors": list(entry.authors),
        "categories": list(entry.categories),
        "enclosures": [
            {"url": file.url, "type": file.type, "length": file.length}
            for file in entry.enclosures
        ],
    }
