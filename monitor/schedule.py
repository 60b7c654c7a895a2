"""APScheduler holds a few jobs a process: the tick that claims what is due, and housekeeping.

It never owns a feed: the schedule itself is the due-queue, which many processes share.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

__all__ = ["Schedule"]

END_S = 2.0
_log = structlog.get_logger()


class Schedule:
    """Repeats coroutines. A job that is still running is not started a second time."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[object]] = set()
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def every(self, seconds: float, name: str, job: Callable[[], Awaitable[object]]) -> None:
        """Run ``job`` each ``seconds``, for the first time after that long."""

        async def guarded() -> None:
            task = asyncio.ensure_future(job())
            self._running.add(task)
            try:
                # Shielded, because APScheduler cancels what runs when it is shut down, and a tick
                # that ends between claiming feeds and polling them delays those by a lease.
                await asyncio.shield(task)
            except asyncio.CancelledError:
                return
            except Exception as error:  # noqa: BLE001 - the next run is another chance
                _log.error("job_failed", job=name, exc_info=error)
            finally:
                if task.done():
                    self._running.discard(task)

        self._scheduler.add_job(guarded, "interval", seconds=seconds, id=name, name=name)

    def start(self) -> None:
        """Begin. Must be called in the event loop."""
        self._scheduler.start()

    async def stop(self) -> None:
        """Start nothing more, and let what runs come to its end, two seconds at most."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=END_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._running.clear()
