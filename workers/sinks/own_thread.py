"""A thread of a sink's own, for what may block without end: a paused terminal, a dead disk.

The event loop's shared threads would be used up by such sinks, and are waited for when the process
ends. This one is waited for by nobody.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, ParamSpec, TypeVar

__all__ = ["OwnThread"]

P = ParamSpec("P")
T = TypeVar("T")


class _Job(Generic[T]):
    """What is to be called, and who waits for what it returns."""

    def __init__(self, call: Callable[[], T], future: "asyncio.Future[T]") -> None:
        self._call = call
        self._future = future
        self._loop = future.get_loop()

    def run(self) -> None:
        """Call it, unless nobody waits any more."""
        if self._future.cancelled():
            return
        try:
            result = self._call()
        except Exception as error:  # noqa: BLE001 - it is the caller's
            self._tell(self._future.set_exception, error)
        else:
            self._tell(self._future.set_result, result)

    def _tell(self, setter: Callable[[Any], None], value: object) -> None:
        def tell() -> None:
            if not self._future.done():
                setter(value)

        with suppress(RuntimeError):  # the loop is closed: nobody waits for the answer
            self._loop.call_soon_threadsafe(tell)


class OwnThread:
    """Calls one function after the other, in a thread that begins with the first."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[_Job[Any] | None] | None = None

    def submit(
        self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> "asyncio.Future[T]":
        """Let ``function`` be called; return what will have its result.

        To cancel the future takes the call back as long as it has not begun.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._jobs is None:
            self._jobs = SimpleQueue()
            Thread(target=_work, args=(self._jobs,), name=self._name, daemon=True).start()
        self._jobs.put(_Job(lambda: function(*args, **kwargs), future))
        return future

    def end(self) -> None:
        """Let the thread end after what it has been given, without waiting for it."""
        if self._jobs is not None:
            self._jobs.put(None)
            self._jobs = None


def _work(jobs: "SimpleQueue[_Job[Any] | None]") -> None:
    while (job := jobs.get()) is not None:
        job.run()
