"""Events: conditions that are raised once when they begin and ended when they are over.

One row for each kind and subject holds the latest time that it began. Whether an event is new is
decided by one statement, so that of several processes that notice the same thing one raises it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import structs
from sqlalchemy import ColumnElement, Connection, Double, bindparam, literal, select, update

from workers.model.alert import Delivery
from workers.model.ids import delivery_id, event_id
from workers.model.message import (
    EventChanges,
    EventEnd,
    EventIntent,
    EventKind,
    EventLine,
    OperatorEvent,
    Raised,
)
from workers.store import deliveries
from workers.store.columns import storable
from workers.store.sql import Fixed, Insert, Several, chunks, insert_for, put_new
from workers.store.tables import events as table
from workers.store.tables import messages

__all__ = ["CALM", "change", "change_all", "end_event", "open_events", "raise_event", "settle"]

CALM = timedelta(minutes=10)
"""An event of one kind and subject is told once in so long: what flaps goes on silently."""
MOST_OPEN = 1000
"""Open events that are listed."""
_this = (table.c.kind == bindparam("the_kind")) & (table.c.subject == bindparam("the_subject"))


def _raise_statement(dialect: str) -> Insert:
    insert = insert_for(dialect, table)
    new = insert.excluded
    names = ("id", "severity", "text", "since", "raised_at", "ended_at")
    calm_s: ColumnElement[float] = literal(CALM.total_seconds(), Double())
    return insert.on_conflict_do_update(
        index_elements=["kind", "subject"],
        set_={name: new[name] for name in names},
        where=table.c.ended_at.is_not(None)
        & (
            (table.c.raised_at <= new.raised_at - calm_s)
            | (table.c.raised_at > new.raised_at + calm_s)  # told by a clock that was wrong
        ),
    )


_RAISE = Fixed(
    _raise_statement,
    ("kind", "subject", "id", "severity", "text", "since", "raised_at", "ended_at"),
)
_RESUME = Fixed(update(table).where(_this & table.c.ended_at.is_not(None)).values(ended_at=None))
_END = Fixed(
    update(table)
    .where(_this & table.c.ended_at.is_(None))
    .values(ended_at=bindparam("present", type_=table.c.ended_at.type))
)


def raise_event(conn: Connection, now: datetime, intent: EventIntent) -> Raised | None:
    """Raise an event, with a delivery for each recipient, unless it is open already.

    One that ended less than `CALM` after it was raised is open again, and nobody is told anew.

    Returns:
        The event if this call raised it: then, and only then, is it to be logged and counted.
    """
    since = intent.since or now
    made = OperatorEvent(
        id=event_id(intent.kind, intent.subject, since.timestamp()),
        kind=intent.kind,
        severity=intent.severity,
        subject=intent.subject,
        text=intent.text,
        since=since,
        at=now,
        topics=intent.topics,
    )
    row = {
        "kind": made.kind,
        "subject": made.subject,
        "id": made.id,
        "severity": made.severity,
        "text": made.text,
        "since": made.since,
        "raised_at": now,
        "ended_at": None if intent.lasting else now,
    }
    if not _RAISE.run(conn, row):
        if intent.lasting:
            _RESUME.run(conn, {"the_kind": intent.kind, "the_subject": intent.subject})
        return None
    _send(conn, now, made, intent)
    return Raised(kind=made.kind, severity=made.severity, subject=made.subject, text=made.text)


def _send(conn: Connection, now: datetime, made: OperatorEvent, intent: EventIntent) -> None:
    message = {
        "id": made.id,
        "kind": "event.raised",
        "at": now,
        "severity": made.severity,
        "title": f"{made.kind}: {made.subject}",
        "body": made,
    }
    put_new(conn, messages, [message])
    told = [
        Delivery(
            id=delivery_id(made.id, to.sink, to.recipient),
            message=made.id,
            sink=to.sink,
            recipient=to.recipient,
            topics=made.topics,
            held=to.held,
        )
        for to in intent.to
    ]
    deliveries.make(conn, now, told)


def end_event(conn: Connection, now: datetime, end: EventEnd) -> Raised | None:
    """End an event if it is open, and raise what follows it.

    Returns:
        What followed, if it was raised.
    """
    which = {"the_kind": end.kind, "the_subject": end.subject, "present": now}
    if not _END.run(conn, which) or end.then is None:
        return None
    return raise_event(conn, now, end.then)


def change(conn: Connection, now: datetime, changes: EventChanges) -> tuple[Raised, ...]:
    """Raise and end what a step has noticed; return what was raised."""
    raised = [end_event(conn, now, end) for end in changes.ended]
    raised += [raise_event(conn, now, intent) for intent in changes.raised]
    return tuple(one for one in raised if one is not None)


_OPEN_OF = Several(
    lambda places: select(table.c.kind, table.c.subject).where(
        table.c.kind.in_(places("kinds", table.c.kind.type)),
        table.c.subject.in_(places("subjects", table.c.subject.type)),
        table.c.ended_at.is_(None),
    )
)


def change_all(
    conn: Connection, now: datetime, changes: Sequence[EventChanges]
) -> list[tuple[Raised, ...]]:
    """Raise and end what some steps have noticed; return what each raised.

    What they would end is hardly ever open, so all of it is looked for at once.
    """
    ended = {(end.kind, end.subject) for one in changes for end in one.ended}
    open_ = {
        (kind, subject)
        for some in chunks(ended)
        for kind, subject in _OPEN_OF.rows(
            conn, {}, kinds=[kind for kind, _ in some], subjects=[name for _, name in some]
        )
    }
    found = []
    for one in changes:
        # what one of them raises just now, none of the others ends: they are of different feeds
        ends = tuple(end for end in one.ended if (end.kind, storable(end.subject)) in open_)
        found.append(change(conn, now, structs.replace(one, ended=ends)))
    return found


_OPEN_OF_KIND = select(table.c.subject).where(
    table.c.kind == bindparam("the_kind"), table.c.ended_at.is_(None)
)


def settle(
    conn: Connection, now: datetime, kind: EventKind, intents: Sequence[EventIntent]
) -> tuple[Raised, ...]:
    """Let the open events of ``kind`` be these and no others; return what was raised."""
    hold = {intent.subject for intent in intents}
    for subject in conn.execute(_OPEN_OF_KIND, {"the_kind": kind}).scalars().all():
        if subject not in hold:
            end_event(conn, now, EventEnd(kind=kind, subject=subject))
    return change(conn, now, EventChanges(raised=tuple(intents)))


_OPEN = (
    select(table)
    .where(table.c.ended_at.is_(None))
    .order_by(table.c.since.desc(), table.c.kind, table.c.subject)
    .limit(MOST_OPEN)
)


def open_events(conn: Connection, _now: datetime) -> list[EventLine]:
    """Return the conditions that hold now, the latest first."""
    return [
        EventLine(
            id=row.id,
            kind=row.kind,
            subject=row.subject,
            severity=row.severity,
            text=row.text,
            since=row.since,
        )
        for row in conn.execute(_OPEN)
    ]
