"""A recipient leaves: what was not sent to it yet is given up, and others are told."""

from datetime import datetime

from sqlalchemy import Connection

from workers.model.message import EventIntent, Raised, Recipient
from workers.store import dead, events, leavers
from workers.store.tables import deliveries

__all__ = ["leave"]

LEFT = "the recipient wants no more mail"


def leave(conn: Connection, now: datetime, who: Recipient, intent: EventIntent) -> Raised | None:
    """Let a recipient leave, and tell it with ``intent``; None if it had left before.

    What was not sent to it yet becomes dead letters, so that nothing is lost without a word.
    """
    if not leavers.note(conn, now, who):
        return None
    theirs = (deliveries.c.sink == who.sink) & (deliveries.c.recipient == who.recipient)
    while dead.give_up(conn, now, theirs, LEFT) == dead.MOST:
        pass
    return events.raise_event(conn, now, intent)
