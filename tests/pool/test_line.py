"""Who is next: the most urgent, and no task that can wait takes the last free process for long."""

import asyncio
import os
from signal import SIGKILL

import pytest

from workers.errors import Transient
from workers.model.urgency import LATER, NOW, SOON, urgency_of
from workers.pages import PageRules
from workers.pool import ProcessPool
from workers.pool.line import Line


class Hand:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Queue:
    """Tasks that stand in a line, and hold their place until they are told to go."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.inside: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.go: dict[str, asyncio.Event] = {}

    async def add(self, name: str, urgency: int) -> None:
        self.go[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._stand(name, urgency))
        await turns()

    async def _stand(self, name: str, urgency: int) -> None:
        async with self.line.place(urgency):
            self.inside.append(name)
            await self.go[name].wait()
            self.inside.remove(name)

    async def end(self, name: str) -> None:
        self.go[name].set()
        await turns()


async def turns() -> None:
    """Let everybody have some turns."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_most_urgent_first() -> None:
    """What is urgent goes before what waits longer; of equals who came first goes first."""
    queue = Queue(Line(1, Hand()))
    for name, urgency in (("a", LATER), ("b", LATER), ("c", SOON), ("d", NOW), ("e", NOW)):
        await queue.add(name, urgency)
    seen = []
    while queue.inside:
        seen += queue.inside
        await queue.end(queue.inside[0])
    assert ["a", "d", "e", "c", "b"] == seen


async def test_a_place_is_kept_free_after_a_kill() -> None:
    """For a minute after a kill, tasks that can wait leave a place for those that cannot."""
    now = Hand()
    queue = Queue(Line(2, now))
    queue.line.beware()
    for name in ("a", "b", "c"):
        await queue.add(name, LATER)
    assert ["a"] == queue.inside
    await queue.add("hot", NOW)
    assert ["a", "hot"] == queue.inside
    now.now = 61.0
    await queue.end("a")
    await queue.end("hot")
    assert ["b", "c"] == queue.inside


async def test_one_place_is_for_all() -> None:
    """With one process only, tasks that can wait have it in spite of a kill."""
    queue = Queue(Line(1, Hand()))
    queue.line.beware()
    await queue.add("a", LATER)
    assert ["a"] == queue.inside


async def test_who_leaves_the_line() -> None:
    """Who is cancelled while waiting takes no place with it."""
    queue = Queue(Line(1, Hand()))
    await queue.add("a", SOON)
    await queue.add("b", SOON)
    queue.tasks["b"].cancel()
    await turns()
    await queue.end("a")
    await queue.add("c", SOON)
    assert ["c"] == queue.inside


async def test_who_leaves_in_the_moment_of_its_turn() -> None:
    """Who is cancelled when its turn has just come hands its place on."""
    queue = Queue(Line(1, Hand()))
    async with queue.line.place(SOON):
        await queue.add("b", SOON)
        await queue.add("c", SOON)
    queue.tasks["b"].cancel()
    await turns()
    assert ["c"] == queue.inside
    await queue.end("c")
    assert 0 == queue.line._taken


def test_urgency_is_told_by_the_stream() -> None:
    """Hot goes before warm, warm before cold; anything else is as warm."""
    order = ["pages:hot", "pages:warm", "pages:cold"]
    assert order == sorted(sorted(order), key=urgency_of)
    assert urgency_of("pages:warm") == urgency_of("")


async def test_the_neighbour_of_a_page_that_dies(pool: ProcessPool) -> None:
    """A process that is killed at its task takes no other's task with it."""
    neighbour = asyncio.create_task(pool.call(60.0, _summed, 20_000_000))
    with pytest.raises(Transient, match="crash"):
        await pool.call_at(LATER, 60.0, _dies)
    with pytest.raises(Transient, match="timeout"):
        await pool.call_at(LATER, 0.5, _summed, 10**12)
    assert 199_999_990_000_000 == await neighbour


async def test_processes_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without room for processes costs the task, and the next one tries anew."""
    pool = ProcessPool(2, 1 << 30, 1000, PageRules())
    monkeypatch.setattr("multiprocessing.util.spawnv_passfds", _no_room)
    with pytest.raises(Transient, match=r"crash: task failed: getpid: .*Cannot allocate"):
        await pool.call(60.0, os.getpid)
    await pool.warm()
    monkeypatch.undo()
    assert os.getpid() != await pool.call(60.0, os.getpid)
    await pool.close()


def _no_room(*_: object) -> None:
    raise OSError(12, "Cannot allocate memory")


def _summed(most: int) -> int:
    return sum(range(most))


def _dies() -> None:
    _summed(30_000_000)
    os.kill(os.getpid(), SIGKILL)
