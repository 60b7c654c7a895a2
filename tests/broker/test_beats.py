"""Who lives, who left, and who died."""

from collections.abc import Awaitable, Callable
from typing import Any

import redis

from workers.broker import RedisBroker
from workers.broker.keys import PERMANENT
from workers.model.leases import Message, Push

Until = Callable[..., Awaitable[None]]
Make = Callable[..., Awaitable[RedisBroker]]
PUSH = [Push(stream="ring", kind="page", id="x")]


async def reclaimed(broker: RedisBroker, until: Until) -> Message:
    """Return what the broker gets once the lease of its owner ran out."""
    got: list[Message] = []

    async def some() -> bool:
        got.extend(await broker.take(["ring"], 1, 0))
        return bool(got)

    await until(some)
    return got[0]


async def test_live_processes_are_listed(broker: RedisBroker, other: RedisBroker) -> None:
    """Each tells what it is; who said goodbye is listed no more."""
    await broker.beat({"roles": ["poll"], "version": "1"})
    await other.beat({"roles": ["web"]})
    listed = await broker.processes()
    assert [("a", ["poll"]), ("b", ["web"])] == [(p["name"], p["roles"]) for p in listed]
    assert all(0 <= process["beat_s"] < 1 for process in listed)
    await other.close()
    assert ["a"] == [process["name"] for process in await broker.processes()]


async def test_a_foreign_beat_is_left_out(broker: RedisBroker, raw: redis.Redis) -> None:
    """A beat that is no JSON object of ours does not break the list."""
    await broker.beat({})
    raw.zadd("{tocsin}:beats", {"odd": 9e12, "gone": 9e12})
    raw.set("{tocsin}:beat:odd", b"\xff[")
    assert ["a"] == [process["name"] for process in await broker.processes()]


async def test_an_owner_that_died_is_counted(
    server: Any, make: Make, broker: RedisBroker, until: Until
) -> None:
    """Silent for a lease and no goodbye: that is a death."""
    victim = await make(server, "victim")
    await broker.push(PUSH)
    await victim.take(["ring"], 1)
    assert 1 == (await reclaimed(broker, until)).deaths


async def test_an_owner_that_only_let_go_is_not_guilty(
    broker: RedisBroker, other: RedisBroker, until: Until
) -> None:
    """A lease that ran out while its owner lives is no death."""
    await broker.push(PUSH)
    await other.take(["ring"], 1)
    got: list[Message] = []

    async def some() -> bool:
        await other.beat({})
        got.extend(await broker.take(["ring"], 1, 0))
        return bool(got)

    await until(some)
    assert 0 == got[0].deaths


async def test_its_own_work_comes_back_without_blame(broker: RedisBroker, until: Until) -> None:
    """What a process let run out itself is no death either."""
    await broker.push(PUSH)
    await broker.take(["ring"], 1)
    assert 0 == (await reclaimed(broker, until)).deaths


async def test_a_goodbye_makes_nobody_guilty(
    server: Any, make: Make, broker: RedisBroker, until: Until
) -> None:
    """Who left in good order with work in hand did not die of it."""
    leaver = await make(server, "leaver")
    await broker.push(PUSH)
    await leaver.take(["ring"], 1)
    await leaver.close()
    assert 0 == (await reclaimed(broker, until)).deaths


async def test_an_outage_makes_nobody_guilty(
    server: Any, make: Make, until: Until, raw: redis.Redis
) -> None:
    """Who has just got back in touch waits for the living to beat before judging the silent."""
    victim, judge = await make(server, "victim", 1.0), await make(server, "judge", 1.0)
    await judge.push(PUSH)
    (held,) = await victim.take(["ring"], 1)
    key = "{tocsin}:s:ring"
    raw.delete("{tocsin}:beat:victim")
    raw.xclaim(key, "workers", "victim", 0, [held.entry], idle=1500, justid=True)
    assert [] == await judge.take(["ring"], 1, 0)
    await victim.beat({})
    judge._reclaimed_at.clear()
    assert 0 == (await reclaimed(judge, until)).deaths


async def test_a_late_restart_acquits_nobody(
    server: Any, make: Make, until: Until, raw: redis.Redis
) -> None:
    """However long nothing ran after a death, whoever starts then counts it; it does not rush."""
    victim, judge = await make(server, "victim"), await make(server, "judge")
    await victim.push(PUSH)
    (held,) = await victim.take(["ring"], 1)
    raw.delete("{tocsin}:beat:victim")
    key, hour_ms = "{tocsin}:s:ring", 3_600_000
    raw.xclaim(key, "workers", "victim", 0, [held.entry], idle=hour_ms, justid=True)
    assert [] == await judge.take(["ring"], 1, 0)
    assert 1 == (await reclaimed(judge, until)).deaths


async def test_who_never_stays_in_touch_works_all_the_same(
    server: Any, make: Make, until: Until, raw: redis.Redis
) -> None:
    """A reader that loses Redis over and over takes expired work in the end, and blames nobody."""
    victim, judge = await make(server, "victim"), await make(server, "judge")
    await victim.push(PUSH)
    await victim.take(["ring"], 1)
    raw.delete("{tocsin}:beat:victim")
    got: list[Message] = []

    async def taken() -> bool:
        judge._link._touch_since = None
        got.extend(await judge.take(["ring"], 1, 0))
        return bool(got)

    await until(taken)
    assert 0 == got[0].deaths


async def test_silent_consumers_are_removed_once_they_hold_nothing(
    server: Any, make: Make, raw: redis.Redis, until: Until
) -> None:
    """A dead consumer goes when its work was taken over, never before; nobody stays."""
    key = "{tocsin}:s:ring"
    dead = await make(server, "dead", 0.02)
    await dead.push(PUSH)
    await dead.take(["ring"], 1)
    cleaner = await make(server, "cleaner", 0.02)
    seen: list[set[str]] = []

    async def gone() -> bool:
        await cleaner.take(["ring"], 1, 0)
        names = {item["name"]: item["pending"] for item in raw.xinfo_consumers(key, "workers")}
        seen.append(set(names))
        assert 1 == sum(names.values())
        return "dead" not in names

    await until(gone)
    assert "dead" in seen[0]


async def test_leaving_removes_the_own_consumer(server: Any, make: Make, raw: redis.Redis) -> None:
    """A consumer that holds nothing goes with its process; one that does stays."""
    key = "{tocsin}:s:ring"
    busy, idle = await make(server, "busy"), await make(server, "idle")
    await busy.push(PUSH)
    await busy.take(["ring"], 1)
    await idle.take(["ring"], 1, 0.01)
    await busy.close()
    await idle.close()
    assert ["busy"] == [item["name"] for item in raw.xinfo_consumers(key, "workers")]


async def test_every_key_ends_or_is_meant_to_stay(
    server: Any, make: Make, raw: redis.Redis, broker: RedisBroker
) -> None:
    """After every verb was used, each key has a time to live or is on the permanent list."""
    await broker.push([*PUSH, Push(stream="sink:ops", kind="delivery", id="d")])
    await broker.take(["ring", "sink:ops"], 1)
    await broker.beat({"roles": []})
    await broker.schedule_feeds({"f": 0})
    await broker.host_turn("h", 5, 2, 30)
    await broker.host_turn("h", 5, 2, 30)
    await broker.host_rest("g", 5)
    await broker.host_kills("h", one_more=True)
    for _ in range(6):
        await broker.breaker_note("e", good=False)
    await broker.breaker_wait("e", 5)
    await broker.begin_epoch("life")
    await broker.ping()
    left = await make(server, "left")
    await left.beat({})
    await left.close()
    keys = raw.keys("*")
    assert all(key.startswith("{tocsin}:") for key in keys)
    assert [] == [k for k in keys if raw.ttl(k) < 0 and not k.startswith(PERMANENT)]
    assert {
        "beat",
        "beats",
        "kills",
        "bye",
        "s",
        "q",
        "due",
        "epoch",
        "ping",
        "turns",
        "gate",
        "breaker",
    } == {key.split(":")[1] for key in keys}
