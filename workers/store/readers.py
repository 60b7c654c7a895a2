"""The readers: a few threads with a connection each, that never wait for the writer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock, local
from typing import TypeVar

from sqlalchemy import Connection

from workers.errors import StoreDown
from workers.store.driver import Driver

__all__ = ["Readers"]

T = TypeVar("T")
THREADS = 3
"""Reads under way at once; a read takes well under a millisecond."""


class Readers:
    """Runs units that only read, each in a transaction of its own: one view of the data."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tocsin-sql-reader")
        self._mine = local()
        self._all: list[Connection] = []
        self._guard = Lock()
        self._open = True

    async def run(self, unit: Callable[[Connection], T]) -> T:
        """Run ``unit`` and return what it returns.

        Raises:
            StoreDown: the database cannot be read.
        """
        if not self._open:
            raise StoreDown("the database is closed: this process is ending")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, unit)

    async def close(self) -> None:
        """End the threads and close their connections."""
        self._open = False
        await asyncio.to_thread(self._threads.shutdown)
        for conn in self._all:
            self._driver.disconnect(conn)
        self._all.clear()

    def _read(self, unit: Callable[[Connection], T]) -> T:
        conn: Connection | None = None
        try:
            conn = self._begun()
            result = unit(conn)
            self._driver.commit(conn)
        except Exception as error:
            down = (
                self._driver.concerns(error) if conn is None else self._driver.fatal(conn, error)
            )
            self._drop()
            if down:
                raise StoreDown(f"cannot read: {self._driver.name}: {error}") from error
            raise
        return result

    def _begun(self) -> Connection:
        """Return a connection in a transaction: a new one if the kept one was cut meanwhile."""
        kept: Connection | None = getattr(self._mine, "conn", None)
        if kept is not None:
            try:
                self._driver.begin(kept)
            except Exception:  # noqa: BLE001 - what is the matter shows on the new connection
                self._drop()
            else:
                return kept
        conn = self._mine.conn = self._driver.connect()
        with self._guard:
            self._all.append(conn)
        self._driver.begin(conn)
        return conn

    def _drop(self) -> None:
        """Let go of a connection that failed; the next read opens another."""
        conn: Connection | None = getattr(self._mine, "conn", None)
        self._mine.conn = None
        if conn is not None:
            with self._guard:
                self._all.remove(conn)
            self._driver.disconnect(conn)
