"""Dead letters of entries that the database refuses; lists longer than one part of them."""

import pytest
from msgspec import structs
from sqlalchemy import text

from workers.errors import StoreDown, TocsinError
from workers.model.commit import DeadEntry, EntryIntent, PollCommit
from workers.model.feed import Validators
from workers.store import DeadWhich, letters

REFUSE = """
CREATE TRIGGER refuse BEFORE INSERT ON entries WHEN new.title LIKE '%poison%'
BEGIN SELECT RAISE(ABORT, 'value too large'); END
"""
REFUSE_POSTGRES = """
ALTER TABLE entries ADD CONSTRAINT "value too large" CHECK (title NOT LIKE '%poison%')
"""
ACCEPT_POSTGRES = 'ALTER TABLE entries DROP CONSTRAINT IF EXISTS "value too large"'


@pytest.fixture
async def refusing(world):
    """A world whose database refuses entries with poison in their title."""
    served = isinstance(world.store.address, str)
    refuse = REFUSE_POSTGRES if served else REFUSE
    await world.store._write(lambda conn, _now: conn.execute(text(refuse)))
    yield world
    if served:
        await _accept_again(world)


async def _accept_again(world) -> None:
    served = isinstance(world.store.address, str)
    accept = ACCEPT_POSTGRES if served else "DROP TRIGGER refuse"
    await world.store._write(lambda conn, _now: conn.execute(text(accept)))


async def _poll(world, *titles: str, etag: str = '"1"') -> list[str]:
    """Poll entries of these titles; return their ids."""
    feed = await world.feed()
    entries = [world.entry(feed, f"n{n}", title=title) for n, title in enumerate(titles)]
    await world.poll(*entries, validators=Validators(etag=etag))
    return [entry.id for entry in entries]


async def test_an_entry_that_cannot_be_stored_is_a_dead_letter(refusing) -> None:
    """It says why; all others of its poll are stored, and so are the validators."""
    titles = [f"Title {n}" for n in range(21)]
    titles[7] = titles[13] = "poison"
    ids = await _poll(refusing, *titles, etag='"new"')
    found = await refusing.store.dead_lines(kind="entry")
    assert sorted((ids[7], ids[13])) == sorted(line.id for line in found)
    assert {("entry", None, "payload", 1, "poison")} == {
        (line.kind, line.sink, line.reason, line.attempts, line.title) for line in found
    }
    assert "value too large" in found[0].last_answer
    assert 19 == len(await refusing.due("pages:warm"))
    assert '"new"' == (await refusing.feed()).validators.etag
    assert 2 == (await refusing.store.counts()).dead["entry"]


async def test_an_entry_that_is_refused_again_is_one_dead_letter(refusing) -> None:
    """It stays as old as it was, and its attempts are counted."""
    await _poll(refusing, "poison")
    (before,) = await refusing.store.dead_lines()
    refusing.clock.advance(3600)
    await _poll(refusing, "poison")
    assert [structs.replace(before, attempts=2)] == await refusing.store.dead_lines()


async def test_an_entry_that_is_stored_at_last_is_no_dead_letter(refusing) -> None:
    """The next poll that shows it heals it."""
    await _poll(refusing, "poison")
    await _accept_again(refusing)
    await _poll(refusing, "poison")
    assert [] == await refusing.store.dead_lines()
    assert 1 == len(await refusing.due("pages:warm"))


async def test_a_replayed_entry_is_stored_and_read(refusing) -> None:
    """With all that its feed said; one that is still refused stays."""
    (id_,) = await _poll(refusing, "poison")
    assert 0 == await refusing.store.replay_dead([id_])
    assert [2] == [line.attempts for line in await refusing.store.dead_lines()]
    await _accept_again(refusing)
    assert 1 == await refusing.store.replay_dead(kind="entry")
    assert [] == await refusing.store.dead_lines()
    (article,) = await refusing.due("pages:warm")
    (entry,) = await refusing.store.entries_of(article)
    wanted = refusing.entry(await refusing.feed(), "n0", title="poison")
    assert wanted == structs.replace(entry, feed=wanted.feed, feed_url=wanted.feed_url)


async def test_an_entry_nobody_could_decide_about(world) -> None:
    """What the step could not decide is kept with what a replay needs, broken letters too."""
    feed = await world.feed()
    odd = world.entry(feed, "odd \ud800\0", title="odd \ud800\0")
    intent = EntryIntent(entry=odd, key=None, stream="pages:warm")
    await world.store.commit_poll(
        PollCommit(
            feed=feed,
            loaded_at=feed.last_poll_at,
            delay_s=60.0,
            dead=(DeadEntry(intent=intent, reason="crash", detail="TypeError: x"),),
        )
    )
    (shown,) = await world.store.show_dead(odd.id[:10])
    assert ("crash", "TypeError: x") == (shown.reason, shown.last_answer)
    assert odd.id in shown.content
    assert 1 == await world.store.replay_dead([odd.id])
    assert 1 == len(await world.due("pages:warm"))


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
async def test_a_full_disk_is_no_entrys_fault(refusing) -> None:
    """What concerns the whole database makes no dead letter: nothing of the poll is stored."""

    def narrow(conn, _now) -> None:
        pages = conn.execute(text("PRAGMA page_count")).scalar_one()
        conn.execute(text(f"PRAGMA max_page_count = {pages + 4}"))

    await refusing.store._write(narrow)
    feed = await refusing.feed()
    big = [refusing.entry(feed, f"n{n}", content="x" * 100_000) for n in range(5)]
    with pytest.raises(StoreDown):
        await refusing.poll(*big)
    assert [] == await refusing.store.dead_lines()
    await refusing.poll(*big)
    assert 5 == len(await refusing.due("pages:warm"))


async def test_the_content_of_a_dead_letter_may_be_damaged(refusing) -> None:
    """A replay says which letter, and what to do."""
    (id_,) = await _poll(refusing, "poison")
    await refusing.store._write(
        lambda conn, _now: conn.execute(text("UPDATE dead SET content = 'x'"))
    )
    with pytest.raises(TocsinError, match=f"tocsin dead drop {id_}"):
        await refusing.store.replay_dead()
    assert 1 == len(await refusing.store.dead_lines())


async def test_a_list_longer_than_one_part_is_whole(refusing, monkeypatch) -> None:
    """Nothing is cut: neither listed, nor replayed, nor dropped."""
    monkeypatch.setattr(letters, "MOST", 3)
    for number in range(4):
        feed = await refusing.feed()
        await refusing.poll(
            *(refusing.entry(feed, f"{number}-{n}", title="poison") for n in range(2))
        )
        refusing.clock.advance(60)
    found = [line async for line in refusing.store.each_dead(DeadWhich())]
    assert 8 == len({line.id for line in found})
    assert sorted((line.at for line in found), reverse=True) == [line.at for line in found]
    assert 3 == len(await refusing.store.dead_lines())
    assert 0 == await refusing.store.replay_dead()
    assert [2] * 8 == [line.attempts async for line in refusing.store.each_dead(DeadWhich())]
    assert 4 == await refusing.store.drop_dead(since=found[3].at)
    await _accept_again(refusing)
    assert 4 == await refusing.store.replay_dead()
    assert [] == await refusing.store.dead_lines()
