"""Work rows: what is asked for, what the relay has moved, what a worker has closed.

The rules that keep work from being lost or stuck, whatever overtakes what:

* who asks, adds 1 to ``turn`` and forgets the mark;
* the relay marks only the turn that it has read;
* a worker closes or re-times only the turn that it has loaded, and only while it is open; if it
  is another, somebody has asked meanwhile: the row stays as it was asked for, without a mark.

Several rows are written in the order of their ids: two transactions that want the same ones wait
for each other, and do not block each other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, literal_column, null, select, update

from workers.model.article import Work
from workers.model.base import Record
from workers.store.columns import moment, seconds
from workers.store.sql import Fixed, Insert, insert_for
from workers.store.tables import work as table

__all__ = [
    "PAGES",
    "RANKS",
    "Ask",
    "again",
    "ask",
    "ask_all",
    "asked",
    "cancel",
    "conclude",
    "count_death",
    "load",
    "mark",
    "postpone",
    "postpone_all",
    "reopen",
    "skip",
    "void_marks",
    "work_of",
]

APART_S = 1e-6
"""Between deliveries that are held back: they keep their order. The floats are finer than that."""
PAGES = ("pages:hot", "pages:warm", "pages:cold")
"""Streams of pages, the first taken first."""
RANKS = {stream: rank for rank, stream in enumerate(PAGES)}
_ASKED = "tocsin_asked"
_this = (table.c.kind == bindparam("the_kind")) & (table.c.id == bindparam("the_id"))
_open = table.c.next_at.is_not(None)
_same_turn = _this & _open & (table.c.turn == bindparam("the_turn"))


class Ask(Record, frozen=True, kw_only=True):
    """A request for work: which, where it waits, and from when on."""

    kind: str
    id: str
    stream: str
    at: datetime
    traceparent: str | None = None
    host: str | None = None
    """Of a page: whom it is asked for."""


def asked(conn: Connection) -> bool:
    """Say whether units on this connection have asked for work since this was last asked."""
    return bool(conn.info.pop(_ASKED, False))


def ask(conn: Connection, now: datetime, want: Ask) -> None:
    """Ask for work: see `ask_all`."""
    ask_all(conn, now, (want,))


def ask_all(conn: Connection, now: datetime, wants: Sequence[Ask]) -> None:
    """Ask for work; a row that is open already keeps its better stream and its earlier time.

    A row that was closed begins anew: its attempts are counted from 0.
    """
    if not wants:
        return
    rows = [
        {
            "kind": want.kind,
            "id": want.id,
            "stream": want.stream,
            "next_at": seconds(want.at),
            "asked_at": seconds(now),
            "turn": 1,
            "attempts": 0,
            "deaths": 0,
            "traceparent": want.traceparent,
            "host": want.host,
        }
        for want in sorted(wants, key=lambda want: (want.kind, want.id))
    ]
    _ASK.run(conn, *rows)
    conn.info[_ASKED] = True


def _ask_statement(dialect: str) -> Insert:
    insert = insert_for(dialect, table)
    new = insert.excluded
    closed = table.c.next_at.is_(None)
    better = closed | (_rank(new.stream) < _rank(table.c.stream))
    earlier = closed | (new.next_at < table.c.next_at)
    return insert.on_conflict_do_update(
        index_elements=["kind", "id"],
        set_={
            "stream": case((better, new.stream), else_=table.c.stream),
            "next_at": case((earlier, new.next_at), else_=table.c.next_at),
            "relayed_at": null(),
            "turn": table.c.turn + 1,
            "attempts": case((closed, 0), else_=table.c.attempts),
            "deaths": case((closed, 0), else_=table.c.deaths),
            "first_at": case((closed, null()), else_=table.c.first_at),
            "asked_at": case((closed, new.asked_at), else_=table.c.asked_at),
            "traceparent": case(
                (closed, new.traceparent),
                else_=func.coalesce(table.c.traceparent, new.traceparent),
            ),
            "host": func.coalesce(new.host, table.c.host),
        },
    )


_ASK = Fixed(
    _ask_statement,
    (
        "kind",
        "id",
        "stream",
        "next_at",
        "asked_at",
        "turn",
        "attempts",
        "deaths",
        "traceparent",
        "host",
    ),
)


def _rank(stream: Any) -> Any:  # noqa: ANN401 - a column's or an excluded column's expression
    return case(RANKS, value=stream, else_=len(RANKS))


_CONCLUDE = Fixed(
    update(table)
    .where(_same_turn)
    .values(
        next_at=bindparam("at"),
        relayed_at=null(),
        turn=table.c.turn + bindparam("grows"),
        attempts=bindparam("made"),
        deaths=0,
        first_at=func.coalesce(
            table.c.first_at, bindparam("present", type_=table.c.first_at.type)
        ),
        stream=func.coalesce(bindparam("to_stream", type_=table.c.stream.type), table.c.stream),
    )
)


def conclude(  # noqa: PLR0913 - how a worker's attempt can end, in its own words
    conn: Connection,
    now: datetime,
    work: Work,
    *,
    attempts: int,
    again_s: float | None = None,
    stream: str | None = None,
) -> bool:
    """Close the row, or ask for it again after ``again_s`` seconds, if nobody asked meanwhile.

    Returns:
        Whether this was the turn that the worker had loaded. If not, the row stays as it is,
        without a mark.
    """
    done = _CONCLUDE.run(
        conn,
        {
            "the_kind": work.kind,
            "the_id": work.id,
            "the_turn": work.turn,
            "at": None if again_s is None else seconds(now) + again_s,
            "grows": 0 if again_s is None else 1,
            "made": attempts,
            "present": now,
            "to_stream": stream,
        },
    )
    return _done_or_unmarked(conn, work, done, asks=again_s is not None)


_POSTPONE = Fixed(
    update(table)
    .where(_same_turn)
    .values(next_at=bindparam("at"), relayed_at=null(), turn=table.c.turn + 1)
)


def postpone(conn: Connection, now: datetime, work: Work, delay_s: float) -> bool:
    """Set the row to be due after ``delay_s`` seconds, without counting an attempt."""
    done = _POSTPONE.run(
        conn,
        {
            "the_kind": work.kind,
            "the_id": work.id,
            "the_turn": work.turn,
            "at": seconds(now) + delay_s,
        },
    )
    return _done_or_unmarked(conn, work, done, asks=True)


def postpone_all(conn: Connection, now: datetime, rows: Sequence[tuple[Work, float]]) -> None:
    """Set rows to be due so many seconds later each: they have not been handed on."""
    _POSTPONE.run(
        conn,
        *(
            {
                "the_kind": row.kind,
                "the_id": row.id,
                "the_turn": row.turn,
                "at": seconds(now) + delay_s,
            }
            for row, delay_s in sorted(rows, key=lambda pair: (pair[0].kind, pair[0].id))
        ),
    )


def _done_or_unmarked(conn: Connection, work: Work, done: int, *, asks: bool) -> bool:
    if not done:
        _unmark(conn, work)
    if asks or not done:
        conn.info[_ASKED] = True
    return bool(done)


_UNMARK = Fixed(
    update(table).where(_this & table.c.relayed_at.is_not(None)).values(relayed_at=null())
)


def _unmark(conn: Connection, work: Work) -> None:
    _UNMARK.run(conn, {"the_kind": work.kind, "the_id": work.id})


def skip(conn: Connection, _now: datetime, work: Work) -> None:
    """Forget the mark: whoever took the row could not work on it."""
    _unmark(conn, work)
    conn.info[_ASKED] = True


_CANCEL = Fixed(
    update(table)
    .where(_this & _open)
    .values(next_at=null(), relayed_at=null(), turn=table.c.turn + 1)
)


def cancel(conn: Connection, kind: str, id_: str) -> bool:
    """Close the row whatever its turn; say whether it was open."""
    return bool(_CANCEL.run(conn, {"the_kind": kind, "the_id": id_}))


_RENEW = Fixed(update(table).where(_this).values(attempts=0, deaths=0, first_at=null()))


def reopen(conn: Connection, now: datetime, want: Ask) -> None:
    """Ask for work as if it had never been tried: the operator's word."""
    ask(conn, now, want)
    _RENEW.run(conn, {"the_kind": want.kind, "the_id": want.id})


_MARK = Fixed(update(table).where(_same_turn).values(relayed_at=bindparam("at")))


def mark(conn: Connection, now: datetime, pushed: Sequence[Work]) -> None:
    """Mark rows as pushed, each only if its turn is still the same."""
    rows = [
        {"the_kind": row.kind, "the_id": row.id, "the_turn": row.turn, "at": seconds(now)}
        for row in sorted(pushed, key=lambda row: (row.kind, row.id))
    ]
    _MARK.run(conn, *rows)


_VOID = Fixed(
    update(table).where(_open & table.c.relayed_at.is_not(None)).values(relayed_at=null())
)
_sooner = (table.c.kind == "delivery") & (table.c.next_at < bindparam("until"))
_places = (
    select(
        table.c.id,
        func.row_number()
        .over(order_by=(table.c.next_at.desc(), table.c.id.desc()))
        .label("place"),
    )
    .where(_sooner)
    .subquery()
)
_HOLD = Fixed(
    update(table)
    .where(_sooner & (table.c.id == _places.c.id))
    .values(next_at=bindparam("until") - _places.c.place * literal_column(str(APART_S)))
)


def void_marks(conn: Connection, now: datetime, hold_deliveries_s: float) -> None:
    """Forget all marks; no delivery is due before ``hold_deliveries_s`` seconds have passed.

    They keep their order. Turns stand: a send in flight may still close what it had loaded.
    """
    _VOID.run(conn, {})
    _HOLD.run(conn, {"until": seconds(now) + hold_deliveries_s})
    conn.info[_ASKED] = True


_DEATH = Fixed(update(table).where(_this).values(deaths=table.c.deaths + 1))
_DEATHS = select(table.c.deaths).where(_this)


def count_death(conn: Connection, _now: datetime, kind: str, id_: str) -> int:
    """Note that an owner died holding this id; return how many have, 0 if there is no such id."""
    which = {"the_kind": kind, "the_id": id_}
    _DEATH.run(conn, which)
    return conn.execute(_DEATHS, which).scalar() or 0


_LOAD = select(table).where(_this)


def load(conn: Connection, now: datetime, kind: str, id_: str) -> Work | None:
    """Return the row, None if there is none."""
    row = conn.execute(_LOAD, {"the_kind": kind, "the_id": id_}).one_or_none()
    return None if row is None else work_of(row, now)


def again(conn: Connection, kind: str, id_: str) -> Ask | None:
    """Return the request that an open row stands for, None if it is closed or missing."""
    row = conn.execute(_LOAD, {"the_kind": kind, "the_id": id_}).one_or_none()
    if row is None or row.next_at is None:
        return None
    return Ask(
        kind=kind,
        id=id_,
        stream=row.stream,
        at=moment(row.next_at),
        traceparent=row.traceparent,
    )


def work_of(row: Row[Any], now: datetime) -> Work:
    """Return a row as the steps know it."""
    return Work(
        kind=row.kind,
        id=row.id,
        stream=row.stream,
        turn=row.turn,
        due=row.next_at is not None and row.next_at <= seconds(now),
        attempts=row.attempts,
        deaths=row.deaths,
        first_at=row.first_at,
        traceparent=row.traceparent,
        host=row.host,
        asked=row.asked_at,
        since=row.next_at or 0.0,
    )
