"""Several processes asked as one: each answers on a socket of its own, as it is told here."""

from pathlib import Path

import pytest

from monitor.daemon import together
from monitor.daemon.member import Member
from monitor.daemon.together import Together
from monitor.metrics import PrometheusMeter
from monitor.settings import load
from monitor.web.app import build_control
from monitor.web.serve import serve
from workers.clock import SystemClock

EVENT = "art_" + 24 * "0"


class Process:
    """What one process answers."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.health = "ok"
        self.still: list[str] = []
        self.difference = "no changes"
        self.problems: list[str] = []
        self.differs: str | None = None
        self.refused: list[str] = []

    async def live(self):
        return {"status": "failing" if self.still else "ok", "still": self.still}

    async def ready(self):
        check = {"status": self.health, "ms": self.number}
        return {"status": self.health, "draining": False, "checks": {"redis": check}}

    async def healthy(self):
        return {
            **await self.ready(),
            "version": "1",
            "topics_refused": self.refused,
            "topics_differ": self.differs,
            "processes": [{"name": f"p{self.number}"}],
        }

    async def status(self):
        every = [{"name": f"p{self.number}"}, {"name": "far"}, {"odd": 1}]
        return {**await self.healthy(), "processes": every, "vanished": []}

    async def metrics(self):
        meter = PrometheusMeter()
        meter.count("tocsin_polls_total", self.number, outcome="read")
        return meter.page()

    async def why(self, event):
        step = {"at": "2026-03-02T00:00:00Z", "stage": "read", "decision": "d", "because": ""}
        return {"title": "t", "url": None, "steps": [step]} if event == EVENT else None

    async def reload(self, *, yes, watched=False):
        ok = not self.problems
        return {
            "ok": ok,
            "difference": self.difference,
            "problems": self.problems,
            "restart": ["web"] if yes and not watched else [],
        }

    async def hindsight(self):
        return {"articles": 3} if self.number == 1 else None


@pytest.fixture
async def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Two processes that are at work, and what asks them."""
    monkeypatch.setattr(together, "ASK_S", 2.0)
    monkeypatch.setattr(together, "STARTING_S", 0.01)
    processes = [Process(1), Process(2)]
    members, served = [], []
    for process in processes:
        path = tmp_path / f"{process.number}.sock"
        served.append(await serve(build_control(process), f"unix:{path}"))
        members.append(Member(process.number, 2, (), path))
        members[-1].ready.set()
    one = Together(members, load(None, {}), SystemClock())
    yield one, processes, members
    for each in served:
        await each.close()


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("ok", "ok", "ok"),
        ("ok", "degraded", "degraded"),
        ("failing", "ok", "degraded"),
        ("failing", "failing", "failing"),
    ],
)
async def test_one_that_can_work_is_enough(two, first, second, expected):
    """Ready is whoever has a process that can work; the worst of each check is told."""
    one, processes, _ = two
    processes[0].health, processes[1].health = first, second
    told = await one.ready()
    assert expected == told["status"] == (await one.healthy())["status"]
    worst = next(s for s in ("failing", "degraded", "ok") if s in {first, second})
    assert worst == told["checks"]["redis"]["status"]
    one.draining = True
    assert "failing" == (await one.ready())["status"]


async def test_one_that_is_missing(two):
    """A process that is not at work, or does not answer, makes it degraded; none, failing."""
    one, processes, members = two
    members[0].ready.clear()
    assert ("degraded", "ok") == ((await one.ready())["status"], (await one.live())["status"])
    members[0].ready.set()
    members[0].control.unlink()
    assert "degraded" == (await one.ready())["status"]
    assert ["1:loop"] == (await one.live())["still"]
    assert [members[0]] == await one.stuck()
    processes[1].still = ["pages"]
    assert ["1:loop", "2:pages"] == (await one.live())["still"]
    members[1].ready.clear()
    told = await one.healthy()
    assert ("failing", [], None) == (told["status"], told["processes"], told["topics_version"])
    members[0].ready.clear()
    assert ("ok", []) == ((await one.live())["status"], (await one.live())["still"])
    assert not (await one.reload(yes=False))["ok"]


async def test_what_all_say(two):
    """Processes are listed once each, whatever they tell; refusals and differences are of any."""
    one, processes, _ = two
    processes[0].refused, processes[1].refused = ["a"], ["a", "b"]
    processes[1].differs = "number 7 is followed"
    told = await one.status()
    assert [{"odd": 1}, {"name": "far"}, {"name": "p1"}, {"name": "p2"}] == told["processes"]
    assert (["a", "b"], "number 7 is followed") == (told["topics_refused"], told["topics_differ"])
    own = (await one.healthy())["processes"]
    assert [{"name": "p1"}, {"name": "p2"}] == own


async def test_a_reload_of_all(two):
    """A reload is good if it is for all; a change is told though one had seen it before."""
    one, processes, members = two
    processes[1].difference = "+1 topic"
    told = await one.reload(yes=True)
    assert {"ok": True, "difference": "+1 topic", "problems": [], "restart": ["web"]} == told
    processes[0].problems = processes[1].problems = ["a sink is bad"]
    told = await one.reload(yes=False)
    assert (False, ["a sink is bad"]) == (told["ok"], told["problems"])
    processes[0].problems = processes[1].problems = []
    members[1].control.unlink()
    assert {"articles": 3} == await one.hindsight()  # the first process counts for all
    assert ["process 2 does not answer"] == (await one.reload(yes=False))["problems"]


async def test_journeys_and_metrics(two):
    """Any process tells a journey; the page of metrics is the sum of those that answer."""
    one, _, members = two
    members[0].control.unlink()
    journey = await one.why(EVENT)
    assert 2026 == journey["steps"][0]["at"].year
    assert None is await one.why("art_" + 24 * "1")
    assert b'tocsin_polls_total{outcome="read"} 2.0' in await one.metrics()
