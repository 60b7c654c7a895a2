"""HEARTBEAT: a synthetic entry goes from poll to deliver, and only then somebody is called."""

import pytest

from workers.errors import Transient
from workers.model.beat import BEAT, BEAT_STREAM
from workers.options import QueueOptions
from workers.steps.heartbeat import Heartbeat
from workers.steps.relay import Relay, refill


class Called:
    """What is called, and whether it answers."""

    def __init__(self) -> None:
        self.times = 0
        self.fails = 0

    async def __call__(self) -> None:
        self.times += 1
        if self.fails:
            self.fails -= 1
            raise Transient("connect", "refused")


async def _ours() -> bool:
    return True


async def _not_ours() -> bool:
    return False


@pytest.fixture
def called() -> Called:
    """Nobody yet."""
    return Called()


@pytest.fixture
def beat(world, with_rules, called) -> Heartbeat:
    """The steps, of a process whose loops all beat."""
    world.rules = with_rules(world.rules, heartbeat_s=60.0)
    return Heartbeat(world.edges, lambda: world.rules, called, lambda: True)


async def _arrive(beat) -> None:
    await beat.begin()
    await beat.read()
    await beat.ring()


async def test_it_calls_once_it_has_come_through(world, beat, called):
    """Each step passes it on, and the last calls; the next is due after a period."""
    assert 60.0 == await beat.begin()
    await beat.deliver(BEAT, _ours)
    assert [("pages:hot", BEAT)] == await world.due()
    await beat.read()
    await beat.ring()
    assert 0 == called.times
    await beat.deliver(BEAT, _ours)
    assert 1 == called.times
    assert [] == await world.due(BEAT_STREAM)


async def test_where_one_step_is_stuck_nobody_is_called(world, beat, called):
    """It waits where it is, is not joined by another, and goes on when the step does."""
    await beat.begin()
    await beat.read()
    for _ in range(10):
        world.clock.advance(60)
        await beat.begin()
        await beat.read()
    assert [("ring", BEAT)] == await world.due()
    assert 0 == called.times
    await beat.ring()
    await beat.deliver(BEAT, _ours)
    assert 1 == called.times


async def test_a_process_with_a_loop_that_stands_still_does_not_call(world, called, beat):
    """Nor one whose lease was lost."""
    await _arrive(beat)
    await beat.deliver(BEAT, _not_ours)
    still = Heartbeat(world.edges, lambda: world.rules, called, lambda: False)
    await still.deliver(BEAT, _ours)
    assert 0 == called.times


async def test_a_call_that_fails_is_made_again(beat, called):
    """Three times at most; a lost packet is no alarm."""
    called.fails = 1
    await _arrive(beat)
    await beat.deliver(BEAT, _ours)
    assert 2 == called.times


async def test_without_an_address_nothing_begins(world, beat, with_rules):
    """The due-queue asks now and then."""
    world.rules = with_rules(world.rules, heartbeat_s=None)
    assert 300.0 == await beat.begin()
    assert [] == await world.due()


async def test_the_due_queue_has_it_while_it_is_wanted(world):
    """Filled in beside the feeds, also where Redis was lost, and taken out again."""
    await refill(world.edges, beats=True)
    (lease,) = await world.broker.claim_feeds(10, 5.0)
    assert BEAT == lease.feed
    await world.broker.feed_done(lease, 0.0)
    await refill(world.edges)
    assert [] == await world.broker.claim_feeds(10, 5.0)


async def test_the_relay_moves_it(world, beat):
    """Into the stream that its row says."""
    relay = Relay(world.edges, QueueOptions(lease_s=2.0), dict, lambda: True)
    await beat.begin()
    await relay.once()
    (message,) = await world.broker.take(["pages:hot"], 1, 0.01)
    assert ("beat", BEAT) == (message.kind, message.id)
