"""Polls that end at about the same time: one transaction, and each for itself all the same."""

import asyncio

from msgspec import structs

from workers.errors import TocsinError
from workers.model.commit import EntryIntent, PollCommit
from workers.model.feed import Validators
from workers.model.ids import article_id


def _found(world, feed, *entries, marks: bytes | None = None, **written) -> PollCommit:
    """Return a poll that found these entries."""
    return PollCommit(
        feed=structs.replace(feed, last_poll_at=world.clock.now(), **written),
        loaded_at=feed.last_poll_at,
        delay_s=900.0,
        marks=marks,
        intents=tuple(
            EntryIntent(entry=entry, key=entry.url, stream="pages:warm") for entry in entries
        ),
    )


async def _together(world, *polls: PollCommit) -> list[object]:
    return await asyncio.gather(*map(world.store.commit_poll, polls), return_exceptions=True)


async def test_polls_that_end_together_share_what_they_found(world) -> None:
    """Two feeds list one page at once: it is one article, and work is asked for once."""
    one, two = await world.feed(), await world.feed("other")
    here, there = (world.entry(feed, url="https://site.example/same") for feed in (one, two))
    assert [(), ()] == await _together(world, _found(world, one, here), _found(world, two, there))
    assert [article_id("https://site.example/same")] == await world.due()
    for feed in (one, two):
        known = await world.store.load_knowledge(feed.id, ["one"], [], [])
        assert {"one"} == set(known.entries)


async def test_a_poll_that_cannot_be_stored_fails_alone(world) -> None:
    """Whoever shares a transaction with it is stored, by himself."""
    one, two = await world.feed(), await world.feed("other")
    gone = structs.replace(one, id="fee_unknown")
    first, failed, last = await _together(
        world,
        _found(world, one, world.entry(one)),
        _found(world, gone, world.entry(gone)),
        _found(world, two, world.entry(two, "two")),
    )
    assert isinstance(failed, TocsinError)
    assert ((), ()) == (first, last)
    assert 2 == len(await world.due())


async def test_an_entry_that_is_refused_costs_the_marks_of_its_feed_only(world) -> None:
    """Its document is read whole again; beside it others are marked as read."""
    one, two = await world.feed(), await world.feed("other")
    fine, refused = world.entry(two, "fine"), world.entry(one, "refused", edition=2**70)
    assert [(), ()] == await _together(
        world,
        _found(world, one, world.entry(one), refused, marks=b"one"),
        _found(world, two, fine, marks=b"two"),
    )
    rows = [await world.store.load_feed(feed.id) for feed in (one, two)]
    assert [None, b"two"] == [row.marks for row in rows]
    assert [refused.id] == [line.id for line in await world.store.dead_lines(kind="entry")]
    assert 2 == len(await world.due())


async def test_two_polls_of_one_feed_that_end_together_see_each_other(world) -> None:
    """The second was overtaken: what it takes for baseline is left to the next poll."""
    feed = await world.feed()
    past = world.entry(feed, "late", baseline=True, rings=False)
    first = _found(world, feed, world.entry(feed), validators=Validators(etag="1"))
    late = _found(world, feed, past, validators=Validators(etag="2"))
    assert [(), ()] == await _together(world, first, late)
    known = await world.store.load_knowledge(feed.id, ["one", "late"], [], [])
    assert {"one"} == set(known.entries)
    assert Validators(etag="1") == (await world.store.load_feed(feed.id)).validators


async def test_many_polls_with_many_entries_are_stored_in_several_goes(world) -> None:
    """Each of them is there."""
    feeds = [await world.feed(name) for name in ("a", "b", "c")]
    polls = [
        _found(world, feed, *(world.entry(feed, f"{feed.name}{n}") for n in range(60)))
        for feed in feeds
    ]
    assert [(), (), ()] == await _together(world, *polls)
    assert 180 == len(await world.due())


async def test_a_feed_of_which_nothing_is_stored_is_blank(world) -> None:
    """And it is no more once anything is, whatever is asked for."""
    feed = await world.feed()
    assert (await world.store.load_knowledge(feed.id, ["one"], [], [])).blank
    await world.poll(world.entry(feed))
    known = await world.store.load_knowledge(feed.id, ["two"], [], [])
    assert (False, {}) == (known.blank, known.entries)
