"""Checks, their cache, and the report."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor import health
from monitor.health import Checks, SinkState, days_left, report, shown, worst
from workers.errors import StoreDown, Transient
from workers.model.report import Backlog, Burst, StoreCounts


class Probe:
    """A dependency that answers as it is told."""

    def __init__(self) -> None:
        self.asked = 0
        self.raises: Exception | None = None

    async def __call__(self) -> None:
        self.asked += 1
        if self.raises:
            raise self.raises


@pytest.fixture
def probes() -> tuple[Probe, Probe]:
    """Database and Redis."""
    return Probe(), Probe()


@pytest.fixture
def checks(set_clock, probes, tmp_path: Path) -> Checks:
    """Checks of both, with a floor of one byte."""
    return Checks(set_clock, *probes, [tmp_path], lambda: 1)


@pytest.mark.parametrize(
    ("room", "grown", "over_s", "expected"),
    [
        (1000, 10, 86400.0, 100.0),
        (1000, 10, 3600.0, 4.2),
        (1000, 10, 3599.0, None),
        (1000, 0, 86400.0, None),
        (1000, -5, 86400.0, None),
        (-1, 10, 86400.0, 0.0),
    ],
)
def test_days_left(room, grown, over_s, expected):
    """Room divided by growth a day; unknown for an hour, and where nothing grows."""
    assert expected == days_left(room, grown, over_s)


async def test_growth_is_measured_in_the_data_folder(checks, set_clock, tmp_path: Path):
    """After an hour in which the folder grew the days are told."""
    assert None is (await checks.all())["disk"].facts["days_left"]
    (tmp_path / "tocsin.db").write_bytes(b"x" * 1000)
    set_clock.advance(3600)
    assert (await checks.all())["disk"].facts["days_left"] > 0


async def test_all_is_well(checks):
    """Checks that pass are ok, each with its milliseconds, the disk with its space."""
    found = await checks.all()
    assert {"database", "redis", "disk"} == set(found)
    assert {"ok"} == {check.status for check in found.values()}
    assert found["disk"].facts["free_bytes"] > 0


async def test_checks_are_cached_for_a_second(checks, probes, set_clock):
    """Within a second nobody is asked twice, however many ask us."""
    await asyncio.gather(*(checks.all() for _ in range(5)))
    assert (1, 1) == tuple(probe.asked for probe in probes)
    set_clock.advance(1.1)
    await checks.all()
    assert (2, 2) == tuple(probe.asked for probe in probes)


@pytest.mark.parametrize("error", [StoreDown("full"), Transient("connect", "away"), OSError("x")])
async def test_a_failing_dependency(checks, probes, set_clock, error):
    """A dependency that is away fails with its words, and is well again without a restart."""
    probes[0].raises = error
    found = await checks.all()
    assert ("failing", str(error)) == (found["database"].status, found["database"].facts["error"])
    assert "ok" == found["redis"].status
    probes[0].raises = None
    set_clock.advance(2)
    assert "ok" == (await checks.all())["database"].status


async def test_a_dependency_that_never_answers(checks, monkeypatch):
    """A check that hangs fails when its time is up."""
    monkeypatch.setattr(health, "LIMIT_S", 0.01)
    checks._probes["redis"] = asyncio.Event().wait
    assert "failing" == (await checks.all())["redis"].status


async def test_a_slow_check_keeps_nobody_waiting(checks, set_clock, monkeypatch):
    """While a check takes long, what was found last is told with its age; then it has failed."""
    monkeypatch.setattr(health, "WAIT_S", 0.01)
    monkeypatch.setattr(health, "LIMIT_S", 0.2)
    assert "ok" == (await checks.all())["database"].status
    set_clock.advance(3)
    checks._probes["database"] = asyncio.Event().wait
    found = await checks.all()
    told = shown(found, set_clock.monotonic())
    assert ("ok", 3.0, 0.0) == (
        told["database"]["status"],
        told["database"]["age_s"],
        told["redis"]["age_s"],
    )
    await asyncio.wait(checks._running.values())
    assert "failing" == (await checks.all())["database"].status


async def test_a_disk_that_is_nearly_full(set_clock, probes, tmp_path: Path, monkeypatch):
    """Below the floor is degraded; with no room to work at all it fails. The floor may change."""
    floor = [1 << 62]
    checks = Checks(set_clock, *probes, [tmp_path], lambda: floor[0])
    assert "degraded" == (await checks.all())["disk"].status
    floor[0] = 1
    assert "ok" == (await checks.all())["disk"].status
    monkeypatch.setattr(health, "NO_WORK_BELOW_BYTES", 1 << 62)
    assert "failing" == (await checks.all())["disk"].status


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], "ok"),
        (["ok", "ok"], "ok"),
        (["ok", "degraded"], "degraded"),
        (["degraded", "failing", "ok"], "failing"),
    ],
)
def test_the_worst_counts(statuses, expected):
    """Failing is worse than degraded is worse than ok."""
    assert expected == worst(statuses)


def test_the_report_has_all_fields():
    """The report has what the interface promises, for sinks without any delivery too."""
    at = datetime(2026, 3, 2, tzinfo=UTC)
    counts = StoreCounts(
        feeds={"ok": 3, "failing": 1, "new": 1, "parked": 4},
        pages={"pages:hot": Backlog(open=2, oldest_s=0.84)},
        behind_s=600.04,
        sinks={"ops": Backlog(open=1, held=2, oldest_s=7.77)},
        bursts={"ops": Burst(held=80, first_s=188.0)},
        dead={"page": 1},
        last_entry=at,
    )
    state = SinkState(breaker="closed", state="enabled", ready=1, pending=0)
    told = report(counts, {"ops": state, "new": state}, {"pages": (3, 2)}, 0.44)
    states = {"ok": 3, "failing": 1, "quiet": 0, "new": 1}
    assert {"total": 5, **states, "due_lag_s": 0.4, "slowed": True} == told["feeds"]
    assert {"ready": 3, "pending": 2, "oldest_s": 0.8, "behind_s": 600.0} == told["queue"]["pages"]
    sink = {"ready": 1, "pending": 0, "breaker": "closed", "state": "enabled"}
    burst = {"burst_held": 80, "next_summary_s": 412.0}
    assert {**sink, **burst, "undelivered": 3, "oldest_s": 7.8} == told["queue"]["sinks"]["ops"]
    none = {"burst_held": 0, "next_summary_s": None}
    assert {**sink, **none, "undelivered": 0, "oldest_s": None} == told["queue"]["sinks"]["new"]
    assert {"entries": 0, "pages": 1, "deliveries": 0} == told["dead"]
    assert (at, None) == (told["last_entry"], told["last_alert"])


async def test_checks_are_shown_with_their_age(checks, set_clock):
    """Each check is printed with status, facts and age."""
    found = await checks.all()
    set_clock.advance(0.5)
    told = shown(found, set_clock.monotonic())
    assert {"status": "ok", "ms": 0.0, "age_s": 0.5} == told["database"]
