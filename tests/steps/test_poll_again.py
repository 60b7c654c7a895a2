"""Polls that read only what is new, and know all the same what their feed lists."""

import asyncio
import sqlite3

import pytest

from workers.errors import StoreDown
from workers.feeds import read_again
from workers.feeds.marks import unpack
from workers.model.ids import entry_id
from workers.model.net import Answer
from workers.pool.tasks import read_feed_again
from workers.steps.look import Look
from workers.steps.poll import Poll

HOUR_S = 3600.0


@pytest.fixture
def readings(monkeypatch) -> list[tuple[list[str], int]]:
    """Note of each reading the identities that were read, and how many entries were skipped."""
    noted: list[tuple[list[str], int]] = []

    def reading(*arguments):
        found = read_again(*arguments)
        noted.append(([entry.identity for entry in found.entries], len(found.skipped)))
        return found

    monkeypatch.setattr("workers.steps.look.read_again", reading)
    return noted


@pytest.fixture
def listed(database):
    """Return the ids that the database has as listed."""

    def do() -> set[str]:
        with sqlite3.connect(database) as conn:
            return {row[0] for row in conn.execute("SELECT id FROM entries WHERE listed")}

    return do


@pytest.fixture
def serve(world, site, write):
    """Let the feed list items of these names, and poll it."""
    item, rss, _ = write

    async def do(feed: str, *names: str, **titles: str):
        site.put(
            "/feed",
            rss(
                *(
                    item(name, titles.get(name, f"Title {name}"), url=f"{site.url}/{name}")
                    for name in names
                )
            ),
        )
        row = await world.poll(feed)
        world.clock.advance(900)
        return row

    return do


@pytest.fixture
async def feed(world, serve) -> str:
    """A feed whose first poll listed a, b and c."""
    (one,) = await world.feeds("/feed")
    world.begin_day(one)
    await serve(one, "a", "b", "c")
    return one


def ids(feed: str, names: str) -> set[str]:
    """Return the ids of entries of the feed."""
    return {entry_id(feed, name) for name in names}


async def test_only_news_are_read(world, serve, feed, readings, listed) -> None:
    """Of a changed document the new entry alone is read; who is listed is known of them all."""
    row = await serve(feed, "d", "a", "b")
    assert [(["d"], 2)] == readings
    assert ids(feed, "dab") == listed() == set(unpack(row.marks).entries.values())
    assert [("pages:warm", await world.article("/d"))] == await world.due()
    await serve(feed, "d", "a", "b", "c")
    assert (["c"], 3) == readings[-1]
    assert ids(feed, "dabc") == listed()


async def test_edits_are_found(world, serve, feed, readings, listed) -> None:
    """An edited entry is read, and is a new edition; the others are listed as before."""
    await serve(feed, "a", "b", "c", b="Another title")
    assert [(["b"], 2)] == readings
    assert [("pages:warm", await world.article("/b"))] == await world.due()
    await serve(feed, "a", "b", "c", b="Another title")
    assert 1 == len(readings)  # the very same bytes
    assert ids(feed, "abc") == listed()


async def test_a_poll_that_was_not_stored_reads_again(world, serve, feed, readings) -> None:
    """What was read is marked as read by the commit that stores it, and by nothing else."""

    class Full:
        def __getattr__(self, name):
            return getattr(world.store, name)

        async def commit_poll(self, _commit):
            raise StoreDown("disk full")

    edges = type(world.edges)(**{**world.edges.__dict__, "store": Full()})
    poller, world.poller = (
        world.poller,
        Poll(edges, lambda: world.rules, Look(edges, read_feed_again)),
    )
    with pytest.raises(StoreDown):
        await serve(feed, "d", "a", "b", "c")
    world.poller = poller
    await world.poll(feed)
    assert [(["d"], 3), (["d"], 3)] == readings
    assert await world.article("/d") is not None


async def test_what_is_gone_from_the_database_is_read(world, serve, feed, database, readings):
    """Where an entry that was skipped is not stored any more, the document is read whole."""
    with sqlite3.connect(database) as conn:
        conn.execute("DELETE FROM entries WHERE id = ?", (entry_id(feed, "b"),))
    await serve(feed, "d", "a", "b", "c")
    assert [(["d"], 3), (["d", "a", "b", "c"], 0)] == readings
    known = await world.store.load_knowledge(feed, ["a", "b", "c", "d"], [], [])
    assert set("abcd") == set(known.entries)
    await serve(feed, "e", "d", "a", "b", "c")
    assert (["e"], 4) == readings[-1]


async def test_a_guid_that_comes_twice_is_told_by_the_whole(world, site, write, feed, readings):
    """A new entry with the guid of one that was skipped is read beside it, and is news."""
    item, rss, _ = write
    same = item("a", "Title a", url=f"{site.url}/a")
    other = item("a", "Quite another", url=f"{site.url}/other")
    site.put("/feed", rss(other, same))
    await world.poll(feed)
    assert [1, 0] == [skipped for _, skipped in readings]
    assert await world.article("/other") is not None


async def test_once_a_day_all_is_read(world, serve, feed, readings) -> None:
    """The poll that asks without validators, once a day, believes no marks either."""
    for name in ("d", "e", "f"):
        world.clock.advance(10 * HOUR_S)
        await serve(feed, name, "a", "b", "c")
    assert any(not skipped for _, skipped in readings)
    assert any(skipped for _, skipped in readings)


async def test_a_new_guid_beside_skipped_entries_is_no_news(
    world, site, write, feed, readings, listed
) -> None:
    """An entry that only changed its guid, while its neighbours were skipped, is what it was."""
    item, rss, _ = write
    same = [item(name, f"Title {name}", url=f"{site.url}/{name}") for name in "ab"]
    site.put("/feed", rss(*same, item("c2", "Title c", url=f"{site.url}/c")))
    await world.poll(feed)
    assert [(["c2"], 2)] == readings
    assert ([], ids(feed, "abc")) == (await world.due(), listed())


async def test_documents_that_are_read_in_one_go_fail_each_for_itself(world, monkeypatch) -> None:
    """What one of them does to the reader is told to whoever polls it, and to nobody else."""

    def bad(body, *rest):
        if body == b"bad":
            raise RuntimeError("it burst")
        return read_again(body, *rest)

    monkeypatch.setattr("workers.steps.look.read_again", bad)
    look = Look(world.edges, read_feed_again)
    good = b"<rss><channel><item><guid>a</guid><title>A</title></item></channel></rss>"
    answers = [
        Answer(status=200, url="http://one.example/", body=body, headers={})
        for body in (good, b"bad", good)
    ]
    found = await asyncio.gather(
        *(look.read(answer, world.rules) for answer in answers), return_exceptions=True
    )
    assert isinstance(found[1], RuntimeError)
    assert [["a"], ["a"]] == [[entry.identity for entry in one.entries] for one in found[::2]]
