"""The verbs about what waits for somebody's word: held deliveries, sinks and readers."""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Connection

from workers.model.message import EventIntent, Raised, Recipient
from workers.model.sink import Enabled, SinkHealth
from workers.model.upkeep import HeldLine
from workers.store import dead, held, leavers, leaving, sinks
from workers.store.base import Base

__all__ = ["Waiting"]


class Waiting(Base):
    """What is held, and for whom."""

    async def sink_states(self) -> dict[str, SinkHealth]:
        """Return the sinks that have failed or were disabled, by name."""
        return await self._read(sinks.states)

    async def hold_disabled(self, sink: str) -> int:
        """Hold what is open of a sink that is disabled; return how many."""
        total = 0
        while some := await self._write(sinks.hold, sink):
            total += some
        return total

    async def release_disabled(self, sink: str) -> int:
        """Ask for what a sink holds because it was disabled; return how many.

        The most severe first, of these the newest; none while it is disabled still.
        """
        released = 0
        while some := await self._write(sinks.release, sink, released):
            released += some
        return released

    async def enable_sink(self, sink: str, drop_older_s: float | None = None) -> Enabled:
        """Let a sink be told again, also of what it holds; return what that did.

        With ``drop_older_s``, what is held for longer is given up instead.
        """
        dropped = 0
        while drop_older_s is not None:
            some = await self._write(sinks.drop_older, sink, drop_older_s)
            dropped += some
            if not some:
                break
        was = await self._write(sinks.enable, sink)
        released = await self.release_disabled(sink)
        return Enabled(was_disabled=was, released=released, dropped=dropped)

    async def leave_key(self) -> str:
        """Return what the links are signed with by which recipients leave, in hexadecimal."""
        return await self._write(leavers.key)

    async def leave(self, who: Recipient, intent: EventIntent) -> Raised | None:
        """Make nothing more for a recipient, and tell others; None if it had left before."""
        return await self._write(leaving.leave, who, intent)

    async def let_return(self, sink: str) -> int:
        """Let all who left a sink be its recipients again; return how many."""
        return await self._write(leavers.returned, sink)

    async def held_lines(self) -> list[HeldLine]:
        """Return what is held, by reason and sink."""
        return await self._read(held.lines)

    async def release_reason(self, reason: str, sink: str | None = None) -> int:
        """Ask again for what is held for ``reason``, by one sink or by all; return how many."""
        return await self._bit_by_bit(held.release, reason, sink)

    async def drop_held(self, reason: str, sink: str | None = None) -> int:
        """Give up for good what is held for ``reason``, by one sink or by all; return how many."""
        return await self._bit_by_bit(held.drop, reason, sink)

    async def _bit_by_bit(
        self,
        unit: Callable[[Connection, datetime, str, str | None], int],
        reason: str,
        sink: str | None,
    ) -> int:
        total = 0
        while True:
            some = await self._write(unit, reason, sink)
            total += some
            if some < held.MOST:
                return total

    async def abandon(self, sinks: Collection[str]) -> int:
        """Make dead letters of what waits for a sink that is none of these; return how many."""
        abandoned = 0
        while True:
            some = await self._write(dead.abandon, sinks)
            abandoned += some
            if some < dead.MOST:
                return abandoned
