"""The database's present: what ``next_at``, ``relayed_at`` and ``next_poll_at`` are written in."""

from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from workers.clock import Clock

__all__ = ["DatabaseTime", "ProcessTime"]


class DatabaseTime(Protocol):
    """What time it is for all who share a database."""

    def now(self, conn: Connection) -> datetime:
        """Return the present moment, asked inside a transaction."""
        ...


class ProcessTime:
    """The process's own clock, whatever anybody sets it to."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self, _conn: Connection) -> datetime:
        """Return what the clock says."""
        return self._clock.now()
