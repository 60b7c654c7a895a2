"""READ and POLL together: hits that were once lost between two steps."""

from datetime import timedelta

import pytest

OWN = '<head><meta property="og:type" content="article">'


@pytest.mark.parametrize("fast", [True, False], ids=["page read first", "page read late"])
async def test_a_rewritten_headline_still_rings(world, site, write, fast):
    """A headline that only the feed has rings, however soon its page is read."""
    _item, _rss, page = write
    world.topics(strikes='"militia strikes"')
    await world.baseline()
    article = await world.news("Militia strikes airport", "Short.")
    site.put("/n1", page("Airport hit overnight", "An armed group attacked the airport."))
    if fast:
        await world.read(article)
    world.clock.advance(11)
    await world.work("ring")
    await world.work()

    assert [("strikes",)] == [topics for _, _, topics in await world.alerts()]


async def test_entries_that_share_a_link_ring_each(world, site, write):
    """Two warnings with one link are two events, also after the page behind it was read."""
    item, rss, page = write
    world.topics(quake="quake")
    feed = await world.baseline()
    now, url = world.clock.now(), site.url + "/live-news-2026-report"
    site.put("/live-news-2026-report", page("Live: today", "A quake.").replace("<head>", OWN))
    site.put(
        "/feed",
        rss(
            item("w1", "First quake", "q", url=url, at=now - timedelta(hours=2)),
            item("w2", "Second quake", "q", url=url, at=now - timedelta(hours=1)),
        ),
    )
    await world.poll(feed)
    await world.work("pages:hot", "pages:warm")

    assert 2 == len(await world.alerts())


async def test_an_edit_after_a_join_is_read_again(world, site, write):
    """An edited entry's page is fetched again, though another feed joined it under its title."""
    item, rss, page = write
    world.topics(quake="quake")
    for path in ("/a", "/b"):
        site.put(path, rss(item("old", "An old title", url=site.url + "/old")))
    first, second = await world.feeds("/a", "/b")
    await world.poll(first)
    await world.poll(second)
    at, url = world.clock.now(), site.url + "/n1"
    site.put("/n1", page("Council news", "Nothing yet."))
    for path, feed, name in (("/a", first, "n1"), ("/b", second, "x1")):
        world.clock.advance(60)
        site.put(path, rss(item(name, "Council news", "first", url=url, at=at)))
        await world.poll(feed)
        await world.work()
    fetched = site.times("/n1")
    world.clock.advance(60)
    site.put("/n1", page("Council news", "A quake has struck."))
    site.put("/a", rss(item("n1", "Council news", "second", url=url, at=at)))
    await world.poll(first)
    await world.work()

    assert fetched + 1 == site.times("/n1")
    assert [("quake",)] == [topics for _, _, topics in await world.alerts()]


async def test_an_edit_does_not_silence_what_waits(world, site, write):
    """An entry that may ring still may when it is edited after its date passed max_age."""
    item, rss, page = write
    world.topics(quake="quake")
    feed = await world.baseline()
    url, at = site.url + "/n1", world.clock.now() - timedelta(days=3) + timedelta(minutes=1)
    site.put("/n1", page("Council", "The quake was strong."))
    for text in ("first", "second"):
        site.put("/feed", rss(item("n1", "Council", text, url=url, at=at)))
        await world.poll(feed)
        world.clock.advance(120)
    await world.work()

    assert 1 == len(await world.alerts())
