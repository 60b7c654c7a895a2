"""The few jobs that APScheduler repeats, whatever the wall clock does."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers import base
from structlog.testing import capture_logs

from monitor.daemon import service
from monitor.schedule import Schedule
from workers.clock import SystemClock

HOUR_S = 3600.0
YEAR_S = 365 * 24 * HOUR_S


class SetClock(SystemClock):
    """The machine's clock, which somebody sets."""

    by_s = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.by_s)


@pytest.fixture
def clock(monkeypatch):
    """A wall clock that can be set; APScheduler sees it too."""
    clock = SetClock()

    class Seen(datetime):
        @classmethod
        def now(cls, tz=None) -> datetime:
            return clock.now().astimezone(tz)

    monkeypatch.setattr(base, "datetime", Seen)
    return clock


@pytest.fixture
def more(eventually):
    """Waits until a job has run so many times more."""

    async def wait(runs: list[float], times: int) -> None:
        wanted = len(runs) + times
        await eventually(lambda: len(runs) >= wanted)

    return wait


@pytest.mark.parametrize("by_s", [-HOUR_S, HOUR_S, -YEAR_S, 20 * YEAR_S])
async def test_jobs_go_on_when_the_clock_is_set(clock, more, by_s):
    """Set back or forward, a job goes on at its pace, and one that is far ahead does not start."""
    schedule, runs, rare = Schedule(clock), [], []

    async def job() -> None:
        runs.append(clock.monotonic())

    async def seldom() -> None:
        rare.append(clock.monotonic())

    schedule.every(0.02, "often", job)
    schedule.every(60.0, "seldom", seldom)
    schedule.start()
    await more(runs, 2)
    clock.by_s = by_s
    await more(runs, 3)
    clock.by_s = 0.0
    await more(runs, 3)
    await schedule.stop()
    assert [] == rare


async def test_jobs_go_on_when_the_clock_is_set_just_before_they_are_looked_for(clock, more):
    """Set forward between asking for due jobs and looking, it does not count each missed run."""
    schedule, runs = Schedule(clock), []

    async def job() -> None:
        runs.append(1)

    schedule.every(0.02, "often", job)
    schedule.start()
    await more(runs, 1)
    schedule._scheduler.wakeup()
    clock.by_s = YEAR_S
    await more(runs, 3)
    await schedule.stop()


async def test_a_job_that_fails_runs_again(clock, more):
    """An error of a job ends neither it nor the others."""
    schedule, runs = Schedule(clock), []

    async def job() -> None:
        runs.append(clock.monotonic())
        raise ValueError("no")

    schedule.every(0.02, "often", job)
    schedule.start()
    await more(runs, 3)
    await schedule.stop()


async def test_a_stop_cancels_nothing_that_just_began(more, caplog):
    """What APScheduler is about to begin at a stop is not begun, and nothing is logged of it."""
    schedule, runs = Schedule(), []

    async def job() -> None:
        runs.append(1)

    schedule.every(0.01, "often", job)
    schedule.start()
    await more(runs, 1)
    began = len(runs)
    schedule._scheduler.modify_job("often", next_run_time=datetime.now(UTC))
    schedule._scheduler.wakeup()  # runs just before the end of the scheduler, the job just after
    await schedule.stop()
    await asyncio.sleep(0.05)
    assert began == len(runs)
    assert [] == [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_stop_waits_for_what_runs_and_no_longer(more):
    """A job that is under way at a stop comes to its end; one that does not end is ended."""
    schedule, began, ended, gate = Schedule(), [], [], asyncio.Event()

    async def slow() -> None:
        began.append(1)
        await gate.wait()
        ended.append(1)

    async def stuck() -> None:
        began.append(2)
        await asyncio.Event().wait()

    schedule.every(0.02, "slow", slow)
    schedule.every(0.02, "stuck", stuck)
    schedule.start()
    await more(began, 2)
    asyncio.get_running_loop().call_later(0.05, gate.set)
    async with asyncio.timeout(20):
        await schedule.stop(0.5)
    assert [1] == ended


async def test_a_job_that_takes_long_is_told_of_once(clock, more, eventually, caplog):
    """It never runs twice at once, and is told of again only after it has kept its time."""
    schedule, others, begun = Schedule(clock), [], []
    may_end = asyncio.Event()

    async def slow() -> None:
        begun.append(clock.monotonic())
        await may_end.wait()

    async def other() -> None:
        others.append(clock.monotonic())

    schedule.every(0.02, "slow", slow)
    schedule.every(0.02, "other", other)
    with capture_logs() as logs:
        schedule.start()
        await eventually(lambda: begun)
        await more(others, 10)
        assert 1 == len(begun)
        may_end.set()
        await more(begun, 4)
        may_end.clear()
        await more(begun, 1)
        times = len(begun)
        await more(others, 10)
        assert times == len(begun)
        may_end.set()
        await schedule.stop()
    told = [line for line in logs if line["event"] == "job_takes_long" and line["job"] == "slow"]
    assert 2 == len(told)
    assert "maximum number" not in caplog.text


def test_the_shortest_interval_is_kept():
    """A feed polled each second, the shortest that can be configured, waits little for a tick."""
    assert 0.25 >= service.TICK_S
