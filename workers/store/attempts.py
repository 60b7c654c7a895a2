"""Attempts to deliver: how they ended. What was sent never goes back."""

from datetime import datetime

from msgspec import structs
from sqlalchemy import Connection, bindparam, select, update

from workers.model.commit import DeliveryCommit
from workers.model.message import Raised
from workers.store import dead, sinks, traces, work
from workers.store.sql import Fixed
from workers.store.tables import deliveries as table

__all__ = ["commit"]

_STATE = (
    select(table.c.state).where(table.c.id == bindparam("the_id")).with_for_update(key_share=True)
)
_END = Fixed(
    update(table)
    .where(table.c.id == bindparam("the_id"))
    .values(
        state=bindparam("to_state"),
        attempts=bindparam("made"),
        last_answer=bindparam("answer", type_=table.c.last_answer.type),
        last_at=bindparam("present", type_=table.c.last_at.type),
        held_reason=bindparam("reason"),
    )
)


def commit(conn: Connection, now: datetime, end: DeliveryCommit) -> tuple[Raised, ...]:
    """Store how an attempt ended, and what it says of its sink.

    ``sent`` closes the work whatever was asked meanwhile: a delivery is not sent twice. Any other
    end counts only for the turn that was loaded. Of a sink that is disabled by now, what failed is
    held, whatever was to become of it.

    Returns:
        The events that were raised.
    """
    state = conn.execute(_STATE, {"the_id": end.work.id}).scalar()
    if state is None:
        return ()
    raised: tuple[Raised, ...] = ()
    if end.sink is not None:
        off, raised = sinks.note(conn, now, end.sink)
        if off and end.state != "sent":
            end = structs.replace(end, state="held", dead=None)
    traces.write(conn, end.trace)
    if state == "sent":
        work.cancel(conn, "delivery", end.work.id)
    elif end.state == "sent":
        _sent(conn, now, end, state)
    elif work.conclude(conn, now, end.work, attempts=end.attempts, again_s=_again_s(end)):
        _store(conn, now, end)
        if end.state == "dead" and end.dead is not None:
            dead.keep(conn, end.dead)
    return raised


def _again_s(end: DeliveryCommit) -> float | None:
    """A retry without a time is due at once: closed, it would be lost."""
    return (end.again_s or 0.0) if end.state == "retry" else None


def _sent(conn: Connection, now: datetime, end: DeliveryCommit, state: str) -> None:
    if not work.conclude(conn, now, end.work, attempts=end.attempts):
        work.cancel(conn, "delivery", end.work.id)
    _store(conn, now, end)
    if state == "dead":
        dead.forget(conn, "delivery", end.work.id)


def _store(conn: Connection, now: datetime, end: DeliveryCommit) -> None:
    _END.run(
        conn,
        {
            "the_id": end.work.id,
            "to_state": end.state,
            "made": end.attempts,
            "answer": end.answer,
            "present": now,
            "reason": "disabled" if end.state == "held" else None,
        },
    )
