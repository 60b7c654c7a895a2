"""A recipient leaves: what was not sent to it yet is given up, and others are told."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from workers.model.alert import DeadLine
from workers.model.message import EventIntent, Raised, Recipient
from workers.store import dead, events, leavers, work
from workers.store.tables import deliveries, undone

__all__ = ["leave"]

LEFT = "the recipient wants no more mail"


def leave(conn: Connection, now: datetime, who: Recipient, intent: EventIntent) -> Raised | None:
    """Let a recipient leave, and tell it with ``intent``; None if it had left before.

    What was not sent to it yet becomes dead letters, so that nothing is lost without a word.
    """
    if not leavers.note(conn, now, who):
        return None
    waiting = conn.execute(
        select(deliveries.c.id, deliveries.c.attempts)
        .where(undone, deliveries.c.sink == who.sink, deliveries.c.recipient == who.recipient)
        .with_for_update(key_share=True)  # what is sent meanwhile is not given up
    ).all()
    for delivery in waiting:
        work.cancel(conn, "delivery", delivery.id)
        conn.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery.id)
            .values(state="dead", held_reason=None, last_answer=LEFT, last_at=now)
        )
        line = DeadLine(
            id=delivery.id,
            kind="delivery",
            sink=who.sink,
            reason="disabled",
            at=now,
            attempts=delivery.attempts,
            title=LEFT,
            last_answer=LEFT,
        )
        dead.keep(conn, line)
    return events.raise_event(conn, now, intent)
