"""Health: what each check and endpoint says. Checks are cached for a second, each with a limit.

Whoever asks waits a second at most for a check that takes longer: then it is told what was found
last, with its age, until the check ends or its time is up.
"""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from workers.clock import Clock
from workers.errors import TocsinError
from workers.feeds.pressure import slowed
from workers.model.mute import MuteLine
from workers.model.report import StoreCounts

__all__ = [
    "Beating",
    "Check",
    "Checks",
    "SinkState",
    "days_left",
    "free_bytes",
    "pages_of",
    "report",
    "worst",
]

PAGE_FIGURES = ("per_s", "read", "timeouts", "kills", "processes")
FRESH_S = 1.0
LIMIT_S = 5.0
WAIT_S = 1.0
NO_WORK_BELOW_BYTES = 100 << 20
"""Less free space than this and nothing can be stored: not ready."""
GROWTH_S, DAY_S = 3600.0, 86400.0
"""The data folder's growth is known after an hour; it is told by the day."""


class Beating(Protocol):
    """A loop whose heartbeat is looked at."""

    name: str

    @property
    def alive(self) -> bool:
        """False once it has missed three beats."""
        ...


@dataclass(frozen=True, kw_only=True)
class Check:
    """What one check found."""

    status: str
    """ok, degraded or failing."""
    facts: Mapping[str, Any]
    at: float
    """On the monotonic clock."""


@dataclass(frozen=True, kw_only=True)
class SinkState:
    """What is known of a sink beside its deliveries."""

    breaker: str
    """closed or open."""
    state: str
    """enabled or disabled."""
    ready: int
    pending: int


class Checks:
    """The dependencies' checks: ``database`` and ``redis`` are coroutines that raise if unwell."""

    def __init__(
        self,
        clock: Clock,
        database: Callable[[], Awaitable[object]],
        redis: Callable[[], Awaitable[object]],
        folders: Sequence[Path],
        disk_floor: Callable[[], int],
    ) -> None:
        self._clock = clock
        self._probes = {"database": database, "redis": redis}
        self._folders = tuple(folders)
        self._disk_floor = disk_floor
        self._known: dict[str, Check] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._first: tuple[float, int] | None = None
        """When this process first looked at its folders, and how large they were."""
        self._lock = asyncio.Lock()

    async def all(self) -> dict[str, Check]:
        """Return every check, none older than a second but one that takes longer."""
        async with self._lock:
            await asyncio.gather(*(self._look(name) for name in self._probes))
            self._known["disk"] = self._disk()
        return dict(self._known)

    async def _look(self, name: str) -> None:
        known, now = self._known.get(name), self._clock.monotonic()
        running = self._running.get(name)
        if running is None or running.done():
            if known is not None and now - known.at < FRESH_S:
                return
            running = asyncio.create_task(self._probe(name), name=f"check:{name}")
            self._running[name] = running
        await asyncio.wait((running,), timeout=None if known is None else WAIT_S)

    async def _probe(self, name: str) -> None:
        now = self._clock.monotonic()
        try:
            async with asyncio.timeout(LIMIT_S):
                await self._probes[name]()
        except TimeoutError:
            self._note(name, now, error=f"no answer within {LIMIT_S:.0f} s")
        except (TocsinError, OSError) as error:
            self._note(name, now, error=str(error))
        else:
            self._note(name, now)

    def _note(self, name: str, began: float, error: str | None = None) -> None:
        now = self._clock.monotonic()
        facts: dict[str, Any] = {"ms": round((now - began) * 1000, 2)}
        if error is not None:
            facts["error"] = error
        status = "failing" if error is not None else "ok"
        self._known[name] = Check(status=status, facts=facts, at=now)

    def _disk(self) -> Check:
        free, floor = free_bytes(self._folders), self._disk_floor()
        status = "ok" if free >= floor else "degraded"
        if free < NO_WORK_BELOW_BYTES:
            status = "failing"
        now, size = self._clock.monotonic(), sum(map(_size, self._folders))
        began, before = self._first = self._first or (now, size)
        left = days_left(free - floor, size - before, now - began)
        return Check(status=status, facts={"free_bytes": free, "days_left": left}, at=now)


def free_bytes(folders: Sequence[Path]) -> int:
    """Return the bytes that are free where there are fewest."""
    return min(shutil.disk_usage(folder).free for folder in folders)


def _size(folder: Path) -> int:
    """Return the bytes of the files in a folder, those in its own folders not counted."""
    total = 0
    with os.scandir(folder) as files:
        for file in files:
            with suppress(FileNotFoundError):  # a log that was just checkpointed away
                total += file.stat().st_size if file.is_file() else 0
    return total


def days_left(room: int, grown: int, over_s: float) -> float | None:
    """Return for how many days there is room at the present growth, None while that is unknown.

    ``room`` is in bytes above the disk floor. The data folder has ``grown`` by so many bytes in
    ``over_s`` seconds; of less than an hour, and of a folder that does not grow, nothing follows.
    """
    if over_s < GROWTH_S or grown <= 0:
        return None
    return round(max(0, room) / grown * over_s / DAY_S, 1)


def worst(statuses: Sequence[str]) -> str:
    """Return the worst of ``ok``, ``degraded`` and ``failing``."""
    return next((status for status in ("failing", "degraded") if status in statuses), "ok")


def shown(checks: Mapping[str, Check], now: float) -> dict[str, Any]:
    """Return checks as the endpoints print them."""
    return {
        name: {"status": check.status, **check.facts, "age_s": round(now - check.at, 1)}
        for name, check in checks.items()
    }


def pages_of(processes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how pages are read by all of these processes, from what each told of itself.

    What another version tells otherwise is not counted.
    """
    told = [one["pages"] for one in processes if isinstance(one.get("pages"), dict)]
    sums = {
        name: sum(
            value
            for one in told
            if isinstance(value := one.get(name), int | float) and not isinstance(value, bool)
        )
        for name in PAGE_FIGURES
    }
    return {**sums, "per_s": round(sums["per_s"], 2)}


def report(
    counts: StoreCounts,
    sinks: Mapping[str, SinkState],
    streams: Mapping[str, tuple[int, int]],
    due_lag_s: float,
    list_after_s: float = 600.0,
) -> dict[str, Any]:
    """Return the feeds, queue, mutes and dead sections of the health report.

    ``streams`` gives for each page stream how many ids wait, and how many are being worked on;
    ``list_after_s`` how long what a burst holds waits for its list.
    """
    ages = [queue.oldest_s for queue in counts.pages.values() if queue.oldest_s is not None]
    states = {state: counts.feeds.get(state, 0) for state in ("ok", "failing", "quiet")}
    return {
        "feeds": {
            "total": sum(counts.feeds.values()) - counts.feeds.get("parked", 0),
            **states,
            "new": counts.feeds.get("new", 0),
            "due_lag_s": round(due_lag_s, 1),
            "slowed": slowed(counts.behind_s),
        },
        "queue": {
            "pages": {
                "ready": sum(ready for ready, _ in streams.values()),
                "pending": sum(pending for _, pending in streams.values()),
                "oldest_s": round(max(ages), 1) if ages else None,
                "behind_s": round(counts.behind_s, 1),
            },
            "sinks": {
                name: {**_sink(counts, name, state), **_burst(counts, name, list_after_s)}
                for name, state in sinks.items()
            },
        },
        "topics_muted": [_mute(line) for line in counts.mutes],
        "dead": {
            "entries": counts.dead.get("entry", 0),
            "pages": counts.dead.get("page", 0),
            "deliveries": counts.dead.get("delivery", 0),
        },
        "last_entry": counts.last_entry,
        "last_alert": counts.last_alert,
    }


def _mute(line: MuteLine) -> dict[str, Any]:
    return {
        "topic": line.topic,
        "since": line.since,
        "until": line.until,
        "because": line.because,
        "hits": line.hits,
        "ended": line.ended,
    }


def _sink(counts: StoreCounts, name: str, state: SinkState) -> dict[str, Any]:
    queue = counts.sinks.get(name)
    oldest = queue.oldest_s if queue else None
    return {
        "ready": state.ready,
        "pending": state.pending,
        "undelivered": (queue.open + queue.held) if queue else 0,
        "oldest_s": round(oldest, 1) if oldest is not None else None,
        "breaker": state.breaker,
        "state": state.state,
    }


def _burst(counts: StoreCounts, name: str, list_after_s: float) -> dict[str, Any]:
    """Return how many alerts wait for the sink's next list, and when that is made."""
    burst = counts.bursts.get(name)
    if burst is None:
        return {"burst_held": 0, "next_summary_s": None}
    left = max(0.0, list_after_s - burst.first_s)
    return {"burst_held": burst.held, "next_summary_s": round(left, 1)}
