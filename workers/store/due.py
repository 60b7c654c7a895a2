"""Which work is due: what the relay may hand on, what it has handed on, and how late that is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, literal_column, select

from workers.model.article import Work
from workers.store.columns import seconds
from workers.store.sql import chunks
from workers.store.tables import work as table
from workers.store.work import PAGES, RANKS, work_of

__all__ = ["FIRST_DUE", "FIRST_MARKED", "behind", "due", "marked_of"]

NEWS = PAGES[:2]
"""Streams that nobody is to wait for."""
_open = table.c.next_at.is_not(None)

_DUE = (
    select(table)
    .where(
        table.c.stream == bindparam("of_stream"),
        table.c.next_at <= bindparam("present"),
        _open,
        table.c.relayed_at.is_(None),
    )
    .order_by(table.c.next_at)  # alone, as the index has it: a flood may be due at one moment
    .limit(bindparam("most"))
)
_OVERDUE = (
    select(table)
    .where(
        table.c.relayed_at <= bindparam("marked_before"),
        table.c.relayed_at.is_not(None),
        _open,
        table.c.next_at <= bindparam("present"),
        table.c.stream.in_(bindparam("streams", expanding=True)),
    )
    .order_by(table.c.relayed_at)
    .limit(bindparam("most"))
)


def due(
    conn: Connection,
    now: datetime,
    limits: Mapping[str, int],
    marked_before_s: float,
    most: int,
) -> list[Work]:
    """Return what the relay may push, oldest first.

    Where there is more than ``most``, every stream gets its share: nobody's backlog fills the
    batch. Hot pages come before warm, and warm before cold, because whoever pushes what this
    returns may be cut off in the middle.
    """
    wanted = {stream: limit for stream, limit in limits.items() if limit > 0}
    if not wanted or most <= 0:
        return []
    present = seconds(now)
    by_stream: dict[str, list[Row[Any]]] = {stream: [] for stream in wanted}
    overdue = {
        "marked_before": present - marked_before_s,
        "present": present,
        "streams": list(wanted),
        "most": most,
    }
    for row in conn.execute(_OVERDUE, overdue):
        by_stream[row.stream].append(row)
    for stream, limit in wanted.items():
        which = {"of_stream": stream, "present": present, "most": min(limit, most)}
        by_stream[stream].extend(conn.execute(_DUE, which))
        by_stream[stream].sort(key=lambda row: row.next_at)
    shares = [
        (place, RANKS.get(stream, 0), row.next_at, row)
        for stream, rows in by_stream.items()
        for place, row in enumerate(rows[: wanted[stream]])
    ]
    shares.sort(key=lambda share: share[:3])
    chosen = sorted(shares[:most], key=lambda share: share[1:3])
    return [work_of(row, now) for _, _, _, row in chosen]


_MARKED = (
    select(table.c.host, func.count())
    .where(
        table.c.relayed_at > bindparam("marked_since"),
        table.c.relayed_at.is_not(None),
        _open,
        table.c.host.in_(bindparam("some", expanding=True)),
    )
    .group_by(table.c.host)
)


def marked_of(
    conn: Connection, now: datetime, hosts: Sequence[str], within_s: float
) -> dict[str, int]:
    """Return how many pages of these hosts were handed on in so many seconds and are not done."""
    return {
        row[0]: row[1]
        for some in chunks(hosts)
        for row in conn.execute(_MARKED, {"some": some, "marked_since": seconds(now) - within_s})
    }


FIRST_DUE = (
    select(table.c.next_at)
    .where(table.c.stream == bindparam("of_stream"), _open, table.c.relayed_at.is_(None))
    .order_by(table.c.next_at)
    .limit(1)
)
FIRST_MARKED = select(func.min(table.c.next_at)).where(
    table.c.relayed_at > literal_column("0"), _open, table.c.stream.in_(NEWS)
)


def behind(conn: Connection, now: datetime) -> float:
    """Return for how many seconds the page that is due longest has waited, 0 if none is due.

    A page that waits for its next attempt, or for its host's turn, is not due, and one in the cold
    stream may wait: it was read before, or has done harm. Quick whatever
    waits: the first of each stream, and what the relay has moved, which is bounded.
    """
    firsts: list[float | None] = [
        conn.execute(FIRST_DUE, {"of_stream": stream}).scalar() for stream in NEWS
    ]
    firsts.append(conn.execute(FIRST_MARKED).scalar())
    return max([0.0, *(seconds(now) - at for at in firsts if at is not None)])
