"""Tasks run in processes that can be killed, and nothing that one does harms the others."""

import asyncio
import itertools
import json
import operator
import os
import subprocess
import sys
import time
from multiprocessing import active_children
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGSTOP, SIGTERM

import pytest

from workers.errors import Transient
from workers.pages import PageRules
from workers.pool import ProcessPool

FOR_EVER = itertools.repeat(1)
"""Summing it never ends, and never leaves C."""
FAR = 60.0
ODD = """
class Odd(Exception):
    def __init__(self, *, why):
        super().__init__(why)
raise Odd(why="no way")
"""


async def until(holds: object) -> None:
    """Give others turns until a predicate holds."""
    async with asyncio.timeout(FAR):
        while not holds():  # type: ignore[operator]
            await asyncio.to_thread(os.sched_yield)


def alive(pid: int) -> bool:
    """Say whether a process still runs."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


async def test_value_and_exception(pool: ProcessPool) -> None:
    """A task's value comes back, and so does what it raises."""
    assert 3 == await pool.call(FAR, operator.add, 1, 2)
    assert [1] == await pool.call(FAR, json.loads, "[1]", parse_int=int)
    with pytest.raises(ZeroDivisionError):
        await pool.call(FAR, operator.truediv, 1, 0)
    with pytest.raises(TimeoutError, match="of its own"):
        await pool.call(FAR, exec, "raise TimeoutError('of its own')")
    assert (0, 0, 4) == (pool.timeouts, pool.crashes, pool.done)


async def test_warm_processes_take_the_first_task(pool: ProcessPool) -> None:
    """What was begun before its time takes the first task; to begin it again changes nothing."""
    await pool.warm()
    begun = {one.pid for one in active_children()}
    assert len(begun) >= 2
    await pool.warm()
    assert await pool.call(FAR, os.getpid) in begun
    assert begun == {one.pid for one in active_children()}


async def test_exception_that_cannot_travel(pool: ProcessPool) -> None:
    """An error whose constructor no other process can call comes as its name and text."""
    with pytest.raises(RuntimeError, match="Odd: no way"):
        await pool.call(FAR, exec, ODD)
    assert 3 == await pool.call(FAR, operator.add, 1, 2)


async def test_stuck_task_is_killed_and_the_pool_goes_on(pool: ProcessPool) -> None:
    """A task stuck in C is killed when its time is up; those that wait meanwhile all end well."""
    stuck = [asyncio.create_task(pool.call(0.5, sum, FOR_EVER)) for _ in range(2)]
    waiting = [asyncio.create_task(pool.call(0.5, operator.add, n, 1)) for n in range(6)]
    assert list(range(1, 7)) == await asyncio.gather(*waiting)
    for task in stuck:
        with pytest.raises(Transient, match=r"it ran for over 0\.5 s"):
            await task
    assert 2 == pool.timeouts


async def test_memory_is_bounded(pool: ProcessPool) -> None:
    """A task that wants more memory than it may have fails alone."""
    with pytest.raises(Transient, match=r"crash: .* needed more than 1024 MiB"):
        await pool.call(FAR, bytes, 2 << 30)
    assert 3 == await pool.call(FAR, operator.add, 1, 2)
    assert 1 == pool.crashes


async def test_death_of_a_process(pool: ProcessPool) -> None:
    """A process that dies at its task is a crash, and is replaced."""
    with pytest.raises(Transient, match="crash: task failed: abort"):
        await pool.call(FAR, os.abort)
    assert 3 == await pool.call(FAR, operator.add, 1, 2)


async def test_death_of_an_idle_process(pool: ProcessPool) -> None:
    """Processes that were killed while they had nothing to do cost one task at most."""
    pid = await pool.call(FAR, os.getpid)
    os.kill(pid, SIGKILL)
    await until(lambda: not alive(pid))
    for number in range(4):
        try:
            assert number + 1 == await pool.call(5.0, operator.add, number, 1)
        except Transient as error:
            assert "crash" == error.reason  # noqa: PT017 - the one that was lost with the pool
    assert 3 == await pool.call(FAR, operator.add, 1, 2)


async def test_processes_that_take_nothing(
    pool: ProcessPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no process takes a task all are replaced, and it is handed over once more."""
    await pool.call(FAR, os.getpid)
    pids = {child.pid for child in active_children() if child.pid}
    monkeypatch.setattr("workers.pool.processes.START_S", 8.0)
    for pid in pids:
        os.kill(pid, SIGSTOP)
    found = await asyncio.gather(*(pool.call(0.2, os.getpid) for _ in range(4)))
    assert not pids.intersection(found)
    assert 0 == pool.timeouts


async def test_what_befalls_others_costs_no_task(pool: ProcessPool) -> None:
    """A task whose process is closed because of others' is handed over once more."""
    task = asyncio.create_task(pool.call(FAR, time.sleep, 0.5))
    await until(lambda: any(future.running() for future in pool._running))
    pool._drop()
    await task
    assert 0 == pool.crashes


async def test_cancelled_caller(pool: ProcessPool) -> None:
    """A caller that is cancelled has its process killed, and its place is free again."""
    for _ in range(3):
        pid = await pool.call(FAR, os.getpid)
        task = asyncio.create_task(pool.call(FAR, sum, FOR_EVER))
        await until(lambda: _busy(pool))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert pid != 0
    assert 3 == await pool.call(FAR, operator.add, 1, 2)
    assert set() == pool._running


def _busy(pool: ProcessPool) -> bool:
    return any(future.running() for future in pool._running)


async def test_terminal_signals_are_ignored(pool: ProcessPool) -> None:
    """SIGINT and SIGTERM to the whole group leave the processes at work."""
    pid = await pool.call(FAR, os.getpid)
    os.kill(pid, SIGTERM)
    os.kill(pid, SIGINT)
    pids = {await pool.call(FAR, os.getpid) for _ in range(10)}
    assert alive(pid)
    assert len(pids) <= 2


async def test_recycling() -> None:
    """After so many tasks a process is replaced."""
    pool = ProcessPool(1, 1 << 30, 2, PageRules())
    pids = [await pool.call(FAR, os.getpid) for _ in range(4)]
    await pool.close()
    assert 2 == len(set(pids))


async def test_close() -> None:
    """Closing kills what runs, at once; a call afterwards fails."""
    pool = ProcessPool(2, 1 << 30, 1000, PageRules())
    pid = await pool.call(FAR, os.getpid)
    task = asyncio.create_task(pool.call(FAR, sum, FOR_EVER))
    await until(lambda: _busy(pool))
    await pool.close()
    with pytest.raises(Transient, match="crash: task failed: sum: its process was closed"):
        await task
    assert not alive(pid)
    with pytest.raises(Transient, match="crash: task failed: sum: the pool is closed"):
        await pool.call(FAR, sum, [1])
    await pool.close()


async def test_close_before_use() -> None:
    """A pool that was never used closes as well."""
    await ProcessPool(2, 1 << 30, 1000, PageRules()).close()


DAEMON = """
import asyncio, itertools, os
from workers.pages import PageRules
from workers.pool import ProcessPool

async def main():
    pool = ProcessPool(2, 1 << 30, 1000, PageRules())
    print(await pool.call(60, os.getpid), flush=True)
    await pool.call(60, sum, itertools.repeat(1))

asyncio.run(main())
"""


async def test_no_orphans() -> None:
    """When the daemon is killed outright, its processes go with it."""
    daemon = subprocess.Popen(  # noqa: ASYNC220, S603 - our own code, killed below
        [sys.executable, "-c", DAEMON], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert daemon.stdout is not None
    pid = int(await asyncio.to_thread(daemon.stdout.readline))
    assert alive(pid)
    daemon.kill()
    daemon.wait()
    daemon.stdout.close()
    await until(lambda: not alive(pid))
