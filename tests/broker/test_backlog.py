"""What waits and what is held, over all processes."""

import redis

from workers.broker import RedisBroker
from workers.model.leases import Push


async def test_what_waits_and_what_is_held(server, make, broker: RedisBroker) -> None:
    """Held is what any process holds; what was handed back waits, like what nobody took yet."""
    other = await make(server, "other")
    await broker.push([Push(stream="ring", kind="page", id=f"id{n}") for n in range(6)])
    assert {"ring": (6, 0)} == await broker.backlog(["ring"])
    mine = await broker.take(["ring"], 2)
    theirs = await other.take(["ring"], 3)
    assert {"ring": (1, 5)} == await broker.backlog(["ring"])
    await other.give_back(theirs[:1])
    await broker.acknowledge(mine)
    assert {"ring": (2, 2)} == await broker.backlog(["ring"])


async def test_streams_that_are_none(broker: RedisBroker, raw: redis.Redis) -> None:
    """A stream that is missing or without a group, or a key of another type, holds nothing."""
    raw.set("{tocsin}:s:sink:text", "not a stream")
    raw.xadd("{tocsin}:s:sink:new", {"kind": "delivery", "id": "x"})
    names = ["ring", "sink:text", "sink:new"]
    assert {"ring": (0, 0), "sink:text": (0, 0), "sink:new": (1, 0)} == await broker.backlog(names)
    assert {} == await broker.backlog([])
