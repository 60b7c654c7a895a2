"""``tocsin pages try``: what is read of a page, by the code that the daemon reads by."""

import asyncio
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

import click

from monitor.cli.common import FOUND, config_option, json_option, load_settings, print_json
from monitor.cli.inputs import parse_headers, read_lines
from monitor.cli.page_inputs import NoPage, base_option, page_of, read_in, unread

if TYPE_CHECKING:
    from monitor.daemon.build import ProcessPool
    from monitor.settings import Settings
    from workers.model.article import Extracted

__all__ = ["try_"]

MOST_LINE = 4096
AHEAD = 16
"""Pages read ahead of the one to be shown: enough to keep all processes busy."""


@click.command("try")
@config_option
@json_option
@click.argument("source", metavar="URL|FILE|-")
@base_option
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
    """Show what is read of a page: its text with its zones, its facts and the verdict."""
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
    from monitor.cli.pages_shown import as_object, show_reading
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
            if as_json:
                print_json(as_object(read))
            else:
                show_reading(read)
    finally:
        await pool.close()


async def _try_one(
    settings: "Settings",
    pool: "ProcessPool",
    source: str,
    base: str | None,
    headers: dict[str, str],
) -> "Extracted":
    from monitor.settings import page_options

    try:
        page = await page_of(settings, source, base, headers)
    except NoPage as error:
        return unread(error.url, str(error))
    return await read_in(pool, page_options(settings).timeout_s, page)
