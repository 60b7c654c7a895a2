"""Deliveries that are held for a reason: counted, released, dropped. Each reason for itself."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select, true, update

from workers.clock import SystemClock
from workers.model.upkeep import HeldLine
from workers.store import bursts, mutes, work
from workers.store.tables import deliveries as table
from workers.store.tables import undone
from workers.store.tables import work as works

__all__ = ["MOST", "drop", "hold_restored", "lines", "release"]

MOST = 1000
"""Deliveries of one transaction."""
DROPPED = "dropped by the operator"


def hold_restored(conn: Connection) -> int:
    """Hold every delivery that is to be sent; return how many. Those held before stay so.

    What bursts have held becomes lists, which are held too: they may have been sent since. So do
    mutes that are over by now.
    """
    bursts.summarize_all(conn)
    mutes.end_overdue(conn, SystemClock().now())
    held = conn.execute(
        update(table)
        .where(table.c.state.in_(("open", "retry")))
        .values(state="held", held_reason="restore")
    ).rowcount
    conn.execute(
        update(works)
        .where(works.c.kind == "delivery", works.c.next_at.is_not(None))
        .values(next_at=None, relayed_at=None, turn=works.c.turn + 1)
    )
    return held


def lines(conn: Connection, _now: datetime) -> list[HeldLine]:
    """Return what is held, by reason and sink."""
    counts = (
        select(table.c.held_reason, table.c.sink, func.count(), func.min(table.c.made_at))
        .where(undone, table.c.state == "held")
        .group_by(table.c.held_reason, table.c.sink)
        .order_by(table.c.held_reason, table.c.sink)
    )
    return [
        HeldLine(reason=reason or "unknown", sink=sink, deliveries=count, since=since)
        for reason, sink, count, since in conn.execute(counts)
    ]


def _some(conn: Connection, reason: str, sink: str | None) -> Sequence[tuple[str, str]]:
    rows = conn.execute(
        select(table.c.id, table.c.sink)
        .where(_held(reason, sink))
        .order_by(table.c.made_at, table.c.id)
        .limit(MOST)
        .with_for_update(key_share=True)  # what is sent meanwhile stays so
    )
    return [(row.id, row.sink) for row in rows]


def _held(reason: str, sink: str | None) -> ColumnElement[bool]:
    return and_(
        undone,  # says nothing more, but has the index
        table.c.state == "held",
        table.c.held_reason == reason,
        table.c.sink == sink if sink is not None else true(),
    )


def release(conn: Connection, now: datetime, reason: str, sink: str | None) -> int:
    """Ask again for what is held for this reason, the oldest first, `MOST` at most."""
    found = _some(conn, reason, sink)
    conn.execute(
        update(table)
        .where(table.c.id.in_([id_ for id_, _ in found]))
        .values(state="open", held_reason=None, attempts=0)
    )
    for id_, to in found:
        want = work.Ask(kind="delivery", id=id_, stream=f"sink:{to}", at=now)
        work.reopen(conn, now, want)
    return len(found)


def drop(conn: Connection, now: datetime, reason: str, sink: str | None) -> int:
    """Give up what is held for this reason, `MOST` at most: it is never sent, and no dead letter.

    It stays known, so that the alert tells what became of it.
    """
    found = _some(conn, reason, sink)
    conn.execute(
        update(table)
        .where(table.c.id.in_([id_ for id_, _ in found]))
        .values(state="dead", held_reason=None, last_answer=DROPPED, last_at=now)
    )
    return len(found)
