"""A pool of processes, of which a stuck one is killed, whatever it does in C.

pebble starts the clock of a task when a process that has been prepared has taken it. No more
tasks are handed over than there are processes; the others wait here, where no clock runs. So a
stuck task costs nobody else's time.
"""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from typing import ParamSpec, TypeVar, cast

import structlog
from pebble import ProcessExpired, ProcessFuture
from pebble import ProcessPool as Pebble
from pebble.common.types import CONSTS

from workers.errors import Transient
from workers.model.urgency import LATER, SOON
from workers.pages import PageRules
from workers.pool.child import OUT_OF_MEMORY, Outcome, Setup, begin, guarded
from workers.pool.line import Line

__all__ = ["ProcessPool"]

P = ParamSpec("P")
T = TypeVar("T")

START_S = 20.0
"""Seconds in which a process must have taken a task that was handed over; it needs one or two."""

CONSTS.term_timeout = 0.05  # SIGTERM is ignored there: waiting for it only delays the SIGKILL
_log = structlog.get_logger()


class _SparedError(Exception):
    """A task that did not end because of what befell other processes than its own."""


class ProcessPool:
    """Runs functions in processes that can be killed.

    Args:
        workers: processes, each with one task at a time.
        memory_bytes: address space of each.
        recycle_after: tasks after which a process is replaced.
        rules: how pages are read; handed to each process once.
    """

    def __init__(
        self, workers: int, memory_bytes: int, recycle_after: int, rules: PageRules
    ) -> None:
        self._workers = workers
        self._recycle_after = recycle_after
        self._setup = Setup(parent=os.getpid(), memory_bytes=memory_bytes, rules=rules)
        self._line = Line(workers, time.monotonic)
        self._pool: Pebble | None = None
        self._running: set[ProcessFuture[Outcome]] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False
        self._timeouts = self._crashes = self._done = 0

    @property
    def timeouts(self) -> int:
        """Return how many tasks were killed because their time was up."""
        return self._timeouts

    @property
    def crashes(self) -> int:
        """Return how many tasks died: of a signal, or of too little memory."""
        return self._crashes

    @property
    def done(self) -> int:
        """Return how many tasks ended by themselves, with a value or an exception."""
        return self._done

    async def call(
        self, timeout_s: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a top-level ``function`` in a worker process and return what it returns.

        ``timeout_s`` is for running it; waiting for a free process is not counted. If the caller
        is cancelled, the process is killed.

        Raises:
            Transient: timeout (the process was killed), crash (it died, or ran out of memory).
            Exception: whatever ``function`` raised.
        """
        return await self.call_at(SOON, timeout_s, function, *args, **kwargs)

    async def call_at(
        self,
        urgency: int,
        timeout_s: float,
        function: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Do as `call`, before all that is less urgent (a larger number) and waits for a process.

        Raises:
            Transient: timeout (the process was killed), crash (it died, or ran out of memory).
            Exception: whatever ``function`` raised.
        """
        async with self._line.place(urgency):
            try:
                outcome = await self._try(timeout_s, function, args, dict(kwargs))
            except Transient:
                if urgency >= LATER:
                    self._line.beware()
                raise
        self._done += 1
        if outcome.error is not None:
            raise outcome.error
        return cast("T", outcome.value)

    @property
    def workers(self) -> int:
        """Return how many processes there are."""
        return self._workers

    async def warm(self) -> None:
        """Start the processes, unless they run: the first task need not wait for their imports."""
        if not self._closed and (self._pool is None or not self._pool.active):
            with suppress(Transient):  # processes that cannot be started: the first task tells
                self._hand_over(START_S, os.getpid, (), {})

    async def close(self) -> None:
        """Kill the processes; whatever is under way fails as a crash."""
        self._closed = True
        self._drop()
        await asyncio.gather(*self._ending)

    async def _try(
        self,
        timeout_s: float,
        function: Callable[..., object],
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> Outcome:
        """Run a task, and once more if it was not its own doing that it did not end."""
        try:
            return await self._run(timeout_s, function, args, kwargs)
        except _SparedError as error:
            if self._closed:
                raise self._crashed(str(error)) from error
            _log.warning("task_handed_over_again", because=str(error))
        try:
            return await self._run(timeout_s, function, args, kwargs)
        except _SparedError as error:
            raise self._crashed(str(error)) from error

    async def _run(
        self,
        timeout_s: float,
        function: Callable[..., object],
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> Outcome:
        name = function.__name__
        future = self._hand_over(timeout_s, function, args, kwargs)
        pool = self._pool
        self._running.add(future)
        try:
            waiting = asyncio.wrap_future(future)
            done, _ = await asyncio.wait({waiting}, timeout=timeout_s + START_S)
            if not done and not future.running():
                self._drop(pool)
                raise _SparedError(f"task failed: {name}: no process took it in {START_S:.0f} s")
            if not done:
                self._drop(pool)
                raise TimeoutError  # noqa: TRY301 - as the processes' own, which did not come
            return waiting.result()
        except TimeoutError as error:
            self._timeouts += 1
            detail = f"task killed: {name}: it ran for over {timeout_s:g} s"
            raise Transient("timeout", detail) from error
        except ProcessExpired as error:
            raise self._died(name, error.exitcode) from error
        except (BrokenProcessPool, OSError, RuntimeError) as error:
            self._drop(pool)
            raise self._crashed(f"task failed: {name}: {error}") from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                future.cancel()  # type: ignore[no-untyped-call]
                raise
            raise _SparedError(f"task failed: {name}: its process was closed") from error
        finally:
            self._running.discard(future)

    def _hand_over(
        self,
        timeout_s: float,
        function: Callable[..., object],
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> "ProcessFuture[Outcome]":
        """Give a task to the processes, new ones if something had killed them while idle."""
        if self._closed:
            raise self._crashed(f"task failed: {function.__name__}: the pool is closed")
        if self._pool is not None and not self._pool.active:
            _log.warning("pool_replaced", because="a process died while it had no task")
            self._drop()
        if self._pool is None:
            self._pool = Pebble(
                max_workers=self._workers,
                max_tasks=self._recycle_after,
                initializer=begin,
                initargs=(self._setup,),
                context=get_context("spawn"),
            )
        try:
            future: ProcessFuture[Outcome] = self._pool.schedule(
                guarded, args=(function, args, kwargs), timeout=timeout_s
            )
        except (OSError, RuntimeError) as error:  # processes that could not be started
            self._drop()
            why = error.__cause__ or error.__context__ or error
            raise self._crashed(f"task failed: {function.__name__}: {why}") from error
        return future

    def _drop(self, only: Pebble | None = None) -> None:
        """Let go of the processes; they are killed aside, the next task makes new ones.

        Who means those that failed him alone leaves the ones that came after them at work.
        """
        if only is not None and self._pool is not only:
            return
        pool, self._pool = self._pool, None
        if pool is None:
            return
        for future in tuple(self._running):
            future.cancel()  # type: ignore[no-untyped-call]
        ending = asyncio.create_task(asyncio.to_thread(_end, pool), name="pool-ending")
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    def _died(self, name: str, status: int) -> Transient:
        if status == OUT_OF_MEMORY:
            limit = self._setup.memory_bytes >> 20
            return self._crashed(f"task failed: {name}: it needed more than {limit} MiB of memory")
        return self._crashed(f"task failed: {name}: its process ended with status {status}")

    def _crashed(self, detail: str) -> Transient:
        self._crashes += 1
        return Transient("crash", detail)


def _end(pool: Pebble) -> None:
    """Kill a pool's processes and wait for its threads."""
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()
