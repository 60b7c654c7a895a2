"""What rang, in pieces: whoever counts a year of it neither holds it nor keeps anybody waiting.

A topic rings once for an event; what merges have copied to other events is not counted again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Double,
    Row,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    type_coerce,
)

from workers.model.base import Record
from workers.model.top import HitPlace, RungHit
from workers.store.columns import Packed, moment
from workers.store.sql import chunks
from workers.store.tables import alerts, muted, rung

__all__ = ["MOST", "first", "hits"]

MOST = 500
"""Hits of one look; each has a receipt or two, of 4 KiB at most."""


class _Listing(Record, frozen=True, kw_only=True):
    """Of an entry of an alert only the feed."""

    feed: str


class _Brief(Record, frozen=True, kw_only=True):
    """Of a stored alert only what is counted: all of it would take ten times as long."""

    entries: tuple[_Listing, ...]


class _Clause(Record, frozen=True, kw_only=True):
    """Of a clause only its text, and whether it is one that holds where nothing is found."""

    op: str
    query: str


_Clauses = Packed(tuple[_Clause, ...])
_since: BindParameter[float] = bindparam("since", type_=Double())
_until: BindParameter[float] = bindparam("until", type_=Double())
_alert: BindParameter[str] = bindparam("alert")
_topic: BindParameter[str] = bindparam("topic", type_=rung.c.topic.type)


def _behind(at: ColumnElement[float]) -> ColumnElement[bool]:
    """Say whether a row lies behind the place that was come to."""
    same = or_(rung.c.alert_id > _alert, and_(rung.c.alert_id == _alert, rung.c.topic > _topic))
    return and_(at >= _since, or_(at > _since, same), at <= _until)


def _hits(at: ColumnElement[float], *where: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            at.label("at"),
            rung.c.alert_id,
            rung.c.topic,
            type_coerce(rung.c.receipt, _Clauses).label("receipt"),
            type_coerce(rung.c.page_receipt, _Clauses).label("page_receipt"),
            muted.c.mute,
        )
        .select_from(rung)
        .join(alerts, and_(alerts.c.id == rung.c.alert_id, alerts.c.event == rung.c.event))
        .outerjoin(muted, and_(muted.c.alert_id == rung.c.alert_id, muted.c.topic == rung.c.topic))
        .where(_behind(at), *where)
        .order_by(at, rung.c.alert_id, rung.c.topic)
        .limit(MOST)
    )


_ALL = _hits(type_coerce(alerts.c.at, Double))
_OF_TOPIC = _hits(type_coerce(rung.c.at, Double), rung.c.topic == bindparam("the_topic"))
_BRIEF = select(alerts.c.id, type_coerce(alerts.c.body, Packed(_Brief)).label("body")).where(
    alerts.c.id.in_(bindparam("some", expanding=True))
)


def hits(
    conn: Connection, _now: datetime, after: HitPlace, until: datetime, topic: str | None
) -> tuple[list[RungHit], HitPlace | None]:
    """Return the next hits behind a place, the oldest first, and the place that this comes to.

    Args:
        conn: The transaction.
        after: Where the look before ended; at first the beginning of the span, "" and "".
        until: The end of the span.
        topic: Only hits of this topic; None is all.

    Returns:
        No place if there are no more.
    """
    which: dict[str, Any] = {
        "since": after[0],
        "alert": after[1],
        "topic": after[2],
        "until": until.timestamp(),
    }
    if topic is None:
        rows = conn.execute(_ALL, which).all()
    else:
        rows = conn.execute(_OF_TOPIC, {**which, "the_topic": topic}).all()
    feeds = _feeds(conn, {row.alert_id for row in rows})
    last = rows[-1] if len(rows) == MOST else None
    place = None if last is None else (last.at, last.alert_id, last.topic)
    return [_hit(row, feeds.get(row.alert_id, ())) for row in rows], place


def _feeds(conn: Connection, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    return {
        row.id: tuple(dict.fromkeys(entry.feed for entry in row.body.entries))
        for some in chunks(sorted(ids))
        for row in conn.execute(_BRIEF, {"some": some})
    }


def _hit(row: Row[Any], feeds: Sequence[str]) -> RungHit:
    clauses = None
    if row.receipt is not None or row.page_receipt is not None:
        said = (*(row.receipt or ()), *(row.page_receipt or ()))
        clauses = tuple(dict.fromkeys(clause.query for clause in said if clause.op != "not"))
    return RungHit(
        topic=row.topic,
        at=moment(row.at),
        feeds=tuple(feeds),
        clauses=clauses,
        muted=row.mute is not None,
    )


_FIRST = select(func.min(alerts.c.at))


def first(conn: Connection, _now: datetime) -> datetime | None:
    """Return when the first of all alerts that are kept was made, None if there is none."""
    found: datetime | None = conn.execute(_FIRST).scalar()
    return found
