"""Calls of one kind that are made at about the same time, asked as one.

A call of Redis, or a look into the database, costs its caller several times what is done there;
polls begin and end in bunches.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

__all__ = ["Gather"]

Q = TypeVar("Q")
A = TypeVar("A")


class Gather(Generic[Q, A]):
    """Collects questions for ``within_s`` seconds (0: for one turn of the loop), ``most`` at once.

    ``ask`` gets them in the order in which they came, and returns as many answers. What it raises
    is raised to each who asked. Who is cancelled meanwhile has asked all the same.
    """

    def __init__(
        self, ask: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], within_s: float, most: int
    ) -> None:
        self._ask = ask
        self._within_s = within_s
        self._most = most
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None
        self._asking: set[asyncio.Task[None]] = set()

    async def __call__(self, question: Q) -> A:
        """Return the answer to one question."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[A] = loop.create_future()
        self._waiting.append((question, future))
        if len(self._waiting) >= self._most:
            self._go()
        elif self._timer is None:
            self._timer = (
                loop.call_later(self._within_s, self._go)
                if self._within_s
                else loop.call_soon(self._go)
            )
        return await future

    async def flush(self) -> None:
        """Send what waits, and wait until all is answered."""
        self._go()
        while self._asking:
            await asyncio.wait(self._asking)

    def _go(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        some, self._waiting = self._waiting, []
        if some:
            task = asyncio.create_task(self._answer(some), name="gather")
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _answer(self, some: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers = await self._ask([question for question, _ in some])
        except BaseException as error:
            for _, future in some:
                if not future.done():
                    future.set_exception(error)
                    future.exception()  # nobody may be waiting any more: that is no surprise
            if not isinstance(error, Exception):
                raise
            return
        for (_, future), answer in zip(some, answers, strict=True):
            if not future.done():
                future.set_result(answer)
