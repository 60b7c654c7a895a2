"""How a page's reading is shown: to people in the order of the page, to scripts as an object."""

from collections.abc import Iterator
from typing import Any

import click

from monitor.cli.common import coloured
from monitor.cli.inputs import iso
from monitor.settings import plain
from workers.model.article import Extracted, ZoneLine

__all__ = ["COLOURS", "as_object", "in_order", "label_of", "show_reading"]

COLOURS = {
    "title": "cyan",
    "caption": "blue",
    "related": "red",
    "boilerplate": "magenta",
}
"""Of the zones that are kept but not searched; the body is not coloured."""
_VERDICTS = {
    "article": "green",
    "doubtful": "yellow",
    "thin": "yellow",
    "not_article": "red",
    "unreadable": "red",
}


def show_reading(read: Extracted) -> None:
    """Write a reading for people to stdout: its facts, then its text with its zones coloured."""
    verdict = coloured(read.verdict, _VERDICTS[read.verdict], bold=True)
    said = f" (from {read.origins['title']})" if read.origins.get("title") else ""
    click.echo(coloured(plain(read.title) or "(no title)", bold=True) + said)
    click.echo(plain(read.url))
    click.echo(f"verdict: {verdict}")
    for reason in read.reasons:
        click.echo(f"  {plain(reason)}")
    for name, value, origin in _facts(read):
        told = f"{plain(value)} ({origin})" if value and origin else plain(value) or "-"
        click.echo(f"{name}: {told}")
    click.echo(f"text from: {read.text_from}\n")
    for line in in_order(read):
        click.echo(_shown(line, line in read.doubted))
    click.echo(f"\n{_legend(read)}")
    click.echo(_stages(read))


def _facts(read: Extracted) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and origin of each fact of the page."""
    published = iso(read.published) if read.published else ""
    source = read.published_from or ""
    yield "published", published, source if source == "guessed" else f"from {source}"
    for name, value in (
        ("author", read.author),
        ("language", read.language),
        ("canonical", read.canonical),
    ):
        yield name, value or "", read.origins.get(name, "")


def in_order(read: Extracted) -> Iterator[str | ZoneLine]:
    """Yield the lines of the text, and those kept aside where they stood between them."""
    body = read.text.split("\n") if read.text else []
    waiting = [line for line in read.zones if line.at is not None]
    taken = 0
    for number, line in enumerate(body):
        while taken < len(waiting) and (waiting[taken].at or 0) <= number:
            yield waiting[taken]
            taken += 1
        yield line
    yield from waiting[taken:]
    yield from (line for line in read.zones if line.at is None)


def _shown(line: str | ZoneLine, doubted: bool) -> str:  # noqa: FBT001 - one of two colours
    if isinstance(line, str):
        return coloured(f"[doubtful] {plain(line)}", "yellow") if doubted else plain(line)
    told = f"{label_of(line.zone, line.rule)} {plain(line.text)}"
    return coloured(told, COLOURS.get(line.zone))


def label_of(zone: str, rule: str) -> str:
    """Return how a zone and the rule that fired are written before a line."""
    return f"[{zone} {rule}]" if rule != zone else f"[{zone}]"


def _legend(read: Extracted) -> str:
    """Say how much is searched, and how much of which zone is not."""
    counts: dict[str, int] = {}
    for line in read.zones:
        counts[line.zone] = counts.get(line.zone, 0) + 1
    aside = ", ".join(
        coloured(f"{many} {zone}", COLOURS.get(zone)) for zone, many in counts.items()
    )
    searched = len(read.text.split("\n")) if read.text else 0
    return f"{searched} lines searched as body; kept aside: {aside or 'none'}"


def _stages(read: Extracted) -> str:
    if not read.ms:
        return "milliseconds: not measured"
    stages = ", ".join(f"{stage} {spent:.1f}" for stage, spent in read.ms.items())
    return f"milliseconds: {stages}, together {sum(read.ms.values()):.1f}"


def as_object(read: Extracted) -> dict[str, Any]:
    """Return a reading as the object that ``--json`` prints."""
    return {
        "url": read.url,
        "title": read.title or None,
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
        "doubted": list(read.doubted),
        "ms": read.ms,
    }
