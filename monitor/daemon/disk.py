"""The disk: below the floor the oldest text goes and no new text is kept; at last work stops."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from socket import gethostname

import structlog

from monitor.daemon.state import State
from monitor.health import NO_WORK_BELOW_BYTES, free_bytes
from monitor.settings import size_text
from workers.errors import StoreDown
from workers.steps.events import Events

__all__ = ["DISK_S", "Disk", "folders"]

DISK_S = 5.0
"""Seconds between two looks."""
NOTHING_S = 60.0
"""After so many seconds texts are sought again where there were none: it is a look at each row, in
the one writer, while alerts must go on."""
ABOVE = 1.05
"""How far above the floor the disk must be before it counts as well again."""
_log = structlog.get_logger()
Sweep = Callable[[datetime | None], Awaitable[tuple[int, datetime | None]]]


def folders(state: State) -> tuple[Path, ...]:
    """Return the folders whose disks this process fills."""
    address = state.parts.store.address
    beside = (address.parent,) if isinstance(address, Path) else ()
    return tuple(dict.fromkeys((state.settings.data_dir, *beside)))


class Disk:
    """Looks at the disk now and then, and lets the store live within it.

    A PostgreSQL database lies on a disk that cannot be seen from here: then only the event is
    raised, and ``[keep] text_size`` bounds what it holds.
    """

    def __init__(self, state: State, events: Events) -> None:
        self._state = state
        self._events = events
        self._told_low: bool | None = None
        """What was told last; None before the first look."""
        self._short = False
        """Whether the disk that the database lies on is below the floor."""
        self._stopped = False
        self._nothing_until = float("-inf")
        """Until when no text is sought, because there was none that could go."""
        self._file: tuple[int, int] | None = None
        """Device and number of the file that was there at the first look."""

    async def look(self) -> None:
        """Look, and do what is to be done; in mid-sweep the rest of the process goes on."""
        floor, free = self._state.settings.keep.disk_floor, self.judge()
        try:
            await self._tell(free, floor, low=free < floor * (ABOVE if self._told_low else 1.0))
        except StoreDown as error:
            _log.debug("disk_not_told", error=str(error))
        if self._short and "poll" in self._state.roles:
            try:
                await self._make_room(int(floor * ABOVE))
            except StoreDown as error:
                _log.debug("room_not_made", error=str(error))

    def judge(self) -> int:
        """Let the store know what it may do; return the bytes that are free."""
        store, floor = self._state.parts.store, self._state.settings.keep.disk_floor
        free = free_bytes(folders(self._state))
        if isinstance(store.address, Path):
            self._stop(self._reason(store.address, free))
            beside = free_bytes((store.address.parent,))
            self._short = beside < floor * (ABOVE if self._short else 1.0)
            store.keep_text(keep=not self._short)
        return free

    def _reason(self, file: Path, free: int) -> str | None:
        """Return why no work may begin, None if it may: what it decides might not be stored.

        A file that is removed while it is open takes every write, and all of them are lost.
        """
        found = _identity(file)
        if self._file is None:
            self._file = found
        if found is None or found != self._file:
            what = "was removed" if found is None else "is another file than the one that is open"
            return f"the database {what}: {file}: put it back, or stop and restore a backup"
        if free < NO_WORK_BELOW_BYTES:
            return f"the disk is full: {file}: {free >> 20} MiB are left: make room"
        return None

    def _stop(self, why: str | None) -> None:
        """Let no work begin, or let it begin again; tell the log when that changes."""
        self._state.parts.store.halt(why)
        if why is not None and not self._stopped:
            _log.error("work_stopped", reason=why)
        if why is None and self._stopped:
            _log.warning("work_begins_again")
        self._stopped = why is not None

    async def _tell(self, free: int, floor: int, *, low: bool) -> None:
        subject = f"{gethostname()}:{self._state.settings.data_dir}"
        if low and not self._told_low:
            text = (
                f"{free >> 20} MiB are left, less than [keep] disk_floor = {size_text(floor)}: "
                "the oldest texts are removed and new ones are not kept; alerts go on. Make room, "
                f"or lower the floor. Below {size_text(NO_WORK_BELOW_BYTES)} all work stops."
            )
            await self._events.begin(self._events.about("disk_low", subject, text))
        if not low and self._told_low is not False:  # it may be open since before we started
            await self._events.end("disk_low", subject)
        self._told_low = low

    async def _make_room(self, floor: int) -> None:
        """Give free pages back, then remove the oldest texts, until the disk is above the floor.

        A file that cannot shrink is made to hold as much free space as the disk lacks.
        """
        store, clock = self._state.parts.store, self._state.clock
        if not isinstance(store.address, Path) or clock.monotonic() < self._nothing_until:
            return
        beside = (store.address.parent,)
        sweeps: list[Sweep] = [store.oldest_texts, store.oldest_contents]
        after: datetime | None = None
        while (lacking := floor - free_bytes(beside)) > 0:
            room = await store.room()
            if room.returns and room.free_bytes:
                await store.give_back()
                continue
            if room.free_bytes >= lacking or not sweeps:
                return
            removed, after = await sweeps[0](after)
            if not removed:
                sweeps.pop(0)
                after = None
                self._nothing_until = clock.monotonic() + (0.0 if sweeps else NOTHING_S)


def _identity(file: Path) -> tuple[int, int] | None:
    """Return which file it is, whatever its name; None if there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
