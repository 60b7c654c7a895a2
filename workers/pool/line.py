"""The line of those who wait for a process: the most urgent first, of equals who came first."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from itertools import count

from workers.model.urgency import LATER

__all__ = ["Line"]

WARY_S = 60.0
"""For so long after one was killed, tasks that can wait leave a process free for the others."""


class Line:
    """Gives out so many ``places``; ``now`` is a monotonic clock in seconds."""

    def __init__(self, places: int, now: Callable[[], float]) -> None:
        self._places = places
        self._now = now
        self._taken = 0
        self._later = 0
        """How many of the taken places are of tasks that can wait."""
        self._wary_until = float("-inf")
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def beware(self) -> None:
        """Keep a place free of tasks that can wait for a while: one of them was just killed."""
        self._wary_until = self._now() + WARY_S

    @asynccontextmanager
    async def place(self, urgency: int) -> AsyncIterator[None]:
        """Hold a place, once it is this one's turn."""
        await self._enter(urgency)
        try:
            yield
        finally:
            self._leave(urgency)

    async def _enter(self, urgency: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (urgency, next(self._numbers), turn))
        self._call_next()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # its turn came, and it is not there
                self._leave(urgency)
            else:
                turn.cancel()
            raise

    def _leave(self, urgency: int) -> None:
        self._taken -= 1
        self._later -= urgency >= LATER
        self._call_next()

    def _call_next(self) -> None:
        while self._waiting and self._taken < self._places:
            urgency, _, turn = self._waiting[0]
            if turn.done():  # cancelled meanwhile
                heappop(self._waiting)
                continue
            if urgency >= LATER and self._later >= self._for_later():
                return
            heappop(self._waiting)
            self._taken += 1
            self._later += urgency >= LATER
            turn.set_result(None)

    def _for_later(self) -> int:
        """Return how many places tasks that can wait may hold at once."""
        wary = self._places > 1 and self._now() < self._wary_until
        return self._places - 1 if wary else self._places
