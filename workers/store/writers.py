"""Writers of PostgreSQL: a few connections, each with one unit to a transaction.

Several units in one transaction would hold each other's rows until the last is done, and two
processes that batch the same rows in different orders would deadlock; the server groups the
commits of several connections by itself.
"""

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock, local
from typing import TypeVar

from sqlalchemy import Connection

from workers.errors import StoreDown
from workers.store.apart import judged_by
from workers.store.driver import Outage
from workers.store.postgres_driver import PostgresDriver
from workers.store.work import asked

__all__ = ["Writers"]

T = TypeVar("T")
THREADS = 4
"""Transactions under way at once, each on a connection of its own."""
INBOX = 4096
"""Units that wait; further callers wait for room."""
TRIES = 6
"""How often a unit is run that others were in the way of."""
FIRST_S = 0.01
"""The longest pause before the second try; it doubles."""


class Writers:
    """Runs units in threads, each in a transaction of its own.

    ``notify`` is called in the event loop after a commit that asked for work.
    """

    def __init__(self, driver: PostgresDriver, notify: Callable[[], None]) -> None:
        self._driver = driver
        self._notify = notify
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tocsin-sql-writer")
        self._urgent = ThreadPoolExecutor(1, thread_name_prefix="tocsin-sql-urgent")
        self._room = asyncio.Semaphore(INBOX)
        self._mine = local()
        self._all: list[Connection] = []
        self._guard = Lock()
        self._outage = Outage(driver.name)
        self._open = True

    async def run(self, unit: Callable[[Connection], T], *, urgent: bool = False) -> T:
        """Run ``unit`` in a transaction; return what it returns once that is committed.

        What is ``urgent`` has a connection of its own and waits for nothing that is queued. A unit
        may be run more than once. A caller that is cancelled does not take its unit back: it is
        applied whole, or not at all.

        Raises:
            StoreDown: the database refused the transaction, so nothing of it is stored; or its
                answer was lost, and whoever asks again finds out.
        """
        if urgent:
            return await self._run(self._urgent, unit)
        async with self._room:
            return await self._run(self._threads, unit)

    async def _run(self, threads: ThreadPoolExecutor, unit: Callable[[Connection], T]) -> T:
        if not self._open:
            raise StoreDown("the database is closed: this process is ending")
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(threads, self._work, unit, self._outage.mark())
        result, woke = await asyncio.shield(work)
        if woke:
            self._notify()
        return result

    async def close(self) -> None:
        """Finish what is queued, then end the threads and close their connections."""
        self._open = False
        for threads in (self._threads, self._urgent):
            await asyncio.to_thread(threads.shutdown)
        for conn in self._all:
            self._driver.disconnect(conn)
        self._all.clear()

    def _work(self, unit: Callable[[Connection], T], mark: int) -> tuple[T, bool]:
        """Run a unit, again where another transaction was in the way."""
        self._outage.check(mark)
        for pause in range(TRIES):
            if pause:
                time.sleep(random.uniform(0, FIRST_S * 2**pause))  # noqa: S311 - no secret
            try:
                done = self._once(unit, last=pause == TRIES - 1)
            except Exception as error:
                if self._driver.passing(error) and pause < TRIES - 1:
                    continue
                if self._lost(error):
                    raise self._outage.failed("cannot commit", error) from error
                raise
            self._outage.recovered()
            return done
        raise AssertionError("unreachable")

    def _once(self, unit: Callable[[Connection], T], *, last: bool) -> tuple[T, bool]:
        conn = self._begun()
        judged_by(conn, lambda conn, error: self._whole(conn, error, last=last))
        try:
            asked(conn)
            result = unit(conn)
            self._driver.commit(conn)
        except BaseException:
            self._undo(conn)
            raise
        return result, asked(conn)

    def _whole(self, conn: Connection, error: Exception, *, last: bool) -> bool:
        """Say whether a part of a unit failed for what is not its own fault, or may not be."""
        return self._driver.fatal(conn, error) or (not last and self._driver.passing(error))

    def _lost(self, error: Exception) -> bool:
        """Say whether the database failed, not the unit."""
        return getattr(self._mine, "conn", None) is None or self._driver.concerns(error)

    def _undo(self, conn: Connection) -> None:
        """Undo what is open; a connection that cannot even do that is let go."""
        try:
            self._driver.rollback(conn)
        except Exception:  # noqa: BLE001 - the error that led here is the one that is told
            self._drop(conn)

    def _drop(self, conn: Connection) -> None:
        self._mine.conn = None
        with self._guard:
            self._all.remove(conn)
        with suppress(Exception):
            self._driver.disconnect(conn)

    def _begun(self) -> Connection:
        """Return a connection in a transaction: a new one if the kept one was cut meanwhile."""
        kept: Connection | None = getattr(self._mine, "conn", None)
        if kept is not None:
            try:
                self._driver.begin(kept)
            except Exception:  # noqa: BLE001 - what is the matter shows on the new connection
                self._drop(kept)
            else:
                return kept
        conn = self._mine.conn = self._driver.connect()
        with self._guard:
            self._all.append(conn)
        self._driver.begin(conn)
        return conn
