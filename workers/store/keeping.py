"""The verbs of upkeep: whether the database works, and what is kept in it."""

from datetime import datetime

from workers.errors import StoreDown, TocsinError
from workers.model.upkeep import Room
from workers.options import KeepOptions
from workers.store import lists, retention
from workers.store.base import Base

__all__ = ["Keeping"]


class Keeping(Base):
    """What is kept, and for how long."""

    async def probe(self) -> None:
        """Write something tiny, before all that is queued.

        Raises:
            StoreDown: the database takes no writes, or no work is to be begun.
        """
        if self._writer is None:
            raise TocsinError(f"cannot write: {self.name}: it was opened to be read only")
        if self._halted is not None:
            raise StoreDown(self._halted)
        await self._writer.run(lambda conn: lists.probe(conn, self._time.now(conn)), urgent=True)

    async def prune(self, keep: KeepOptions, now: datetime) -> dict[str, int]:
        """Remove what is older than it is kept for; return how many of each kind went.

        Also by the database's time: a process whose clock is years ahead must not remove all.
        """
        now = min(now, await self._read(lambda _conn, present: present))
        gone = {step.name: await self._emptied(step) for step in retention.steps(keep, now)}
        return {**gone, "texts": gone.get("texts", 0) + await self._fit(keep.text_bytes)}

    async def _fit(self, most_bytes: int) -> int:
        """Remove the oldest texts until the rest fits; return how many."""
        after: datetime | None = None
        total = 0
        while await self._read(retention.used_bytes) > most_bytes:
            removed, after = await self._write(retention.oldest_texts, after)
            if not removed:
                break
            total += removed
        return total

    async def room(self) -> Room:
        """Return what of the database's file is free, and whether it can be given back."""
        return await self._read(retention.room)

    async def oldest_texts(self, after: datetime | None) -> retention.Swept:
        """Remove some of the oldest texts of pages; return how many, and where to go on."""
        return await self._write(retention.oldest_texts, after)

    async def oldest_contents(self, after: datetime | None) -> retention.Swept:
        """Remove some of the oldest texts of entries; return how many, and where to go on."""
        return await self._write(retention.oldest_contents, after)

    async def give_back(self) -> None:
        """Give some of the file's free pages back to the file system."""
        await self._write(retention.give_back)

    async def _emptied(self, step: retention.Step) -> int:
        """Run a step until it finds nothing more, with room for others in between."""
        total = 0
        while removed := await self._write(step.run):
            total += removed
        return total
