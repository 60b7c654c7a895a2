"""RING: an obvious hit does not wait in line."""


async def test_the_feeds_text_rings_after_ten_seconds(world):
    """A hit whose page is not read by then rings on the feed's text, and says so."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("A quake at night", "It shook the harbour.")
    world.clock.advance(9)
    assert [] == await world.due("ring")
    await world.ring(article)
    assert [] == await world.alerts()
    world.clock.advance(1)
    await world.work("ring")
    assert [(1, "feed", ("quake",))] == await world.alerts()
    assert [] == await world.due("ring")


async def test_a_page_that_was_read_needs_no_ring(world, site, write):
    """Once the page is read the ring is silent."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("A quake at night")
    site.put("/n1", write[2]("A quake at night", "A quake."))
    await world.read(article)
    world.clock.advance(10)
    await world.work("ring")
    assert [(1, "page", ("quake",))] == await world.alerts()
    assert [] == await world.due("ring")


async def test_a_ring_twice_rings_once(world):
    """An id that comes twice rings once."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("A quake at night")
    world.clock.advance(10)
    await world.ring(article)
    await world.ring(article)
    assert [(1, "feed", ("quake",))] == await world.alerts()


async def test_a_topic_that_is_gone_meanwhile_is_silent(world):
    """The topics of the moment count: one that was removed does not ring."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("A quake at night")
    world.topics(flood="flood")
    world.clock.advance(10)
    await world.ring(article)
    assert [] == await world.alerts()
    assert ("ring", "silent") == [
        (line.stage, line.decision) for line in await world.store.trace_of(article)
    ][-1]


async def test_an_alert_tells_no_password_of_its_feed(world, site):
    """User and password of a feed's address are for its server, not for whom is told."""
    world.topics(quake="quake")
    private = site.url.replace("://", "://me:hunter2@") + "/feed"
    site.put("/feed", "<rss version='2.0'><channel><title>T</title></channel></rss>")
    (feed,) = await world.feeds(private)
    await world.poll(feed)
    world.clock.advance(60)
    await world.news("A quake at night")
    world.clock.advance(10)
    await world.work("ring")
    (line,) = await world.store.alert_lines()
    alert = await world.store.load_alert(line.alert)
    assert [f"{site.url}/feed"] == [entry.feed_url for entry in alert.entries]
