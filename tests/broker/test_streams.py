"""Streams: one entry an id, one holder an entry."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis
import structlog

from workers.broker import RedisBroker
from workers.model.leases import Message, Push

PAGES = ("pages:hot", "pages:warm", "pages:cold")


def pushes(*ids: str, stream: str = "ring") -> list[Push]:
    """Return pushes of these ids."""
    return [Push(stream=stream, kind="page", id=id_) for id_ in ids]


def ids_of(messages: list[Message]) -> list[str]:
    """Return the ids in their order."""
    return [message.id for message in messages]


async def test_an_id_is_in_its_stream_once(broker: RedisBroker) -> None:
    """Pushed again, in the same call, later or while held, an id makes no second entry."""
    assert [True, False] == await broker.push(pushes("x", "x"))
    assert [False] == await broker.push(pushes("x"))
    held = await broker.take(["ring"], 5)
    assert ["x"] == ids_of(held)
    assert [False] == await broker.push(pushes("x"))
    assert {"ring": 1} == await broker.outstanding(["ring"])


async def test_an_acknowledged_id_can_come_again(broker: RedisBroker) -> None:
    """After its acknowledgement an id is new, and a late second acknowledgement harms nothing."""
    await broker.push(pushes("x"))
    first = await broker.take(["ring"], 1)
    await broker.acknowledge(first)
    assert [True] == await broker.push(pushes("x"))
    await broker.acknowledge(first)
    assert [False] == await broker.push(pushes("x"))
    assert ["x"] == ids_of(await broker.take(["ring"], 1))


async def test_nothing_is_left_behind(broker: RedisBroker, raw: redis.Redis) -> None:
    """Acknowledged ids leave neither entries nor keys, over more than one batch."""
    names = [f"id{i}" for i in range(1200)]
    assert [True] * 1200 == await broker.push(pushes(*names))
    held = await broker.take(["ring"], 1200)
    await broker.acknowledge(held)
    assert names == ids_of(held)
    assert {"ring": 0} == await broker.outstanding(["ring"])
    assert [] == raw.keys("{tocsin}:q:*")


async def test_a_waiting_id_moves_between_streams(broker: RedisBroker) -> None:
    """An id asked for in another stream moves while it waits, and stays once it is held."""
    await broker.push(pushes("x", stream="pages:cold"))
    assert [True] == await broker.push(pushes("x", stream="pages:hot"))
    assert {"pages:hot": 1, "pages:cold": 0} == await broker.outstanding(
        ["pages:hot", "pages:cold"]
    )
    await broker.take(["pages:hot"], 1)
    assert [False] == await broker.push(pushes("x", stream="pages:cold"))


async def test_the_first_streams_come_first(broker: RedisBroker) -> None:
    """A batch is filled in the order of the streams, but for one slot of the lowest."""
    for stream in PAGES:
        await broker.push(pushes(*(f"{stream}{i}" for i in range(9)), stream=stream))
    taken = [message.stream for message in await broker.take(PAGES, 12)]
    assert {"pages:hot": 9, "pages:warm": 2, "pages:cold": 1} == {
        stream: taken.count(stream) for stream in PAGES
    }


async def test_the_lowest_stream_does_not_starve(broker: RedisBroker) -> None:
    """A reader with a single free slot at a time serves the lowest stream now and then."""
    await broker.push(pushes(*(f"hot{i}" for i in range(30)), stream="pages:hot"))
    await broker.push(pushes("cold", stream="pages:cold"))
    taken = [ids_of(await broker.take(PAGES, 1)) for _ in range(16)]
    assert ["cold"] in taken


@pytest.mark.parametrize("count", [1, 2, 7])
async def test_never_more_than_asked_for(broker: RedisBroker, count: int) -> None:
    """A reader that was waiting while all streams filled gets no more than its free slots."""
    await broker.take(PAGES, count, 0)
    waiting = asyncio.create_task(broker.take(PAGES, count))
    await asyncio.sleep(0)
    every = [f"{stream}{i}" for stream in PAGES for i in range(5)]
    await broker.push([Push(stream=id_[:-1], kind="page", id=id_) for id_ in every])
    got = ids_of(await waiting)
    assert 1 <= len(got) <= count
    while more := await broker.take(PAGES, 100, 0):
        got += ids_of(more)
    assert sorted(every) == sorted(got)


@pytest.mark.parametrize("count", [0, -1])
async def test_no_free_slot_takes_nothing(broker: RedisBroker, count: int) -> None:
    """A reader without a free slot, or without streams, is answered at once."""
    await broker.push(pushes("x"))
    assert [] == await broker.take(["ring"], count)
    assert [] == await broker.take([], 1)


async def test_an_expired_lease_goes_to_the_next(
    broker: RedisBroker, other: RedisBroker, until: Callable[..., Awaitable[None]]
) -> None:
    """What is not renewed for a lease is another's, and its first owner is told."""
    await broker.push(pushes("x"))
    (mine,) = await broker.take(["ring"], 1)
    assert await broker.lease_ok(mine)
    got: list[Message] = []

    async def reclaimed() -> bool:
        got.extend(await other.take(["ring"], 1, 0))
        return bool(got)

    await until(reclaimed)
    assert ["x"] == ids_of(got)
    assert not await broker.lease_ok(mine)
    assert [mine] == await broker.renew([mine])
    assert await other.lease_ok(got[0])
    assert [] == await other.renew(got)


async def test_a_renewed_lease_stays(
    broker: RedisBroker, other: RedisBroker, until: Callable[..., Awaitable[None]]
) -> None:
    """Renewing keeps an id for many leases; nobody else sees it."""
    await broker.push(pushes("x"))
    mine = await broker.take(["ring"], 1)
    rounds: list[int] = []

    async def renewed() -> bool:
        assert [] == await broker.renew(mine)
        assert [] == await other.take(["ring"], 1, 0.1)
        rounds.append(1)
        return len(rounds) >= 8

    await until(renewed)
    assert await broker.lease_ok(mine[0])


async def test_a_lease_near_its_end_is_not_ok(broker: RedisBroker, raw: redis.Redis) -> None:
    """An effect may not begin in the last fifth of a lease."""
    await broker.push(pushes("x"))
    (mine,) = await broker.take(["ring"], 1)
    key = "{tocsin}:s:ring"
    raw.xclaim(key, "workers", "a", 0, [mine.entry], idle=350, justid=True)
    assert not await broker.lease_ok(mine)


async def test_what_is_given_back_is_free_at_once(broker: RedisBroker, other: RedisBroker) -> None:
    """Handed back ids are taken by the next who asks, no owner is blamed, and order stays."""
    await broker.push(pushes("x", "y", "z"))
    held = await broker.take(["ring"], 2)
    await broker.give_back(held)
    assert not await broker.lease_ok(held[0])
    taken = await other.take(["ring"], 5)
    assert [("x", 0), ("y", 0), ("z", 0)] == [(item.id, item.deaths) for item in taken]
    await broker.give_back(held)
    assert await other.lease_ok(taken[0])


async def test_a_full_house_of_expired_work_leaves_a_slot(
    broker: RedisBroker, other: RedisBroker
) -> None:
    """Expired ids come before new ones, but one slot stays for what is new."""
    await broker.push(pushes("a", "b", "c", "d"))
    await broker.give_back(await broker.take(["ring"], 4))
    await broker.push(pushes("new"))
    assert ["a", "b", "new"] == ids_of(await other.take(["ring"], 3))


async def test_a_lost_group_holds_its_entries_for_a_lease(
    broker: RedisBroker,
    other: RedisBroker,
    raw: redis.Redis,
    until: Callable[..., Awaitable[None]],
) -> None:
    """Nobody else gets at once what may be at work: the group that knew by whom is gone."""
    await broker.push(pushes("x", "y"))
    held = await broker.take(["ring"], 1)
    raw.xgroup_destroy("{tocsin}:s:ring", "workers")
    assert [] == await other.take(["ring"], 2, 0)
    assert not await broker.lease_ok(held[0])
    assert held == await broker.renew(held)
    got: list[Message] = []

    async def back() -> bool:
        got.extend(await other.take(["ring"], 2, 0))
        return len(got) == 2

    await until(back)
    assert (["x", "y"], [0, 0]) == (ids_of(got), [message.deaths for message in got])


async def test_a_new_stream_holds_nothing_back(broker: RedisBroker, raw: redis.Redis) -> None:
    """What is pushed before anybody ever asked can be taken at once."""
    await broker.push(pushes("x"))
    assert ["x"] == ids_of(await broker.take(["ring"], 1, 0))
    raw.flushall()
    await broker.push(pushes("y"))
    assert ["y"] == ids_of(await broker.take(["ring"], 1, 0))


async def test_what_ran_out_is_taken_turn_after_turn(
    broker: RedisBroker, other: RedisBroker
) -> None:
    """Many expired ids do not wait for the next look each: the one who finds some looks on."""
    await broker.push(pushes(*"abcdefgh"))
    await broker.give_back(await broker.take(["ring"], 8))
    got = [message for _ in range(4) for message in await other.take(["ring"], 3, 0.01)]
    assert list("abcdefgh") == ids_of(got)


async def test_missing_streams_and_groups_are_made_again(
    broker: RedisBroker, raw: redis.Redis
) -> None:
    """Flushed, Redis works on; what is pushed is delivered."""
    await broker.push(pushes("x"))
    held = await broker.take(["ring"], 1)
    raw.flushall()
    assert held == await broker.renew(held)
    assert not await broker.lease_ok(held[0])
    await broker.acknowledge(held)
    await broker.give_back(held)
    assert [] == await broker.take(["ring"], 1, 0.01)
    assert [True] == await broker.push(pushes("x"))
    assert ["x"] == ids_of(await broker.take(["ring"], 1))


async def test_a_flush_under_a_waiting_reader(broker: RedisBroker, raw: redis.Redis) -> None:
    """A stream that goes away under a blocked reader neither raises nor ends its wait for good."""
    await broker.take(["ring"], 1, 0)
    waiting = asyncio.create_task(broker.take(["ring"], 1))
    while not any("xreadgroup" in str(client["cmd"]) for client in raw.client_list()):  # noqa: ASYNC110 - the server changes it
        await asyncio.sleep(0)
    raw.flushall()
    await broker.push(pushes("x"))
    got = await waiting or await broker.take(["ring"], 1)
    assert ["x"] == ids_of(got)


MALFORMED: list[dict[Any, Any]] = [
    {"foo": "bar"},
    {"k": "page"},
    {"k": "zebra", "i": "x"},
    {"k": "", "i": "x"},
    {"k": "page", "i": "x" * 300},
    {"k": "page" * 20, "i": "x"},
    {"k": "page", "i": b"\xff\xfe"},
    {"k": "page", "i": "x" * 100_000},
    {f"f{i}": "1" for i in range(500)},
]


@pytest.mark.parametrize("waiting", [False, True])
@pytest.mark.parametrize("fields", MALFORMED)
async def test_foreign_entries_are_thrown_away(
    broker: RedisBroker, raw: redis.Redis, fields: dict[Any, Any], *, waiting: bool
) -> None:
    """An entry that is none of ours is acknowledged away with one warning; others go on."""
    await broker.take(["ring"], 1, 0)
    if not waiting:
        broker._reclaimed_at.clear()
    raw.xadd("{tocsin}:s:ring", fields)
    raw.xadd("{tocsin}:s:ring", fields)
    await broker.push(pushes("good"))
    with structlog.testing.capture_logs() as logs:
        taken = await broker.take(["ring"], 10)
    assert ["good"] == ids_of(taken)
    assert ["entries_thrown_away"] == [line["event"] for line in logs]
    assert 2 == logs[0]["count"]
    assert {"ring": 1} == await broker.outstanding(["ring"])
    assert 1 == raw.xpending("{tocsin}:s:ring", "workers")["pending"]


async def test_a_cancelled_reader_loses_nothing(
    broker: RedisBroker, until: Callable[..., Awaitable[None]]
) -> None:
    """What a cancelled reader had been given comes back after a lease at the latest."""
    await broker.take(["ring"], 1, 0)
    early = []
    for turns in range(12):
        early.append(asyncio.create_task(broker.take(["ring"], 5)))
        for _ in range(turns):
            await asyncio.sleep(0)
        early[-1].cancel()
    assert all(
        isinstance(outcome, asyncio.CancelledError)
        for outcome in await asyncio.gather(*early, return_exceptions=True)
    )
    names = {f"id{i}" for i in range(20)}
    readers = [asyncio.create_task(broker.take(["ring"], 5)) for _ in range(4)]
    await broker.push(pushes(*names))
    for reader in readers:
        reader.cancel()
    got: set[str] = set()
    for taken in await asyncio.gather(*readers, return_exceptions=True):
        if isinstance(taken, list):
            got.update(ids_of(taken))

    async def all_came() -> bool:
        got.update(ids_of(await broker.take(["ring"], 5, 0)))
        return got == names

    await until(all_came)


async def test_an_entry_that_was_deleted_under_its_owner(
    broker: RedisBroker, raw: redis.Redis
) -> None:
    """An entry that somebody deleted is reclaimed by nobody, and its id is new."""
    await broker.push(pushes("x"))
    (held,) = await broker.take(["ring"], 1)
    raw.xdel("{tocsin}:s:ring", held.entry)
    await broker.give_back([held])
    assert [] == await broker.take(["ring"], 5, 0.01)
    assert [True] == await broker.push(pushes("x"))


async def test_half_a_push_is_named_all_the_same(broker: RedisBroker, raw: redis.Redis) -> None:
    """Where a batch breaks off, what was added before is not added again."""
    raw.set("{tocsin}:s:ring", "squatter")
    mixed = [*pushes("x", stream="pages:hot"), *pushes("y")]
    assert [False, True] == await broker.push(mixed)
    assert [1, 1] == [raw.xlen(f"{{tocsin}}:s:{name}") for name in ("pages:hot", "ring")]
