"""APScheduler holds a few jobs a process: the tick that claims what is due, and housekeeping.

It never owns a feed: the schedule itself is the due-queue, which many processes share.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from workers.clock import Clock, SystemClock

__all__ = ["Schedule"]

END_S = 2.0
STEP_S = 1.0
"""A wall clock that moved by more than this against the monotonic one was set, not slewed."""
STARTS = 3
"""APScheduler warns of each start beyond so many at once. All but one end as they begin."""
_log = structlog.get_logger()


class _Patient(AsyncIOExecutor):  # type: ignore[misc]  # APScheduler has no types
    """Cancels nothing when it is shut down: `Schedule.stop` sees to what runs.

    A tick that ends between claiming feeds and polling them would delay those by a lease, and a
    job that is cancelled before it began would be logged as one that failed.
    """

    def shutdown(self, wait: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002 - as APScheduler calls it
        """Leave alone what runs."""
        self._pending_futures.clear()


class _Steady(AsyncIOScheduler):  # type: ignore[misc]  # APScheduler has no types
    """An APScheduler that survives its clock being set.

    It computes from wall time: set back by an hour it would start nothing for that hour, set
    forward by a year it would count each run that a job missed. So whenever it wakes (by a timer
    that nobody can set), and the wall clock was set meanwhile, all jobs move along with it.
    """

    clock: Clock
    _offset_s: float | None = None

    def _process_jobs(self) -> float | None:
        """Look for jobs that are due, by the wall clock as it is now.

        Here, not in ``wakeup``, which only asks for it: the clock may be set in between.
        """
        self._follow()
        wait_s: float | None = super()._process_jobs()
        return wait_s

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
        self._ended = False
        self._scheduler = _Steady(
            timezone="UTC",
            executors={"default": _Patient()},
            job_defaults={"coalesce": True, "max_instances": STARTS, "misfire_grace_time": None},
        )
        self._scheduler.clock = clock or SystemClock()

    def every(self, seconds: float, name: str, job: Callable[[], Awaitable[object]]) -> None:
        """Run ``job`` each ``seconds``, for the first time after that long.

        One that takes longer is told of once, until it keeps its time again.
        """
        runs = late = again = False

        async def guarded() -> None:
            if self._ended or (task := asyncio.current_task()) is None:
                return
            nonlocal runs, late, again
            if runs:
                if not late:
                    _log.warning("job_takes_long", job=name, longer_than_s=seconds)
                late = again = True
                return
            late, again, runs = again, False, True
            self._running.add(task)
            try:
                await job()
            except asyncio.CancelledError:
                return  # by `stop`; APScheduler would log it as an error
            except Exception as error:  # noqa: BLE001 - the next run is another chance
                _log.error("job_failed", job=name, exc_info=error)
            finally:
                runs = False
                self._running.discard(task)

        self._scheduler.add_job(guarded, "interval", seconds=seconds, id=name, name=name)

    def start(self) -> None:
        """Begin. Must be called in the event loop."""
        self._scheduler.start()

    async def stop(self, within_s: float = END_S) -> None:
        """Start nothing more, and let what runs come to its end, for so many seconds at most."""
        self._ended = True
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=within_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._running.clear()
