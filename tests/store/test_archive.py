"""The archive in pieces, and what rings of it afterwards: on both databases."""

from datetime import timedelta

from msgspec import structs

from workers.model.alert import TraceLine
from workers.model.commit import Likeness, Name
from workers.model.topic import Hit

LETTERS = 1 << 20


def line(world, article: str) -> TraceLine:
    """What a backtest notes."""
    return TraceLine(
        stage="ring", decision="rings: quakes", because="backtest", article=article,
        topic="quakes", at=world.clock.now(),
    )  # fmt: skip


async def places(world, since, *, most: int = 100, newest: bool = False) -> list[list[str]]:
    """The ids of all articles since then, as they come: ``most`` a look."""
    looks, after, now = [], None, world.clock.now()
    while found := await world.store.archive_places(since, now, after, most, newest=newest):
        looks.append([id_ for _, id_ in found])
        after = found[-1]
    return looks


async def test_places_of_a_span_of_time(world) -> None:
    """Each article comes once, in order, whatever the size of a look and whoever came together."""
    since = world.clock.now()
    together = sorted([await world.article(f"t{number}") for number in range(5)])
    world.clock.advance(60)
    later = [await world.article("later")]
    assert [together + later] == await places(world, since)
    every = together + later
    assert [every[:2], every[2:4], every[4:]] == await places(world, since, most=2)
    back = [id_ for look in await places(world, since, most=2, newest=True) for id_ in look]
    assert later + together[::-1] == back
    assert [later] == await places(world, since + timedelta(seconds=1))


async def test_what_is_older_than_the_span(world) -> None:
    """What a feed dates before the span is left out, though it was first seen in it."""
    now = world.clock.now()
    await world.article("old", published=now - timedelta(days=3))
    young = await world.article("young", published=now - timedelta(hours=3))
    undated = await world.article("undated")
    since = now - timedelta(days=1)
    assert [sorted([young, undated])] == await places(world, since)
    extent = await world.store.archive_extent(since, now)
    assert (2, now) == (extent.articles, extent.oldest)
    assert 0 == (await world.store.archive_extent(now + timedelta(1), now)).articles


async def test_an_empty_archive(world) -> None:
    """Of nothing there is nothing, and no beginning."""
    now = world.clock.now()
    assert [] == await places(world, now - timedelta(days=1))
    extent = await world.store.archive_extent(now - timedelta(days=1), now)
    assert (0, None) == (extent.articles, extent.oldest)


async def test_pieces_are_bounded(world) -> None:
    """Articles come with their entries until they have too many letters; one always comes."""
    long = await world.article("long", content="x" * 1000)
    short = await world.article("short")
    world.clock.advance(1)
    await world.poll(
        world.entry(await world.feed("more"), "more", url="https://site.example/short")
    )
    done, (one,) = await world.store.archived([long, short, "art_gone"], 500)
    assert (1, long) == (done, one.article.id)
    done, (one, two) = await world.store.archived([long, short, "art_gone"], LETTERS)
    assert (3, [long, short]) == (done, [one.article.id, two.article.id])
    assert ["wire", "more"] == [entry.feed for entry in two.entries]
    assert one.entries == await world.store.entries_of(long)
    assert (1, []) == await world.store.archived(["art_gone"], LETTERS)


async def test_what_was_merged_comes_as_its_elder(world) -> None:
    """An article that was merged away is not looked at by itself."""
    since = world.clock.now()
    elder = await world.article("elder")
    younger = await world.article("younger")
    job = await world.page(younger)
    (other,) = (await world.page(elder)).entries
    await world.settle(younger, keys=(other.url,))
    assert younger == job.article.id
    (left,) = await places(world, since)
    assert 1 == len(left)
    _, (one,) = await world.store.archived(left, LETTERS)
    assert 2 == len(one.entries)


async def test_ringing_afterwards(world) -> None:
    """What has not rung rings once, with its deliveries, and says so in the trace."""
    article = await world.article()
    unit = world.unit(await world.page(article), "quakes")
    await world.settle(article)
    assert frozenset() == await world.store.rung_of("quakes", [article])
    alert = await world.store.ring_archived(unit, line(world, article), None)
    assert ("quakes",) == tuple(topic.name for topic in alert.topics)
    assert 2 == len(await world.due("sink:ops", "sink:desk"))
    assert frozenset({article}) == await world.store.rung_of("quakes", [article, "art_other"])
    assert frozenset() == await world.store.rung_of("floods", [article])
    assert None is await world.store.ring_archived(unit, line(world, article), None)
    assert 1 == len(await world.store.alert_lines())
    told = [step for step in await world.store.trace_of(article) if step.because == "backtest"]
    assert ["rings: quakes"] == [step.decision for step in told]


async def test_ringing_for_what_is_gone(world) -> None:
    """An article that retention took meanwhile rings no more; one that was merged is its elder."""
    article = await world.article()
    unit = world.unit(await world.page(article), "quakes")
    gone = structs.replace(unit, event="art_gone")
    assert None is await world.store.ring_archived(gone, line(world, "art_gone"), None)
    elder = article
    younger = await world.article("younger")
    late = world.unit(await world.page(younger), "quakes")
    (other,) = (await world.page(elder)).entries
    await world.settle(younger, keys=(other.url,))
    alert = await world.store.ring_archived(late, line(world, younger), None)
    assert (elder, elder) == (alert.event, alert.article.id)


async def test_the_same_text_elsewhere(world) -> None:
    """A topic that rang for an agency's text at one publisher does not ring for it at another."""
    text = "One agency wrote this, and others print it. " * 20
    like = Likeness(
        own=Name(key="k", url="https://a.example/"), title="", text=text, content="hash", site=""
    )
    units = []
    for name in ("first", "second"):
        article = await world.article(name)
        unit = world.unit(await world.page(article), "quakes")
        (topic,) = unit.topics
        hit = Hit(zone="body", start=0, end=3, text="One", sentence="One agency")
        clause = structs.replace(topic.clauses[0], hits=(hit,))
        units.append(structs.replace(unit, topics=(structs.replace(topic, clauses=(clause,)),)))
        await world.settle(article)
    rang = [await world.store.ring_archived(unit, line(world, unit.event), like) for unit in units]
    assert [True, False] == [alert is not None for alert in rang]
    told = [step.decision for step in await world.store.trace_of(units[1].event)]
    assert "told before: quakes" in told
    assert "rings: quakes" not in told
