"""What rang, for whoever counts it: each hit once, in pieces, muted ones marked."""

import pytest
from msgspec import structs

from workers.model.alert import EntryFacts
from workers.model.commit import ArticleCommit
from workers.model.topic import Clause
from workers.options import KeepOptions
from workers.store import tops


async def ring(world, name: str, *topics: str, feeds: tuple[str, ...] = ("wire",)) -> None:
    """Ring these topics for an article of that name, which these feeds list."""
    job = await world.page(await world.article(name))
    entries = tuple(
        EntryFacts(
            feed=feed,
            feed_url="https://x.example/",
            url=None,
            identity="1",
            seen=world.clock.now(),
        )
        for feed in feeds
    )
    unit = structs.replace(world.unit(job, *topics), entries=entries)
    await world.store.commit_article(
        ArticleCommit(work=job.work, article=world.read(job), ring=unit, attempts=1)
    )


async def counted(world, topic: str | None = None, since: float | None = None) -> list:
    """Return all hits, piece by piece."""
    place = (world.clock.now().timestamp() - 86400.0 if since is None else since, "", "")
    found = []
    while place is not None:
        some, place = await world.store.rung_hits(place, world.clock.now(), topic)
        found += some
    return found


@pytest.mark.parametrize("most", [1, 2, 500])
async def test_each_hit_is_counted_once_whatever_the_pieces(world, monkeypatch, most) -> None:
    """By time, alert and topic; with the feeds and clauses that it had, and if it was muted."""
    monkeypatch.setattr(tops, "_ALL", tops._ALL.limit(most))
    monkeypatch.setattr(tops, "_OF_TOPIC", tops._OF_TOPIC.limit(most))
    monkeypatch.setattr(tops, "MOST", most)
    await ring(world, "a", "fire", "flood", "quake", feeds=("wire", "desk", "wire"))
    await world.store.mute("fire", 3600.0)
    await ring(world, "b", "fire", "flood")
    world.clock.advance(60)
    await ring(world, "c", "fire")
    found = await counted(world)
    assert sorted(["fire", "flood", "quake", "fire", "flood", "fire"]) == sorted(
        hit.topic for hit in found
    )
    assert [hit.at for hit in found] == sorted(hit.at for hit in found)
    assert 2 == sum(hit.muted for hit in found)
    assert [("wire", "desk")] * 3 == [hit.feeds for hit in found if len(hit.feeds) == 2]
    fires = await counted(world, "fire")
    assert [hit for hit in found if hit.topic == "fire"] == fires
    assert {("fire on page",)} == {hit.clauses for hit in fires}
    assert [] == await counted(world, "nothing")


async def test_only_what_rang_in_the_span_is_counted(world) -> None:
    """From its very beginning on."""
    await ring(world, "a", "fire")
    world.clock.advance(10)
    since = world.clock.now().timestamp()
    await ring(world, "b", "fire")
    assert 1 == len(await counted(world, since=since))
    assert 1 == len(await counted(world, "fire", since=since))
    assert 0 == len(await counted(world, since=since + 0.001))
    assert world.clock.now().timestamp() - 10 == (await world.store.first_alert()).timestamp()


async def test_what_a_merge_copied_is_not_counted_again(world) -> None:
    """One article turned out to be another: its hit is still one."""
    await ring(world, "a", "fire")
    world.clock.advance(1)
    job = await world.page(await world.article("b"))
    unit = world.unit(job, "fire")
    await world.store.commit_article(
        ArticleCommit(
            work=job.work, article=world.read(job), keys=("https://site.example/a",), ring=unit
        )
    )
    assert 1 == len(await counted(world))
    assert 1 == len(await counted(world, "fire"))


async def test_the_page_s_receipt_counts_besides(world) -> None:
    """A hit on the feed's text that the page confirms has the clauses of both."""
    article = await world.article("a")
    for evidence in ("feed", "page"):
        job = await world.page(article)
        unit = world.unit(job, "fire", evidence=evidence)
        await world.store.commit_article(ArticleCommit(work=job.work, ring=unit, again_s=0.0))
    (hit,) = await counted(world)
    assert ("fire on feed", "fire on page") == hit.clauses


async def test_a_hit_whose_receipt_is_no_longer_kept_says_so(world) -> None:
    """It counts, without clauses; one whose alert is gone does not."""
    await ring(world, "a", "fire")
    world.clock.advance(100)
    since = world.clock.now().timestamp() - 100
    await world.store.prune(KeepOptions(receipts_s=10.0), world.clock.now())
    assert [None] == [hit.clauses for hit in await counted(world, since=since)]


async def test_a_receipt_without_clauses_is_one(world) -> None:
    """A NOT holds in every hit of its topic: it is no clause that says where hits come from."""
    job = await world.page(await world.article("a"))
    unit = world.unit(job, "fire")
    topic = structs.replace(unit.topics[0], clauses=(Clause(op="not", query="-x", span=(0, 2)),))
    await world.store.commit_article(
        ArticleCommit(work=job.work, ring=structs.replace(unit, topics=(topic,)), attempts=1)
    )
    assert [()] == [hit.clauses for hit in await counted(world)]
