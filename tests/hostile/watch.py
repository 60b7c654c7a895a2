"""What watches whoever is among hostile servers; only the standard library is used here."""

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["GROWTH_MIB", "LEAKED", "STALL_S", "Watch", "connections", "memory", "watched"]

STALL_S = 0.25
GROWTH_MIB = 64
LEAKED = "root:x:0:0"
"""What stands in a file that is nobody's business."""
TICK_S = 0.01


@dataclass
class Watch:
    """What a group cost: the longest stall of the event loop, and the growth of our memory.

    A stall is what the loop was late *and* this process had computed meanwhile, by whatever
    thread: so a machine that is busy with others stalls nobody.
    """

    stalls: list[float] = field(default_factory=list)
    grown: float = 0.0
    """MiB, from the beginning to the peak."""

    async def tick(self) -> None:
        """Measure until cancelled."""
        last = (time.perf_counter(), time.process_time())
        while True:
            await asyncio.sleep(TICK_S)
            now = (time.perf_counter(), time.process_time())
            self.stalls.append(min(now[0] - last[0], now[1] - last[1]))
            last = now


def memory(kind: str) -> float:
    """Return MiB that this process has (VmRSS), or had at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(kind)).split()[1]) / 1024


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


@asynccontextmanager
async def watched() -> AsyncIterator[Watch]:
    """Watch the loop and our memory meanwhile."""
    watch = Watch()
    gc.collect()
    gc.freeze()  # what thousands of other tests left is not looked through, now or later
    _forget_peak()
    before = memory("VmRSS")
    ticking = asyncio.create_task(watch.tick())
    try:
        yield watch
    finally:
        ticking.cancel()
        watch.grown = memory("VmHWM") - before


def connections() -> list[str]:
    """Return a list in which stands from now on who was connected to beyond 127.0.0.1."""
    found: list[str] = []

    def note(event: str, told: tuple[object, ...]) -> None:
        if event == "socket.connect" and isinstance(told[1], tuple) and told[1][0] != "127.0.0.1":
            found.append(str(told[1]))

    sys.addaudithook(note)
    return found
