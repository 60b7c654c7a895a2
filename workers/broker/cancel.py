"""Cancellation that cannot be swallowed.

Until Python 3.12 `asyncio.wait_for`, which redis-py sends by, loses a cancellation that arrives
just as the inner call ends. A loop that was told to end would then go on.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

__all__ = ["heeding_cancel"]

T = TypeVar("T")


async def heeding_cancel(ask: Callable[[], Awaitable[T]]) -> T:
    """Await ``ask``; raise `asyncio.CancelledError` if the task was cancelled in the meantime."""
    before = _cancels()
    try:
        return await ask()
    finally:
        if _cancels() > before:
            raise asyncio.CancelledError


def _cancels() -> int:
    """Return how often the running task was asked to end."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()
