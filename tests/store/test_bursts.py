"""The storm guard: within the burst sent, beyond it held, and told as a list. Nothing is lost."""

import asyncio

import pytest
from msgspec import structs

from workers.model.alert import Recipient, Summary
from workers.model.commit import ArticleCommit, DeliveryCommit
from workers.model.ids import alert_id
from workers.model.rate import Rate
from workers.options import KeepOptions
from workers.store import bursts

TWO_AN_HOUR = Rate(count=2, per_s=3600.0)
TEN_MINUTES = 600.0


async def ring(world, name: str, *topics: str, store=None, **fields: object) -> str:
    """Ring these topics for an article of that name; return the alert."""
    article = await world.article(name)
    job = await world.page(article)
    unit = structs.replace(world.unit(job, *topics), **{"burst": TWO_AN_HOUR, **fields})
    await (store or world.store).commit_article(
        ArticleCommit(work=job.work, article=world.read(job), ring=unit, attempts=1)
    )
    return alert_id(article, 1)


async def told(world, sink: str = "ops") -> list:
    """Return what the sink is to be sent now."""
    ids = await world.due(f"sink:{sink}")
    return [await world.store.load_delivery(id_) for id_ in ids]


async def lists(world, sink: str = "ops") -> list[Summary]:
    """Return the lists among what the sink is to be sent now."""
    return [job.content for job in await told(world, sink) if isinstance(job.content, Summary)]


async def test_within_the_burst_it_is_sent_beyond_it_listed(world) -> None:
    """Two go at once, three come as one list for each recipient ten minutes after the third."""
    alerts = [await ring(world, f"n{number}", "fire") for number in range(5)]
    assert [alerts[:2], alerts[:2]] == [
        sorted((job.delivery.alert for job in await told(world, sink)), key=alerts.index)
        for sink in ("ops", "desk")
    ]
    world.clock.advance(TEN_MINUTES - 1)
    assert 0 == await world.store.summarize(TEN_MINUTES)
    world.clock.advance(1)
    assert 2 == await world.store.summarize(TEN_MINUTES)
    assert 0 == await world.store.summarize(TEN_MINUTES)
    (summary,) = await lists(world)
    assert ("fire", 3, "high") == (
        summary.facts.topic,
        summary.facts.count,
        summary.facts.severity,
    )
    assert set(alerts[2:]) == {alert.id for alert in summary.items}
    assert [("fire",)] * 3 == [tuple(one.name for one in alert.topics) for alert in summary.items]
    assert [()] * 3 == [alert.topics[0].clauses for alert in summary.items]
    (other,) = await lists(world, "desk")
    assert summary.facts.id != other.facts.id


async def test_the_window_slides(world) -> None:
    """An hour after the first, one more goes; a quiet topic has a burst of its own."""
    await ring(world, "a", "fire")
    world.clock.advance(1800)
    await ring(world, "b", "fire")
    await ring(world, "c", "fire")
    await ring(world, "d", "flood")
    assert 3 == len(await told(world))
    world.clock.advance(1800)
    await ring(world, "e", "fire")
    await ring(world, "f", "fire")
    assert 4 == len(await told(world))
    assert 2 == (await world.store.counts()).bursts["ops"].held


async def test_an_alert_goes_on_with_its_other_topics(world) -> None:
    """Only the topic that is beyond its burst is held."""
    for name in ("a", "b"):
        await ring(world, name, "fire")
    alert = await ring(world, "c", "fire", "flood")
    (job,) = [job for job in await told(world) if job.delivery.alert == alert]
    assert ("flood",) == job.delivery.topics
    world.clock.advance(TEN_MINUTES)
    await world.store.summarize(TEN_MINUTES)
    (summary,) = await lists(world)
    assert ["fire"] == [topic.name for topic in summary.items[0].topics]


async def test_recipients_of_one_sink_share_its_burst(world) -> None:
    """A mail to two is one alert; each gets a list of its own."""
    to = tuple(Recipient(sink="desk", recipient=name) for name in ("a@x.example", "b@x.example"))
    for name in ("a", "b", "c"):
        await ring(world, name, "fire", routes={"fire": to})
    assert 4 == len(await told(world, "desk"))
    world.clock.advance(TEN_MINUTES)
    assert 2 == await world.store.summarize(TEN_MINUTES)
    assert 6 == len(await told(world, "desk"))


async def test_two_processes_that_ring_at_once_share_the_burst(world, other) -> None:
    """Whoever comes first is let through; together they let no more through than one would."""
    burst = Rate(count=7, per_s=3600.0)
    await asyncio.gather(
        *(
            ring(world, f"n{number}", "fire", store=store, burst=burst)
            for number, store in enumerate((world.store, other) * 10)
        )
    )
    counts = await world.store.counts()
    assert (7, 13) == (counts.sinks["ops"].open, counts.bursts["ops"].held)
    world.clock.advance(TEN_MINUTES)
    made = await asyncio.gather(*(store.summarize(TEN_MINUTES) for store in (world.store, other)))
    assert 2 == sum(made)
    (summary,) = await lists(world)
    assert (13, 13) == (summary.facts.count, len(summary.items))


@pytest.mark.parametrize("burst", [None, Rate(count=100, per_s=3600.0)])
async def test_what_was_held_is_listed_though_the_burst_was_changed(world, burst) -> None:
    """Turned off or widened at a reload, the list still comes; what rings now goes at once."""
    for name in ("a", "b", "c"):
        await ring(world, name, "fire")
    await ring(world, "d", "fire", burst=burst)
    assert 3 == len(await told(world))
    world.clock.advance(TEN_MINUTES)
    await world.store.summarize(TEN_MINUTES)
    assert [1] == [summary.facts.count for summary in await lists(world)]


async def test_a_flood_becomes_lists_of_bounded_length(
    world, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one list cannot count goes into the next, and none is told twice."""
    monkeypatch.setattr(bursts, "MOST", 3)
    to = (Recipient(sink="ops"),)
    alerts = [await ring(world, f"n{number}", "fire", routes={"fire": to}) for number in range(9)]
    world.clock.advance(TEN_MINUTES)
    assert 3 == await world.store.summarize(TEN_MINUTES)
    found = await lists(world)
    assert [1, 3, 3] == sorted(summary.facts.count for summary in found)
    listed = [alert.id for summary in found for alert in summary.items]
    assert sorted(alerts[2:]) == sorted(listed)


async def test_a_list_for_a_disabled_sink_waits(world) -> None:
    """It is made, and held until the sink is enabled."""
    for name in ("a", "b", "c"):
        await ring(world, name, "fire")
    world.clock.advance(TEN_MINUTES)
    assert 2 == await world.store.summarize(TEN_MINUTES, {"ops"})
    assert ([], 1) == (await lists(world), len(await lists(world, "desk")))
    assert 1 == await world.store.release_disabled("ops")
    assert 1 == len(await lists(world))


async def test_an_alert_shows_how_its_list_stands(world) -> None:
    """Held, then on its way, then sent: as if it had gone alone."""

    async def state() -> str:
        (line,) = [one for one in await world.store.alert_lines() if one.alert == alert]
        return line.deliveries["ops"]

    for name in ("a", "b"):
        await ring(world, name, "fire")
    alert = await ring(world, "c", "fire")
    assert "held" == await state()
    world.clock.advance(TEN_MINUTES)
    await world.store.summarize(TEN_MINUTES)
    assert "open" == await state()
    (job,) = [job for job in await told(world) if isinstance(job.content, Summary)]
    await world.store.commit_delivery(DeliveryCommit(work=job.work, state="sent", attempts=1))
    assert "sent" == await state()
    steps = await world.store.trace_of(alert and (await world.store.load_alert(alert)).event)
    assert "ops: held for a list: fire" in [step.decision for step in steps]


async def test_retention_leaves_what_waits_for_its_list(world) -> None:
    """What was held goes with its alert, but not before its list was sent."""
    keep = KeepOptions(alerts_s=60.0, receipts_s=60.0)
    to = (Recipient(sink="ops"),)
    for name in ("a", "b", "c"):
        await ring(world, name, "fire", routes={"fire": to})
    for job in await told(world):
        await world.store.commit_delivery(DeliveryCommit(work=job.work, state="sent", attempts=1))
    world.clock.advance(3600)
    assert 2 == (await world.store.prune(keep, world.clock.now()))["alerts"]
    await world.store.summarize(TEN_MINUTES)
    (job,) = await told(world)
    world.clock.advance(3600)
    later = world.clock.now()
    assert 0 == (await world.store.prune(keep, later))["messages"]
    await world.store.commit_delivery(DeliveryCommit(work=job.work, state="sent", attempts=1))
    gone = await world.store.prune(keep, later)
    assert (0, 1) == (gone["alerts"], gone["messages"])


async def test_the_lists_of_one_transaction_tell_of_few(
    world, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many topics flooded at once do not hold the database for the time of all their lists."""
    monkeypatch.setattr(bursts, "MOST", 2)
    for number in range(4):
        to = {name: (Recipient(sink="ops"),) for name in ("fire", "flood", "quake")}
        await ring(world, f"n{number}", *to, routes=to)
    world.clock.advance(TEN_MINUTES)
    made = [await world.store._write(bursts.summarize, TEN_MINUTES, ()) for _ in range(4)]
    assert [1, 1, 1, 0] == made
