"""APScheduler holds a few jobs a process: the tick that claims what is due, and housekeeping.

It never owns a feed: the schedule itself is the due-queue, which many processes share.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from workers.clock import Clock, SystemClock

__all__ = ["Schedule"]

END_S = 2.0
STEP_S = 1.0
"""A wall clock that moved by more than this against the monotonic one was set, not slewed."""
_log = structlog.get_logger()


class _Steady(AsyncIOScheduler):  # type: ignore[misc]  # APScheduler has no types
    """An APScheduler that survives its clock being set.

    It computes from wall time: set back by an hour it would start nothing for that hour, set
    forward by a year it would count each run that a job missed. So whenever it wakes (by a timer
    that nobody can set), and the wall clock was set meanwhile, all jobs move along with it.
    """

    clock: Clock
    _offset_s: float | None = None

    def wakeup(self) -> None:
        """Look for jobs that are due, by the wall clock as it is now."""
        self._follow()
        super().wakeup()

    def _follow(self) -> None:
        offset_s = self.clock.now().timestamp() - self.clock.monotonic()
        moved_s = offset_s - (offset_s if self._offset_s is None else self._offset_s)
        if self._offset_s is not None and abs(moved_s) <= STEP_S:
            return
        self._offset_s = offset_s  # first, because moving a job wakes the scheduler again
        if moved_s:
            _log.warning("wall_clock_was_set", by_s=round(moved_s, 1))
            for job in self.get_jobs():
                job.modify(next_run_time=job.next_run_time + timedelta(seconds=moved_s))


class Schedule:
    """Repeats coroutines. A job that is still running is not started a second time.

    ``clock`` must be the machine's own, which APScheduler reads too.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._running: set[asyncio.Task[object]] = set()
        self._scheduler = _Steady(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.clock = clock or SystemClock()

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
