"""How sinks stand, for all processes: noted with each attempt, disabled, enabled again."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import structs
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    null,
    select,
    update,
)

from workers.alerts import rank
from workers.alerts import sinks as rules
from workers.model.message import EventEnd, Raised
from workers.model.sink import SinkHealth, SinkNote
from workers.model.topic import Severity
from workers.store import events, work
from workers.store.deliveries import disabled
from workers.store.sql import Fixed, Insert, insert_for
from workers.store.tables import alerts, deliveries, messages, undone
from workers.store.tables import sinks as table

__all__ = ["MOST", "drop_older", "enable", "hold", "note", "release", "states"]

MOST = 1000
"""Deliveries of one transaction."""
ORDER_S, BACK_S = 1e-5, 10.0
"""What is released is due in its order, so many seconds apart, beginning a little ago."""
_this = table.c.name == bindparam("the_name")
_LOAD = select(table).where(_this)


# ── noted with each attempt ─────────────────────────────────────────────────────────────────────

_WORKED = Fixed(
    update(table)
    .where(_this & table.c.failing_since.is_not(None))
    .values(
        reason=case((table.c.state == "disabled", table.c.reason), else_=null()),
        failing_since=null(),
        refused_since=null(),
        gone_since=null(),
    )
)
_DISABLE = Fixed(
    update(table)
    .where(_this & (table.c.state == "enabled"))
    .values(
        state="disabled",
        since=bindparam("present", type_=table.c.since.type),
        reason=bindparam("why", type_=table.c.reason.type),
    )
)


def _failed_statement(dialect: str) -> Insert:
    insert = insert_for(dialect, table)
    names = ("failing_since", "refused_since", "gone_since")
    first = {name: func.coalesce(table.c[name], insert.excluded[name]) for name in names}
    off = table.c.state == "disabled"
    said = case((off, table.c.reason), else_=insert.excluded.reason)
    return insert.on_conflict_do_update(index_elements=["name"], set_={**first, "reason": said})


_FAILED = Fixed(
    _failed_statement,
    ("name", "state", "since", "reason", "failing_since", "refused_since", "gone_since"),
)


def note(conn: Connection, now: datetime, noted: SinkNote) -> tuple[bool, tuple[Raised, ...]]:
    """Note what an attempt said of its sink, which may disable it.

    Returns:
        Whether the sink is disabled now, and the events that were raised.
    """
    if noted.outcome == "alive":
        if _WORKED.run(conn, {"the_name": noted.sink}):
            events.end_event(conn, now, EventEnd(kind="sink_refused", subject=noted.sink))
        return False, ()
    health = _failed(conn, now, noted)
    if health.state == "disabled":
        return True, ()
    why = rules.disabled(health, noted.outcome, now)
    if why is not None:
        _DISABLE.run(conn, {"the_name": noted.sink, "present": now, "why": why})
        events.end_event(conn, now, EventEnd(kind="sink_refused", subject=noted.sink))
        raised = events.raise_event(conn, now, rules.sink_disabled(health, why, noted.told))
    elif health.refuses:
        said = rules.sink_refused(health, noted.told)
        raised = events.raise_event(conn, now, said)
    else:
        raised = None
    return why is not None, () if raised is None else (raised,)


def _failed(conn: Connection, now: datetime, noted: SinkNote) -> SinkHealth:
    """Keep when it began; the row is held until the transaction ends."""
    row = {
        "name": noted.sink,
        "state": "enabled",
        "since": now,
        "reason": noted.said or None,
        "failing_since": now,
        "refused_since": now if noted.outcome in {"refused", "gone"} else None,
        "gone_since": now if noted.outcome == "gone" else None,
    }
    _FAILED.run(conn, row)
    return _health(conn.execute(_LOAD, {"the_name": noted.sink}).one(), now)


def _health(row: Row[Any], now: datetime) -> SinkHealth:
    health = SinkHealth(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return structs.replace(health, refuses=rules.refused(health, now))


def states(conn: Connection, now: datetime) -> dict[str, SinkHealth]:
    """Return the sinks that have failed or were disabled, by name."""
    rows = conn.execute(select(table).order_by(table.c.name))
    return {row.name: _health(row, now) for row in rows}


# ── what waits for a disabled sink ──────────────────────────────────────────────────────────────

_open = (
    undone  # says nothing more, but has the index
    & (deliveries.c.sink == bindparam("the_name"))
    & deliveries.c.state.in_(("open", "retry"))
)
_OPEN = (
    select(deliveries.c.id)
    .where(_open)
    .order_by(deliveries.c.made_at)
    .limit(MOST)
    .with_for_update(key_share=True)  # what is sent meanwhile stays so; here and below
)


def hold(conn: Connection, _now: datetime, name: str) -> int:
    """Hold what is open of a sink that is disabled, `MOST` at most; return how many."""
    if name not in disabled(conn):
        return 0
    ids = conn.execute(_OPEN, {"the_name": name}).scalars().all()
    for id_ in ids:
        work.cancel(conn, "delivery", id_)
    conn.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids))
        .values(state="held", held_reason="disabled")
    )
    return len(ids)


_ENABLE = Fixed(
    update(table)
    .where(_this)
    .values(
        state="enabled",
        since=case(
            (table.c.state == "enabled", table.c.since),
            else_=bindparam("present", type_=table.c.since.type),
        ),
        reason=null(),
        failing_since=null(),
        refused_since=null(),
        gone_since=null(),
    )
)


def enable(conn: Connection, now: datetime, name: str) -> bool:
    """Forget what was held against a sink; return whether it was disabled."""
    was = name in disabled(conn)
    _ENABLE.run(conn, {"the_name": name, "present": now})
    events.end_event(conn, now, EventEnd(kind="sink_refused", subject=name))
    events.end_event(conn, now, EventEnd(kind="sink_disabled", subject=name))
    return was


def _held(name: str) -> ColumnElement[bool]:
    return and_(
        undone,  # as above
        deliveries.c.sink == name,
        deliveries.c.state == "held",
        deliveries.c.held_reason == "disabled",
    )


TOO_OLD = "dropped: too old when the sink was enabled"


def drop_older(conn: Connection, now: datetime, name: str, older_s: float) -> int:
    """Give up what a sink holds from longer ago, `MOST` at most: the operator's word.

    It stays known, so that its alert tells what became of it, but makes no dead letter.
    """
    before = now - timedelta(seconds=older_s)
    old = select(deliveries.c.id).where(_held(name), deliveries.c.made_at < before).limit(MOST)
    ids = conn.execute(old.with_for_update(key_share=True)).scalars().all()
    conn.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids))
        .values(state="dead", held_reason=None, last_answer=TOO_OLD, last_at=now)
    )
    return len(ids)


_SEVERITIES: tuple[Severity, ...] = ("low", "normal", "high", "critical")
_severity = case(
    {severity: rank(severity) for severity in _SEVERITIES},
    value=func.coalesce(alerts.c.severity, messages.c.severity),
    else_=-1,
)
_NEWEST: Select[Any] = (
    select(deliveries.c.id)
    .outerjoin(alerts, alerts.c.id == deliveries.c.alert_id)
    .outerjoin(messages, messages.c.id == deliveries.c.message_id)
    .order_by(_severity.desc(), deliveries.c.made_at.desc(), deliveries.c.id)
    .limit(MOST)
    .with_for_update(of=deliveries, key_share=True)
)


def release(conn: Connection, now: datetime, name: str, before: int = 0) -> int:
    """Ask for what a sink holds because it was disabled, `MOST` at most; return how many.

    The most severe come first, and of these the newest. Nothing is released while the sink is
    disabled. ``before`` is how many were released just before, so that these come after them.
    """
    if name in disabled(conn):
        return 0
    ids = conn.execute(_NEWEST.where(_held(name))).scalars().all()
    conn.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids))
        .values(state="open", held_reason=None, attempts=0)
    )
    for place, id_ in enumerate(ids, before):
        at = now + timedelta(seconds=min(place * ORDER_S - BACK_S, 0.0))
        want = work.Ask(kind="delivery", id=id_, stream=f"sink:{name}", at=at)
        work.reopen(conn, now, want)
    return len(ids)
