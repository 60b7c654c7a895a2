"""A database as the rest of this room knows it: connections, transactions, what errors mean.

`workers.store.sqlite_driver` and `workers.store.postgres_driver` are the two there are.
"""

from pathlib import Path
from threading import Lock
from typing import Protocol

import structlog
from sqlalchemy import Connection

from workers.errors import StoreDown

__all__ = ["BUSY_S", "Address", "Driver", "Outage"]

Address = Path | str
"""A SQLite file, or the ``postgresql://`` address of a database."""
BUSY_S = 5.0
"""Seconds to wait for another process's lock before the database counts as down."""
_log = structlog.get_logger()


class Driver(Protocol):
    """One database, to be read or to be written."""

    @property
    def name(self) -> str:
        """Return which database it is, without secrets."""
        ...

    def connect(self) -> Connection:
        """Return a new connection.

        Raises:
            Exception: it cannot be reached; `concerns` says so.
        """
        ...

    def disconnect(self, conn: Connection) -> None:
        """Close a connection, whatever state it is in; what was not committed is undone."""
        ...

    def begin(self, conn: Connection) -> None:
        """Begin a transaction."""
        ...

    def commit(self, conn: Connection) -> None:
        """Commit; returning means that it is on the disk."""
        ...

    def fatal(self, conn: Connection, error: Exception) -> bool:
        """Say whether ``error`` has cost the whole connection, not just the statement."""
        ...

    def concerns(self, error: BaseException) -> bool:
        """Say whether ``error`` means that the database is locked, full, gone or corrupt."""
        ...


class Outage:
    """Whether the database is away, told to the log once, and to those who wait behind a failure.

    Who was queued before a failure does not wait for one of its own.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._guard = Lock()
        self._failures = 0
        self._last = ""
        self._down = False

    def mark(self) -> int:
        """Return what `check` wants to know of whoever begins to wait now."""
        return self._failures

    def check(self, mark: int) -> None:
        """Refuse a unit that was queued before the last failure.

        Raises:
            StoreDown: the database has failed meanwhile.
        """
        with self._guard:
            if self._down and mark < self._failures:
                raise StoreDown(self._last)

    def failed(self, what: str, error: BaseException) -> StoreDown:
        """Note a failure; return what the caller is told."""
        told = StoreDown(f"{what}: {self._name}: {_line(error)}")
        told.__cause__ = error
        with self._guard:
            self._failures += 1
            self._last = str(told)
            first, self._down = not self._down, True
        if first:
            _log.error("database_down", database=self._name, cause=_line(error))
        return told

    def recovered(self) -> None:
        """Note that a transaction went through."""
        if self._down:
            with self._guard:
                was, self._down = self._down, False
            if was:
                _log.info("database_back", database=self._name)


def _line(error: BaseException) -> str:
    """Return an error as one line: SQLAlchemy adds the statement, libpq the addresses it tried."""
    origin: BaseException = getattr(error, "orig", None) or error
    return " ".join(str(origin).split()) or type(origin).__name__
