"""Muted topics: what they hit is stored and counted, told once when it ends, and never lost."""

import asyncio
from datetime import timedelta

import pytest
from msgspec import structs
from sqlalchemy import func, select

from workers.model.alert import Recipient, Summary
from workers.model.commit import ArticleCommit, DeliveryCommit
from workers.model.ids import alert_id
from workers.model.mute import MuteEnd
from workers.model.rate import Rate
from workers.options import KeepOptions
from workers.store import deliveries, held, mutes
from workers.store.tables import muted
from workers.store.tables import mutes as table

HOUR = 3600.0
OPS = (Recipient(sink="ops"),)
KNOWN = MuteEnd(version=0, known=True, severity="high", to=OPS)
GONE = MuteEnd(version=0, known=False)


async def ring(world, name: str, *topics: str, store=None, **fields: object) -> str:
    """Ring these topics for an article of that name; return the alert."""
    article = await world.article(name)
    job = await world.page(article)
    unit = structs.replace(world.unit(job, *topics), **fields)
    await (store or world.store).commit_article(
        ArticleCommit(work=job.work, article=world.read(job), ring=unit, attempts=1)
    )
    return alert_id(article, 1)


async def told(world, sink: str = "ops") -> list:
    """Return what the sink is to be sent now."""
    return [await world.store.load_delivery(id_) for id_ in await world.due(f"sink:{sink}")]


async def lists(world, sink: str = "ops") -> list[Summary]:
    """Return the lists among what the sink is to be sent now."""
    return [job.content for job in await told(world, sink) if isinstance(job.content, Summary)]


async def end(store, to: MuteEnd = KNOWN) -> list[int | None]:
    """Let a process do what it does now and then; return how many hits each mute had."""
    return [await store.end_mute(line.id, to) for line in await store.mutes()]


async def test_what_a_muted_topic_hits_is_stored_counted_and_told_at_its_end(world) -> None:
    """Nobody is told of it before; then once, newest first; it rang, so it rings no more."""
    line = await world.store.mute("fire", 2 * HOUR, "too much of it")
    assert (0, False) == (line.hits, line.ended)
    alerts = []
    for name in ("a", "b", "c"):
        world.clock.advance(60)
        alerts.append(await ring(world, name, "fire"))
    assert [] == await told(world)
    (line,) = (await world.store.counts()).mutes
    assert ("fire", 3, False) == (line.topic, line.hits, line.ended)
    assert [None] == await end(world.store)
    world.clock.advance(2 * HOUR)
    assert [3] == await end(world.store)
    assert [] == await end(world.store)
    (summary,) = await lists(world)
    facts = summary.facts
    assert ("fire", 3, "high", "too much of it") == (
        facts.topic,
        facts.count,
        facts.severity,
        facts.muted.because,
    )
    assert (line.since, line.until) == (facts.muted.since, facts.muted.until)
    assert alerts[::-1] == [alert.id for alert in summary.items]
    assert [("fire",)] * 3 == [tuple(topic.name for topic in one.topics) for one in summary.items]
    job = await world.page(await world.article("a"))
    assert {"fire"} == job.rung
    assert () == (await world.store.counts()).mutes


async def test_an_article_rings_for_its_other_topics(world) -> None:
    """And the list of alerts says which of them was muted."""
    await world.store.mute("fire", HOUR)
    alert = await ring(world, "a", "fire", "flood")
    (job,) = await told(world)
    assert (alert, ("flood",)) == (job.delivery.alert, job.delivery.topics)
    (line,) = await world.store.alert_lines()
    assert ({"fire", "flood"}, ("fire",)) == (set(line.topics), line.muted)
    assert {"ops": "open", "desk": "open"} == line.deliveries
    steps = await world.store.trace_of((await world.store.load_alert(alert)).event)
    said = [(step.decision, step.topic) for step in steps if step.stage == "ring"]
    assert ("muted: fire", "fire") in said


async def test_it_rings_from_the_very_end_though_nobody_was_told_of_that_yet(world) -> None:
    """Whoever is slow to tell keeps nothing back."""
    await world.store.mute("fire", HOUR)
    world.clock.advance(HOUR)
    alert = await ring(world, "a", "fire")
    assert [alert] == [job.delivery.alert for job in await told(world)]
    assert [0] == await end(world.store)


async def test_the_end_of_a_mute_without_hits_is_told_too(world) -> None:
    """So that everybody knows that the topic rings again."""
    await world.store.mute("fire", HOUR)
    world.clock.advance(HOUR)
    assert [0] == await end(world.store)
    (summary,) = await lists(world)
    assert (0, "high", ()) == (summary.facts.count, summary.facts.severity, summary.items)


async def test_unmuting_ends_it_at_once(world) -> None:
    """What it had until then is told as of that moment; the next hit rings."""
    await world.store.mute("fire", HOUR)
    await ring(world, "a", "fire")
    world.clock.advance(60)
    line = await world.store.unmute("fire")
    assert (1, True, world.clock.now()) == (line.hits, line.ended, line.until)
    assert await world.store.unmute("fire") is None
    assert await world.store.unmute("flood") is None
    await ring(world, "b", "fire")
    assert 1 == len(await told(world))
    assert [1] == await end(world.store)
    (summary,) = await lists(world)
    assert line.until == summary.facts.muted.until


async def test_muting_again_moves_the_end(world) -> None:
    """It stays one mute with its hits; other words replace the first, none leave them."""
    first = await world.store.mute("fire", HOUR, "why")
    await ring(world, "a", "fire")
    world.clock.advance(60)
    for because, said in (("", "why"), ("better", "better")):
        line = await world.store.mute("fire", 3 * HOUR, because)
        assert (first.id, first.since, 1, said) == (line.id, line.since, line.hits, line.because)
        assert world.clock.now() + timedelta(hours=3) == line.until
    assert 1 == len(await world.store.mutes())
    await world.store.mute("fire", 60.0)
    world.clock.advance(60)
    assert [1] == await end(world.store)


async def test_a_topic_that_is_muted_again_before_its_end_was_told_loses_no_hit(world) -> None:
    """What it had before and what it has since stand on one list; what rang between does not."""
    hits = []
    for name in ("a", "b"):
        line = await world.store.mute("fire", HOUR)
        hits.append(await ring(world, name, "fire"))
        world.clock.advance(HOUR)
        assert [True] == [one.ended for one in await world.store.mutes()]
        if name == "a":
            rang = await ring(world, "between", "fire")
    assert 1 == line.hits
    assert [2] == await end(world.store)
    (summary,) = await lists(world)
    assert hits[::-1] == [alert.id for alert in summary.items]
    assert rang in [job.delivery.alert for job in await told(world)]


async def test_a_topic_can_be_muted_again_after_its_mute_was_told(world) -> None:
    """Each has its own hits and its own list."""
    for name in ("a", "b"):
        await world.store.mute("fire", HOUR)
        await ring(world, name, "fire")
        await world.store.unmute("fire")
        assert [1] == await end(world.store)
    assert [1, 1] == [summary.facts.count for summary in await lists(world)]


async def test_of_several_processes_one_tells(world, other) -> None:
    """However many see that it is over."""
    await world.store.mute("fire", HOUR)
    await ring(world, "a", "fire")
    world.clock.advance(HOUR)
    (line,) = await other.mutes()
    done = await asyncio.gather(
        *(store.end_mute(line.id, KNOWN) for store in (world.store, other) * 4)
    )
    assert [1] == [hits for hits in done if hits is not None]
    assert 1 == len(await lists(world))


async def test_each_hit_is_on_the_list_or_rings_whoever_ends_it_meanwhile(world, other) -> None:
    """Two processes ring, one unmutes and tells, at once: nothing is lost, nothing told twice."""
    for number in range(6):
        await world.store.mute("fire", HOUR)
        names = [f"{number}-{part}" for part in range(6)]

        async def stop(wait: int = number) -> None:
            for _ in range(wait):
                await other.mutes()
            await other.unmute("fire")
            await end(other)

        await asyncio.gather(
            *(
                ring(world, name, "fire", store=(world.store, other)[place % 2])
                for place, name in enumerate(names)
            ),
            stop(),
        )
    jobs = await told(world)
    rang = [job.delivery.alert for job in jobs if job.delivery.alert is not None]
    listed = [alert.id for one in await lists(world) for alert in one.items]
    assert 36 == len(rang) + len(listed) == len(set(rang) | set(listed))
    assert 6 == len(jobs) - len(rang)


async def test_two_who_mute_at_once_make_one_mute(world, other) -> None:
    """The database has one place for it."""
    lines = await asyncio.gather(*(store.mute("fire", HOUR) for store in (world.store, other) * 3))
    assert 1 == len({line.id for line in lines})
    assert 1 == len(await world.store.mutes())


async def test_the_mute_of_a_topic_that_is_gone_ends(world) -> None:
    """Who would have been told is; who does not know the newest topics does not judge."""
    await world.store.accept('{"topics": []}')
    for name in ("fire", "flood"):
        await world.store.mute(name, HOUR)
    await ring(world, "a", "fire")
    assert [None, None] == await end(world.store, GONE)
    last = structs.replace(GONE, version=1, off=frozenset({"desk"}))
    assert [1, 0] == await end(world.store, last)
    (summary,) = await lists(world)
    assert ("fire", 1, world.clock.now()) == (
        summary.facts.topic,
        summary.facts.count,
        summary.facts.muted.until,
    )
    assert [] == await lists(world, "desk")
    assert 1 == await world.store.release_disabled("desk")
    assert 1 == len(await lists(world, "desk"))


async def test_it_is_told_to_whoever_is_told_of_the_topic_now(world) -> None:
    """A sink that is disabled gets it once it is enabled."""
    await world.store.mute("fire", HOUR)
    await ring(world, "a", "fire")
    world.clock.advance(HOUR)
    new = (Recipient(sink="desk", recipient="b@example.org"), Recipient(sink="ops", held=True))
    assert [1] == await end(world.store, structs.replace(KNOWN, to=new))
    assert [] == await lists(world)
    (job,) = await told(world, "desk")
    assert "b@example.org" == job.delivery.recipient
    assert 1 == await world.store.release_disabled("ops")
    assert 1 == len(await lists(world))


async def test_a_muted_topic_uses_up_no_burst(world) -> None:
    """And what is beyond a burst is not held for its list, but for the mute's."""
    burst = Rate(count=1, per_s=HOUR)
    await world.store.mute("fire", HOUR)
    for name in ("a", "b", "c"):
        await ring(world, name, "fire", burst=burst)
    await world.store.unmute("fire")
    await end(world.store)
    await ring(world, "d", "fire", burst=burst)
    world.clock.advance(HOUR)
    assert 0 == await world.store.summarize(600.0)
    assert 2 == len(await told(world))


async def test_many_hits_are_counted_and_the_newest_listed(world, monkeypatch) -> None:
    """A list has room for so many; the sum is that of all."""
    monkeypatch.setattr(deliveries, "_MUTED_ITEMS", deliveries._MUTED_ITEMS.limit(2))
    await world.store.mute("fire", HOUR)
    alerts = []
    for number in range(5):
        world.clock.advance(1)
        alerts.append(await ring(world, f"n{number}", "fire"))
    await world.store.unmute("fire")
    assert [5] == await end(world.store)
    (summary,) = await lists(world)
    assert (5, alerts[:2:-1]) == (summary.facts.count, [one.id for one in summary.items])


async def test_too_many_mutes_are_refused(world, monkeypatch) -> None:
    """All are shown wherever health is, so there is a bound; those that are there can be moved."""
    monkeypatch.setattr(mutes, "MOST", 2)
    for name in ("fire", "flood", "fire"):
        await world.store.mute(name, HOUR)
    with pytest.raises(Exception, match="2 topics are"):
        await world.store.mute("quake", HOUR)
    assert ["fire", "flood"] == [line.topic for line in await world.store.mutes()]


async def test_retention_leaves_hits_until_they_are_told(world) -> None:
    """Then they go with their alerts, and the mute when it is long over."""
    keep = KeepOptions(alerts_s=60.0, receipts_s=HOUR)
    await world.store.mute("fire", 3 * HOUR)
    await ring(world, "a", "fire")
    world.clock.advance(3 * HOUR)
    assert 0 == (await world.store.prune(keep, world.clock.now()))["alerts"]
    assert [1] == await end(world.store)
    (job,) = await told(world)
    await world.store.commit_delivery(DeliveryCommit(work=job.work, state="sent", attempts=1))
    gone = await world.store.prune(keep, world.clock.now())
    assert (1, 0) == (gone["alerts"], gone["mutes"])
    world.clock.advance(2 * HOUR)
    assert 1 == (await world.store.prune(keep, world.clock.now()))["mutes"]
    assert [0, 0] == await _left(world.store)


async def _left(store) -> list[int]:
    def count(conn, _now) -> list[int]:
        found = (select(func.count()).select_from(one) for one in (muted, table))
        return [conn.execute(one).scalar_one() for one in found]

    return await store._read(count)


async def test_a_restore_holds_the_lists_of_mutes_that_are_over_by_then(world) -> None:
    """They may have been sent since; a mute that lasts goes on."""
    await world.store.mute("fire", HOUR)
    await ring(world, "a", "fire")
    far = 100 * 365 * 24 * HOUR
    await world.store.mute("flood", far)
    await world.store._write(lambda conn, _now: held.hold_restored(conn))
    assert ["flood"] == [line.topic for line in await world.store.mutes()]
    assert [] == await told(world)
    assert 1 == await world.store.release_reason("restore", "ops")
    assert 1 == len(await lists(world))
