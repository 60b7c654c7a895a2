"""The due-queue: each feed polled by one at a time, and none forgotten."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest
import redis

from workers.broker import RedisBroker

if TYPE_CHECKING:
    from workers.model.leases import FeedLease

DUE = "{tocsin}:due:feeds"


async def test_only_what_is_due_is_claimed(broker: RedisBroker) -> None:
    """The most overdue come first, what lies ahead is not claimed."""
    assert 3 == await broker.schedule_feeds({"now": 0, "late": -60, "later": 60})
    assert ["late", "now"] == [lease.feed for lease in await broker.claim_feeds(9, 30)]
    assert [] == await broker.claim_feeds(9, 30)


@pytest.mark.parametrize("count", [0, -1])
async def test_no_slot_claims_nothing(broker: RedisBroker, count: int) -> None:
    """Without a free slot nothing is claimed."""
    await broker.schedule_feeds({"f": 0})
    assert [] == await broker.claim_feeds(count, 30)


async def test_the_fence_holds(
    broker: RedisBroker, other: RedisBroker, until: Callable[..., Awaitable[None]]
) -> None:
    """Who overslept his lease sets nothing any more, the next owner does."""
    await broker.schedule_feeds({"f": 0})
    (old,) = await broker.claim_feeds(1, 0.05)
    claimed: list[FeedLease] = []

    async def claim() -> bool:
        claimed.extend(await other.claim_feeds(1, 30))
        return bool(claimed)

    await until(claim)
    assert [] == await broker.renew_feeds([old], 30)
    assert not await broker.feed_done(old, 5)
    (renewed,) = await other.renew_feeds([old, claimed[0]], 60)
    assert renewed.deadline > claimed[0].deadline
    assert not await other.feed_done(claimed[0], 5)
    assert await other.feed_done(renewed, -5)
    assert ["f"] == [lease.feed for lease in await broker.claim_feeds(1, 30)]


async def test_adding_leaves_what_is_there(broker: RedisBroker, raw: redis.Redis) -> None:
    """Feeds that the queue has keep their time; `soonest` moves them forward only."""
    await broker.schedule_feeds({"f": 100})
    score = raw.zscore(DUE, "f")
    assert 1 == await broker.schedule_feeds({"f": 5, "g": 100})
    assert score == raw.zscore(DUE, "f")
    assert 0 == await broker.schedule_feeds({"f": 200}, soonest=True)
    assert 1 == await broker.schedule_feeds({"f": 0}, soonest=True)
    assert ["f"] == [lease.feed for lease in await broker.claim_feeds(9, 30)]


async def test_asking_for_a_poll_does_not_double_one(broker: RedisBroker) -> None:
    """A feed that is being polled keeps its lease when somebody asks for it at once."""
    await broker.schedule_feeds({"f": 0})
    (lease,) = await broker.claim_feeds(1, 30)
    assert 0 == await broker.schedule_feeds({"f": 0}, soonest=True)
    assert [] == await broker.claim_feeds(1, 30)
    assert await broker.feed_done(lease, 60)
    assert 1 == await broker.schedule_feeds({"f": 0}, soonest=True)


async def test_feeds_that_sql_lacks_are_dropped(broker: RedisBroker) -> None:
    """A poll under way does not bring back a feed that was dropped."""
    await broker.schedule_feeds({f"f{i}": 0 for i in range(600)})
    leases = await broker.claim_feeds(600, 30)
    assert 599 == await broker.drop_feeds([f"f{i}" for i in range(601) if i != 7])
    some = [lease for lease in leases if lease.feed in {"f6", "f7", "f8"}]
    done = {lease.feed: await broker.feed_done(lease, 0) for lease in some}
    assert {"f6": False, "f7": True, "f8": False} == done
    assert ["f7"] == list(await broker.queued_feeds())


async def test_the_lag_is_that_of_the_most_overdue(broker: RedisBroker) -> None:
    """No feed or none due is no lag."""
    assert 0.0 == await broker.due_lag()
    await broker.schedule_feeds({"f": 500})
    assert 0.0 == await broker.due_lag()
    await broker.schedule_feeds({"g": -90})
    assert 90 <= await broker.due_lag() < 120


@pytest.mark.parametrize("delay", [float("nan"), float("inf"), float("-inf"), 1e300])
async def test_absurd_delays_are_bounded(broker: RedisBroker, delay: float) -> None:
    """No delay, however absurd, breaks the queue."""
    assert 1 == await broker.schedule_feeds({"f": delay})
    await broker.schedule_feeds({"f": 0}, soonest=True)
    assert 1 == len(await broker.claim_feeds(1, 30))


@pytest.mark.parametrize("member", [b"\xff\xfe", b"x" * 5000])
async def test_foreign_members_are_thrown_away(
    broker: RedisBroker, raw: redis.Redis, member: bytes
) -> None:
    """A member that cannot be a feed's id is removed; the feeds beside it are claimed."""
    raw.zadd(DUE, {member: 0})
    await broker.schedule_feeds({"f": 0})
    assert ["f"] == [lease.feed for lease in await broker.claim_feeds(9, 30)]
    assert 1 == raw.zcard(DUE)


async def test_two_processes_never_poll_one_feed(broker: RedisBroker, other: RedisBroker) -> None:
    """Over many rounds of claims by two, no feed is held twice and none is lost."""
    feeds = {f"f{i}": 0.0 for i in range(200)}
    await broker.schedule_feeds(feeds)
    held: set[str] = set()
    polls = doubles = 0

    async def work(who: RedisBroker) -> None:
        nonlocal polls, doubles
        while polls < 800:
            for lease in await who.claim_feeds(7, 60):
                doubles += lease.feed in held
                held.add(lease.feed)
                polls += 1
                await asyncio.sleep(0)
                held.discard(lease.feed)
                assert await who.feed_done(lease, 0)

    await asyncio.gather(*(work(who) for who in (broker, other, broker, other)))
    assert 0 == doubles
    assert set(feeds) == {lease.feed for lease in await broker.claim_feeds(999, 60)}


async def test_what_ends_together_is_told_apart(broker: RedisBroker, raw: redis.Redis) -> None:
    """Many that end at once go to Redis in one call, and each hears whether its lease held."""
    await broker.schedule_feeds({f"f{i}": 0 for i in range(40)})
    leases = await broker.claim_feeds(40, 30)
    await broker.drop_feeds(["f3"])
    calls = raw.info("commandstats")["cmdstat_evalsha"]["calls"]
    told = await asyncio.gather(*(broker.feed_done(lease, 60) for lease in leases))
    assert raw.info("commandstats")["cmdstat_evalsha"]["calls"] <= calls + 2
    assert {"f3"} == {lease.feed for lease, held in zip(leases, told, strict=True) if not held}


async def test_who_is_cancelled_has_ended_all_the_same(broker: RedisBroker) -> None:
    """A poll that is cancelled while it waits for the others' end is set with them."""
    await broker.schedule_feeds({"f": 0, "g": 0})
    one, two = await broker.claim_feeds(2, 30)
    ending = asyncio.create_task(broker.feed_done(one, -5))
    await asyncio.sleep(0)
    ending.cancel()
    assert await broker.feed_done(two, 60)
    assert [one.feed] == [lease.feed for lease in await broker.claim_feeds(9, 30)]


async def test_who_waits_for_a_host_is_not_to_be_moved(broker: RedisBroker) -> None:
    """The queue tells when each feed is due, but of those that nobody but the operator moves."""
    await broker.schedule_feeds({"polled": 0, "waits": 0, "later": 300})
    leases = {lease.feed: lease for lease in await broker.claim_feeds(9, 30)}
    assert await broker.feed_done(leases["waits"], 60, waits=True)
    told = await broker.queued_feeds()
    assert 295 < told.pop("later") <= 300
    assert {"polled": float("-inf"), "waits": float("-inf")} == told
    assert 1 == await broker.schedule_feeds({"waits": 0}, soonest=True)
    assert ["waits"] == [lease.feed for lease in await broker.claim_feeds(9, 30)]


async def test_a_large_queue_is_read_whole(broker: RedisBroker, raw: redis.Redis) -> None:
    """Every feed of many is told of, and what cannot be a feed is removed."""
    feeds = {f"f{i}": i / 10 for i in range(7000)}
    await broker.schedule_feeds(feeds)
    raw.zadd(DUE, {b"\xff": 5, b"x" * 5000: 5})
    assert feeds.keys() == (await broker.queued_feeds()).keys()
    assert 7000 == raw.zcard(DUE)


async def test_how_a_feed_stands_is_told_and_left(broker) -> None:
    """Due, being polled, waiting for its host, or not there; and when its host may be asked."""
    await broker.schedule_feeds({"fee_1": 60.0, "fee_2": 0.0})
    waits = await broker.feed_standing("fee_1", "a.example")
    assert (True, None, False, 0.0, 0) == (
        waits.queued, waits.lease_s, waits.waits, waits.host_s, waits.host_turns,
    )  # fmt: skip
    assert 55 < (waits.due_s or 0) <= 60
    (lease,) = await broker.claim_feeds(1, 30.0)
    assert 0.0 == await broker.host_turn("a.example", 5.0, 2, 30.0)
    polled = await broker.feed_standing("fee_2", "a.example")
    assert (None, 1) == (polled.due_s, polled.host_turns)
    assert 25 < (polled.lease_s or 0) < 31  # the server rounds a millisecond up
    assert 4 < polled.host_s <= 5
    await broker.host_rest("a.example", 900.0)
    assert await broker.feed_done(lease, 20.0, waits=True)
    rests = await broker.feed_standing("fee_2", "a.example")
    assert (True, None) == (rests.waits, rests.lease_s)
    assert 890 < rests.host_s <= 900
    assert not (await broker.feed_standing("nosuch", "b.example")).queued
    assert 0 == len(await broker.claim_feeds(9, 30.0))
