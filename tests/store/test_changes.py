"""What readings changed: kept once, within bounds, and for as long as texts are."""

from datetime import timedelta

from workers.model.article import Edition
from workers.model.commit import AddedLine, ArticleCommit
from workers.options import KeepOptions


async def change(world, article: str, name: str, *, since=None, **more: object) -> None:
    """Commit a reading that changed a text which was read at ``since``."""
    job = await world.page(article)
    now = world.clock.now()
    one = Edition(
        since=since or now, at=now, because="later", title="Title", added=(name,), removed=()
    )
    await world.store.commit_article(
        ArticleCommit(work=job.work, article=world.read(job), edition=one, attempts=1, **more)
    )


async def names(world, article: str) -> list[str]:
    """Return what was added by the changes that are kept."""
    return [one.added[0] for one in await world.store.editions_of(article)]


async def test_a_text_is_replaced_once(world) -> None:
    """Two readings of one former text, by two processes: the first is what changed it."""
    article = await world.article()
    since = world.clock.now()
    await change(world, article, "first", since=since)
    await change(world, article, "second", since=since)
    assert ["first"] == await names(world, article)


async def test_the_last_fifty_changes_are_kept(world) -> None:
    """A live page has three times as many a day."""
    article = await world.article()
    for n in range(53):
        await change(world, article, f"{n}")
        world.clock.advance(600)
    assert [f"{n}" for n in range(3, 53)] == await names(world, article)


async def test_changes_go_with_the_texts(world) -> None:
    """After so many days, or where there is no room for an article's text."""
    old = await world.article("one")
    await change(world, old, "old")
    world.clock.advance(100)
    young = await world.article("two", "other")
    await change(world, young, "young")
    gone = await world.store.prune(KeepOptions(text_s=50), world.clock.now())
    assert (1, [], ["young"]) == (
        gone["editions"],
        await names(world, old),
        await names(world, young),
    )
    await world.store.oldest_texts(None)
    assert [] == await names(world, young)


async def test_without_room_nothing_of_a_change_is_kept(world) -> None:
    """Below the disk's floor alerts go on, texts do not."""
    world.store.keep_text(keep=False)
    article = await world.article()
    await change(world, article, "much")
    assert [] == await names(world, article)


async def test_paragraphs_of_the_younger_are_no_news_on_the_elders_page(world) -> None:
    """Joined, a live page tells nothing that was told of its twin."""
    elder = await world.article("one")
    world.clock.advance(60)
    younger = await world.article("two", "other")

    async def added(article: str, key: str, **more: object) -> None:
        job = await world.page(article)
        line = AddedLine(key=key, unit=world.unit(job, "fire"))
        await world.store.commit_article(
            ArticleCommit(work=job.work, article=world.read(job), added=(line,), **more)
        )

    await added(younger, "p1")
    assert 1 == len(await world.store.alert_lines())
    await added(younger, "p1", keys=("https://site.example/one",))
    await added(elder, "p1")
    await added(elder, "p2")
    lines = await world.store.alert_lines()
    assert (2, 2) == (len(lines), len({line.event for line in lines}))


async def test_the_seventh_paragraph_of_a_day_waits_for_a_list(world) -> None:
    """And the first of the next day rings by itself again."""
    article = await world.article()
    for n in range(8):
        job = await world.page(article)
        line = AddedLine(key=f"p{n}", unit=world.unit(job, "fire"))
        await world.store.commit_article(ArticleCommit(work=job.work, added=(line,)))
        world.clock.advance(600)
    held = [
        line for line in await world.store.alert_lines() if "open" not in line.deliveries.values()
    ]
    assert 2 == len(held)
    world.clock.advance(timedelta(days=1).total_seconds())
    job = await world.page(article)
    line = AddedLine(key="p9", unit=world.unit(job, "fire"))
    await world.store.commit_article(ArticleCommit(work=job.work, added=(line,)))
    assert "open" in (await world.store.alert_lines())[0].deliveries.values()
