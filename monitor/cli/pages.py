"""``tocsin pages try``: what is read of a page, by the code that the daemon reads by."""

import asyncio
from collections import deque
from itertools import islice
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
    read_lines,
)

if TYPE_CHECKING:
    from monitor.daemon.build import ProcessPool
    from monitor.settings import Settings
    from workers.model.article import Extracted

__all__ = ["pages"]

MOST_LINE = 4096
AHEAD = 16
"""Pages read ahead of the one to be shown: enough to keep all processes busy."""


@click.group()
def pages() -> None:
    """Try what is read of a page."""


@pages.command("try")
@config_option
@json_option
@click.argument("source", metavar="URL|FILE|-")
@click.option("--url", "base", help="The address that a file was fetched from.")
@click.option("--header", "headers", multiple=True, help="'Name: value' as the server sent it.")
@click.option("--batch", is_flag=True, help="SOURCE lists FILE<TAB>URL lines; one answer a line.")
def try_(  # noqa: PLR0913 - one argument an option
    config: str | None,
    source: str,
    base: str | None,
    headers: tuple[str, ...],
    *,
    batch: bool,
    as_json: bool,
) -> None:
    """Show what is read of a page: its text, its zones, its facts and the verdict."""
    settings = load_settings(config, needed=False).settings
    asked = [(source, base)] if not batch else _listed(source)
    told = parse_headers(headers)
    unread = asyncio.run(_try_all(settings, asked, told, as_json=as_json or batch))
    if unread and not batch:
        raise SystemExit(FOUND)


def _listed(source: str) -> list[tuple[str, str | None]]:
    pairs = [line[:MOST_LINE].partition("\t") for line in read_lines(source) if line.strip()]
    return [(file.strip(), url.strip() or None) for file, _, url in pairs]


async def _try_all(
    settings: "Settings",
    asked: list[tuple[str, str | None]],
    headers: dict[str, str],
    *,
    as_json: bool,
) -> int:
    """Answer in the order that was asked, with as many pages at once as there are processes.

    Returns how many pages could not be read.
    """
    from monitor.daemon.build import build_pool

    pool = build_pool(settings)
    unread = 0
    window: deque[asyncio.Task[Extracted]] = deque()
    waiting = iter(asked)
    try:
        while True:
            for source, base in islice(waiting, AHEAD - len(window)):
                page = _try_one(settings, pool, source, base, headers)
                window.append(asyncio.create_task(page))
            if not window:
                return unread
            read = await window.popleft()
            unread += read.verdict == "unreadable"
            _show(read, as_json=as_json)
    finally:
        await pool.close()


async def _try_one(
    settings: "Settings",
    pool: "ProcessPool",
    source: str,
    base: str | None,
    headers: dict[str, str],
) -> "Extracted":
    from monitor.daemon.build import read_page
    from monitor.settings import page_options
    from workers.errors import Permanent, Transient
    from workers.model.article import Extracted, FetchedPage

    options = page_options(settings)
    url = base or source
    try:
        if is_address(source):
            answer = await fetch_answer(settings, source, options.wire_bytes)
            if answer.status >= 400:  # noqa: PLR2004
                return _unread(source, f"HTTP {answer.status}")
            headers = {**answer.headers, **headers}
        else:
            answer = answer_of_file(source, base, headers)
        url = base or answer.url
        page = FetchedPage(url=url, body=answer.body, content_type=headers.get("content-type", ""))
        read: Extracted = await pool.call(options.timeout_s, read_page, page)
    except (Transient, Permanent) as error:
        return _unread(url, str(error))
    except OSError as error:
        return _unread(url, f"cannot read: {source}: {error.strerror}")
    except Exception as error:  # noqa: BLE001 - one bad page must not end the others
        return _unread(url, f"crash: {type(error).__name__}: {error}")
    return read


def _unread(url: str, reason: str) -> "Extracted":
    from workers.model.article import Extracted

    return Extracted(url=url, verdict="unreadable", reasons=(reason,))


def _show(read: "Extracted", *, as_json: bool) -> None:
    if as_json:
        print_json(as_object(read))
        return
    print_text(f"{read.title or '(no title)'}\n{read.url}")
    print_text(f"verdict: {read.verdict} ({'; '.join(read.reasons) or 'no reasons'})")
    origin = read.published_from or "nowhere"
    print_text(f"published: {iso(read.published)} (from {origin}); author: {read.author or '-'}")
    print_text(f"language: {read.language or '-'}; canonical: {read.canonical or '-'}")
    print_text(f"text from: {read.text_from}\n\n{read.text}\n")
    for line in read.zones:
        print_text(f"[{line.zone} {line.rule}] {line.text}")
    stages = ", ".join(f"{stage} {spent:.1f}" for stage, spent in read.ms.items())
    print_text(f"\nmilliseconds: {stages or 'not measured'}")


def as_object(read: "Extracted") -> dict[str, Any]:
    """Return a reading as the object that ``--json`` prints."""
    return {
        "url": read.url,
        "title": read.title,
        "text": read.text,
        "zones": [[line.zone, line.text, line.rule] for line in read.zones],
        "published": read.published,
        "published_from": read.published_from,
        "author": read.author,
        "language": read.language,
        "canonical": read.canonical,
        "verdict": read.verdict,
        "reasons": list(read.reasons),
        "text_from": read.text_from,
        "ms": read.ms,
    }
