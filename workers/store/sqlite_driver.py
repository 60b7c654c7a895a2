"""SQLite, below SQLAlchemy: connections, transactions that are really ours, and its errors.

The driver's own transaction control is switched off (it would commit before some statements and
never begin before others); BEGIN IMMEDIATE, SAVEPOINT and COMMIT are written out here.
"""

import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from workers.store.driver import BUSY_S

__all__ = ["INCREMENTAL", "SqliteDriver"]

INCREMENTAL = 2
"""The value of ``auto_vacuum`` that lets a file shrink while it is used."""
JOURNAL_BYTES = 64 << 20
"""What is left of the write-ahead log after a checkpoint."""
_FATAL: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
"""Primary result codes that concern the database, not the statement."""


class SqliteDriver:
    """Connections to one SQLite file. ``writes`` is False for readers."""

    def __init__(self, path: Path, *, writes: bool, busy_s: float = BUSY_S) -> None:
        self.name = str(path)
        self._path = path
        self._writes = writes
        self._busy_s = busy_s
        self._engine: Engine = create_engine(
            "sqlite://", creator=self._open, poolclass=NullPool, isolation_level="AUTOCOMMIT"
        )

    def _open(self) -> sqlite3.Connection:
        """Open the file, which must exist: making it is the migrations' business."""
        raw = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=self._busy_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        try:
            raw.execute("PRAGMA synchronous = FULL")
            raw.execute("PRAGMA foreign_keys = ON")
            raw.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
            raw.execute("PRAGMA temp_store = MEMORY")
            if not self._writes:
                raw.execute("PRAGMA query_only = ON")
        except sqlite3.Error:
            raw.close()
            raise
        return raw

    def connect(self) -> Connection:
        """Return a new connection.

        Raises:
            sqlalchemy.exc.DBAPIError: the file cannot be opened.
        """
        return self._engine.connect()

    def disconnect(self, conn: Connection) -> None:
        """Close a connection, whatever state it is in; what was not committed is undone."""
        conn.invalidate()
        conn.close()

    def begin(self, conn: Connection) -> None:
        """Begin a transaction: of a writer, with the write lock already held."""
        _raw(conn).execute("BEGIN IMMEDIATE" if self._writes else "BEGIN")

    def commit(self, conn: Connection) -> None:
        """Commit; returning means that it is on the disk."""
        _raw(conn).execute("COMMIT")

    def savepoint(self, conn: Connection) -> None:
        """Begin what can be undone alone."""
        _raw(conn).execute("SAVEPOINT unit")

    def release(self, conn: Connection) -> None:
        """Keep what was done since the savepoint."""
        _raw(conn).execute("RELEASE unit")

    def undo(self, conn: Connection) -> None:
        """Undo what was done since the savepoint."""
        _raw(conn).execute("ROLLBACK TO unit")
        _raw(conn).execute("RELEASE unit")

    def fatal(self, conn: Connection, error: Exception) -> bool:
        """Say whether ``error`` has cost the whole transaction, not just the statement."""
        if conn.closed or conn.invalidated or not _raw(conn).in_transaction:
            return True
        return self.concerns(error)

    def concerns(self, error: BaseException) -> bool:
        """Say whether ``error`` means that the database is locked, full, gone or corrupt."""
        origin = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(origin, "sqlite_errorcode", None)
        return code is not None and (code & 0xFF) in _FATAL


def _raw(conn: Connection) -> sqlite3.Connection:
    raw = conn.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        raise TypeError(f"not a connection of sqlite3: {type(raw).__name__}")
    return raw
