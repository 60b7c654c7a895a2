"""Dead letters: what could not be done, kept with its reason, until replayed or dropped."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, select, true, update

from workers.model.alert import DeadLine
from workers.model.article import Work
from workers.model.base import Record
from workers.store import work
from workers.store.sql import put_over
from workers.store.tables import alerts, articles, deliveries, undone
from workers.store.tables import dead as table
from workers.store.tables import work as works

__all__ = [
    "MOST",
    "DeadWhich",
    "abandon",
    "bury",
    "bury_id",
    "drop",
    "forget",
    "keep",
    "lines",
    "replay",
]

MOST = 1000
"""Dead letters of one transaction, and of one list."""
ANSWER_CHARACTERS = 500


class DeadWhich(Record, frozen=True, kw_only=True):
    """Which dead letters are meant: those that fit everything that is given."""

    ids: tuple[str, ...] | None = None
    kind: Literal["page", "delivery"] | None = None
    sink: str | None = None
    reason: str | None = None
    since: datetime | None = None


def keep(conn: Connection, line: DeadLine) -> None:
    """Keep a dead letter; the newest of an id stands."""
    row = {
        "kind": line.kind,
        "id": line.id,
        "sink": line.sink,
        "reason": line.reason,
        "at": line.at,
        "attempts": line.attempts,
        "title": line.title,
        "last_answer": line.last_answer,
        "content": None,
    }
    put_over(conn, table, [row])


def forget(conn: Connection, kind: str, id_: str) -> None:
    """Remove the dead letter of an id, if there is one."""
    conn.execute(delete(table).where(_one(kind, id_)))


def _one(kind: str, id_: str) -> ColumnElement[bool]:
    return and_(table.c.kind == kind, table.c.id == id_)


def bury(conn: Connection, now: datetime, row: Work, reason: str, detail: str) -> None:
    """Make a dead letter of work as loaded; if it was asked for meanwhile, it comes again."""
    if work.conclude(conn, now, row, attempts=row.attempts + 1):
        _inter(conn, now, row, (reason, detail))


def bury_id(conn: Connection, now: datetime, which: tuple[str, str], why: tuple[str, str]) -> None:
    """Make a dead letter of a (kind, id) whatever its row says; a closed row makes none."""
    row = work.load(conn, now, *which)
    if row is not None and work.cancel(conn, *which):
        _inter(conn, now, row, why)


def _inter(conn: Connection, now: datetime, row: Work, why: tuple[str, str]) -> None:
    reason, detail = why[0], why[1][:ANSWER_CHARACTERS] or None
    if row.kind == "delivery":
        told = _undelivered(conn, now, row.id, detail)
    else:
        told = (None, _article_title(conn, row.id))
    if told is None:
        return
    keep(
        conn,
        DeadLine(
            id=row.id,
            kind="delivery" if row.kind == "delivery" else "page",
            sink=told[0],
            reason=reason,
            at=now,
            attempts=row.attempts + 1,
            title=told[1],
            last_answer=detail,
        ),
    )


def _article_title(conn: Connection, id_: str) -> str:
    row = conn.execute(
        select(articles.c.title, articles.c.url).where(articles.c.id == id_)
    ).one_or_none()
    return (row.title or row.url or id_) if row is not None else id_


def _undelivered(
    conn: Connection, now: datetime, id_: str, answer: str | None
) -> tuple[str | None, str] | None:
    """Set a delivery dead; return its sink and title, None if it was sent, or is unknown."""
    row = conn.execute(
        select(deliveries.c.sink, deliveries.c.state, alerts.c.title)
        .join(alerts, alerts.c.id == deliveries.c.alert_id)
        .where(deliveries.c.id == id_)
    ).one_or_none()
    if row is None or row.state == "sent":
        return None
    conn.execute(
        update(deliveries)
        .where(deliveries.c.id == id_)
        .values(state="dead", last_answer=answer, last_at=now)
    )
    return row.sink, row.title


NO_SUCH_SINK = "the sink is not in the config"


def abandon(conn: Connection, now: datetime, sinks: Collection[str]) -> int:
    """Make dead letters of undone deliveries to a sink that is none of these, `MOST` at most.

    Nobody would send them, and nobody would see that they wait. Put back into the config, the sink
    has them by a replay.
    """
    found = conn.execute(
        select(deliveries.c.id, deliveries.c.sink, deliveries.c.attempts, alerts.c.title)
        .join(alerts, alerts.c.id == deliveries.c.alert_id)
        .where(undone, deliveries.c.sink.not_in(sinks))
        .order_by(deliveries.c.made_at)
        .limit(MOST)
    ).all()
    for row in found:
        work.cancel(conn, "delivery", row.id)
        conn.execute(
            update(deliveries)
            .where(deliveries.c.id == row.id)
            .values(state="dead", held_reason=None, last_answer=NO_SUCH_SINK, last_at=now)
        )
        line = DeadLine(
            id=row.id,
            kind="delivery",
            sink=row.sink,
            reason="disabled",
            at=now,
            attempts=row.attempts,
            title=row.title,
            last_answer=NO_SUCH_SINK,
        )
        keep(conn, line)
    return len(found)


def lines(conn: Connection, _now: datetime, which: DeadWhich) -> list[DeadLine]:
    """Return the dead letters, newest first."""
    return [_line(row) for row in _rows(conn, which)]


def _rows(conn: Connection, which: DeadWhich) -> Sequence[Row[Any]]:
    statement = select(table).where(_fits(which)).order_by(table.c.at.desc(), table.c.id)
    return conn.execute(statement.limit(MOST)).all()


def _fits(which: DeadWhich) -> ColumnElement[bool]:
    return and_(
        true(),
        *([table.c.id.in_(which.ids)] if which.ids is not None else []),
        *([table.c.kind == which.kind] if which.kind is not None else []),
        *([table.c.sink == which.sink] if which.sink is not None else []),
        *([table.c.reason == which.reason] if which.reason is not None else []),
        *([table.c.at >= which.since] if which.since is not None else []),
    )


def _line(row: Row[Any]) -> DeadLine:
    return DeadLine(
        id=row.id,
        kind=row.kind,
        sink=row.sink,
        reason=row.reason,
        at=row.at,
        attempts=row.attempts,
        title=row.title,
        last_answer=row.last_answer,
    )


def drop(conn: Connection, _now: datetime, which: DeadWhich) -> int:
    """Remove dead letters for good; return how many (at most `MOST` at once)."""
    found = _rows(conn, which)
    for row in found:
        forget(conn, row.kind, row.id)
    return len(found)


def replay(conn: Connection, now: datetime, which: DeadWhich) -> tuple[int, int]:
    """Ask again for what dead letters stand for, and remove them.

    A delivery that was sent, or a thing that is no longer kept, is not tried again.

    Returns:
        How many dead letters were removed (at most `MOST` at once), and how many of them are now
        tried again.
    """
    found = _rows(conn, which)
    again = 0
    for row in found:
        forget(conn, row.kind, row.id)
        stream = _revived(conn, row)
        if stream is not None:
            again += 1
            want = work.Ask(kind=row.kind, id=row.id, stream=stream, at=now)
            work.reopen(conn, now, want)
    return len(found), again


def _revived(conn: Connection, row: Row[Any]) -> str | None:
    """Return the stream to try again in, None if there is nothing to try."""
    if row.kind == "delivery":
        revived = conn.execute(
            update(deliveries)
            .where(deliveries.c.id == row.id, deliveries.c.state == "dead")
            .values(state="open", attempts=0)
        ).rowcount
        return f"sink:{row.sink}" if revived else None
    known = conn.execute(select(articles.c.id).where(articles.c.id == row.id)).first()
    if known is None:
        return None
    stream = conn.execute(
        select(works.c.stream).where(works.c.kind == "page", works.c.id == row.id)
    ).scalar()
    return stream or "pages:warm"
