"""Redis away, full, silent or read-only: one error, and back to work by itself."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis

from workers.broker import RedisBroker, clients
from workers.broker.rights import KEYS, grant
from workers.clock import SystemClock
from workers.errors import Transient
from workers.model.leases import FeedLease, Message, Push

Make = Callable[..., Awaitable[RedisBroker]]
PUSH = [Push(stream="ring", kind="page", id="x")]
MESSAGE = Message(stream="ring", entry="1-1", kind="page", id="x")
FEED = FeedLease(feed="f", deadline=1.0)

VERBS: dict[str, Callable[[RedisBroker], Awaitable[Any]]] = {
    "push": lambda b: b.push(PUSH),
    "outstanding": lambda b: b.outstanding(["ring"]),
    "take": lambda b: b.take(["ring"], 1),
    "renew": lambda b: b.renew([MESSAGE]),
    "lease_ok": lambda b: b.lease_ok(MESSAGE),
    "acknowledge": lambda b: b.acknowledge([MESSAGE]),
    "give_back": lambda b: b.give_back([MESSAGE]),
    "claim_feeds": lambda b: b.claim_feeds(1, 30),
    "renew_feeds": lambda b: b.renew_feeds([FEED], 30),
    "feed_done": lambda b: b.feed_done(FEED, 30),
    "schedule_feeds": lambda b: b.schedule_feeds({"f": 1}),
    "drop_feeds": lambda b: b.drop_feeds(["f"]),
    "queued_feeds": lambda b: b.queued_feeds(),
    "due_lag": lambda b: b.due_lag(),
    "host_turn": lambda b: b.host_turn("h", 5, 2, 30),
    "host_rest": lambda b: b.host_rest("h", 5),
    "host_kills": lambda b: b.host_kills("h", one_more=True),
    "breaker_wait": lambda b: b.breaker_wait("e", 5),
    "breaker_bad": lambda b: b.breaker_note("e", good=False),
    "breaker_good": lambda b: b.breaker_note("e", good=True),
    "breaker_states": lambda b: b.breaker_states(["e"]),
    "epoch": lambda b: b.epoch("life"),
    "begin_epoch": lambda b: b.begin_epoch("life"),
    "beat": lambda b: b.beat({}),
    "processes": lambda b: b.processes(),
    "ping": lambda b: b.ping(),
}


async def test_every_verb_tells_of_a_killed_server_and_works_again(
    own_server: Any, make: Make
) -> None:
    """Kill -9: `Transient` with reason connect from each verb; after a restart each works."""
    broker = await make(own_server, "a")
    await broker.push(PUSH)
    await broker.take(["ring"], 1)
    own_server.kill()
    for name, verb in VERBS.items():
        with pytest.raises(Transient) as caught:
            await verb(broker)
        assert ("connect", name) == (caught.value.reason, name)
    own_server.start()
    for name, verb in VERBS.items():
        assert name
        await verb(broker)


async def test_what_was_pushed_survives_a_kill(own_server: Any, make: Make) -> None:
    """An answered push is on disk: after kill -9 all ids are there, each once."""
    broker = await make(own_server, "a")
    items = [Push(stream="ring", kind="page", id=f"x{i}") for i in range(50)]
    assert all(await broker.push(items))
    own_server.kill()
    own_server.start()
    assert not any(await broker.push(items))
    assert {item.id for item in items} == {m.id for m in await broker.take(["ring"], 99)}


async def test_a_full_redis_can_be_drained(
    broker: RedisBroker, raw: redis.Redis, other: RedisBroker
) -> None:
    """At maxmemory a push is refused, but taking, renewing, handing back, finishing go on."""
    await broker.push(PUSH)
    await broker.push([Push(stream="ring", kind="page", id="y")])
    await broker.take(["ring"], 1, 0)
    raw.config_set("maxmemory", 1)
    with pytest.raises(Transient, match="memory"):
        await broker.push([Push(stream="ring", kind="page", id="z")])
    with pytest.raises(Transient, match="memory"):
        await broker.ping()
    (held,) = await broker.take(["ring"], 1, 0)
    assert [] == await broker.renew([held])
    await broker.give_back([held])
    taken = await other.take(["ring"], 5, 0)
    assert [held.id] == [message.id for message in taken]
    await other.acknowledge(taken)
    raw.config_set("maxmemory", 0)
    assert {"ring": 1} == await broker.outstanding(["ring"])


async def test_the_least_rights_are_enough(server: Any, raw: redis.Redis) -> None:
    """A user with the rights of the manual, and no others, can use every verb."""
    raw.execute_command("ACL", "SETUSER", "u", "reset", "on", ">pw", KEYS, *grant().split())
    url = f"{server.url}?username=u&password=pw"
    broker = RedisBroker(url, lease_s=0.4, clock=SystemClock(), consumer="u")
    await broker.open()
    raw.set("{tocsin}:due:feeds", "squatter")
    for name, verb in VERBS.items():
        assert name
        await verb(broker)
    await broker.push([Push(stream="sink:ops", kind="delivery", id="d")])
    taken = await broker.take(["sink:ops", "ring"], 5)
    await broker.renew(taken)
    await broker.give_back(taken)
    await broker.acknowledge(await broker.take(["sink:ops"], 5))
    await broker.close()
    raw.acl_deluser("u")


async def test_a_redis_that_cannot_save_is_away(
    own_server: Any, make: Make, until: Callable[..., Awaitable[None]]
) -> None:
    """MISCONF: a server that stops writes because its disk fails is away until it is put right."""
    broker = await make(own_server, "a")
    with own_server.client() as client:
        client.config_set("appendonly", "no")
        own_server.forget_folder()
        client.config_set("save", "1 1")
        client.set("dirty", "1")
        with contextlib.suppress(redis.ResponseError):
            client.bgsave()

        async def failed() -> bool:
            return bool(client.info("persistence")["rdb_last_bgsave_status"] == "err")  # type: ignore[index]

        await until(failed)
        for verb in (VERBS["push"], VERBS["take"], VERBS["ping"]):
            with pytest.raises(Transient, match="MISCONF"):
                await verb(broker)
        client.config_set("stop-writes-on-bgsave-error", "no")
    await broker.push(PUSH)
    await broker.ping()


async def test_a_redis_that_loads_its_data_is_away(
    own_server: Any, make: Make, until: Callable[..., Awaitable[None]]
) -> None:
    """LOADING: each verb is refused as long as it lasts, and works once all is there."""
    broker = await make(own_server, "a")
    await broker.push([Push(stream="ring", kind="page", id=f"x{i}") for i in range(20)])
    with own_server.client() as client:
        client.mset({f"ballast{number}": "x" * 100 for number in range(1500)})
        client.bgrewriteaof()

        async def written() -> bool:
            told = client.info("persistence")
            busy = told["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"]  # type: ignore[index]
            return not busy

        await until(written)
    own_server.kill()
    slowly = ("--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024")
    starting = asyncio.create_task(asyncio.to_thread(own_server.start, *slowly))
    told: list[str] = []

    async def loading() -> bool:
        try:
            await broker.take(["ring"], 1)
        except Transient as error:
            told.append(error.detail)
        return any("loading" in detail for detail in told)

    await until(loading)
    await starting
    assert 1 == len(await broker.take(["ring"], 1))


async def test_a_read_only_redis_is_away(
    broker: RedisBroker, raw: redis.Redis, free_port: int
) -> None:
    """A server that was made a replica takes no writes: `Transient`, until it is put right."""
    raw.replicaof("127.0.0.1", free_port)
    try:
        with pytest.raises(Transient):
            await broker.push(PUSH)
        with pytest.raises(Transient):
            await broker.ping()
    finally:
        raw.replicaof("NO", "ONE")
    assert [True] == await broker.push(PUSH)


async def test_a_silent_server_is_away(
    own_server: Any, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes commands and does not answer is given up after the time for answers."""
    monkeypatch.setattr(clients, "ANSWER_S", 0.2)
    broker = await make(own_server, "a")
    own_server.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(Transient):
            await broker.ping()
    finally:
        own_server.process.send_signal(signal.SIGCONT)
    await broker.ping()


async def test_scripts_are_loaded_again(broker: RedisBroker, raw: redis.Redis) -> None:
    """A server that forgot our scripts is told them again."""
    await broker.push(PUSH)
    raw.script_flush()
    assert [False] == await broker.push(PUSH)


async def test_the_epoch_is_lost_with_redis(broker: RedisBroker, raw: redis.Redis) -> None:
    """A flush is noticed by the missing epoch, another database by its other name."""
    assert not await broker.epoch("life")
    await broker.begin_epoch("life")
    assert await broker.epoch("life")
    assert not await broker.epoch("another")
    raw.delete("{tocsin}:epoch")
    raw.rpush("{tocsin}:epoch", "somebody else's")
    assert not await broker.epoch("life")
    await broker.begin_epoch("life")
    assert await broker.epoch("life")
    raw.flushall()
    assert not await broker.epoch("life")


async def test_closing_while_redis_is_away(own_server: Any, make: Make) -> None:
    """A goodbye that nobody hears does not raise."""
    broker = await make(own_server, "a")
    await broker.beat({})
    own_server.kill()
    await broker.close()
    own_server.start()
