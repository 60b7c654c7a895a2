"""Events: raised once, ended when over, sent like any alert."""

import asyncio

from msgspec import structs

from workers.alerts import SinkRoute, event
from workers.model.commit import DeliveryCommit
from workers.model.message import EventEnd, EventIntent, OperatorEvent

SINKS = (
    SinkRoute(name="ops"),
    SinkRoute(name="desk", recipients=("a@example.org", "b@example.org")),
)


def low(text: str = "1 GiB is left", **fields: object) -> EventIntent:
    """Return a condition that every sink is told of."""
    return event("disk_low", "/var/lib/tocsin", text, SINKS, **fields)


def over(**fields: object) -> EventEnd:
    """Return its end."""
    return EventEnd(kind="disk_low", subject="/var/lib/tocsin", **fields)


async def test_an_event_is_raised_once_and_sent_to_each_recipient(world) -> None:
    """Raised again while it is open it is not new; its deliveries carry it whole."""
    raised = await world.store.raise_event(low())
    assert raised is not None
    assert ("disk_low", "critical") == (raised.kind, raised.severity)
    world.clock.advance(3600)
    assert await world.store.raise_event(low("less is left")) is None
    ids = await world.due("sink:ops", "sink:desk")
    assert 3 == len(ids)
    jobs = [await world.store.load_delivery(id_) for id_ in ids]
    assert {"", "a@example.org", "b@example.org"} == {job.delivery.recipient for job in jobs}
    told = jobs[0].content
    assert isinstance(told, OperatorEvent)
    assert ("1 GiB is left", "critical") == (told.text, told.severity)
    (line,) = await world.store.open_events()
    assert (told.id, told.since) == (line.id, line.since)


async def test_an_event_that_was_over_is_raised_anew(world) -> None:
    """A later onset is another event, with another id and deliveries of its own."""
    assert await world.store.raise_event(low())
    (first,) = await world.store.open_events()
    await world.store.end_event(over())
    assert [] == await world.store.open_events()
    world.clock.advance(601)
    assert await world.store.raise_event(low())
    (second,) = await world.store.open_events()
    assert first.id != second.id
    assert 6 == len(await world.due("sink:ops", "sink:desk"))


async def test_what_flaps_is_told_once_in_ten_minutes(world) -> None:
    """It is open again, as the same event, and nobody hears of it anew."""
    assert await world.store.raise_event(low())
    (first,) = await world.store.open_events()
    for _ in range(5):
        await world.store.end_event(over())
        world.clock.advance(60)
        assert await world.store.raise_event(low()) is None
    assert [first] == await world.store.open_events()
    assert 3 == len(await world.due("sink:ops", "sink:desk"))


async def test_what_just_happens_does_not_stay_open(world) -> None:
    """It ends as it begins, and within ten minutes is told once."""
    moved = event("feed_moved", "wire", "to https://b.example/feed", (SINKS[0],))
    everything = structs.replace(
        moved, to=event("disk_low", "x", "y", SINKS).to
    )  # nobody takes events that are not critical unless asked to
    assert () == moved.to
    assert await world.store.raise_event(everything)
    assert [] == await world.store.open_events()
    assert await world.store.raise_event(everything) is None
    world.clock.advance(600)
    assert await world.store.raise_event(everything)


async def test_what_follows_an_end_is_raised_only_by_an_end(world) -> None:
    """A feed is back only if it was away."""
    back = event("feed_back", "wire", "after 2 hours", SINKS)
    end = EventEnd(kind="feed_failing", subject="wire", then=back)
    assert await world.store.end_event(end) is None
    assert await world.store.raise_event(event("feed_failing", "wire", "HTTP 500", SINKS))
    followed = await world.store.end_event(end)
    assert followed is not None
    assert ("feed_back", "normal") == (followed.kind, followed.severity)
    assert await world.store.end_event(end) is None


async def test_settling_ends_what_is_not_named(world) -> None:
    """The open events of a kind become those that hold; other kinds are left alone."""
    assert await world.store.raise_event(low())
    first = [event("topic_refused", name, "no query", SINKS) for name in ("a", "b")]
    second = [event("topic_refused", name, "no query", SINKS) for name in ("b", "c")]
    assert ["a", "b"] == [
        one.subject for one in await world.store.settle_events("topic_refused", first)
    ]
    raised = await world.store.settle_events("topic_refused", second)
    assert ["c"] == [one.subject for one in raised]
    assert {"b", "c", "/var/lib/tocsin"} == {
        one.subject for one in await world.store.open_events()
    }


async def test_of_two_processes_one_raises(world, other) -> None:
    """Both notice the same thing at once: one of them is told that it was new."""
    intents = [event("feed_failing", f"feed {number}", "x", SINKS) for number in range(20)]
    answers = await asyncio.gather(
        *(store.raise_event(one) for one in intents for store in (world.store, other))
    )
    assert 20 == sum(answer is not None for answer in answers)
    assert 20 == len(await world.store.open_events())


async def test_an_event_is_retried_buried_and_replayed(world) -> None:
    """What is no alert goes through the same states, and its dead letter says what it was."""
    await world.store.raise_event(low())
    (id_,) = await world.due("sink:ops")
    job = await world.store.load_delivery(id_)
    await world.store.commit_delivery(
        DeliveryCommit(work=job.work, state="retry", attempts=1, again_s=5.0)
    )
    await world.store.bury_id("delivery", id_, "crash", "two workers died")
    (letter,) = await world.store.dead_lines(sink="ops")
    assert ("disk_low: /var/lib/tocsin", "crash") == (letter.title, letter.reason)
    assert 1 == await world.store.replay_dead((id_,))
    assert [id_] == await world.due("sink:ops")
    assert 1 == await world.store.abandon({"desk"})
    assert ["disk_low: /var/lib/tocsin"] == [
        line.title for line in await world.store.dead_lines(sink="ops")
    ]


async def test_text_that_no_database_holds_is_stored(world) -> None:
    """A lone surrogate or a NUL in a feed's name is no reason to stay silent."""
    for subject in ("a\0b", "\ud800"):
        assert await world.store.raise_event(event("feed_gone", subject, subject, SINKS))
        assert await world.store.raise_event(event("feed_gone", subject, subject, SINKS)) is None
        await world.store.end_event(EventEnd(kind="feed_gone", subject=subject))
    assert [] == await world.store.open_events()


async def test_the_same_event_is_sent_once(world) -> None:
    """It ends and is found again, since when it was: what was sent of it is not sent again."""
    since = world.clock.now()
    assert await world.store.raise_event(low(since=since))
    for id_ in await world.due("sink:ops", "sink:desk"):
        job = await world.store.load_delivery(id_)
        sent = DeliveryCommit(work=job.work, state="sent", attempts=1)
        await world.store.commit_delivery(sent)
    await world.store.end_event(over())
    world.clock.advance(3600)
    assert await world.store.raise_event(low(since=since))
    assert [] == await world.due("sink:ops", "sink:desk")


async def test_an_event_told_by_a_clock_that_was_wrong_is_told_again(world) -> None:
    """The clock stood years ahead when it was told last: nobody is to wait for those years."""
    world.clock.advance(4 * 365 * 86400)
    assert await world.store.raise_event(low())
    await world.store.end_event(over())
    world.clock.advance(-4 * 365 * 86400)
    assert await world.store.raise_event(low())
