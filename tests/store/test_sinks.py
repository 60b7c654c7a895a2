"""How sinks stand: noted with attempts, disabled for all processes, enabled again."""

import asyncio
from collections.abc import Callable

import pytest
from msgspec import structs

from workers.alerts import SinkRoute, event, told_of_events
from workers.model.alert import Recipient
from workers.model.commit import ArticleCommit, DeliveryCommit
from workers.model.message import OperatorEvent, Raised
from workers.model.message import Recipient as Reader
from workers.model.sink import SinkNote, SinkOutcome
from workers.store import attempts, sinks
from workers.store.postgres_driver import PostgresDriver

HOUR, DAY = 3600.0, 86400.0
OTHERS = told_of_events(
    "sink_refused", "ops", "critical", (SinkRoute(name="ops"), SinkRoute(name="desk"))
)
OPS = (Recipient(sink="ops"),)
LEFT = event("recipient_left", "ops: ", "it left", ())
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


async def ring(world, name: str = "one", severity: str = "high") -> str:
    """Ring for ops; return the delivery's id."""
    article = await world.article(name)
    job = await world.page(article)
    unit = world.unit(job, "fire")
    topics = tuple(structs.replace(topic, severity=severity) for topic in unit.topics)
    unit = structs.replace(unit, topics=topics, routes={"fire": OPS})
    await world.store.commit_article(
        ArticleCommit(work=job.work, article=world.read(job), ring=unit, attempts=1)
    )
    (line,) = [one for one in await world.store.alert_lines() if one.event == article]
    (delivery,) = await world.store.alert_deliveries(line.alert)
    return delivery.id


async def attempt(
    world, id_: str, outcome: SinkOutcome, state: str = "retry"
) -> tuple[Raised, ...]:
    """Commit an attempt that said this of ops."""
    job = await world.store.load_delivery(id_)
    note = SinkNote(sink="ops", outcome=outcome, said="401", told=OTHERS)
    end = DeliveryCommit(work=job.work, state=state, attempts=1, again_s=0.0, sink=note)
    return await world.store.commit_delivery(end)


async def state(world, id_: str) -> tuple[str, str | None]:
    """Return how a delivery stands, and why it is held."""
    found = [
        line
        for alert in await world.store.alert_lines()
        for line in await world.store.alert_deliveries(alert.alert)
        if line.id == id_
    ]
    return found[0].state, found[0].held_reason


async def test_a_sink_that_refuses_everything_is_told_of_once(world) -> None:
    """After ten minutes, to the others; and it is over with the first message that is taken."""
    id_ = await ring(world)
    assert () == await attempt(world, id_, "refused")
    world.clock.advance(599)
    assert () == await attempt(world, id_, "failing")
    world.clock.advance(1)
    (raised,) = await attempt(world, id_, "failing")
    assert ("sink_refused", "ops", "critical") == (raised.kind, raised.subject, raised.severity)
    assert () == await attempt(world, id_, "refused")
    (told,) = await world.due("sink:desk")
    assert isinstance((await world.store.load_delivery(told)).content, OperatorEvent)
    await attempt(world, id_, "alive", "sent")
    assert [] == await world.store.open_events()
    assert (await world.store.sink_states())["ops"].failing_since is None


async def test_passing_failures_are_no_refusal(world) -> None:
    """Timeouts and 503s go by the schedule; a refused message proves that the endpoint works."""
    id_ = await ring(world)
    for _ in range(10):
        world.clock.advance(HOUR)
        assert () == await attempt(world, id_, "failing")
    await attempt(world, id_, "refused")
    world.clock.advance(500)
    await attempt(world, id_, "alive")
    world.clock.advance(500)
    assert () == await attempt(world, id_, "refused")


async def test_gone_for_an_hour_disables_the_sink(world) -> None:
    """Counted from the endpoint's first 410, not from the delivery's first attempt."""
    old, new = await ring(world, "a"), await ring(world, "b")
    world.clock.advance(2 * HOUR)
    assert () == await attempt(world, old, "gone")
    assert ("retry", None) == await state(world, old)
    world.clock.advance(HOUR + 1)
    (raised,) = await attempt(world, new, "gone")
    assert ("sink_disabled", "ops") == (raised.kind, raised.subject)
    assert ("held", "disabled") == await state(world, new)
    assert 1 == await world.store.hold_disabled("ops")
    assert ("held", "disabled") == await state(world, old)
    health = (await world.store.sink_states())["ops"]
    assert ("disabled", world.clock.now()) == (health.state, health.since)
    later = await ring(world, "c")
    assert ("held", "disabled") == await state(world, later)
    assert [] == await world.due("sink:ops")
    assert 1 == len(await world.due("sink:desk"))


async def test_five_days_of_failure_hold_instead_of_burying(world) -> None:
    """What would be a dead letter in that moment waits with all the rest."""
    id_ = await ring(world)
    await attempt(world, id_, "failing")
    world.clock.advance(5 * DAY)
    (raised,) = await attempt(world, id_, "failing", "dead")
    assert "nothing but failures since" in raised.text
    assert ("held", "disabled") == await state(world, id_)
    assert [] == await world.store.dead_lines()


async def test_of_two_processes_one_tells(world, other) -> None:
    """Both find out that the sink is gone; it is disabled once."""
    ids = [await ring(world, name) for name in ("a", "b")]
    await attempt(world, ids[0], "gone")
    world.clock.advance(HOUR + 1)
    jobs = [await world.store.load_delivery(id_) for id_ in ids]
    note = SinkNote(sink="ops", outcome="gone", told=OTHERS)
    raised = [
        await store.commit_delivery(
            DeliveryCommit(work=job.work, state="retry", attempts=2, again_s=5.0, sink=note)
        )
        for store, job in zip((world.store, other), jobs, strict=True)
    ]
    assert [1, 0] == [len(one) for one in raised]
    assert [("held", "disabled")] * 2 == [await state(world, id_) for id_ in ids]


@pytest.fixture
def disable(world) -> Callable:
    """Disable ops by a delivery of its own; return its id."""

    async def done() -> str:
        id_ = await ring(world, "first", "low")
        await attempt(world, id_, "gone")
        world.clock.advance(HOUR + 1)
        await attempt(world, id_, "gone")
        return id_

    return done


async def test_enabling_sends_the_most_severe_and_newest_first(world, disable) -> None:
    """In that order they are due; the sink's history is forgotten, its event over."""
    low = await disable()
    ids = {}
    for name, severity in (("a", "high"), ("b", "critical"), ("c", "high"), ("d", "normal")):
        world.clock.advance(60)
        ids[name] = await ring(world, name, severity)
    assert 0 == await world.store.release_disabled("ops")
    done = await world.store.enable_sink("ops")
    assert (True, 5, 0) == (done.was_disabled, done.released, done.dropped)
    assert [ids["b"], ids["c"], ids["a"], ids["d"], low] == await world.due("sink:ops")
    assert [] == await world.store.open_events()
    assert "enabled" == (await world.store.sink_states())["ops"].state
    again = await world.store.enable_sink("ops")
    assert (False, 0, 0) == (again.was_disabled, again.released, again.dropped)


async def test_enabling_can_drop_what_is_too_old(world, disable) -> None:
    """It is never sent, its alert says so, and there is no dead letter of it."""
    old = await disable()
    world.clock.advance(6 * HOUR)
    new = await ring(world, "new")
    done = await world.store.enable_sink("ops", 6 * HOUR)
    assert (1, 1) == (done.released, done.dropped)
    assert [new] == await world.due("sink:ops")
    assert ("dead", None) == await state(world, old)
    assert [] == await world.store.dead_lines()


async def test_only_what_is_held_for_that_reason_is_released(world, disable) -> None:
    """What a restore holds waits on."""
    await disable()
    await world.store.enable_sink("ops")
    await world.store.hold_disabled("ops")
    (id_,) = await world.due("sink:ops")
    assert id_
    assert 0 == await world.store.release_reason("restore")


async def test_nothing_is_held_of_a_sink_that_is_enabled(world) -> None:
    """Whoever looks late finds the sink enabled again."""
    id_ = await ring(world)
    assert 0 == await world.store.hold_disabled("ops")
    assert [id_] == await world.due("sink:ops")


@pytest.mark.parametrize("address", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    "what",
    [
        lambda store: store.release_disabled("ops"),
        lambda store: store.release_reason("disabled"),
        lambda store: store.drop_held("disabled"),
        lambda store: store.enable_sink("ops", 0.0),
        lambda store: store.abandon({"desk"}),
        lambda store: store.leave(Reader(sink="ops", recipient=""), LEFT),
    ],
    ids=["release", "release a reason", "drop", "drop what is old", "abandon", "leave"],
)
async def test_what_is_sent_while_it_is_held_stays_sent(
    world, other, address, disable, eventually, what
) -> None:
    """An attempt that ends late, at the very moment the operator decides, is not undone."""
    id_ = await ring(world, "late")
    job = await world.store.load_delivery(id_)
    first = await disable()
    await world.store.hold_disabled("ops")
    assert ("held", "disabled") == await state(world, id_)
    await world.store._write(sinks.enable, "ops")
    world.clock.advance(1)
    driver = PostgresDriver(address, writes=True)
    conn = driver.connect()
    driver.begin(conn)
    attempts.commit(
        conn, world.clock.now(), DeliveryCommit(work=job.work, state="sent", attempts=1)
    )
    deciding = asyncio.create_task(what(other))

    async def waits() -> bool:
        return bool(
            await world.store._read(
                lambda reader, _now: reader.exec_driver_sql(WAITING).scalar_one()
            )
        )

    await eventually(waits)
    driver.commit(conn)
    await deciding
    driver.disconnect(conn)
    assert ("sent", None) == await state(world, id_)
    assert id_ not in await world.due("sink:ops")
    assert id_ not in [line.id for line in await world.store.dead_lines()]
    assert ("held", "disabled") != await state(world, first)
