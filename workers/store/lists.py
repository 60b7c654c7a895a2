"""What the command line and the health page ask for: lists, one alert, counts, settings kept."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)

from workers.errors import TocsinError
from workers.model.alert import Alert, AlertLine
from workers.model.report import Backlog, StoreCounts
from workers.store import bursts, mutes
from workers.store.columns import moment, seconds
from workers.store.deliveries import whole_alert
from workers.store.due import behind
from workers.store.sql import chunks, put_new, put_over
from workers.store.tables import (
    accepted,
    alerts,
    dead,
    deliveries,
    entries,
    feeds,
    held,
    meta,
    rung,
    undone,
)
from workers.store.tables import work as works
from workers.store.work import PAGES

__all__ = [
    "FEED_STATE",
    "accept",
    "accepted_number",
    "alert_lines",
    "counts",
    "last_accepted",
    "load_alert",
    "probe",
]

_WORST = ("open", "sent", "retry", "held", "dead")
"""How a sink stands with an alert is told by the worst of its recipients."""


def alert_lines(
    conn: Connection, _now: datetime, limit: int, since: datetime | None, topic: str | None
) -> list[AlertLine]:
    """Return alerts, newest first, each with how its deliveries stand."""
    statement = select(alerts).order_by(alerts.c.at.desc(), alerts.c.id).limit(limit)
    if since is not None:
        statement = statement.where(alerts.c.at >= since)
    if topic is not None:
        statement = statement.where(
            alerts.c.id.in_(select(rung.c.alert_id).where(rung.c.topic == topic))
        )
    rows = conn.execute(statement).all()
    ids = [row.id for row in rows]
    states, muted = _states(conn, ids), mutes.of_alerts(conn, ids)
    return [_line(row, states.get(row.id, {}), muted.get(row.id, ())) for row in rows]


_STATES = (
    select(deliveries.c.alert_id, deliveries.c.sink, deliveries.c.state)
    .where(deliveries.c.alert_id.in_(bindparam("some", expanding=True)))
    .order_by(deliveries.c.sink)
)


_HELD_STATES = (
    select(held.c.alert_id, held.c.sink, func.coalesce(deliveries.c.state, "held").label("state"))
    .outerjoin(
        deliveries,
        (deliveries.c.message_id == held.c.message_id) & (deliveries.c.sink == held.c.sink),
    )
    .where(held.c.alert_id.in_(bindparam("some", expanding=True)))
    .order_by(held.c.sink)
)
"""What goes in a list stands as its list does."""


def _states(conn: Connection, ids: Iterable[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for some in chunks(ids):
        rows = [
            row
            for states in (_STATES, _HELD_STATES)
            for row in conn.execute(states, {"some": some})
        ]
        for row in rows:
            sinks = found.setdefault(row.alert_id, {})
            sinks[row.sink] = max(sinks.get(row.sink, row.state), row.state, key=_WORST.index)
    return found


def _line(row: Row[Any], states: dict[str, str], muted: tuple[str, ...]) -> AlertLine:
    return AlertLine(
        alert=row.id,
        event=row.event,
        revision=row.revision,
        at=row.at,
        severity=row.severity,
        topics=row.topics,
        title=row.title,
        url=row.url,
        deliveries=states,
        muted=muted,
    )


def load_alert(conn: Connection, _now: datetime, prefix: str) -> Alert | None:
    """Return the alert with this id, or whose id begins so, with all receipts; None if none.

    Raises:
        TocsinError: several alerts begin so.
    """
    bodies = select(alerts.c.body)
    found = conn.execute(bodies.where(alerts.c.id == prefix)).scalars().all()
    if not found and prefix:
        begins = alerts.c.id.startswith(prefix, autoescape=True)
        found = conn.execute(bodies.where(begins).limit(2)).scalars().all()
    if not found:
        return None
    if len(found) > 1:
        raise TocsinError(f"several alerts begin so: {prefix}: give more letters of the id")
    return whole_alert(conn, found[0], page=True)


# ── counts ──────────────────────────────────────────────────────────────────────────────────────

FEED_STATE = case(
    (feeds.c.parked.is_(True) | feeds.c.gone_at.is_not(None), "parked"),
    (feeds.c.errors > 0, "failing"),
    (feeds.c.last_good_at.is_(None), "new"),
    (feeds.c.quiet.is_not(None), "quiet"),
    else_="ok",
).label("state")


def counts(conn: Connection, now: datetime) -> StoreCounts:
    """Return how much of everything there is."""
    states = conn.execute(select(FEED_STATE, func.count()).group_by(literal_column("state"))).all()
    letters = conn.execute(select(dead.c.kind, func.count()).group_by(dead.c.kind)).all()
    return StoreCounts(
        feeds={row[0]: row[1] for row in states},
        pages=_pages(conn, now),
        behind_s=behind(conn, now),
        sinks=_sinks(conn, now),
        bursts=bursts.waiting(conn, now),
        mutes=tuple(mutes.lines(conn, now)),
        dead={"entry": 0, "page": 0, "delivery": 0} | {row[0]: row[1] for row in letters},
        last_entry=conn.execute(select(func.max(entries.c.seen))).scalar(),
        last_alert=conn.execute(select(func.max(alerts.c.at))).scalar(),
    )


def feed_states(conn: Connection, _now: datetime, most: int) -> list[tuple[str, str, str]]:
    """Return id, name and state of feeds that are not parked, by name, ``most`` at most."""
    found = conn.execute(
        select(feeds.c.id, feeds.c.name, FEED_STATE)
        .where(feeds.c.parked.is_(False), feeds.c.gone_at.is_(None))
        .order_by(feeds.c.name, feeds.c.id)
        .limit(most)
    )
    return [(row.id, row.name, row.state) for row in found]


_AWAITED = or_(works.c.stream != "pages:cold", works.c.next_at <= bindparam("now"))
"""A page that is read again in an hour waits for its hour, not for a reader."""


def _open_pages(condition: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            works.c.stream,
            func.count().label("number"),
            func.min(works.c.asked_at).label("asked"),
        )
        .where(works.c.stream.in_(PAGES), works.c.next_at.is_not(None), condition, _AWAITED)
        .group_by(works.c.stream)
    )


OPEN_PAGES = (
    _open_pages(works.c.relayed_at.is_(None)),
    _open_pages(works.c.relayed_at > literal_column("0")),
)
"""In two, because each has an index over open rows alone, however many closed ones there are."""


def _pages(conn: Connection, now: datetime) -> dict[str, Backlog]:
    found: dict[str, tuple[int, float]] = {}
    for statement in OPEN_PAGES:
        for row in conn.execute(statement, {"now": seconds(now)}):
            count, asked = found.get(row.stream, (0, row.asked))
            found[row.stream] = count + row.number, min(asked, row.asked)
    return {
        stream: Backlog(open=count, oldest_s=_age(now, moment(asked)))
        for stream, (count, asked) in found.items()
    }


def _sinks(conn: Connection, now: datetime) -> dict[str, Backlog]:
    held = deliveries.c.state == "held"
    rows = conn.execute(
        select(
            deliveries.c.sink,
            func.sum(case((held, 0), else_=1)),
            func.sum(case((held, 1), else_=0)),
            func.min(case((held, None), else_=deliveries.c.made_at)),
        )
        .where(undone)
        .group_by(deliveries.c.sink)
    )
    return {
        sink: Backlog(open=count, held=waiting, oldest_s=_age(now, oldest))
        for sink, count, waiting, oldest in rows
    }


def _age(now: datetime, at: datetime | float | None) -> float | None:
    if at is None:
        return None
    since = at if isinstance(at, datetime) else moment(at)
    return max(0.0, (now - since).total_seconds())


def probe(conn: Connection, now: datetime) -> None:
    """Write something tiny, to prove that the database takes writes."""
    put_over(conn, meta, [{"key": "probed_at", "value": f"{seconds(now):.3f}"}])


# ── topics as accepted ──────────────────────────────────────────────────────────────────────────

KEPT = 20
"""Accepted versions that are kept."""
_LAST = select(accepted).order_by(accepted.c.number.desc()).limit(1)


def last_accepted(conn: Connection, _now: datetime) -> tuple[int, str] | None:
    """Return the number and the content that was accepted last, None if nothing ever was."""
    row = conn.execute(_LAST).one_or_none()
    return None if row is None else (row.number, row.content)


_NUMBER = select(accepted.c.number).order_by(accepted.c.number.desc()).limit(1)


def accepted_number(conn: Connection, _now: datetime) -> int | None:
    """Return the newest number alone, None if nothing ever was accepted."""
    number: int | None = conn.execute(_NUMBER).scalar()
    return number


def accept(conn: Connection, now: datetime, content: str, after: int | None) -> int | None:
    """Keep ``content`` as the newest that was accepted; return its number.

    The same content again is no new version. None if another process was faster: with ``after``
    if that is not the newest number (0: there is none), else if it took the number.
    """
    row = conn.execute(_LAST).one_or_none()
    newest = 0 if row is None else int(row.number)
    if after is not None and after != newest:
        return None
    if row is not None and row.content == content:
        return newest
    number = newest + 1
    if not put_new(conn, accepted, [{"number": number, "at": now, "content": content}]):
        return None
    conn.execute(
        accepted.delete().where(accepted.c.number <= bindparam("old")), {"old": number - KEPT}
    )
    return number
