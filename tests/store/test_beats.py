"""The synthetic entry behind the heartbeat: one row that goes from stream to stream."""

import asyncio

from workers.model.beat import BEAT, BEAT_STREAM

MINUTE = 60.0


async def _waits_in(world) -> list[str]:
    streams = dict.fromkeys(("pages:hot", "ring", BEAT_STREAM), 10)
    return [work.stream for work in await world.store.due(streams, 90.0, 10)]


async def test_it_goes_from_stream_to_stream(world) -> None:
    """Begun once, passed on twice, ended; and nobody sees it anywhere."""
    assert await world.store.begin_beat()
    assert ["pages:hot"] == await _waits_in(world)
    assert not await world.store.begin_beat()
    assert await world.store.pass_beat("pages:hot", "ring")
    assert ["ring"] == await _waits_in(world)
    assert await world.store.pass_beat("ring", BEAT_STREAM)
    assert [BEAT_STREAM] == await _waits_in(world)
    assert await world.store.end_beat(MINUTE)
    assert [] == await _waits_in(world)
    counts = await world.store.counts()
    assert ({}, {}, None) == (counts.pages, counts.sinks, counts.last_entry)
    assert [] == await world.store.alert_lines()


async def test_what_comes_again_goes_no_further(world) -> None:
    """A step that is asked twice passes it on once, and calls once."""
    await world.store.begin_beat()
    assert not await world.store.pass_beat("ring", BEAT_STREAM)
    assert await world.store.pass_beat("pages:hot", "ring")
    assert not await world.store.pass_beat("pages:hot", "ring")
    assert await world.store.pass_beat("ring", BEAT_STREAM)
    assert await world.store.end_beat(MINUTE)
    assert not await world.store.end_beat(MINUTE)


async def test_in_one_period_one_calls(world, other) -> None:
    """Whichever process it is; the next period has a call of its own."""

    async def arrived() -> list[bool]:
        assert any(await asyncio.gather(*(one.begin_beat() for one in (world.store, other))))
        await world.store.pass_beat("pages:hot", BEAT_STREAM)
        return await asyncio.gather(*(one.end_beat(MINUTE) for one in (world.store, other)))

    assert 1 == sum(await arrived())
    world.clock.advance(20)
    assert 0 == sum(await arrived())
    world.clock.advance(35)
    assert 1 == sum(await arrived())


async def test_one_that_kills_its_workers_makes_no_dead_letter(world) -> None:
    """It is closed, and the next begins anew."""
    await world.store.begin_beat()
    await world.store.bury_id("beat", BEAT, "crash", "two workers died")
    assert [] == await world.store.dead_lines()
    assert await world.store.begin_beat()
