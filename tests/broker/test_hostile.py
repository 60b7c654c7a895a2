"""What others may write under our prefix: bounded, told with the key's name, healed."""

import asyncio
import json
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis
import structlog
from structlog.testing import capture_logs

from workers.broker import RedisBroker
from workers.broker.keys import (
    BEATS,
    DUE,
    GROUP,
    aside_key,
    breaker_key,
    feed_line_key,
    feed_places_key,
    gate_key,
    kills_key,
    named_key,
    stream_key,
    turns_key,
)
from workers.errors import Transient
from workers.model.leases import Message, Push

Until = Callable[..., Awaitable[None]]
RING = stream_key("ring")
PUSH = [Push(stream="ring", kind="page", id="x")]
HELD = Message(stream="ring", entry="1-1", kind="page", id="x")
HUGE = b"x" * 50_000_000

Verb = Callable[[RedisBroker], Awaitable[Any]]
MEETS: list[tuple[str, Verb]] = [
    (RING, lambda b: b.push(PUSH)),
    (RING, lambda b: b.take(["ring"], 1, 0)),
    (RING, lambda b: b.take(["ring"], 1, 0.01)),
    (RING, lambda b: b.take(["pages:hot", "ring"], 2, 0.01)),
    (RING, lambda b: b.outstanding(["ring"])),
    (RING, lambda b: b.renew([HELD])),
    (RING, lambda b: b.lease_ok(HELD)),
    (RING, lambda b: b.acknowledge([HELD])),
    (RING, lambda b: b.give_back([HELD])),
    (named_key("page", "x"), lambda b: b.push(PUSH)),
    (DUE, lambda b: b.claim_feeds(1, 30)),
    (DUE, lambda b: b.schedule_feeds({"f": 0})),
    (DUE, lambda b: b.drop_feeds(["f"])),
    (DUE, lambda b: b.queued_feeds()),
    (DUE, lambda b: b.due_lag()),
    (BEATS, lambda b: b.beat({})),
    (BEATS, lambda b: b.processes()),
    (turns_key("h"), lambda b: b.host_turn("h", 5, 2, 30)),
    (gate_key("h"), lambda b: b.host_turn("h", 5, 2, 30)),
    (gate_key("h"), lambda b: b.host_rest("h", 5)),
    (kills_key("h"), lambda b: b.host_kills("h")),
    (kills_key("h"), lambda b: b.host_kills("h", one_more=True)),
    (feed_line_key("h"), lambda b: b.host_turn("h", 5, 2, 30, feed="f")),
    (feed_line_key("h"), lambda b: b.host_room({"h": 5})),
    (feed_places_key("h"), lambda b: b.host_turn("h", 5, 2, 30, feed="f")),
    (breaker_key("e"), lambda b: b.breaker_wait("e", 5)),
    (breaker_key("e"), lambda b: b.breaker_note("e", good=False)),
    (breaker_key("e"), lambda b: b.breaker_states(["f", "e"])),
]


def squat(raw: redis.Redis, key: str) -> str:
    """Put something there that is of another type; return which."""
    raw.delete(key)
    if raw.type(key) == "none" and key.startswith(("{tocsin}:s:", "{tocsin}:due", BEATS)):
        raw.set(key, "squatter")
        return "string"
    raw.rpush(key, "squatter")
    return "list"


@pytest.mark.parametrize(("key", "verb"), MEETS, ids=map(str, range(len(MEETS))))
async def test_a_key_of_another_type_is_moved_aside(
    broker: RedisBroker, raw: redis.Redis, key: str, verb: Verb
) -> None:
    """The verb that meets it does its work all the same; one line names the key."""
    await broker.begin_epoch("life")
    was = squat(raw, key)
    with structlog.testing.capture_logs() as logs:
        await verb(broker)
    told = [(line["event"], line["key"], line["was"]) for line in logs]
    assert [("key_set_aside", key, was)] == told
    assert was == raw.type(aside_key(key))
    assert 0 < raw.ttl(aside_key(key)) <= 86400
    held_work = key.startswith(("{tocsin}:s:", "{tocsin}:q:", "{tocsin}:due"))
    assert held_work != await broker.epoch("life")  # and so it is filled from SQL again
    with structlog.testing.capture_logs() as logs:
        await verb(broker)
    assert [] == logs


@pytest.mark.parametrize("key", ["epoch", "ping", "beat:a", "bye:a"])
async def test_what_is_only_overwritten_heals_by_itself(
    broker: RedisBroker, raw: redis.Redis, key: str
) -> None:
    """Keys that are set whole do not care what was there."""
    raw.rpush(f"{{tocsin}}:{key}", "squatter")
    await broker.begin_epoch("life")
    assert await broker.epoch("life")
    await broker.ping()
    await broker.beat({})
    assert ["a"] == [process["name"] for process in await broker.processes()]
    await broker.close()
    assert raw.type(f"{{tocsin}}:{key}") in {"string", "none"}


async def test_a_stream_that_can_take_no_more(broker: RedisBroker, raw: redis.Redis) -> None:
    """Somebody used up the last id there is: the stream is moved aside and begun anew."""
    raw.xadd(RING, {"k": "page", "i": "y"}, id="18446744073709551615-18446744073709551615")
    with structlog.testing.capture_logs() as logs:
        assert [True] == await broker.push(PUSH)
    assert [RING] == [line["key"] for line in logs]
    assert ["x"] == [message.id for message in await broker.take(["ring"], 5)]


@pytest.mark.parametrize("waiting", [True, False])
async def test_a_message_of_fifty_megabytes(
    broker: RedisBroker, raw: redis.Redis, until: Until, *, waiting: bool
) -> None:
    """It is never read whole, by a reader that waits for it or by one that comes later."""
    await broker.take(["ring"], 1, 0)
    tracemalloc.start()
    reading = asyncio.create_task(broker.take(["ring"], 5)) if waiting else None
    await asyncio.sleep(0.05 * waiting)
    raw.xadd(RING, {"k": "page", "i": HUGE})
    raw.xadd(RING, {"k": "page", "i": "good", "trace": HUGE})
    tracemalloc.reset_peak()
    got: list[str] = []

    async def done(found: list[Message]) -> None:
        got.extend(message.id for message in found)
        await broker.acknowledge(found)  # at once: on a slow machine its lease would run out

    async def gone() -> bool:
        await done(await broker.take(["ring"], 5, 0.05))
        return bool(raw.xlen(RING) == 0)

    with structlog.testing.capture_logs() as logs:
        if reading is not None:
            await done(await reading)
        await until(gone)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    assert ["good"] == got
    thrown = [line for line in logs if line["event"] == "entries_thrown_away"]
    assert [(RING, 1)] == [(line["key"], line["count"]) for line in thrown]


@pytest.mark.parametrize("waiting", [True, False])
async def test_fields_of_another_version_do_no_harm(
    broker: RedisBroker, raw: redis.Redis, *, waiting: bool
) -> None:
    """An id with further fields, before and behind, is one of ours."""
    await broker.take(["ring"], 1, 0)
    if not waiting:
        broker._reclaimed_at.clear()
    raw.xadd(RING, {"v": "2", "k": "page", "i": "x", "trace": "y" * 5000})
    assert ["x"] == [message.id for message in await broker.take(["ring"], 5)]


GARBAGE = [
    "",
    "soon",
    "nan",
    "inf",
    "-inf",
    "1e300",
    "-5",
    "0x7fffffffffff",
    b"\xff" * 99,
    b"x" * 3_000_000,
]


@pytest.mark.parametrize("text", GARBAGE, ids=map(str, range(len(GARBAGE))))
async def test_garbage_in_breakers_and_gates_counts_for_nothing(
    broker: RedisBroker, raw: redis.Redis, text: Any
) -> None:
    """No number, or one beyond all that we write, shuts nothing for ever."""
    for field in ("until", "delay", "probe", "fails"):
        raw.hset(breaker_key("e"), field, text)
    assert {"e": 0.0} == await broker.breaker_states(["e"])
    assert 0.0 == await broker.breaker_wait("e", 5)
    broker._first_s = 30.0
    for _ in range(5):
        await broker.breaker_note("e", good=False)
    assert 0 < await broker.breaker_wait("e", 5) <= 600
    for field in ("next", "rest", "tail"):
        raw.hset(gate_key("h"), field, text)
    raw.zadd(turns_key("h"), {f"t{i}": 9e15 for i in range(9)})
    assert 0.0 == await broker.host_turn("h", 5, 2, 30)
    raw.hset(gate_key("g"), "rest", text)
    await broker.host_rest("g", 5)
    assert 4 < await broker.host_turn("g", 5, 2, 30) <= 5


async def test_garbage_in_the_due_queue(broker: RedisBroker, raw: redis.Redis) -> None:
    """Monstrous names are removed unread, and a lease of a thousand years is none."""
    raw.zadd(DUE, {HUGE: 0, "forever": 9e15 + 1})
    with structlog.testing.capture_logs() as logs:
        assert [] == await broker.claim_feeds(5, 30)
    assert [(DUE, 1)] == [(line["key"], line["count"]) for line in logs]
    assert 1 == await broker.schedule_feeds({"forever": 0}, soonest=True)
    raw.zadd(DUE, {HUGE: -1})
    assert 0 < await broker.due_lag()
    assert ["forever"] == list(await broker.queued_feeds())
    assert ["forever"] == [lease.feed for lease in await broker.claim_feeds(5, 30)]


async def test_the_list_of_processes_is_bounded(broker: RedisBroker, raw: redis.Redis) -> None:
    """However many beats somebody writes, and however large, the live ones are told."""
    crowd = {f"p{i}": 0 for i in range(20_000)} | {"x" * 1000: 9e15, "future": 9e15}
    now = int(raw.time()[0]) * 1000  # type: ignore[index]
    raw.zadd(BEATS, crowd)
    raw.zadd(BEATS, dict.fromkeys(("huge", "list", "plain", "deep"), now - 10))
    raw.set("{tocsin}:beat:huge", HUGE)
    raw.rpush("{tocsin}:beat:list", "x")
    raw.set("{tocsin}:beat:plain", '["a"]')
    raw.set("{tocsin}:beat:deep", "[" * 60_000)
    await broker.beat({"roles": ["poll"]})
    assert [("a", ["poll"])] == [(p["name"], p["roles"]) for p in await broker.processes()]
    assert raw.zcard(BEATS) < 10


async def test_many_processes_are_all_told(broker: RedisBroker, make: Any, server: Any) -> None:
    """Twenty processes beat: each is listed once, by name."""
    many = [await make(server, f"p{i:02}") for i in range(20)]
    for one in many:
        await one.beat({"roles": ["read"]})
    assert [f"p{i:02}" for i in range(20)] == [p["name"] for p in await broker.processes()]


async def test_a_process_that_tells_too_much(broker: RedisBroker) -> None:
    """What nobody would read is not told, and said once; the rest is."""
    with capture_logs() as logs:
        for _ in range(2):
            await broker.beat({"roles": ["poll"], "sinks": ["x" * 70_000]})
    (told,) = await broker.processes()
    assert ("a", ["poll"], False) == (told["name"], told["roles"], "sinks" in told)
    assert ["sinks"] == [line["left_out"] for line in logs if line["event"] == "beat_too_large"]


async def test_a_process_tells_of_many_sinks(broker: RedisBroker) -> None:
    """A thousand of them: else what waits for one that is gone would wait for ever."""
    sinks = [f"sink-{number}-{'x' * 40}" for number in range(1000)]
    await broker.beat({"sinks": sinks})
    assert [sinks] == [process["sinks"] for process in await broker.processes()]


async def test_all_processes_tell_more_than_an_answer_has(
    broker: RedisBroker, raw: redis.Redis
) -> None:
    """Each is listed, if only by its name."""
    now = int(raw.time()[0]) * 1000  # type: ignore[index]
    names = [f"p{number:02}" for number in range(60)]
    raw.zadd(BEATS, dict.fromkeys(names, now - 10))
    for name in names:
        told = {"name": name, "sinks": ["x" * 60_000]}
        raw.set("{tocsin}:beat:" + name, json.dumps(told), px=60_000)
    told = await broker.processes()
    assert names == [process["name"] for process in told]
    assert 0 < sum("sinks" in process for process in told) < len(names)


async def test_a_crowd_of_held_entries_does_not_stop_the_server(
    broker: RedisBroker, raw: redis.Redis
) -> None:
    """Thousands of entries whose owner cannot be judged yet are looked at a bounded way."""
    with raw.pipeline(transaction=False) as pipe:
        for _ in range(9000):
            pipe.xadd(RING, {"k": "page", "i": "x"})
        pipe.xgroup_create(RING, GROUP, "0")
        pipe.xreadgroup(GROUP, "dead", {RING: ">"}, count=9000)
        pipe.execute()
    await broker.push([Push(stream="ring", kind="page", id="new")])
    raw.config_resetstat()
    await broker.take(["ring"], 5, 0)
    assert raw.info("commandstats")["cmdstat_xpending"]["calls"] <= 50  # type: ignore[index]


async def test_an_answer_that_is_too_large_is_an_outage(
    broker: RedisBroker, raw: redis.Redis
) -> None:
    """A command whose answer somebody blew up ends in bounded time and memory."""
    raw.set("{tocsin}:ping", HUGE)
    with pytest.raises(Transient, match="an answer of more than"):
        await broker._link.call("GET", "{tocsin}:ping")
    await broker.ping()


async def test_a_monstrous_epoch_is_none(broker: RedisBroker, raw: redis.Redis) -> None:
    """Redis counts as lost then, and is filled again."""
    raw.set("{tocsin}:epoch", HUGE)
    assert not await broker.epoch("life")
    await broker.begin_epoch("life")
    assert await broker.epoch("life")


async def test_a_group_that_was_set_ahead_is_set_back(
    broker: RedisBroker, raw: redis.Redis, until: Until
) -> None:
    """Somebody told the group that it has seen what is to come: it is given it all the same."""
    await broker.take(["ring"], 1, 0)
    raw.xgroup_setid(RING, GROUP, "99999999999999-0")
    await broker.push(PUSH)
    got: list[Message] = []

    async def came() -> bool:
        got.extend(await broker.take(["ring"], 1, 0.01))
        return bool(got)

    await until(came)
    await broker.acknowledge(got)
    assert [] == await broker.take(["ring"], 1, 0.01)
