"""Streams against a model: whatever happens in whatever order, each id has one place."""

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from workers.broker import RedisBroker
from workers.broker.keys import GROUP, named_key, stream_key
from workers.clock import SystemClock
from workers.model.leases import Message, Push

if TYPE_CHECKING:
    import redis

STREAMS = ("pages:hot", "pages:cold")
IDS = st.sampled_from([f"id{i}" for i in range(6)])
WHO = st.integers(0, 1)
LONG_LEASE_S = 600.0


class Machine(RuleBasedStateMachine):
    """Two brokers and what they ought to hold."""

    url: ClassVar[str]
    client: ClassVar["redis.Redis"]

    @initialize()
    def begin(self) -> None:
        self.client.flushall()
        self.runner = asyncio.Runner()
        self.brokers = [
            RedisBroker(self.url, lease_s=LONG_LEASE_S, clock=SystemClock(), consumer=f"c{i}")
            for i in range(2)
        ]
        self.waiting: dict[str, str] = {}
        self.held: dict[str, tuple[int, Message]] = {}
        self.free: dict[str, Message] = {}
        self.stale: list[tuple[int, Message]] = []

    def do(self, awaitable: Any) -> Any:
        return self.runner.run(awaitable)

    @rule(id_=IDS, stream=st.sampled_from(STREAMS))
    def push(self, id_: str, stream: str) -> None:
        expected = id_ not in self.held and id_ not in self.free
        if self.waiting.get(id_) == stream:
            expected = False
        item = Push(stream=stream, kind="page", id=id_)
        assert [expected] == self.do(self.brokers[0].push([item]))
        if expected:
            self.waiting[id_] = stream

    @rule(who=WHO, count=st.integers(1, 4))
    def take(self, who: int, count: int) -> None:
        self.brokers[who]._reclaimed_at.clear()
        taken = self.do(self.brokers[who].take(STREAMS, count, 0))
        again = min(len(self.free), max(1, count - 1))
        assert again + min(len(self.waiting), count - again) == len(taken)
        for message in taken:
            known = self.free.pop(message.id, None)
            if known is None:
                assert message.stream == self.waiting.pop(message.id)
            else:
                assert known == message
            self.held[message.id] = (who, message)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.held)))
        who, message = self.held.pop(id_)
        self.do(self.brokers[who].acknowledge([message]))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.held)))
        who, message = self.held.pop(id_)
        self.do(self.brokers[who].give_back([message]))
        self.free[id_] = message
        self.stale.append((who, message))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.held)))
        who, message = self.held.pop(id_)
        idle = int(3 * LONG_LEASE_S * 1000)  # nobody waits for so old an owner to speak
        key = stream_key(message.stream)
        self.client.xclaim(key, GROUP, f"c{who}", 0, [message.entry], idle=idle, justid=True)
        self.free[id_] = message
        self.stale.append((who, message))

    @precondition(lambda self: self.stale)
    @rule(data=st.data())
    def touch_what_was_lost(self, data: st.DataObject) -> None:
        who, message = data.draw(st.sampled_from(self.stale))
        if message.id in self.free or self.held.get(message.id) == (who, message):
            return
        assert not self.do(self.brokers[who].lease_ok(message))
        assert [message] == self.do(self.brokers[who].renew([message]))
        self.do(self.brokers[who].give_back([message]))

    @rule()
    def flush(self) -> None:
        self.client.flushall()
        for broker in self.brokers:  # who lives says so again, long before a lease is over
            self.do(broker.beat({}))
        self.waiting.clear()
        self.held.clear()
        self.free.clear()
        self.stale.clear()

    @invariant()
    def owners_hold_what_they_hold(self) -> None:
        for id_, (who, message) in self.held.items():
            assert self.do(self.brokers[who].lease_ok(message)), id_

    @invariant()
    def one_entry_and_one_name_for_each(self) -> None:
        there = {**self.waiting, **{i: m.stream for i, (_, m) in self.held.items()}}
        there |= {i: m.stream for i, m in self.free.items()}
        lengths = self.do(self.brokers[0].outstanding(STREAMS))
        assert {s: list(there.values()).count(s) for s in STREAMS} == lengths
        assert {named_key("page", id_) for id_ in there} == set(self.client.keys("{tocsin}:q:*"))

    def teardown(self) -> None:
        for broker in self.brokers:
            self.do(broker.close())
        self.runner.close()


def test_the_streams_do_what_the_model_does(server: Any) -> None:
    """Over any order of push, take, finish, hand back, expiry and flush no id is lost or twice."""
    with server.client() as client:
        run_state_machine_as_test(
            type("Bound", (Machine,), {"url": server.url, "client": client}),
            settings=settings(max_examples=25, stateful_step_count=30, deadline=None),
        )
