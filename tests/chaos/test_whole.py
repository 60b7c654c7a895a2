"""Rows 8, 9 and 15: the whole daemon is stopped, restarted and killed; its Redis is full."""

import asyncio
import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from chaos.ground import Tally, until
from chaos.house import DaemonProcess, House, servers_of
from chaos.news import Receipt
from chaos.setups import over

pytestmark = [pytest.mark.chaos, pytest.mark.whole, pytest.mark.timeout(600)]
SLOTS = 4
"""Deliveries that one sink's lane has under way."""
STOP_S = 8.0
"""The house's `stop_within`."""
GRACE_S = 3.0
"""What a loaded machine may take to end an interpreter that has stopped."""


@pytest.mark.thorough
async def test_row_8_redis_is_full(house: House, tally: Tally, server) -> None:
    """What lies in the streams is done while nothing can be added; readiness says so."""
    (daemon, *_) = await house.open()
    house.receiver.gate.clear()
    house.publisher.publish(60)

    def waiting() -> bool:
        with server.client() as client:
            return client.xlen("{tocsin}:s:sink:ops") >= 60

    await until(waiting, "all lie in the stream")
    with server.client() as client:
        client.config_set("maxmemory", 1)
        await until(lambda: _answers(daemon, 503), "not ready")
        house.receiver.gate.set()
        drained = await house.told()
        assert client.config_get("maxmemory")["maxmemory"] == "1"
        house.publisher.publish(20)
        await asyncio.sleep(2.0)
        client.config_set("maxmemory", 0)
    await house.told()
    await until(lambda: _answers(daemon, 200), "ready again")
    tally.line(
        "Redis at maxmemory",
        house.accepted(),
        house.receiver.runs(),
        bound=f"60 drained while full in {drained:.1f} s; readiness 503",
    )


async def _answers(daemon: DaemonProcess, status: int) -> bool:
    return await daemon.get("/readyz") == status


async def _slowly(_request: web.Request, _receipt: Receipt) -> None:
    """Take long enough that a stop finds messages under way."""
    await asyncio.sleep(0.2)


@pytest.mark.thorough
async def test_row_9_sigterm(house: House, tally: Tally, rounds: int) -> None:
    """Stopped under load, again and again: exit 0 within the deadline, and nothing done twice."""
    crew = await house.open()
    house.receiver.behaviours["ops"] = _slowly
    longest = 0.0
    for _ in range(rounds):
        house.publisher.publish(30)
        before = len(house.receiver.took)
        await until(lambda least=before: len(house.receiver.took) > least + 5, "some were told")
        for number, daemon in enumerate(crew):
            began = asyncio.get_running_loop().time()
            daemon.signal(signal.SIGTERM)
            assert 0 == await daemon.ended(), daemon.log[-3000:]
            longest = max(longest, asyncio.get_running_loop().time() - began)
            crew[number] = await house.start(number)
    await house.told()
    tally.line(
        f"SIGTERM and restart, {rounds} times",
        house.accepted(),
        house.receiver.runs(),
        bound=f"exit ≤ {STOP_S:.0f} s: {longest:.1f} s; nothing redone",
    )
    assert longest <= STOP_S + GRACE_S
    again = sum(house.publisher.pages.values()) - len(house.publisher.pages)
    given_up, lost = _given_up(house)
    assert again <= given_up + lost, f"{again} pages read again, {given_up} given up, {lost} lost"


def _given_up(house: House) -> tuple[int, int]:
    """Return what was handed back at a deadline, and how many leases a stalled process lost."""
    told = "".join(daemon.log for daemon in {one.folder: one for one in house.daemons}.values())
    numbers = re.findall(r'"handed_back": (\d+)', told)
    return sum(map(int, numbers)), told.count('"lease_lost"')


@pytest.mark.thorough
async def test_row_9_sigterm_twice(house: House, tally: Tally) -> None:
    """The second SIGTERM does not wait for what hangs; what was cut off is done by the next."""
    crew = await house.open(stop_within="5m")
    house.publisher.publish(20)
    await house.standstill(SLOTS)
    began = asyncio.get_running_loop().time()
    for daemon in crew:
        daemon.signal(signal.SIGTERM)
    await until(lambda: _answers(crew[0], 503), "it drains")
    for daemon in crew:
        daemon.signal(signal.SIGTERM)
    for daemon in crew:
        assert 0 == await daemon.ended(), daemon.log[-3000:]
    took = asyncio.get_running_loop().time() - began
    house.receiver.gate.set()
    for number in range(house.crew):
        await house.start(number)
    await house.told()
    tally.line(
        "SIGTERM twice",
        house.accepted(),
        house.receiver.runs(),
        bound=f"exit at once of 300 s: {took:.1f} s; nothing redone",
    )
    assert took <= STOP_S + GRACE_S


def _daemon(daemon: DaemonProcess) -> None:
    daemon.signal(signal.SIGKILL)


def _group(daemon: DaemonProcess) -> None:
    daemon.signal_group(signal.SIGKILL)


def _valkey(daemon: DaemonProcess) -> None:
    for pid in servers_of(daemon.data):
        os.kill(pid, signal.SIGKILL)


VICTIMS = {"daemon": _daemon, "its group": _group, "only Valkey": _valkey}


@over(database="sqlite")
@pytest.mark.thorough
@pytest.mark.parametrize("victim", VICTIMS)
async def test_row_15_one_server_a_data_dir(
    own_house: House, tally: Tally, victim: str, rounds: int
) -> None:
    """Whoever is killed, one Valkey serves the data folder afterwards, and nothing is lost."""
    house = own_house
    tally.setup = replace(tally.setup, redis="embedded")
    (daemon,) = await house.open()
    counts = [len(servers_of(daemon.data))]
    for _ in range(rounds):
        house.publisher.publish(20)
        await house.standstill(SLOTS)
        old = servers_of(daemon.data)
        VICTIMS[victim](daemon)
        if victim == "only Valkey":
            await until(lambda gone=old, data=daemon.data: _another(data, gone), "another server")
        else:
            await daemon.ended()
            daemon = await house.start()
        counts.append(len(servers_of(daemon.data)))
        house.receiver.gate.set()
        await house.told()
        counts.append(len(servers_of(daemon.data)))
    tally.line(
        f"SIGKILL of {victim}, {rounds} times",
        house.accepted(),
        house.receiver.runs(),
        bound=f"one server a data dir: {max(counts)}",
    )
    assert {1} == set(counts)


def _another(data: Path, gone: list[int]) -> bool:
    now = servers_of(data)
    return bool(now) and not set(now) & set(gone)
