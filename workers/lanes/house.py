"""All lanes of one process. An id that may be what its owners died of has the house to itself.

Else what other lanes hold at the time would share the blame, and what kills a process by what two
lanes do together could not be told from what kills it alone.
"""

import asyncio
from typing import Protocol

__all__ = ["House"]


class Lane(Protocol):
    """Whoever holds work in this process."""

    @property
    def busy(self) -> int:
        """How much it holds."""
        ...


class House:
    """Knows who holds work, and which lane, if any, asked the others to hold none."""

    def __init__(self) -> None:
        self._lanes: list[Lane] = []
        self._host: Lane | None = None
        self._changed = asyncio.Event()

    def join(self, lane: Lane) -> None:
        """Count what ``lane`` holds."""
        self._lanes.append(lane)

    def leave(self, lane: Lane) -> None:
        """Count it no more: it has ended."""
        if lane in self._lanes:
            self._lanes.remove(lane)
        self.open(lane)

    def close(self, lane: Lane) -> bool:
        """Ask all other lanes to hold nothing; False if another lane has asked for that."""
        if self._host is None:
            self._host = lane
        return self._host is lane

    def open(self, lane: Lane) -> None:
        """Let the others work again, if it was ``lane`` that asked them not to."""
        if self._host is lane:
            self._host = None
        self.changed()

    def closed_to(self, lane: Lane) -> bool:
        """Say whether ``lane`` is to hold nothing now."""
        return self._host is not None and self._host is not lane

    def others_hold(self, lane: Lane) -> bool:
        """Say whether any other lane still holds something."""
        return any(other.busy for other in self._lanes if other is not lane)

    def changed(self) -> None:
        """Tell those who wait that something ended."""
        self._changed.set()

    async def change(self, within_s: float) -> None:
        """Wait until something ends, for so long at most."""
        self._changed.clear()
        try:
            async with asyncio.timeout(within_s):
                await self._changed.wait()
        except TimeoutError:
            return
