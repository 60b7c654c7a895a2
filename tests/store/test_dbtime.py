"""Time as the database has it: whatever a process's clock is set to, work is due when it was."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from msgspec import structs
from sqlalchemy import select, text

from workers.model.alert import DeadLine
from workers.model.commit import ArticleCommit, DeliveryCommit
from workers.model.rate import Rate
from workers.model.sink import SinkNote
from workers.options import KeepOptions
from workers.store import dead, open_store
from workers.store.tables import work as works

HOUR = 3600.0


class SetClock:
    """A clock that can be set; what it counts in between passes only by `advance`."""

    def __init__(self, clock) -> None:
        self.real = clock
        self.off = timedelta()

    def now(self):
        return self.real.now() + self.off

    def monotonic(self) -> float:
        return self.real.monotonic()

    def set(self, seconds: float) -> None:
        self.off += timedelta(seconds=seconds)


@pytest.fixture
def wall(clock) -> SetClock:
    """The clock of one process."""
    return SetClock(clock)


@pytest.fixture
async def store(address, wall) -> AsyncIterator:
    """A store that takes its time from where it usually does."""
    opened = await open_store(address, wall, busy_s=0.2)
    yield opened
    await opened.close()


async def _retry_in_a_minute(world) -> str:
    """Let one page be due in a minute, and another be marked as pushed."""
    article = await world.article()
    job = await world.page(article)
    await world.store.postpone(job.work, 60.0)
    marked = await world.page(await world.article("marked"))
    await world.store.mark([marked.work])
    return article


@pytest.mark.parametrize("step", [HOUR, -HOUR, 20 * 365 * 24 * HOUR])
@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
async def test_a_clock_that_is_set_moves_no_retry_no_lease_and_no_poll(
    world, clock, wall, step
) -> None:
    """Neither before the next commit, which notices, nor after it."""
    article = await _retry_in_a_minute(world)
    before = [one[1] for one in await world.store.feed_delays("", 9)]
    wall.set(step)
    for _ in range(2):
        assert [] == await world.due()
        assert before == pytest.approx(
            [one[1] for one in await world.store.feed_delays("", 9)], abs=1e-3
        )
        await world.store.probe()
    clock.advance(61)
    assert [article] == await world.due()
    clock.advance(90)
    assert 2 == len(await world.due())


@pytest.mark.parametrize("step", [6 * 24 * HOUR, -HOUR])
@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
async def test_a_clock_that_is_set_ages_no_failure(world, clock, wall, step) -> None:
    """Neither a delivery that was tried once, nor a sink that has begun to refuse, is given up."""
    await world.settle(await world.article(), "fire")
    (id_,) = await world.due("sink:ops")
    job = await world.store.load_delivery(id_)
    note = SinkNote(sink="ops", outcome="gone", said="410")
    end = DeliveryCommit(work=job.work, state="retry", attempts=1, again_s=0.0, sink=note)
    await world.store.commit_delivery(end)
    clock.advance(60)
    wall.set(step)
    await world.store.probe()
    job = await world.store.load_delivery(id_)
    assert 60.0 == pytest.approx((job.now - job.work.first_at).total_seconds(), abs=1.0)
    assert not (await world.store.sink_states())["ops"].refuses
    await world.store.commit_delivery(structs.replace(end, work=job.work, attempts=2))
    assert "enabled" == (await world.store.sink_states())["ops"].state
    clock.advance(600)
    assert (await world.store.sink_states())["ops"].refuses


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
async def test_a_clock_that_is_set_a_little_is_left_alone(world, wall) -> None:
    """Less than a second is drift: what is open is not written anew."""
    await _retry_in_a_minute(world)
    before = await _next_at(world.store)
    wall.set(0.7)
    await world.store.probe()
    assert before == await _next_at(world.store)


async def _next_at(store) -> list[float]:
    query = select(works.c.next_at).order_by(works.c.id)
    return await store._read(lambda conn, _now: list(conn.execute(query).scalars()))


async def test_two_processes_that_see_one_step_move_what_is_open_once(
    lite, file, clock, make_world
) -> None:
    """The machine's clock was set: the second finds it done."""
    one, two = SetClock(clock), SetClock(clock)
    first = await open_store(file, one)
    second = await open_store(file, two)
    await _retry_in_a_minute(make_world(first, clock))
    await second.probe()
    before = await _next_at(lite)
    for wall in (one, two):
        wall.set(HOUR)
    for store in (first, second, first, second):
        await store.probe()
    assert [at + HOUR for at in before] == pytest.approx(await _next_at(lite))
    await first.close()
    await second.close()


async def test_one_process_with_a_wrong_clock_does_not_quarrel_with_another(
    file, clock, make_world
) -> None:
    """What one has moved the other does not move back, and for both it is due as it was."""
    right, wrong = SetClock(clock), SetClock(clock)
    first = await open_store(file, right)
    second = await open_store(file, wrong)
    worlds = [make_world(first, clock), make_world(second, clock)]
    article = await _retry_in_a_minute(worlds[0])
    await second.probe()
    wrong.set(-HOUR)
    for store in (second, first, second, first):
        await store.probe()
        assert [[], []] == [await world.due() for world in worlds]
    clock.advance(61)
    assert [[article], [article]] == [await world.due() for world in worlds]
    await first.close()
    await second.close()


@pytest.mark.parametrize("value", ["another-boot 12345.0", "nonsense", "another-boot x"])
async def test_a_machine_that_was_started_again_begins_with_its_clock(
    lite, file, wall, value
) -> None:
    """The old offset meant another count of seconds; what is open stays where it is."""
    await lite.probe()
    await lite._write(
        lambda conn, _now: conn.execute(
            text("UPDATE meta SET value = :value WHERE key = 'clock'"), {"value": value}
        )
    )
    wall.set(HOUR)
    again = await open_store(file, wall)
    await again.probe()
    assert wall.now() == await again._read(lambda _conn, now: now)
    await again.close()


@pytest.mark.parametrize("step", [HOUR, -HOUR])
@pytest.mark.parametrize("address", ["postgres"], indirect=True)
async def test_postgresql_has_a_clock_of_its_own(world, wall, clock, step) -> None:
    """What a process thinks of the time concerns nobody; it is asked anew of a new connection."""
    article = await _retry_in_a_minute(world)
    before = [one[1] for one in await world.store.feed_delays("", 9)]
    wall.set(step)
    assert [] == await world.due()
    assert before == pytest.approx(
        [one[1] for one in await world.store.feed_delays("", 9)], abs=5.0
    )
    clock.advance(9.0)  # within what an offset is good for; more would be the server's to say
    at = await world.store._read(lambda conn, now: (conn.execute(SERVER).scalar_one(), now))
    assert 9.0 == pytest.approx(at[1].timestamp() - at[0], abs=3.0)
    clock.advance(3.0)
    at = await world.store._read(lambda conn, now: (conn.execute(SERVER).scalar_one(), now))
    assert 0.0 == pytest.approx(at[1].timestamp() - at[0], abs=1.0)
    assert article not in await world.due()


SERVER = text("SELECT extract(epoch FROM clock_timestamp())::float8")


@pytest.mark.parametrize("step", [HOUR, -HOUR, -20 * 365 * 24 * HOUR])
@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
async def test_what_a_burst_holds_waits_no_longer_for_a_clock_that_is_set(
    world, clock, wall, step
) -> None:
    """Its list comes in its time, and the window of the burst is as long as it was."""

    async def ring(name: str) -> None:
        job = await world.page(await world.article(name))
        unit = structs.replace(world.unit(job, "fire"), burst=Rate(count=1, per_s=3600.0))
        await world.store.commit_article(
            ArticleCommit(work=job.work, article=world.read(job), ring=unit, attempts=1)
        )

    await ring("sent")
    await ring("held")
    wall.set(step)
    await world.store.probe()
    assert 0 == await world.store.summarize(600.0)
    clock.advance(600)
    assert 2 == await world.store.summarize(600.0)
    before = len(await world.due("sink:ops"))
    clock.advance(3001)
    await ring("sent again")
    assert before + 1 == len(await world.due("sink:ops"))


@pytest.mark.parametrize("step", [HOUR, -HOUR, 20 * 365 * 24 * HOUR])
@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
async def test_a_mute_lasts_no_longer_for_a_clock_that_is_set(world, clock, wall, step) -> None:
    """Nor shorter: it ends when as much time has passed as was asked for."""
    await world.store.mute("fire", HOUR)
    wall.set(step)
    await world.store.probe()
    for seconds, ended in ((HOUR - 60, False), (61, True)):
        clock.advance(seconds)
        (line,) = await world.store.mutes()
        assert (ended, HOUR) == (
            line.ended,
            pytest.approx((line.until - line.since).total_seconds()),
        )


@pytest.mark.parametrize("address", ["postgres"], indirect=True)
async def test_a_clock_that_is_years_ahead_removes_nothing(world, wall) -> None:
    """Of several processes one is wrong about the time: what is kept goes by the server's."""
    present = await world.store._read(lambda _conn, now: now)
    line = DeadLine(
        id="one", kind="page", sink=None, reason="crash", at=present, attempts=1, title="one",
        last_answer=None,
    )  # fmt: skip
    await world.store._write(lambda conn, _now: dead.keep(conn, line))
    wall.set(20 * 365 * 24 * HOUR)
    assert 0 == (await world.store.prune(KeepOptions(), wall.now()))["dead"]
    assert ["one"] == [one.id for one in await world.store.dead_lines()]
