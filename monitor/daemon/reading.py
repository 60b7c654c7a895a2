"""How pages are read by this process: how many a second, and how many took their process along."""

from collections import deque
from typing import Any

from monitor.daemon.build import ProcessPool
from monitor.metrics import PrometheusMeter
from workers.clock import Clock

__all__ = ["PageFigures"]

OVER_S = 60.0
"""Pages a second are those of the last minute."""
LEAST_S = 0.5
"""Closer figures are not compared: whoever asks twice at once would be told nonsense."""


class PageFigures:
    """Tells what a process says of its pages; it is asked at each beat, at least."""

    def __init__(self, meter: PrometheusMeter, pool: ProcessPool, clock: Clock) -> None:
        self._meter = meter
        self._pool = pool
        self._clock = clock
        self._seen: deque[tuple[float, float]] = deque([(clock.monotonic(), 0.0)])

    def __call__(self) -> dict[str, Any]:
        """Return the figures of this process, as ``tocsin status`` has them."""
        read = self._meter.total("tocsin_pages_total")
        return {
            "per_s": round(self._per_s(read), 2),
            "read": int(read),
            "timeouts": int(self._meter.total("tocsin_pages_killed_total", reason="timeout")),
            "kills": int(self._meter.total("tocsin_pages_killed_total")),
            "processes": self._pool.workers,
        }

    def _per_s(self, read: float) -> float:
        now = self._clock.monotonic()
        while len(self._seen) > 1 and self._seen[1][0] <= now - OVER_S:
            self._seen.popleft()
        if now - self._seen[-1][0] >= LEAST_S:
            self._seen.append((now, read))
        began, before = self._seen[0]
        return (read - before) / max(now - began, LEAST_S)
