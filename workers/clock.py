"""The only source of time: everything else is handed a `Clock` or a ``now``."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock(Protocol):
    """Time as the rest of the project may ask for it."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that nobody can set; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` (0 gives others a turn)."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds on a clock that nobody can set; only differences mean anything."""
        return time.monotonic()

    def boottime(self) -> float:
        """Return seconds since the machine was started, asleep or not: alike in all processes."""
        return time.clock_gettime(_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` (0 gives others a turn)."""
        await asyncio.sleep(seconds)
