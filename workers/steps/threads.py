"""Threads in which documents are read, renewed now and then.

libxml2 keeps each name of an element or attribute that it meets for as long as the thread lives.
Honest feeds share a few hundred; one that invents thousands of them, others with each poll, would
have filled the memory of a daemon within days.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

__all__ = ["Threads"]

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE = 4
"""Documents that are read at once; they share one interpreter."""
RENEWED = 32 << 20
"""Bytes of documents after which others begin: names take about as much memory as they do
bytes of a document."""


class Threads:
    """Runs what reads documents beside the event loop, as `asyncio.to_thread` does."""

    def __init__(self, renewed: int = RENEWED) -> None:
        self._renewed = renewed
        self._bytes = 0
        self._threads: ThreadPoolExecutor | None = None

    async def run(
        self, size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what ``function`` makes of its arguments; ``size`` is that of the document."""
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(
            self._present(size), lambda: context.run(function, *args, **kwargs)
        )

    def _present(self, size: int) -> ThreadPoolExecutor:
        if self._threads is None or self._bytes >= self._renewed:
            if self._threads is not None:
                self._threads.shutdown(wait=False)  # each ends when it has read what waits for it
            self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="tocsin-feed")
            self._bytes = 0
        self._bytes += size
        return self._threads
