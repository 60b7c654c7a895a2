"""What every verb runs on: one writer, readers beside it, and the database's own present."""

from collections.abc import Callable
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from workers.clock import Clock
from workers.errors import StoreDown, TocsinError
from workers.store.dbtime import DatabaseTime, ServerTime, SteadyTime
from workers.store.driver import Address
from workers.store.postgres_driver import PostgresDriver
from workers.store.readers import Readers
from workers.store.sqlite_driver import SqliteDriver
from workers.store.writer import Writer
from workers.store.writers import Writers

__all__ = ["Base", "Unit"]

P = ParamSpec("P")
T = TypeVar("T")
Unit = Callable[Concatenate[Connection, datetime, P], T]
"""What runs inside a transaction: a connection and the database's present in, anything out."""


class Base:
    """Runs units: those that write in the writer, those that read beside it."""

    def __init__(
        self,
        address: Address,
        clock: Clock,
        *,
        read_only: bool,
        busy_s: float,
        time: DatabaseTime | None = None,
    ) -> None:
        self.address = address
        self._wake: list[Callable[[], None]] = []
        self._incarnation: str | None = None
        self._halted: str | None = None
        self._keeps_text = True
        self._writer: Writer | Writers | None = None
        self._time: DatabaseTime
        if isinstance(address, str):
            self._time = time or ServerTime(clock)
            reading = PostgresDriver(address, writes=False)
            self.name = reading.name
            self._readers = Readers(reading)
            if not read_only:
                self._writer = Writers(PostgresDriver(address, writes=True), self._notify)
        else:
            self._time = time or SteadyTime(clock)
            self.name = str(address)
            self._readers = Readers(SqliteDriver(address, writes=False, busy_s=busy_s))
            if not read_only:
                writing = SqliteDriver(address, writes=True, busy_s=busy_s)
                self._writer = Writer(writing, clock, self._time, self._notify)

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Let ``callback`` be called in the event loop after each commit that asked for work."""
        self._wake.append(callback)

    def _notify(self) -> None:
        for callback in self._wake:
            callback()

    def halt(self, why: str | None) -> None:
        """Let no new work be begun, because of ``why``; None lets it begin again.

        What is under way is still stored, and so is what the operator asks for.
        """
        self._halted = why

    def keep_text(self, *, keep: bool) -> None:
        """Keep the text of pages that are read from now on, or only what is found in it."""
        self._keeps_text = keep

    async def _begin(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read what work begins with.

        Raises:
            StoreDown: no work is to be begun, or the database cannot be read.
        """
        if self._halted is not None:
            raise StoreDown(self._halted)
        return await self._read(unit, *args, **kwargs)

    async def _write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._writer is None:
            raise TocsinError(f"cannot write: {self.name}: it was opened to be read only")
        return await self._writer.run(
            lambda conn: unit(conn, self._time.now(conn), *args, **kwargs)
        )

    async def _read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._readers.run(
            lambda conn: unit(conn, self._time.now(conn), *args, **kwargs)
        )

    async def close(self) -> None:
        """Commit what is queued, and let go of the database."""
        if self._writer is not None:
            await self._writer.close()
        await self._readers.close()
