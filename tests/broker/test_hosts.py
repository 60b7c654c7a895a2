"""Politeness: turns at hosts."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import redis

from workers.broker import RedisBroker
from workers.broker.keys import kills_key


async def test_starts_are_spaced(broker: RedisBroker, other: RedisBroker) -> None:
    """After a start everybody waits; each who asks is given a later time."""
    assert 0.0 == await broker.host_turn("h", 5, 2, 30)
    waits = [await who.host_turn("h", 5, 2, 30) for who in (other, broker, other)]
    assert [5, 10, 15] == [round(wait) for wait in waits]
    assert 0.0 == await broker.host_turn("elsewhere", 5, 2, 30)


async def test_no_more_than_allowed_at_once(broker: RedisBroker, other: RedisBroker) -> None:
    """Without spacing a host still serves only so many at a time; who is done makes room."""
    assert [0.0, 0.0] == [await who.host_turn("h", 0, 2, 30) for who in (broker, other)]
    assert 0.0 < await broker.host_turn("h", 0, 2, 30)
    await other.host_done("h")
    await other.host_done("h")
    assert 0.0 == await broker.host_turn("h", 0, 2, 30)
    assert 0.0 < await other.host_turn("h", 0, 2, 30)


async def test_a_killed_process_frees_its_turn(
    broker: RedisBroker, other: RedisBroker, until: Callable[..., Awaitable[None]]
) -> None:
    """A turn that nobody gives back runs out."""
    assert 0.0 == await broker.host_turn("h", 0, 1, 0.1)

    async def free() -> bool:
        return await other.host_turn("h", 0, 1, 30) == 0.0

    await until(free)


async def test_a_resting_host_is_left_alone(broker: RedisBroker, other: RedisBroker) -> None:
    """A rest holds for everybody, a shorter one does not cut it, a day is the most."""
    await broker.host_rest("h", 100)
    await broker.host_rest("h", 10)
    assert 95 < await other.host_turn("h", 5, 2, 30) <= 100
    await broker.host_rest("h", 1e12)
    assert await other.host_turn("h", 5, 2, 30) <= 90000 + 400


async def test_the_line_does_not_grow_for_ever(broker: RedisBroker) -> None:
    """However often is asked, nobody is sent away for longer than the longest line."""
    await broker.host_turn("h", 5, 2, 30)
    waits = [await broker.host_turn("h", 5, 2, 30) for _ in range(300)]
    assert max(waits) <= 5 * 61 + 5


@pytest.mark.parametrize("host", ["", "x" * 100_000, "a b\r\nc", "\udcff", "例え"])
async def test_hosts_come_from_feeds(broker: RedisBroker, raw: redis.Redis, host: str) -> None:
    """No name, however strange, breaks anything or makes a long key."""
    assert 0.0 == await broker.host_turn(host, 5, 2, 30)
    await broker.host_done(host)
    await broker.host_rest(host, 5)
    assert all(len(key) < 500 for key in raw.keys("*"))


async def test_many_at_once_share_one_host(broker: RedisBroker) -> None:
    """Fifty who ask at the same moment: just as many go as may."""
    waits = await asyncio.gather(*(broker.host_turn("h", 0, 3, 30) for _ in range(50)))
    assert 3 == waits.count(0.0)


async def test_done_without_a_turn(broker: RedisBroker) -> None:
    """Giving back what was never taken does nothing."""
    await broker.host_done("nowhere")
    assert 0.0 == await broker.host_turn("nowhere", 0, 1, 30)


async def test_feeds_keep_their_places(broker: RedisBroker, other: RedisBroker) -> None:
    """Each feed that waits has a time of its own, whoever asks, and however often."""
    assert 0.0 == await broker.host_turn("h", 5, 2, 30, feed="f0")
    first = [await broker.host_turn("h", 5, 2, 30, feed=f"f{i}") for i in range(1, 5)]
    again = [await other.host_turn("h", 5, 2, 30, feed=f"f{i}") for i in range(1, 5)]
    assert [5, 10.5, 16, 21.5] == pytest.approx(first, abs=0.5)
    assert first == pytest.approx(again, abs=0.5)


async def test_feeds_go_before_pages(broker: RedisBroker, other: RedisBroker) -> None:
    """A page's turn comes after those of the feeds that wait, whoever asked first."""
    assert 0.0 == await broker.host_turn("h", 5, 2, 30, feed="f0")
    await broker.host_turn("h", 5, 2, 30)
    assert 5 == pytest.approx(await broker.host_turn("h", 5, 2, 30, feed="f1"), abs=0.5)
    assert 10 <= round(await other.host_turn("h", 5, 2, 30))
    assert 10 == pytest.approx((await other.host_room({"h": 5}))["h"].wait_s, abs=0.5)


async def test_a_page_has_one_turn_in_four(
    broker: RedisBroker, until: Callable[..., Awaitable[None]]
) -> None:
    """Feeds without end do not keep a host's pages waiting for ever."""
    turns: list[str] = []
    waiting = [f"f{i}" for i in range(12)]

    async def ask() -> bool:
        if await broker.host_turn("h", 0.02, 99, 30) == 0.0:
            turns.append("page")
        for feed in list(waiting):
            if await broker.host_turn("h", 0.02, 99, 30, feed=feed) == 0.0:
                turns.append(feed)
                waiting.remove(feed)
        return not waiting

    await until(ask)
    assert turns.count("page") >= 2
    assert {f"f{i}" for i in range(12)} <= set(turns)


async def test_room_is_what_turns_leave(broker: RedisBroker, other: RedisBroker) -> None:
    """Who asks for room learns when a host opens and what is under way, and takes nothing."""
    assert (0.0, 0) == ((room := (await broker.host_room({"h": 5}))["h"]).wait_s, room.busy)
    assert 0.0 == await other.host_turn("h", 5, 2, 30)
    room = (await broker.host_room({"g": 5, "h": 5}))["h"]
    assert (5, 1) == (round(room.wait_s), room.busy)
    await broker.host_rest("h", 100)
    assert 95 < (await other.host_room({"h": 5}))["h"].wait_s <= 100
    assert {} == await broker.host_room({})


async def test_a_line_of_many_feeds_is_served(broker: RedisBroker) -> None:
    """Of 500 feeds of one host each gets its turn, and none has to begin anew."""
    waiting = {f"f{i}": 0.0 for i in range(500)}
    asked = 0
    while waiting:
        feed = min(waiting, key=waiting.__getitem__)
        asked += 1
        wait = await broker.host_turn("h", 0.001, 999, 30, feed=feed)
        if wait == 0.0:
            del waiting[feed]
        else:
            waiting[feed] += wait
        assert asked < 20_000


async def test_who_comes_too_early_is_told_a_time_by_its_place(
    broker: RedisBroker, other: RedisBroker
) -> None:
    """Feeds that find their host closed come back in the order of the line, one after another.

    Were all told the same moment, whoever happens to ask first then would go, again and again.
    """
    assert 0.0 == await broker.host_turn("h", 0.2, 2, 30, feed="f0")
    told = [await broker.host_turn("h", 0.2, 2, 30, feed=f"f{i}") for i in range(1, 5)]
    await other.host_rest("h", 60)  # a server that says so after they were told
    await asyncio.sleep(max(told) + 0.05)
    waits = {f"f{i}": await other.host_turn("h", 0.2, 2, 30, feed=f"f{i}") for i in (4, 2, 3, 1)}
    assert ["f1", "f2", "f3", "f4"] == sorted(waits, key=waits.__getitem__)
    assert 0.6 == pytest.approx(waits["f4"] - waits["f1"], abs=0.15)


async def test_a_feed_that_had_its_turn_goes_to_the_end(broker: RedisBroker) -> None:
    """Its place is taken with its turn; it lines up behind those who wait."""
    waiting = [f"f{i}" for i in range(4)]
    assert 0.0 == await broker.host_turn("h", 30, 2, 30, feed="f0")
    waits = [await broker.host_turn("h", 30, 2, 30, feed=feed) for feed in waiting[1:]]
    assert max(waits) < await broker.host_turn("h", 30, 2, 30, feed="f0")


async def test_kills_of_a_host(broker: RedisBroker, raw) -> None:
    """Kills are counted for ten minutes, by host; what somebody wrote ahead of time is not."""
    assert 0 == await broker.host_kills("h")
    assert [1, 2, 3] == [await broker.host_kills("h", one_more=True) for _ in range(3)]
    assert (3, 0) == (await broker.host_kills("h"), await broker.host_kills("g"))
    raw.zadd(kills_key("h"), {"ahead": 9e15})
    assert 3 == await broker.host_kills("h")
    assert 4 == await broker.host_kills("h", one_more=True)
    for _ in range(30):
        await broker.host_kills("h", one_more=True)
    assert 20 == raw.zcard(kills_key("h"))
    long_ago = {
        name: at - 600_001 for name, at in raw.zrange(kills_key("h"), 0, -1, withscores=True)
    }
    raw.zadd(kills_key("h"), long_ago)
    assert 0 == await broker.host_kills("h")
