"""PostgreSQL, below SQLAlchemy: connections that cannot hang, transactions, and its errors.

BEGIN and COMMIT are written out here, as they are for SQLite; psycopg is told to stay out of it.
"""

import time
from collections.abc import Generator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import Connection, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError
from typing_extensions import override

from workers.errors import TocsinError
from workers.store.columns import storable

__all__ = ["SCHEMES", "PostgresDriver", "is_postgres", "shown", "sqlstate"]

T = TypeVar("T")
SCHEMES = ("postgresql", "postgres")
CONNECT_S = 5
"""Seconds until a server that does not answer counts as down."""
STATEMENT_S = 60
"""Seconds that one statement may take: a batch of retention on a slow disk takes a few."""
SILENT_S = 8.0
"""Seconds without a byte until the server is asked whether it is still at work."""
LOCK_S = 10
"""Seconds to wait for rows that another transaction holds."""
_GIVEN: Final[Mapping[str, str | int]] = {
    "application_name": "tocsin",
    "connect_timeout": CONNECT_S,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""What the address need not say: a connection that goes silent is noticed within 15 seconds."""
_SETTINGS: Final = f"""
SELECT set_config('statement_timeout', '{STATEMENT_S}s', false),
       set_config('lock_timeout', '{LOCK_S}s', false),
       set_config('idle_in_transaction_session_timeout', '{STATEMENT_S}s', false),
       pg_backend_pid(),
       set_config('synchronous_commit', CASE current_setting('synchronous_commit')
           WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)
"""
"""A commit that was answered must survive the server's crash, whatever its usual is."""
_FATAL_CLASSES: Final = frozenset({
    "08",  # connection
    "28",  # the password is no longer right
    "53",  # disk full, out of memory, too many connections
    "57",  # shutting down, starting up, cancelled by a timeout
    "58",  # a file cannot be read or written
    "F0",  # its configuration
    "XX",  # corrupt
})  # fmt: skip
_FATAL: Final = frozenset({
    "0A000",  # BEGIN on a standby
    "25006",  # read-only
    "25P03",  # idle in a transaction for too long
    "3D000",  # no such database
    "3F000",  # no such schema
    "40001", "40P01", "55P03",  # others were in the way each time it was tried
    "42501",  # not allowed
    "42P01", "42703",  # tables or columns are missing: not migrated, or restored by halves
})  # fmt: skip
"""SQLSTATEs that concern the database, not the statement."""
_PASSING: Final = frozenset({
    "40001", "40P01", "55P03",  # serialization, deadlock, lock not available
    "23503", "23505",  # a row that another transaction removed, or made first
})  # fmt: skip
"""SQLSTATEs that running the unit once more can cure."""


class _Storable(StrDumperUnknown):
    """Text as PostgreSQL can hold it. Columns see to it already; what is asked for is any text."""

    @override
    def dump(self, obj: str) -> bytes:
        """Return the bytes of ``obj``."""
        return storable(obj).encode()


def is_postgres(address: object) -> bool:
    """Say whether ``address`` is that of a PostgreSQL database."""
    return isinstance(address, str) and address.partition(":")[0].partition("+")[0] in SCHEMES


def shown(address: str) -> str:
    """Return an address as it may be shown: without password and options."""
    given = _parsed(address)
    host = given.get("host") or "localhost"
    port = f":{given['port']}" if given.get("port") else ""
    user = f"{given['user']}@" if given.get("user") else ""
    where = quote(host, safe=",") if host.startswith("/") else host
    return f"postgresql://{user}{where}{port}/{given.get('dbname') or ''}"


def _parsed(address: str) -> dict[str, Any]:
    """Return the parts of an address.

    Raises:
        TocsinError: it cannot be read. The message does not have it: it may hold a password.
    """
    scheme, _, rest = address.partition(":")
    try:
        return conninfo_to_dict(f"{scheme.partition('+')[0]}:{rest}")
    except psycopg.Error as error:
        raise TocsinError(
            "cannot read [database] url: not like postgresql://user:password@host:5432/name"
        ) from error


class _Bounded(psycopg.Connection[Any]):
    """A connection that does not wait for ever for a server that has gone silent.

    Keepalives see a line that is cut, not a server (or what stands before it) that is frozen.
    After `SILENT_S` the server is asked on another connection whether it still works for this one.
    """

    given: Mapping[str, Any] | None = None
    """How to connect; None of the connection that asks."""
    backend: int = 0

    @override
    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """Wait for the server as usual, until it is known to do nothing for us."""
        return super().wait(self._watched(gen), *args, **kwargs)

    def _watched(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        since = time.monotonic()
        try:
            want = next(gen)
            while True:
                ready = yield want
                if ready or time.monotonic() - since < SILENT_S:
                    since = time.monotonic() if ready else since
                elif self.given is not None and self._is_served():
                    since = time.monotonic()
                else:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"no answer for {SILENT_S:g} seconds")
                want = gen.send(ready)
        except StopIteration as done:
            result: T = done.value
            return result

    def _is_served(self) -> bool:
        """Say whether the server is at work for this connection."""
        try:
            with _Bounded.connect(**dict(self.given or {}), autocommit=True) as other:
                row = other.execute(_STATE, (self.backend,)).fetchone()
        except psycopg.Error:
            return False
        return row is not None and row[0] != "idle"


_STATE: Final = "SELECT state FROM pg_catalog.pg_stat_activity WHERE pid = %s"


class PostgresDriver:
    """Connections to one PostgreSQL database. ``writes`` is False for readers."""

    def __init__(self, address: str, *, writes: bool) -> None:
        self.name = shown(address)
        self._given = {**_GIVEN, **_parsed(address), "client_encoding": "UTF8"}
        self._writes = writes
        self._engine: Engine = create_engine(
            "postgresql+psycopg://",
            creator=self._open,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            use_native_hstore=False,
        )

    def _open(self) -> psycopg.Connection[Any]:
        raw = _Bounded.connect(**self._given, autocommit=True)
        try:
            raw.adapters.register_dumper(str, _Storable)
            row = raw.execute(_SETTINGS).fetchone()
            raw.given, raw.backend = self._given, row[3] if row else 0
        except BaseException:
            raw.close()
            raise
        return raw

    def connect(self) -> Connection:
        """Return a new connection.

        Raises:
            sqlalchemy.exc.DBAPIError: the server cannot be reached, or refuses.
        """
        return self._engine.connect()

    def disconnect(self, conn: Connection) -> None:
        """Close a connection, whatever state it is in; what was not committed is undone."""
        conn.invalidate()
        conn.close()

    def begin(self, conn: Connection) -> None:
        """Begin a transaction: of a reader, one view of the data."""
        _raw(conn).execute(
            "BEGIN ISOLATION LEVEL READ COMMITTED"
            if self._writes
            else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        )

    def commit(self, conn: Connection) -> None:
        """Commit; returning means that it is on the disk.

        An error may leave it unknown whether it is: units may be run again.
        """
        _raw(conn).execute("COMMIT")

    def rollback(self, conn: Connection) -> None:
        """Undo the transaction; the connection serves on."""
        _raw(conn).execute("ROLLBACK")

    def fatal(self, conn: Connection, error: Exception) -> bool:
        """Say whether ``error`` has cost the whole connection, not just the statement."""
        if conn.closed or conn.invalidated or _raw(conn).closed:
            return True
        return self.concerns(error)

    def concerns(self, error: BaseException) -> bool:
        """Say whether ``error`` means that the server is gone, full, read-only or not ours."""
        origin = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(origin, psycopg.Error):
            return False
        code = origin.sqlstate
        if code is None:
            return isinstance(origin, psycopg.OperationalError | psycopg.InterfaceError)
        return code in _FATAL or code[:2] in _FATAL_CLASSES

    def passing(self, error: BaseException) -> bool:
        """Say whether another transaction was in the way: the same unit may do when run again."""
        return sqlstate(error) in _PASSING


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE of an error of PostgreSQL, None of any other."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return origin.sqlstate if isinstance(origin, psycopg.Error) else None


def _raw(conn: Connection) -> psycopg.Connection[Any]:
    raw = conn.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError(f"not a connection of psycopg: {type(raw).__name__}")
    return raw
