"""Rows 3, 4, 7 and 8: a Redis that dies, forgets, falls silent, or is full."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from chaos.ground import STREAM, Ground, Tally, until
from chaos.servers import Proxy

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]
BACK_S = 15.0
LINGER_S = 0.02
"""What an effect takes, so that there is a middle of the work to meet."""


@pytest.mark.parametrize(
    "number",
    [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.thorough)],
    ids=lambda one: one.name,
)
async def test_row_3_redis_ends_under_load(
    ground: Ground, tally: Tally, number: signal.Signals
) -> None:
    """Three times Redis ends and comes back: the workers stay up, and nothing is done twice."""
    await ground.accept(600)
    crew = await ground.staff(linger_s=LINGER_S)
    for round_ in range(1, 4):
        await until(lambda most=round_ * 120: ground.done() >= most, "effects")
        await asyncio.to_thread(ground.server.end, number)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(ground.server.start)
    await ground.all_done()
    tally.line(
        f"Redis {number.name} 3 times under load",
        ground.ids,
        ground.runs(),
        bound="workers stay up",
    )
    assert all(one.alive for one in crew)


def _flushed(ground: Ground) -> None:
    with ground.server.client() as client:
        client.flushall()


def _without_its_file(ground: Ground) -> None:
    ground.server.end()
    ground.server.forget()
    ground.server.start()


def _without_its_group(ground: Ground) -> None:
    with ground.server.client() as client:
        assert client.xgroup_destroy(STREAM, "workers")


LOSSES = {
    "FLUSHALL": _flushed,
    "AOF deleted": _without_its_file,
    "group destroyed": _without_its_group,
}


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param(name, marks=() if name == "FLUSHALL" else pytest.mark.thorough)
        for name in LOSSES
    ],
)
async def test_row_4_redis_forgets(ground: Ground, tally: Tally, loss: str) -> None:
    """What Redis has forgotten is made again from SQL: each id in one entry, each done once."""
    await ground.accept(600)
    await ground.staff(linger_s=LINGER_S)
    most = 0
    for round_ in range(1, 3):
        await until(lambda least=round_ * 150: ground.done() >= least, "effects")
        await asyncio.to_thread(LOSSES[loss], ground)

    async def done() -> bool:
        nonlocal most
        entries = ground.entries()
        most = max([most, *(entries.count(id_) for id_ in set(entries))])
        return await ground.open() == 0

    await until(done, "all done")
    tally.line(f"{loss}, twice", ground.ids, ground.runs(), bound=f"from SQL; {most} entry an id")
    assert 1 == most


@pytest.mark.thorough
async def test_row_4_a_stream_longer_than_ten_leases(ground: Ground, tally: Tally) -> None:
    """Ids that wait for more than ten leases are pushed again and again, and stay one entry."""
    ground.lease_s = 0.5
    await ground.accept(200)
    await ground.staff(linger_s=4 * 12 * ground.lease_s * ground.setup.processes / 200)
    most, began = 0, asyncio.get_running_loop().time()

    async def done() -> bool:
        nonlocal most
        entries = ground.entries()
        most = max([most, *(entries.count(id_) for id_ in set(entries))])
        return await ground.open() == 0

    await until(done, "all done")
    leases = (asyncio.get_running_loop().time() - began) / ground.lease_s
    tally.line(
        f"a stream of {leases:.0f} leases", ground.ids, ground.runs(), bound=f"{most} entry an id"
    )
    assert (1, True) == (most, leases > 10)


@pytest.fixture
async def proxy(ground: Ground) -> AsyncIterator[Proxy]:
    """Stands between the workers and their Redis."""
    one = Proxy(ground.folder / "p.sock", ground.server.socket)
    await one.start()
    ground.redis_url = one.url
    yield one
    await one.stop()


@pytest.mark.thorough
async def test_row_7_the_connection_goes_silent(
    ground: Ground, tally: Tally, proxy: Proxy
) -> None:
    """Connections that say nothing more, without an end, are given up and made anew."""
    await ground.accept(600)
    await ground.staff(linger_s=LINGER_S)
    await until(lambda: ground.done() >= 100, "effects")
    proxy.silence()
    await asyncio.sleep(0.5)
    before = ground.done()
    took = await until(lambda: ground.done() > before + 20, "work goes on")
    await ground.all_done()
    tally.line(
        f"{proxy.silenced} connections go silent",
        ground.ids,
        ground.runs(),
        bound=f"back ≤ {BACK_S:.0f} s: {took:.1f} s",
    )
    assert took <= BACK_S


async def test_row_7_the_reply_is_cut_off(ground: Ground, tally: Tally, proxy: Proxy) -> None:
    """The server has done what it was asked, and the answer is lost, for each kind of command."""
    ground.lease_s = 1.0
    await ground.accept(400)
    await ground.staff(linger_s=LINGER_S)
    commands = (b"EVALSHA", b"XREADGROUP", b"XPENDING", b"XLEN", b"EXISTS")
    for round_, command in enumerate(commands, start=1):
        await until(lambda most=round_ * 40: ground.done() >= most, "effects")
        proxy.cut_reply_of(command)
    took = await ground.all_done()
    tally.line(
        f"reply cut after {len(proxy.cut)} commands",
        ground.ids,
        ground.runs(),
        bound=f"back ≤ {BACK_S:.0f} s: {took:.1f} s",
    )
    assert len(proxy.cut) >= len(commands) - 1
    assert took <= BACK_S
