"""Rates: so many turns in any window, whoever takes them; those who wait stand in line."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import redis

from workers.broker import RedisBroker
from workers.broker.keys import ROOT
from workers.model.rate import Rate

Until = Callable[..., Awaitable[None]]
THREE = Rate(count=3, per_s=600.0)


async def test_no_more_turns_than_the_window_has(broker: RedisBroker, other: RedisBroker) -> None:
    """Two processes share them, and what is beyond is given times one after the other."""
    waits = await asyncio.gather(
        *(one.rate_turn("ops", THREE) for one in (broker, other) for _ in range(4))
    )
    assert [0.0] * 3 == sorted(waits)[:3]
    line = sorted(waits)[3:]
    assert 595 < line[0] <= 600
    steps = [later - sooner for sooner, later in pairwise(line)]
    assert [200, 200, 200, 200] == [round(step) for step in steps]
    assert 0.0 == await broker.rate_turn("desk", THREE)


async def test_a_turn_comes_free_when_its_window_is_over(
    broker: RedisBroker, until: Until
) -> None:
    """Whoever waited as long as it was told gets its turn, and not one too many."""
    rate = Rate(count=2, per_s=0.3)
    for _ in range(2):
        assert 0.0 == await broker.rate_turn("ops", rate)
    wait = await broker.rate_turn("ops", rate)
    assert 0.0 < wait <= 0.3

    async def turn() -> bool:
        return await broker.rate_turn("ops", rate) == 0.0

    await until(turn)


async def test_a_line_is_not_endless(broker: RedisBroker) -> None:
    """Behind a thousand others one is told to ask again sooner."""
    rate = Rate(count=1, per_s=10.0)
    waits = [await broker.rate_turn("ops", rate) for _ in range(1100)]
    assert max(waits) <= 10.0 * 1001
    assert min(waits[1000:1010]) <= 20.0


async def test_a_rate_that_was_changed_holds_at_once(broker: RedisBroker) -> None:
    """A wider one lets more through, a narrower one counts what was let through before."""
    for _ in range(3):
        assert 0.0 == await broker.rate_turn("ops", THREE)
    assert 0.0 < await broker.rate_turn("ops", Rate(count=1, per_s=600.0))
    assert 0.0 == await broker.rate_turn("ops", Rate(count=4, per_s=600.0))


async def test_what_others_wrote_does_no_harm(broker: RedisBroker, raw: redis.Redis) -> None:
    """Turns in the future, a line that is no number, keys of another type."""
    raw.zadd(f"{ROOT}rate:ops", {"x": 9e15, "y": 8e15, "z": 7e15})
    raw.set(f"{ROOT}line:ops", "soon")
    for _ in range(3):
        assert 0.0 == await broker.rate_turn("ops", THREE)
    assert 0.0 < await broker.rate_turn("ops", THREE) <= 600.0
    raw.set(f"{ROOT}rate:desk", "1")
    assert 0.0 == await broker.rate_turn("desk", THREE)


async def test_what_a_rate_keeps_is_forgotten(broker: RedisBroker, raw: redis.Redis) -> None:
    """Both keys end with their window."""
    for _ in range(4):
        await broker.rate_turn("ops", THREE)
    for key in ("rate", "line"):
        assert 0 < raw.pttl(f"{ROOT}{key}:ops") <= 601_000
