"""``tocsin topics top``: hits a day by topic, by feed and by clause."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.asking import ask_store
from monitor.cli.common import (
    FOUND,
    config_option,
    fail,
    json_option,
    load_settings,
    print_json,
    print_text,
)
from monitor.cli.inputs import SINCE, iso
from monitor.cli.topics_known import hits, in_force, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.daemon.build import SqlStore
    from monitor.settings import Settings
    from workers.alerts.tops import Table, Tops
    from workers.model.top import TopRow

__all__ = ["top"]

DAY_S = 86400.0
MOST_COLUMNS = 8
"""Days that are shown one by one."""
WIDTH = 48
"""Characters shown of a name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Told:
    """What was counted, and of what time."""

    topic: str | None
    since: datetime
    until: datetime
    begin: datetime
    """From when on alerts are kept, if that is later than ``since``."""
    tops: "Tops"
    most: int

    @property
    def over_days(self) -> float:
        """Days that the hits are spread over, one at least: an hour says little of a day."""
        return max(1.0, (self.until - self.begin).total_seconds() / DAY_S)


@click.command()
@config_option
@json_option
@click.option(
    "--since",
    type=SINCE,
    default="7d",
    show_default=True,
    help="Count what rang since: 7d, 6h, a date, or a time.",
)
@click.option(
    "-n", "--limit", type=click.IntRange(1, 100_000), default=20, show_default=True,
    help="Rows of each table.",
)  # fmt: skip
@click.argument("name", required=False)
def top(
    config: str | None, name: str | None, since: datetime, limit: int, *, as_json: bool
) -> None:
    """Count what rang: hits a day by topic, by feed and by clause; with NAME of this topic alone.

    Hits of muted topics count, and are told apart. Exit 1 if there is no such topic.
    """
    settings = load_settings(config).settings

    async def count(store: "SqlStore") -> _Told:
        return await _count(store, settings, name, since, limit)

    told = asyncio.run(ask_store(None, count, settings=settings))
    if as_json:
        print_json(_object(told))
    else:
        _print(told)


async def _count(
    store: "SqlStore", settings: "Settings", name: str | None, since: datetime, most: int
) -> _Told:
    from workers.alerts.tops import Tops
    from workers.clock import SystemClock

    now = SystemClock().now()
    if since > now:
        raise click.BadParameter("lies in the future", param_hint="'--since'")
    tops, first = Tops(), await store.first_alert()
    place: tuple[float, str, str] | None = (since.timestamp(), "", "")
    while place is not None:
        some, place = await store.rung_hits(place, now, name)
        for hit in some:
            tops.add(hit)
    if name is not None and not tops.all.hits:
        topics = await in_force(store, settings)
        if name not in topics:
            fail(unknown(name, topics, settings), FOUND)
    begin = min(now, max(since, first)) if first is not None else since
    return _Told(topic=name, since=since, until=now, begin=begin, tops=tops, most=most)


# ── as JSON ─────────────────────────────────────────────────────────────────────────────────────


def _object(told: _Told) -> dict[str, Any]:
    tops = told.tops
    whole = tops.all.row("", None, told.over_days)
    return {
        "topic": told.topic,
        "since": told.since,
        "until": told.until,
        "counted_since": told.begin,
        **_figures(whole),
        "without_receipt": tops.without_receipt,
        "topics": [{"topic": row.name, **_figures(row)} for row in _rows(told, tops.topics)],
        "sources": [{"source": row.name, **_figures(row)} for row in _rows(told, tops.sources)],
        "clauses": [
            {"topic": row.topic, "clause": row.name, **_figures(row)}
            for row in _rows(told, tops.clauses)
        ],
        "left_out": {
            "topics": _left_out(told, tops.topics),
            "sources": _left_out(told, tops.sources),
            "clauses": _left_out(told, tops.clauses),
        },
    }


def _rows(told: _Told, table: "Table") -> "list[TopRow]":
    return table.rows(told.over_days, told.most)


def _left_out(told: _Told, table: "Table") -> int:
    """Return how many rows a table has beyond those that are shown."""
    return max(0, len(table) - told.most) + (table.beyond > 0)


def _figures(row: "TopRow") -> dict[str, Any]:
    return {
        "hits": row.hits,
        "muted": row.muted,
        "per_day": row.per_day,
        "days": [{"day": day, "hits": number} for day, number in row.days],
    }


# ── for people ──────────────────────────────────────────────────────────────────────────────────


def _print(told: _Told) -> None:
    tops = told.tops
    whole = tops.all.row("", None, told.over_days)
    about = f"{told.topic}: " if told.topic is not None else ""
    silent = f", {whole.muted} of them muted" if whole.muted else ""
    print_text(
        f"{about}{hits(whole.hits)} since {iso(told.since)}{silent}; {whole.per_day:g} a day"
    )
    if told.begin > told.since and whole.hits:
        print_text(
            f"note: the first alert that is kept is of {iso(told.begin)}: counted from then"
        )
    if not whole.hits:
        return
    days = _shown_days(told)
    if told.topic is None:
        _print_table(told, "topics", tops.topics, days)
    _print_table(told, "feeds", tops.sources, days)
    _print_table(told, "clauses", tops.clauses, days)
    if tops.without_receipt:
        print_text(f"\nwithout clauses, as the receipt is no longer kept: {tops.without_receipt}")


def _shown_days(told: _Told) -> list[str]:
    """Return the days that have a column, none if there are too many."""
    first, last = told.begin.astimezone(UTC).date(), told.until.astimezone(UTC).date()
    number = (last - first).days + 1
    if number > MOST_COLUMNS:
        return []
    return [(first + timedelta(days=at)).isoformat() for at in range(number)]


def _print_table(told: _Told, title: str, table: "Table", days: "Sequence[str]") -> None:
    rows = _rows(told, table)
    shown = [_name(told, row) for row in rows]
    width = max(map(len, [title, *shown]))
    heads = "".join(f"{day[5:]:>7}" for day in days)
    print_text(f"\n{title:<{width}}    hits   muted    a day{heads}")
    for name, row in zip(shown, rows, strict=True):
        by_day = {day.isoformat(): number for day, number in row.days}
        columns = "".join(f"{by_day.get(day, 0) or '':>7}" for day in days)
        figures = f"{row.hits:>7} {row.muted or '':>7} {row.per_day:>8g}"
        print_text(f"{name:<{width}} {figures}{columns}".rstrip())
    if more := _left_out(told, table):
        print_text(f"and {more} more (-n)")


def _name(told: _Told, row: "TopRow") -> str:
    """Return how a row is called: a clause with its topic, unless there is but one."""
    from workers.alerts import safe_line
    from workers.alerts.words import shorten

    name = shorten(safe_line(row.name), WIDTH)
    if row.topic is None or told.topic is not None:
        return name
    return f"{name}  ({shorten(safe_line(row.topic), WIDTH // 2)})"
