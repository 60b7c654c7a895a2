"""The loop around RELAY, heartbeats, and how loops live through outages."""

import asyncio

from workers.clock import SystemClock
from workers.errors import StoreDown, Transient
from workers.lanes.outage import LONGEST_S, Outage
from workers.lanes.pulse import Pulse
from workers.lanes.relay import RelayLane


class Rounds:
    """A relay that does as it is told: how many moved, or what went wrong."""

    def __init__(self, *rounds: int | Exception) -> None:
        self.rounds = list(rounds)
        self.done = 0
        self.soon_s = None

    async def once(self) -> int:
        self.done += 1
        told = self.rounds.pop(0) if self.rounds else 0
        if isinstance(told, Exception):
            raise told
        return told


async def test_it_goes_on_while_there_is_something(set_clock, eventually):
    """Rounds that move something follow at once; then it waits to be woken."""
    rounds = Rounds(5, 5, 1)
    lane = RelayLane(rounds, set_clock)
    task = asyncio.create_task(lane.run())
    await eventually(lambda: rounds.done == 4)
    lane.wake()
    await eventually(lambda: rounds.done == 5)
    lane.stop()
    await task


async def test_it_outlives_outages(set_clock, eventually):
    """Neither Redis nor SQL being away ends the loop."""
    rounds = Rounds(Transient("connect"), StoreDown("full"), Transient("connect"), 1)
    lane = RelayLane(rounds, set_clock)
    task = asyncio.create_task(lane.run())
    await eventually(lambda: not rounds.rounds)
    lane.stop()
    await task
    assert not lane._outage.lasting


async def test_an_outage_backs_off(set_clock):
    """Each failure in a row waits longer, up to two seconds; a success starts anew."""
    outage = Outage("loop", set_clock)
    waits = []
    for _ in range(7):
        before = set_clock.monotonic()
        await outage.failed(Transient("connect"))
        waits.append(round(set_clock.monotonic() - before, 3))
    assert [0.1, 0.2, 0.4, 0.8, 1.6, LONGEST_S, LONGEST_S] == waits
    assert outage.lasting
    outage.worked()
    assert not outage.lasting


def test_a_loop_is_alive_for_three_beats(set_clock):
    """A loop that missed three beats is not alive, until it beats again."""
    pulse = Pulse("loop", set_clock, period_s=5.0)
    set_clock.advance(14.9)
    assert pulse.alive
    set_clock.advance(0.2)
    assert not pulse.alive
    pulse.beat()
    assert pulse.alive


async def test_the_machines_clock():
    """The real clock is aware, goes forward, and sleeps."""
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0)
    assert clock.monotonic() >= before
    assert clock.now().tzinfo is not None
