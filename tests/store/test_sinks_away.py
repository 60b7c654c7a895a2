"""Deliveries whose sink is disabled, or is no longer in the config."""

import pytest
from msgspec import structs

from workers.model.alert import Recipient
from workers.model.commit import ArticleCommit, DeliveryCommit
from workers.model.ids import alert_id
from workers.store import dead, sinks

HELD = Recipient(sink="ops", held=True)


async def _ring(world, name: str = "one") -> str:
    """Ring for a disabled sink and one more; return the alert."""
    article = await world.article(name)
    job = await world.page(article)
    routes = {"fire": (HELD, Recipient(sink="desk"))}
    unit = structs.replace(world.unit(job, "fire"), routes=routes)
    await world.store.commit_article(
        ArticleCommit(work=job.work, article=world.read(job), ring=unit, attempts=1)
    )
    return alert_id(article, 1)


async def _states(world, alert: str) -> dict[str, tuple[str, str | None]]:
    lines = await world.store.alert_deliveries(alert)
    return {line.sink: (line.state, line.held_reason) for line in lines}


async def test_what_a_disabled_sink_is_told_waits(world) -> None:
    """It is stored as held, nobody works on it, and it is due once it is released."""
    alert = await _ring(world)
    assert {"ops": ("held", "disabled"), "desk": ("open", None)} == await _states(world, alert)
    world.clock.advance(86400)
    assert [] == await world.due("sink:ops")
    assert 0 == await world.store.release_disabled("desk")
    assert 1 == await world.store.release_disabled("ops")
    assert ("open", None) == (await _states(world, alert))["ops"]
    (id_,) = await world.due("sink:ops")
    assert (await world.store.load_delivery(id_)).work.due


async def test_many_are_released_bit_by_bit(world, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backlog is released whole, a bounded number a transaction."""
    monkeypatch.setattr(sinks, "MOST", 2)
    for number in range(5):
        await _ring(world, f"n{number}")
    assert 5 == await world.store.release_disabled("ops")
    assert 5 == len(await world.due("sink:ops"))


async def test_what_waits_for_no_sink_is_a_dead_letter(
    world, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held, open or to be tried again: it is told of, and a replay brings it back."""
    alerts = [await _ring(world, f"n{number}") for number in range(3)]
    first = (await world.due("sink:desk"))[0]
    job = await world.store.load_delivery(first)
    commit = DeliveryCommit(work=job.work, state="retry", attempts=2, again_s=60.0)
    await world.store.commit_delivery(commit)
    assert 0 == await world.store.abandon({"ops", "desk"})
    with monkeypatch.context() as patch:
        patch.setattr(dead, "MOST", 2)
        assert 3 == await world.store.abandon({"ops"})
    assert 3 == await world.store.abandon({"desk"})
    for alert in alerts:
        assert {"ops": ("dead", None), "desk": ("dead", None)} == await _states(world, alert)
    lines = await world.store.dead_lines(sink="desk", reason="disabled")
    assert [0, 0, 2] == sorted(line.attempts for line in lines)
    assert {"the sink is not in the config"} == {line.last_answer for line in lines}
    world.clock.advance(86400)
    assert [] == await world.due("sink:ops", "sink:desk")
    assert 6 == await world.store.replay_dead(reason="disabled")
    assert 6 == len(await world.due("sink:ops", "sink:desk"))


async def test_what_was_sent_is_not_abandoned(world) -> None:
    """What is done stays as it is."""
    alert = await _ring(world)
    (id_,) = await world.due("sink:desk")
    job = await world.store.load_delivery(id_)
    await world.store.commit_delivery(DeliveryCommit(work=job.work, state="sent", attempts=1))
    assert 1 == await world.store.abandon(())
    assert ("sent", None) == (await _states(world, alert))["desk"]


async def test_deaths_are_not_counted_from_life_to_life(world) -> None:
    """Work that was closed and is asked for again begins without deaths."""
    article = await world.article()
    await world.settle(article)
    assert 1 == await world.store.count_death("page", article)
    entry = world.entry(await world.feed(), "one", title="New title", edition=2, digest="d2")
    await world.poll(entry)
    assert 0 == (await world.page(article)).work.deaths
