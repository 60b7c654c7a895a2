"""The one writer: whatever is queued goes into one transaction, and is answered after its commit.

::

    callers ──► inbox ──► BEGIN IMMEDIATE
                            SAVEPOINT · unit · RELEASE     a unit that fails is undone alone
                            SAVEPOINT · unit · RELEASE
                          COMMIT                           failed: StoreDown for all of them
                ◄── answers, in the caller's event loop
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from sqlalchemy import Connection

from workers.clock import Clock
from workers.errors import StoreDown
from workers.store.apart import judged_by
from workers.store.dbtime import DatabaseTime
from workers.store.driver import Outage
from workers.store.sqlite_driver import SqliteDriver
from workers.store.turn import Turn
from workers.store.work import asked

__all__ = ["Writer"]

T = TypeVar("T")
INBOX = 4096
"""Units that wait; further callers wait for room."""
BATCH = 256
"""Most units of one transaction."""
BATCH_S = 0.05
"""A transaction takes no further unit after so long: those behind it wait for their answer."""


class _Job:
    """A caller's unit, and what became of it."""

    __slots__ = ("error", "future", "result", "unit", "urgent")

    def __init__(
        self, unit: Callable[[Connection], Any], future: asyncio.Future[Any], *, urgent: bool
    ) -> None:
        self.unit = unit
        self.future = future
        self.urgent = urgent
        self.result: Any = None
        self.error: Exception | None = None


class _Look:
    """Stands in the inbox for what is urgent, so that the writer wakes up."""


_LOOK = _Look()


class Writer:
    """Runs units one after the other in a thread of its own, many to a transaction.

    ``notify`` is called in the event loop after a commit that asked for work.
    """

    def __init__(
        self, driver: SqliteDriver, clock: Clock, time: DatabaseTime, notify: Callable[[], None]
    ) -> None:
        self._driver = driver
        self._turn = Turn(Path(driver.name), clock.monotonic)
        self._clock = clock
        self._time = time
        self._notify = notify
        self._inbox: SimpleQueue[_Job | _Look | None] = SimpleQueue()
        self._first: deque[_Job] = deque()
        self._room = asyncio.Semaphore(INBOX)
        self._loop = asyncio.get_running_loop()
        self._conn: Connection | None = None
        self._open = True
        self._outage = Outage(driver.name)
        self._thread = Thread(target=self._run, name="tocsin-sql-writer", daemon=True)
        self._thread.start()

    async def run(self, unit: Callable[[Connection], T], *, urgent: bool = False) -> T:
        """Run ``unit`` in a transaction; return what it returns once that is committed.

        What is ``urgent`` is run next, before all that is queued. A caller that is cancelled does
        not take its unit back: it is applied whole, or not at all.

        Raises:
            StoreDown: the database refused the transaction, so nothing of it is stored.
        """
        if not urgent:
            await self._room.acquire()
        if not self._open:
            if not urgent:
                self._room.release()
            raise StoreDown("the database is closed: this process is ending")
        future: asyncio.Future[T] = self._loop.create_future()
        job = _Job(unit, future, urgent=urgent)
        if urgent:
            self._first.append(job)
            self._inbox.put(_LOOK)
        else:
            self._inbox.put(job)
        return await future

    async def close(self) -> None:
        """Finish what is queued, then end the thread."""
        if self._open:
            self._open = False
            self._inbox.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        """Work until told to end. Outlives whatever a transaction can die of."""
        while (first := self._next()) is not None:
            batch = [first]
            woke = False
            try:
                woke = self._transact(batch)
            except Exception as error:  # noqa: BLE001 - the writer must outlive every failure
                self._failed(batch, error)
            else:
                self._outage.recovered()
            with suppress(RuntimeError):  # the loop is closed: nobody waits for the answers
                self._loop.call_soon_threadsafe(self._answer, batch, woke)
        self._disconnect()

    def _transact(self, batch: list[_Job]) -> bool:
        """Run the batch and what is queued behind it; return whether work was asked for."""
        conn = self._connected()
        self._turn.take()
        self._driver.begin(conn)
        self._time.begin(conn)
        woke = self._attempt(conn, batch[0])
        for job in self._queued():
            batch.append(job)
            woke = self._attempt(conn, job) or woke
        self._driver.commit(conn)
        self._turn.give()
        self._time.committed()
        return woke

    def _next(self) -> _Job | None:
        """Return what is urgent, else what was queued first; wait for it. None is the end."""
        while True:
            if self._first:
                return self._first.popleft()
            item = self._inbox.get()
            if not isinstance(item, _Look):
                return item

    def _queued(self) -> Iterator[_Job]:
        """Yield what is queued, or comes in meanwhile, for as long as a transaction may take."""
        until = self._clock.monotonic() + BATCH_S
        for _ in range(BATCH - 1):
            if self._first:
                yield self._first.popleft()
                continue
            if self._inbox.empty() or self._clock.monotonic() > until:
                return
            item = self._inbox.get()
            if item is None:
                self._inbox.put(None)  # the end, which stays the last
                return
            if not isinstance(item, _Look):
                yield item

    def _attempt(self, conn: Connection, job: _Job) -> bool:
        """Run one unit in its savepoint; return whether it asked for work.

        Raises:
            StoreDown: the whole transaction is lost.
        """
        asked(conn)
        self._driver.savepoint(conn)
        try:
            job.result = job.unit(conn)
        except Exception as error:
            if self._driver.fatal(conn, error):
                raise
            self._driver.undo(conn)
            job.error = error
            return False
        self._driver.release(conn)
        return asked(conn)

    def _failed(self, batch: list[_Job], error: Exception) -> None:
        """Fail the batch and everything behind it, and begin anew with a new connection."""
        self._disconnect()
        while self._first:
            batch.append(self._first.popleft())
        for _ in range(self._inbox.qsize()):
            with suppress(Empty):
                item = self._inbox.get_nowait()
                if item is None:
                    self._inbox.put(None)
                    break
                if not isinstance(item, _Look):
                    batch.append(item)
        told = self._outage.failed("cannot commit", error)
        for job in batch:
            job.error = StoreDown(str(told))
            job.error.__cause__ = error

    def _connected(self) -> Connection:
        if self._conn is None:
            self._conn = self._driver.connect()
            judged_by(self._conn, self._driver.fatal)
        return self._conn

    def _disconnect(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            self._driver.disconnect(conn)
        self._turn.close()

    def _answer(self, batch: list[_Job], woke: bool) -> None:  # noqa: FBT001 - called by the loop
        """Tell the callers, in their event loop."""
        for job in batch:
            if not job.urgent:
                self._room.release()
            if job.future.done():
                continue
            if job.error is not None:
                job.future.set_exception(job.error)
            else:
                job.future.set_result(job.result)
        if woke:
            self._notify()
