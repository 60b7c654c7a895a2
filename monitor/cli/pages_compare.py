"""``tocsin pages compare``: what trafilatura alone makes of a page, beside what is read here."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from monitor.cli.common import (
    FOUND,
    coloured,
    config_option,
    fail,
    json_option,
    load_settings,
    print_json,
)
from monitor.cli.inputs import iso, parse_headers
from monitor.cli.page_inputs import NoPage, base_option, page_of

if TYPE_CHECKING:
    from monitor.settings import Settings
    from workers.model.article import Extracted, FetchedPage
    from workers.pages import Alone

__all__ = ["Compared", "compare", "side_by_side"]

Who = Literal["both", "tocsin", "trafilatura", "neither"]
"""Who takes a line for the article's text; neither: Tocsin kept it aside, and trafilatura too."""


class Compared(NamedTuple):
    """A line of the page, who searches it, and in which zone it was kept aside instead."""

    who: Who
    text: str
    zone: str = ""
    rule: str = ""


@click.command()
@config_option
@json_option
@click.argument("source", metavar="URL|FILE|-")
@base_option
@click.option("--header", "headers", multiple=True, help="'Name: value' as the server sent it.")
def compare(
    config: str | None,
    source: str,
    base: str | None,
    headers: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Show trafilatura alone beside what is read here, line by line.

    Trafilatura reads by its default settings, and is given the page as text, decoded and within
    the limits that hold here, since bytes it would inflate without any.
    """
    settings = load_settings(config, needed=False).settings
    try:
        page, ours, alone = asyncio.run(_read(settings, source, base, parse_headers(headers)))
    except NoPage as error:
        fail(f"no page to compare: {error.url}: {error}", FOUND)
    if as_json:
        print_json(_as_object(page, ours, alone))
    else:
        _show(ours, alone)
    if ours.verdict == "unreadable":
        raise SystemExit(FOUND)


async def _read(
    settings: "Settings", source: str, base: str | None, headers: dict[str, str]
) -> "tuple[FetchedPage, Extracted, Alone]":
    from monitor.daemon.build import build_pool, read_page, read_page_alone
    from monitor.settings import page_options
    from workers.errors import Transient
    from workers.model.article import Extracted
    from workers.pages import Alone

    page = await page_of(settings, source, base, headers)
    pool, limit = build_pool(settings), page_options(settings).timeout_s
    try:
        try:
            ours = await pool.call(limit, read_page, page)
        except Transient as error:
            ours = Extracted(url=page.url, verdict="unreadable", reasons=(str(error),))
        try:
            alone = await pool.call(limit, read_page_alone, page)
        except Transient as error:
            alone = Alone(error=str(error))
    finally:
        await pool.close()
    return page, ours, alone


def side_by_side(ours: "Extracted", alone: "Alone") -> Iterator[Compared]:
    """Yield the lines of both readings in the order of the page.

    Lines are the same if their letters and digits are: each writes lists and tables in its way.
    What only trafilatura has stands after the line that it has before it.
    """
    from monitor.cli.pages_shown import in_order
    from workers.pages import key_of

    shown = list(in_order(ours))
    known = {key_of(line if isinstance(line, str) else line.text) for line in shown}
    theirs: set[str] = set()
    extra: dict[str, list[str]] = {}
    last = ""
    for written in alone.text.split("\n"):
        key = key_of(written)
        theirs.add(key)
        if key in known:
            last = key
        elif key:
            extra.setdefault(last, []).append(written)
    yield from (Compared("trafilatura", line) for line in extra.pop("", ()))
    for line in shown:
        text = line if isinstance(line, str) else line.text
        key = key_of(text)
        if isinstance(line, str):
            yield Compared("both" if key in theirs else "tocsin", text)
        else:
            who: Who = "trafilatura" if key in theirs else "neither"
            yield Compared(who, text, line.zone, line.rule)
        yield from (Compared("trafilatura", more) for more in extra.pop(key, ()))


_MARKS = {"both": "=", "tocsin": "+", "trafilatura": "-", "neither": " "}
_COLOURS = {"both": None, "tocsin": "green", "trafilatura": "red", "neither": "bright_black"}


def _show(ours: "Extracted", alone: "Alone") -> None:
    from monitor.cli.pages_shown import label_of
    from monitor.settings import plain

    published = f"{iso(ours.published)} ({ours.published_from})" if ours.published else "-"
    rows = (
        ("title", ours.title, alone.title),
        ("author", ours.author, alone.author),
        ("published", published, alone.published),
        ("letters", str(len(ours.text)), str(len(alone.text))),
        ("ms", f"{sum(ours.ms.values()):.1f}", f"{alone.ms:.1f}"),
    )
    for name, mine, its in rows:
        click.echo(f"{name}\n  tocsin       {plain(mine or '-')}")
        click.echo(f"  trafilatura  {plain(its or '-')}")
    click.echo(f"verdict: {ours.verdict} ({plain('; '.join(ours.reasons))})")
    if alone.error:
        click.echo(f"trafilatura: {plain(alone.error)}")
    click.echo("\n= both search it   + tocsin alone   - trafilatura alone   (none) kept aside\n")
    for line in side_by_side(ours, alone):
        zone = f"{label_of(line.zone, line.rule)} " if line.zone else ""
        told = f"{_MARKS[line.who]} {zone}{plain(line.text)}"
        click.echo(coloured(told, _COLOURS[line.who]))


def _as_object(page: "FetchedPage", ours: "Extracted", alone: "Alone") -> dict[str, Any]:
    from monitor.cli.pages_shown import as_object

    lines = [line._asdict() for line in side_by_side(ours, alone)]
    return {
        "url": page.url,
        "tocsin": as_object(ours),
        "trafilatura": alone,
        "lines": [{key: value or None for key, value in line.items()} for line in lines],
    }
