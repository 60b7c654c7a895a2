"""APScheduler holds a few jobs a process: the tick that claims what is due, and housekeeping.

It never owns a feed: the schedule itself is the due-queue, which many processes share.
"""

from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler

__all__ = ["Schedule"]


class Schedule:
    """Repeats coroutines. A job that is still running is not started a second time."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def every(self, seconds: float, name: str, job: Callable[[], Awaitable[object]]) -> None:
        """Run ``job`` each ``seconds``, for the first time after that long."""
        self._scheduler.add_job(job, "interval", seconds=seconds, id=name, name=name)

    def start(self) -> None:
        """Begin. Must be called in the event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """End. What runs is not waited for: its owner drains it."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
