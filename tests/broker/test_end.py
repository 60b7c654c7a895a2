"""Letting go of Redis: nothing stays open, whatever was under way."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis

from workers.broker import RedisBroker
from workers.errors import Transient
from workers.model.leases import Push

Until = Callable[..., Awaitable[None]]
Call = Callable[[RedisBroker], Awaitable[object]]
CALLS: dict[str, Call] = {
    "take": lambda broker: broker.take(["ring"], 5, 0.02),
    "push": lambda broker: broker.push([Push(stream="ring", kind="page", id="x")]),
}
STEPS = 50
"""Turns of the loop within which a call connects, asks and is answered: it is cut off at them."""


@pytest.fixture
def open_now(raw: redis.Redis) -> Callable[[], int]:
    """Counts the connections that the server has."""

    def count() -> int:
        return int(raw.info("clients")["connected_clients"])  # type: ignore[index]

    return count


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("how", ["ended first", "told to end", "goes on"])
async def test_whatever_is_under_way_leaves_no_connection(
    make: Any, server: Any, open_now: Callable[[], int], until: Until, call: Call, how: str
) -> None:
    """At whichever step a call is when all is closed: what it was connecting is closed too."""
    before = open_now()

    async def cut(step: int) -> None:
        broker = await make(server, f"p{step}", lease_s=30)
        task = asyncio.ensure_future(call(broker))
        for _ in range(step):
            await asyncio.sleep(0)
        if how != "goes on":
            task.cancel()
        if how == "ended first":
            await asyncio.wait([task])
        await broker.close()
        await asyncio.wait([task])
        assert task.cancelled() or isinstance(task.exception(), Transient | None)

    async def closed() -> bool:
        return open_now() == before

    await asyncio.gather(*map(cut, range(0, STEPS, 2)))
    await until(closed)


async def test_who_asks_later_is_told(broker: RedisBroker, open_now: Callable[[], int]) -> None:
    """A call after the end is an outage like any other and connects to nothing; it opens anew."""
    await broker.close()
    before = open_now()
    with pytest.raises(Transient, match="let go of"):
        await CALLS["push"](broker)
    with pytest.raises(Transient, match="let go of"):
        await broker.ping()
    assert before == open_now()
    await broker.open()
    await broker.ping()
