"""The verbs about dead letters."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from workers.model.alert import DeadKind, DeadLetter, DeadLine
from workers.store import letters
from workers.store.base import Base
from workers.store.letters import DeadWhich

__all__ = ["GivenUp"]


class GivenUp(Base):
    """What was given up, until it is replayed or dropped."""

    async def dead_lines(
        self,
        kind: DeadKind | None = None,
        sink: str | None = None,
        reason: str | None = None,
        since: datetime | None = None,
    ) -> list[DeadLine]:
        """Return the newest dead letters that fit all that is given, at most 1,000."""
        which = DeadWhich(kind=kind, sink=sink, reason=reason, since=since)
        return await self._read(letters.lines, which)

    async def each_dead(self, which: DeadWhich) -> AsyncIterator[DeadLine]:
        """Yield all dead letters that are meant, newest first, however many there are."""
        after: letters.After | None = None
        while part := await self._read(letters.lines, which, after):
            for line in part:
                yield line
            after = (part[-1].at, part[-1].kind, part[-1].id)

    async def show_dead(self, prefix: str) -> list[DeadLetter]:
        """Return the dead letters with this id, or whose id begins so.

        Raises:
            TocsinError: several ids begin so.
        """
        return await self._read(letters.show, prefix)

    async def replay_dead(
        self,
        ids: Sequence[str] | None = None,
        *,
        kind: DeadKind | None = None,
        sink: str | None = None,
        reason: str | None = None,
        since: datetime | None = None,
    ) -> int:
        """Ask again for dead letters that fit all that is given; return for how many.

        What was sent meanwhile, or is no longer kept, is not tried again; an entry that still
        cannot be stored stays a dead letter.
        """
        which = _which(ids, kind, sink, reason, since)
        return await self._rounds(letters.replay, which)

    async def drop_dead(
        self,
        ids: Sequence[str] | None = None,
        *,
        kind: DeadKind | None = None,
        sink: str | None = None,
        reason: str | None = None,
        since: datetime | None = None,
    ) -> int:
        """Remove dead letters that fit all that is given for good; return how many."""
        which = _which(ids, kind, sink, reason, since)
        return await self._rounds(letters.drop, which)

    async def _rounds(
        self,
        unit: Callable[[Connection, datetime, DeadWhich, letters.After | None], letters.Round],
        which: DeadWhich,
    ) -> int:
        """Go over all dead letters that are meant, a bounded number a transaction."""
        total, after = 0, None
        while True:
            made = await self._write(unit, which, after)
            total, after = total + made.done, made.after
            if after is None:
                return total

    async def new_dead(self, since: datetime) -> dict[str, int]:
        """Return how many dead letters there are since then, by kind."""
        return await self._read(letters.since, since)


def _which(
    ids: Sequence[str] | None,
    kind: DeadKind | None,
    sink: str | None,
    reason: str | None,
    since: datetime | None,
) -> DeadWhich:
    return DeadWhich(
        ids=None if ids is None else tuple(ids), kind=kind, sink=sink, reason=reason, since=since
    )
