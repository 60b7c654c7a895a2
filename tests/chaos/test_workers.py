"""Rows 1, 2, 5 and 6: workers that die, freeze, choke, and take their time."""

import asyncio
import signal

import pytest

from chaos.ground import Ground, Tally, until
from chaos.setups import over

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]
SLOTS = 4
KILLS = 4
MANY = 20_000


async def _killed(ground: Ground, where: str, effects: int) -> None:
    """Let four workers, beside whoever else there is, die after so many effects each."""
    dying = {"dies": where, "dies_from": effects}
    first = ground.start(**dying)
    others = [ground.start(linger_s=0.5) for _ in range(ground.setup.processes - 1)]
    assert -signal.SIGKILL == await first.ended()
    for _ in range(KILLS - 1):
        assert -signal.SIGKILL == await ground.start(**dying).ended()
    await ground.staff(1)
    assert all(one.alive for one in others)


@pytest.mark.parametrize(
    "messages", [400, pytest.param(MANY, marks=pytest.mark.thorough)], ids=str
)
async def test_row_1_killed_before_its_effect(ground: Ground, tally: Tally, messages: int) -> None:
    """Four workers killed with all they hold before its effect: nothing lost, nothing twice."""
    if messages == MANY and ground.setup.database == "postgresql":
        messages //= 4  # what takes longest
    await ground.accept(messages)
    await _killed(ground, "before", messages // 20)
    await ground.all_done(within_s=500)
    tally.line(
        f"SIGKILL before the effect, {KILLS} times",
        ground.ids,
        ground.runs(),
        bound="0 duplicates",
    )


@pytest.mark.thorough
async def test_row_1_killed_between_effect_and_commit(ground: Ground, tally: Tally) -> None:
    """Killed after the effect and before its commit: what was in flight comes again, same id."""
    await ground.accept(400)
    await _killed(ground, "after", 20)
    await ground.all_done()
    runs = ground.runs()
    tally.line(
        f"SIGKILL between effect and commit, {KILLS} times",
        ground.ids,
        runs,
        bound=f"≤ {KILLS * SLOTS} in flight, same id",
        duplicates=KILLS * SLOTS,
    )
    assert any(times > 1 for times in runs.values()), "no worker was killed where it was meant to"


@pytest.mark.thorough
@over(redis="valkey")
async def test_row_1_killed_at_any_moment(ground: Ground, tally: Tally) -> None:
    """Killed from outside under load: at most what was in flight comes again."""
    await ground.accept(1_000)
    for round_ in range(1, KILLS + 1):
        crew = await ground.staff()
        await until(lambda most=round_ * 150: ground.done() >= most, "effects")
        crew[0].signal(signal.SIGKILL)
        for one in crew:
            one.end()
    await ground.staff()
    await ground.all_done()
    most = KILLS * SLOTS * ground.setup.processes
    tally.line(
        f"SIGKILL at any moment, {KILLS} times",
        ground.ids,
        ground.runs(),
        bound=f"≤ {most} in flight, same id",
        duplicates=most,
    )


@pytest.mark.thorough
async def test_row_2_the_only_worker_killed_then_silence(ground: Ground, tally: Tally) -> None:
    """Nothing new comes to wake anybody: what the dead one held is done within two leases."""
    ground.lease_s = 3.0
    await ground.accept(200)
    doomed = [ground.start(dies="before", dies_from=60) for _ in range(ground.setup.processes)]
    for one in doomed:
        await one.ended()
    await ground.staff(1)
    took = await ground.all_done()
    bound = f"done ≤ 2 leases ({2 * ground.lease_s:.0f} s) after the restart; took {took:.1f} s"
    tally.line("SIGKILL of the only worker", ground.ids, ground.runs(), bound=bound)
    assert took <= 2 * ground.lease_s


@pytest.mark.thorough
@over(redis="valkey")
async def test_row_5_poison(ground: Ground, tally: Tally) -> None:
    """What no attempt can digest becomes a dead letter with its reason, and harms nothing else."""
    await ground.accept(200, "poison")
    await ground.staff(poison="poison")
    (poison,) = ground.accepted["poison"]

    async def dead() -> bool:
        await ground.let_pass(601)
        return bool(await ground.store.dead_lines())

    await until(dead, "a dead letter")
    await ground.all_done()
    (line,) = await ground.store.dead_lines()
    tally.line(
        "poison",
        ground.ids,
        ground.runs(),
        bound=f"dead letter ({line.reason})",
        elsewhere=frozenset({line.id}),
    )
    assert (poison, "payload") == (line.id, line.reason)


@pytest.mark.thorough
async def test_row_5_a_message_that_kills_its_worker(ground: Ground, tally: Tally) -> None:
    """It kills as often as it may, then is a dead letter; workers that live do all the others."""
    ground.lease_s = 1.0
    await ground.accept(200, "deadly")
    (deadly,) = ground.accepted["deadly"]
    crew = await ground.staff(deadly="deadly")
    deaths = 0

    async def over() -> bool:
        nonlocal deaths
        for number, one in enumerate(crew):
            if not one.alive:
                deaths += 1
                crew[number] = ground.start(deadly="deadly")
        backlog = await ground.store.dead_lines()
        return bool(backlog)

    await until(over, "a dead letter")
    await ground.all_done()
    (line,) = await ground.store.dead_lines()
    tally.line(
        "a message that kills its worker",
        ground.ids,
        ground.runs(),
        bound=f"dead letter ({line.reason}) after {deaths} deaths",
        elsewhere=frozenset({line.id}),
    )
    assert (deadly, "crash") == (line.id, line.reason)
    assert 4 == deaths


@pytest.mark.thorough
@over(redis="valkey")
async def test_row_6_a_handler_of_three_leases(ground: Ground, tally: Tally) -> None:
    """A slow handler's lease is renewed: nobody else takes what it works on."""
    ground.lease_s = 1.0
    await ground.accept(50, "slow")
    await ground.staff(max(2, ground.setup.processes), slow="slow", slow_s=3 * ground.lease_s)
    await ground.all_done()
    tally.line("a handler of 3 leases", ground.ids, ground.runs(), bound="1 run")


async def test_row_6_frozen_before_the_effect(ground: Ground, tally: Tally) -> None:
    """A worker that is stopped for three leases finds its lease gone, and does nothing."""
    ground.lease_s = 1.0
    frozen = ground.start(freezes_at=10)
    await frozen.ready()
    await ground.accept(100)
    await until(lambda: frozen.says("frozen"), "the worker stops itself")
    others = await ground.staff(ground.setup.processes - 1)
    await asyncio.sleep(3 * ground.lease_s)
    before = ground.done()
    frozen.signal(signal.SIGCONT)
    await ground.all_done()
    pids = {pid for _, pid in ground.effects()}
    tally.line("SIGSTOP for 3 leases before the effect", ground.ids, ground.runs(), bound="1 run")
    assert {one.pid for one in others} <= pids
    assert not others or before == len(ground.ids)
