"""How many bytes of bodies one process holds: large ones wait for one another.

::

    Room ─► Place, one a fetch ─► grow (waits) ─► keep ─► until the answer is forgotten
                                             └► leave, if nothing came of it

Each body has `SMALL` bytes free. What is beyond comes out of one room, and who finds it full waits
until answers are forgotten or other bodies come to nothing. Where no answer is left to be
forgotten, so that all would wait for all, the oldest of those that grow goes on up to its own
limit. So somebody can always go on, and the room is overdrawn by one body at most.
"""

import asyncio
import weakref

from workers.model.net import Answer

__all__ = ["SMALL", "NoRoom", "Place", "Room"]

SMALL = 256 << 10
"""Bytes that every body may have without asking: nine feeds of ten are smaller."""


class NoRoom(TimeoutError):
    """Others had all the room for too long."""

    def __init__(self) -> None:
        super().__init__("other large bodies had all the memory that is set aside for them")


class Room:
    """Bytes that all bodies of a process share, beyond the first `SMALL` of each."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._growing: dict[Place, int] = {}
        """What those have taken that may want more, the oldest first."""
        self._kept = 0
        """What answers hold that somebody works on."""
        self._changed = asyncio.Event()

    @property
    def held(self) -> int:
        """Return how many bytes are taken."""
        return sum(self._growing.values()) + self._kept

    def take(self, size: int, place: "Place") -> bool:
        """Take so much more for ``place``, and return True; False if it has to wait."""
        taken = self._growing.setdefault(place, 0)
        oldest = next(iter(self._growing)) is place and not self._kept
        if self.held + size > self._most and not oldest:
            return False
        self._growing[place] = taken + size
        return True

    def give_back(self, place: "Place") -> None:
        """Forget a body that came to nothing."""
        if self._growing.pop(place, None) is not None:
            self._tell()

    def keep(self, place: "Place", answer: Answer) -> None:
        """Hold what a body has taken for as long as anybody knows its ``answer``."""
        taken = self._growing.pop(place, None)
        if taken is None:
            return
        if taken:
            self._kept += taken
            loop = asyncio.get_running_loop()
            weakref.finalize(answer, self._forgotten, loop, taken).atexit = False
        self._tell()

    def _forgotten(self, loop: asyncio.AbstractEventLoop, taken: int) -> None:
        """Free what an answer held, whatever thread it is that forgets it last."""
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._free, taken)

    def _free(self, taken: int) -> None:
        self._kept -= taken
        self._tell()

    async def change(self) -> None:
        """Wait until there may be more room."""
        await self._changed.wait()

    def _tell(self) -> None:
        """Let all who wait look again."""
        self._changed.set()
        self._changed = asyncio.Event()


class Place:
    """One body's place in the room; it waits there for ``patience_s`` seconds in all."""

    def __init__(self, room: Room, patience_s: float) -> None:
        self._room = room
        self._patience_s = patience_s
        self._size = 0

    async def grow(self, size: int, limit: asyncio.Timeout) -> None:
        """Make room for ``size`` more bytes; waiting for it does not count against ``limit``.

        Raises:
            NoRoom: others had all the room for too long.
        """
        more = max(0, self._size + size - SMALL) - max(0, self._size - SMALL)
        self._size += size
        if more and not self._room.take(more, self):
            await self._wait(more, limit)

    async def _wait(self, more: int, limit: asyncio.Timeout) -> None:
        loop = asyncio.get_running_loop()
        began, ends = loop.time(), limit.when()
        limit.reschedule(None)
        try:
            async with asyncio.timeout(self._patience_s):
                while not self._room.take(more, self):
                    await self._room.change()
        except TimeoutError as error:
            raise NoRoom from error
        waited = loop.time() - began
        self._patience_s -= waited
        limit.reschedule(None if ends is None else ends + waited)

    def keep(self, answer: Answer) -> None:
        """Hold what was taken for as long as ``answer`` is known to anybody."""
        self._room.keep(self, answer)

    def leave(self) -> None:
        """Give back what was taken and not kept; nothing after `keep`."""
        self._room.give_back(self)
