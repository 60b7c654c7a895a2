"""Breakers: five failures in a row, then one probe at a time."""

from collections.abc import Awaitable, Callable

import redis

from workers.broker import RedisBroker

Until = Callable[..., Awaitable[None]]


async def fail(broker: RedisBroker, times: int) -> None:
    """Note so many failures."""
    for _ in range(times):
        await broker.breaker_note("e", good=False)


async def test_it_opens_after_five_in_a_row(broker: RedisBroker) -> None:
    """Four failures, or five with a success between, leave it closed."""
    await fail(broker, 4)
    assert 0.0 == await broker.breaker_wait("e", 5)
    await broker.breaker_note("e", good=True)
    await fail(broker, 4)
    assert 0.0 == await broker.breaker_wait("e", 5)
    await fail(broker, 1)
    assert 0.0 < await broker.breaker_wait("e", 5) <= 0.1
    assert {"e": True, "f": False} == {
        name: wait > 0 for name, wait in (await broker.breaker_states(["e", "f"])).items()
    }


async def test_one_probe_at_a_time(broker: RedisBroker, other: RedisBroker, until: Until) -> None:
    """When its time has come one may try, the others wait for that one's lease."""
    await fail(broker, 5)

    async def probing() -> bool:
        return await broker.breaker_wait("e", 50) == 0.0

    await until(probing)
    assert 45 < await other.breaker_wait("e", 50) <= 50
    assert 45 < (await other.breaker_states(["e"]))["e"] <= 50
    await broker.breaker_note("e", good=True)
    assert 0.0 == await other.breaker_wait("e", 50)


async def test_a_probe_that_dies_frees_its_turn(broker: RedisBroker, until: Until) -> None:
    """A probe without an outcome holds the turn for its lease only."""
    await fail(broker, 5)
    probes: list[float] = []

    async def twice() -> bool:
        if await broker.breaker_wait("e", 0.05) == 0.0:
            probes.append(0.0)
        return len(probes) == 2

    await until(twice)


async def test_each_failed_probe_doubles_the_wait(broker: RedisBroker, raw: redis.Redis) -> None:
    """From the first delay on to ten minutes; failures from before it opened count for nothing."""
    broker._first_s = 30.0
    await fail(broker, 9)
    (key,) = raw.keys("{tocsin}:breaker:*")
    seen = []
    for _ in range(16):
        raw.hset(key, "until", 1)
        assert 0.0 == await broker.breaker_wait("e", 50)
        await fail(broker, 3)
        seen.append(float(raw.hget(key, "delay") or 0) / 1000)
    assert [60.0, 120.0, 240.0, 480.0] == seen[:4]
    assert 600.0 == seen[-1]


async def test_a_lost_breaker_is_closed(broker: RedisBroker, raw: redis.Redis) -> None:
    """Flushed, everything may be tried."""
    await fail(broker, 5)
    raw.flushall()
    assert 0.0 == await broker.breaker_wait("e", 5)
    assert {} == await broker.breaker_states([])


async def test_addresses_are_not_told(broker: RedisBroker, raw: redis.Redis) -> None:
    """The key of an endpoint does not show its address, which may be a secret."""
    await broker.breaker_note("https://hooks.example.org/secret", good=False)
    assert not any("secret" in key for key in raw.keys("*"))
