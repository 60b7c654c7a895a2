"""Two processes on one PostgreSQL database: what they do at once is neither lost nor doubled."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec import structs
from sqlalchemy import select

from workers.model.commit import ArticleCommit, Likeness, Name
from workers.store import SqlStore, open_store
from workers.store.dbtime import ProcessTime
from workers.store.tables import alerts, articles, deliveries, entries, rung

ROUNDS = 12


@pytest.fixture
def address(postgres) -> str:
    """Only PostgreSQL has several writers."""
    return postgres.url()


@pytest.fixture
async def other(address, clock) -> AsyncIterator[SqlStore]:
    """The store of a second process."""
    opened = await open_store(address, clock, time=ProcessTime(clock))
    yield opened
    await opened.close()


async def _all(store, *columns) -> list[tuple]:
    return await store._read(lambda conn, _now: [tuple(r) for r in conn.execute(select(*columns))])


async def test_one_article_read_and_rung_at_once_rings_each_topic_once(world, other) -> None:
    """Feed text here, the page there, several times over: one alert, its deliveries once."""
    jobs = [await world.page(await world.article(f"n{n}")) for n in range(ROUNDS)]
    await asyncio.gather(
        *(
            store.commit_article(
                ArticleCommit(
                    work=job.work,
                    article=world.read(job) if evidence == "page" else None,
                    ring=world.unit(job, "fire", "flood", evidence=evidence),
                    attempts=1,
                )
            )
            for job in jobs
            for store, evidence in (
                (world.store, "page"), (other, "feed"), (other, "page"), (world.store, "feed"),
            )
        )
    )  # fmt: skip
    assert ROUNDS == len(await _all(other, alerts.c.id))
    assert 2 * ROUNDS == len(await _all(other, rung.c.event))
    assert 2 * ROUNDS == len(await _all(other, deliveries.c.id))


async def test_articles_merged_into_each_other_from_both_sides_at_once(world, other) -> None:
    """Each reading has learned the other's key: one article is left, and rings once."""
    for n in range(ROUNDS):
        one = await world.page(await world.article(f"a{n}"))
        world.clock.advance(1)
        two = await world.page(await world.article(f"b{n}"))
        await asyncio.gather(
            *(
                store.commit_article(
                    ArticleCommit(
                        work=job.work,
                        article=world.read(job),
                        keys=keys,
                        ring=world.unit(job, "fire"),
                        attempts=1,
                    )
                )
                for store, job, keys in (
                    (world.store, one, (f"https://site.example/b{n}", f"shared {n}")),
                    (other, two, (f"shared {n}", f"https://site.example/a{n}")),
                )
            )
        )
    rows = await _all(other, articles.c.id, articles.c.merged_into)
    assert ROUNDS == sum(1 for _, into in rows if into is None)
    merged = {id_: into for id_, into in rows if into is not None}
    assert not set(merged.values()) & merged.keys()
    assert not merged.keys() & {article for (article,) in await _all(other, entries.c.article_id)}
    assert 2 * ROUNDS == len(await _all(other, entries.c.id))
    assert [(1,)] * ROUNDS == await _all(other, alerts.c.revision)
    told = await _all(other, rung.c.topic, rung.c.event)
    assert {("fire", id_) for id_, into in rows if into is None} <= set(told)


async def test_twins_that_name_each_other_are_joined_from_both_sides_at_once(world, other) -> None:
    """Each page names the other, and two processes read them together: one article, one alert."""
    text = "\n".join(f"Line {n} of the report is about the storm of that night." for n in range(9))
    for n in range(ROUNDS):
        jobs = []
        for name in ("a", "b"):
            jobs.append(await world.page(await world.article(f"{name}{n}")))
            world.clock.advance(1)
        urls = [f"https://site.example/{name}{n}" for name in ("a", "b")]
        await asyncio.gather(
            *(
                store.commit_article(
                    ArticleCommit(
                        work=job.work,
                        article=structs.replace(world.read(job), text=text, hint=urls[1 - me]),
                        likeness=Likeness(
                            own=Name(key=urls[me], url=urls[me]),
                            title=f"title {me}",
                            text=text,
                            content=f"hash {n}",
                            site="site.example",
                            names=(Name(key=urls[1 - me], url=urls[1 - me]),),
                        ),
                        ring=world.unit(job, "fire"),
                        attempts=1,
                    )
                )
                for me, (store, job) in enumerate(zip((world.store, other), jobs, strict=True))
            )
        )
    rows = await _all(other, articles.c.id, articles.c.merged_into)
    assert ROUNDS == sum(1 for _, into in rows if into is None)
    assert 2 * ROUNDS == len(await _all(other, entries.c.id))
    assert ROUNDS == len(await _all(other, alerts.c.id))


async def test_polls_that_bring_the_same_links_at_once_make_one_article_each(world, other) -> None:
    """In whatever order the two feeds list them; every entry is stored, and asks for its page."""
    for n in range(ROUNDS):
        names = [f"r{n}x{k}" for k in range(20)]
        polls = []
        for feed_name, order in (("wire", names), ("desk", names[::-1])):
            feed = await world.feed(feed_name)
            polls.append((feed, [world.entry(feed, name) for name in order]))
        await asyncio.gather(
            *(
                type(world)(store, world.clock).poll(*found, feed=feed)
                for store, (feed, found) in zip((world.store, other), polls, strict=True)
            )
        )
    assert 40 * ROUNDS == len(await _all(other, entries.c.id))
    assert 20 * ROUNDS == len(await _all(other, articles.c.id))
    assert 20 * ROUNDS == len(await world.due("pages:warm", most=10_000))


async def test_an_entry_that_comes_while_its_article_is_merged_away_is_not_lost(
    world, other
) -> None:
    """It is the elder's, and the elder is to be read again."""
    for n in range(ROUNDS):
        elder = await world.page(await world.article(f"e{n}"))
        world.clock.advance(1)
        younger = await world.article(f"y{n}")
        feed = await world.feed("desk")
        late = world.entry(feed, f"late{n}", url=f"https://site.example/y{n}")
        reading = ArticleCommit(
            work=elder.work,
            article=world.read(elder),
            keys=(f"https://site.example/y{n}",),
            attempts=1,
        )
        await asyncio.gather(
            other.commit_article(reading), world.poll(late, feed=feed), _nap(n, world, younger)
        )
        found = await world.store.entries_of(elder.article.id)
        assert {f"e{n}", f"y{n}", f"late{n}"} == {entry.identity for entry in found}
        assert elder.article.id in await world.due("pages:warm")


async def _nap(n: int, world, article: str) -> None:
    """Vary who comes first."""
    for _ in range(n % 4):
        await world.store.article_by_id(article)


async def test_a_unit_whose_answer_was_lost_changes_nothing_the_second_time(world, other) -> None:
    """A cut connection leaves it unknown whether a COMMIT was applied: the caller tries again."""
    feed = await world.feed()
    before = await world.store.load_feed(feed.id)
    assert before is not None
    entry = world.entry(feed)
    await world.poll(entry, feed=before)
    await type(world)(other, world.clock).poll(entry, feed=before)
    job = await world.page((await _all(other, articles.c.id))[0][0])
    assert 1 == job.work.turn
    reading = ArticleCommit(
        work=job.work,
        article=world.read(job),
        keys=("another key",),
        ring=world.unit(job, "fire"),
        attempts=1,
    )
    for store in (world.store, other):
        await store.commit_article(structs.replace(reading))
    assert (1, 1, 2) == tuple(
        [len(await _all(other, column)) for column in (alerts.c.id, rung.c.event, deliveries.c.id)]
    )
    assert [] == await world.due("pages:warm")
