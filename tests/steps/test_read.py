"""READ: a page fetched, extracted and matched, or the feed's text where there is none."""

import json

import pytest

from workers.alerts import SinkRoute
from workers.alerts.payload import alert_json
from workers.errors import StoreDown, Transient
from workers.pool.tasks import read_page
from workers.steps.read import Read


async def test_a_page_rings_on_its_own_text(world, site, write):
    """A topic that only the page mentions rings, with the page as evidence."""
    world.topics(quake="quake", flood="flood")
    await world.baseline()
    article = await world.news("News from the coast")
    site.put("/n1", write[2]("News from the coast", "A quake shook the harbour at noon."))
    await world.read(article)
    assert [(1, "page", ("quake",))] == await world.alerts()
    row = await world.store.article_by_id(article)
    assert ("page", world.clock.now(), world.clock.now()) == (
        row.text_from,
        row.fetched_at,
        row.settled_at,
    )
    assert "quake shook the harbour" in row.text


async def test_a_page_is_read_by_a_process(world, site, write, real_pool, with_pool):
    """The daemon's own extraction, in a process that can be killed, finds the same."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("News from the coast")
    site.put("/n1", write[2]("News from the coast", "A quake shook the harbour at noon."))
    await Read(with_pool(world.edges, real_pool), lambda: world.rules, read_page)(article)
    assert [(1, "page", ("quake",))] == await world.alerts()


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451])
async def test_a_refused_page_leaves_the_feeds_text(world, site, status):
    """A page that is not there, or refused, is not waited for: the feed's text rings at once."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("News", "A quake shook the harbour.")
    site.put("/n1", "no", status)
    await world.read(article)
    assert [(1, "feed", ("quake",))] == await world.alerts()
    world.clock.advance(3600)
    assert ("pages:hot", article) not in await world.due()


async def test_a_busy_server_is_asked_four_times(world, site):
    """A 503 is tried again after 30 s, 2 min and 10 min; then the feed's text is what there is."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("News", "A quake shook the harbour.")
    site.put("/n1", "busy", 503)
    waits = []
    for wait in (30.0, 120.0, 600.0):
        await world.read(article)
        world.clock.advance(wait - 1)
        early = await world.due("pages:hot")
        world.clock.advance(1.1)
        waits.append((early, await world.due("pages:hot")))
        assert [] == await world.alerts()
    assert [([], [("pages:hot", article)])] * 3 == waits
    await world.read(article)
    assert 4 == site.times("/n1")
    assert [(1, "feed", ("quake",))] == await world.alerts()
    world.clock.advance(86400)
    assert [] == await world.due("pages:hot", "pages:warm", "pages:cold")


async def test_retry_after_lengthens_the_wait(world, site):
    """A page's Retry-After is obeyed where it is longer than the schedule."""
    await world.baseline()
    article = await world.news("News", "Words.")
    site.put("/n1", "busy", 503, Retry_After="300")
    await world.read(article)
    world.clock.advance(299)
    assert [] == await world.due("pages:warm")
    world.clock.advance(2)
    assert [("pages:warm", article)] == await world.due("pages:warm")


async def test_a_killed_page_rings_on_the_feeds_text(world, site, write):
    """A page whose reading was killed rings on the feed's text at once, and comes cold, once."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("News", "A quake shook the harbour.")
    site.put("/n1", write[2]("News", "Words."))
    world.pool.fails = [Transient("timeout", "killed"), Transient("timeout", "killed")]
    await world.read(article)
    assert [(1, "feed", ("quake",))] == await world.alerts()
    world.clock.advance(61)
    assert [("pages:cold", article)] == await world.due("pages:hot", "pages:warm", "pages:cold")
    await world.read(article)
    world.clock.advance(86400)
    assert [] == await world.due("pages:hot", "pages:warm", "pages:cold")


async def test_a_killed_page_that_is_read_at_last_only_adds(world, site, write):
    """What the second reading finds rings if it is new; what rang on the feed's text does not."""
    world.topics(quake="quake", harbour="pier")
    await world.baseline()
    article = await world.news("News", "A quake shook the harbour.")
    site.put("/n1", write[2]("News", "The quake broke a pier."))
    world.pool.fails = [Transient("crash", "died")]
    await world.read(article)
    world.clock.advance(61)
    assert [("pages:cold", article)] == await world.due("pages:cold")
    await world.read(article)
    assert [(1, "feed", ("quake",)), (2, "page", ("harbour",))] == await world.alerts()
    world.clock.advance(600)
    assert [] == await world.due("pages:hot", "pages:warm", "pages:cold")


async def test_a_page_that_was_read_before_is_tried_again_too(world, site, write):
    """An edit whose page was killed is read by the second try; the text of before stays."""
    world.topics(quake="quake", pier="pier")
    await world.baseline()
    article = await world.news("News", "A quake shook the harbour.")
    site.put("/n1", write[2]("News", "A quake shook the harbour, it is said."))
    await world.read(article)
    site.put("/n1", write[2]("News", "The quake broke a pier."))
    await world.news("News, corrected", "A quake shook the harbour.")
    world.pool.fails = [Transient("timeout", "killed")]
    await world.read(article)
    job = await world.store.load_page("page", article)
    assert "it is said" in job.article.text
    world.clock.advance(61)
    assert [("pages:cold", article)] == await world.due("pages:cold")
    await world.read(article)
    assert ["quake", "pier"] == [topics[0] for _, _, topics in await world.alerts()]


async def test_pages_of_a_host_that_kills_go_cold(world, site, write):
    """After three kills within ten minutes a host's pages wait behind those of all others."""
    world.topics(quake="quake")
    await world.baseline()
    for number in range(4):
        site.put(f"/n{number}", write[2]("News", f"A quake, number {number}."))
    world.pool.fails = [Transient("timeout", "killed")] * 3
    for number in range(3):
        await world.read(await world.news(f"News {number}", "Words.", name=f"n{number}"))
    article = await world.news("News 3", "Words.", name="n3")
    calls = world.pool.calls
    await world.read(article)
    assert calls == world.pool.calls
    assert article in [id_ for _, id_ in await world.due("pages:cold")]
    await world.read(article)
    assert calls + 1 == world.pool.calls
    assert [(1, "page", ("quake",))] == await world.alerts()


async def test_a_stuck_page_is_killed_for_real(
    world, site, write, real_pool, with_pool, with_rules, changed
):
    """A page that never ends is killed when its time is up, and the feed's text rings."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("News", "A quake shook the harbour.")
    site.put("/n1", write[2]("News", "Words."))
    world.rules = with_rules(world.rules, pages=changed(world.rules.pages, timeout_s=0.2))
    await Read(with_pool(world.edges, real_pool), lambda: world.rules, _never_ends)(article)
    assert 1 == real_pool.timeouts
    assert [(1, "feed", ("quake",))] == await world.alerts()


def _never_ends(_page):
    while True:
        pass


async def test_an_extractor_that_fails_leaves_the_feeds_text(world, site, write):
    """An error that nobody foresaw in a page costs the page, not the alert."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("News", "A quake shook the harbour.")
    site.put("/n1", write[2]("News", "Words."))
    world.pool.fails = [ZeroDivisionError("odd page")]
    await world.read(article)
    assert [(1, "feed", ("quake",))] == await world.alerts()
    world.clock.advance(61)
    assert [("pages:cold", article)] == await world.due("pages:cold")


async def test_the_page_rings_only_for_what_has_not(world, site, write):
    """Topics that rang on the feed's text do not ring again; others make the second revision."""
    world.topics(quake="quake", flood="flood")
    await world.baseline()
    article = await world.news("A quake at night")
    world.clock.advance(10)
    await world.ring(article)
    site.put("/n1", write[2]("A quake at night", "The quake caused a flood in the valley."))
    await world.read(article)
    assert [(1, "feed", ("quake",)), (2, "page", ("flood",))] == await world.alerts()


async def test_two_feeds_one_alert(world, site, write):
    """One page that two feeds list is read once and makes one alert, naming both feeds."""
    world.topics(quake="quake")
    item, rss, page = write
    site.put("/one", rss())
    site.put("/two", rss())
    first, second = await world.feeds("/one", "/two")
    await world.poll(first)
    await world.poll(second)
    site.put("/n1", page("A quake", "A quake shook the harbour."))
    entry = item("n1", "A quake", url=site.url + "/n1")
    site.put("/one", rss(entry))
    site.put("/two", rss(entry))
    await world.poll(first)
    await world.poll(second)
    await world.work("pages:hot")
    await world.work("pages:hot")
    (line,) = await world.store.alert_lines()
    alert = await world.store.load_alert(line.alert)
    assert ["Feed /one", "Feed /two"] == sorted(entry.feed for entry in alert.entries)
    assert 1 == site.times("/n1")


async def test_an_article_of_baselines_is_opened_by_a_later_entry(world, site, write):
    """What only a baseline listed rings once a feed shows it as news."""
    world.topics(quake="quake")
    item, rss, page = write
    entry = item("n1", "A quake", url=site.url + "/n1")
    site.put("/one", rss(entry))
    site.put("/two", rss())
    first, second = await world.feeds("/one", "/two")
    await world.poll(first)
    await world.poll(second)
    site.put("/n1", page("A quake", "A quake shook the harbour."))
    assert [] == await world.due()
    site.put("/two", rss(entry))
    await world.poll(second)
    await world.work("pages:hot")
    assert [(1, "page", ("quake",))] == await world.alerts()


async def test_an_entry_without_a_link_is_its_own_text(world, site, write):
    """An entry without a link is matched by what the feed says of it, without any request."""
    world.topics(quake="quake")
    item, rss, _ = write
    feed = await world.baseline()
    site.put("/feed", rss(item("only", "A quake", "It shook the harbour.")))
    await world.poll(feed)
    asked = len(site.asked)
    await world.work("pages:hot")
    assert [(1, "feed", ("quake",))] == await world.alerts()
    assert asked == len(site.asked)


async def test_another_feed_later_needs_no_second_fetch(world, site, write):
    """A page that was read is matched again, not fetched again, for an entry of the same title."""
    world.topics(quake="quake")
    item, rss, page = write
    await world.baseline()
    article = await world.news("Coast news")
    site.put("/n1", page("Coast news", "A quake shook the harbour."))
    await world.read(article)
    world.clock.advance(60)
    site.put("/two", rss())
    _, second = await world.feeds("/feed", "/two")
    await world.poll(second)
    site.put("/two", rss(item("n1", "Coast news", url=site.url + "/n1")))
    await world.poll(second)
    await world.work("pages:warm", "pages:hot")
    assert 1 == site.times("/n1")
    assert [(1, "page", ("quake",))] == await world.alerts()


async def test_nothing_to_match_is_a_dead_letter(world, site, write):
    """An article of which neither page nor feed has a word is kept as a dead letter, with why."""
    item, rss, _ = write
    feed = await world.baseline()
    site.put("/feed", rss(item("bare", "", url=site.url + "/bare")))
    await world.poll(feed)
    await world.work("pages:warm")
    (line,) = await world.store.dead_lines()
    assert ("page", 1) == (line.kind, line.attempts)
    assert "404" in line.last_answer


async def test_pages_are_counted_for_their_feeds(world, site, write):
    """Each feed tells of how many of its pages the text was got."""
    feed = await world.baseline()
    article = await world.news("One", name="n1")
    site.put("/n1", write[2]("One", "Words."))
    await world.read(article)
    article = await world.news("Two", name="n2")
    await world.read(article)
    assert (1, 2) == (await world.store.load_feed(feed)).full_text


async def test_too_early_is_skipped(world, site):
    """An id that was taken before its time is left as it is, without a request."""
    await world.baseline()
    article = await world.news("News", "Words.")
    site.put("/n1", "busy", 503)
    await world.read(article)
    await world.read(article)
    assert 1 == site.times("/n1")


async def test_an_unknown_id_is_nothing(world):
    """An id that nobody knows is acknowledged without a word."""
    await world.read("art_000000000000000000000000")
    await world.ring("art_000000000000000000000000")
    assert [] == await world.alerts()


async def test_a_store_that_is_down_stores_nothing(world, site, write):
    """A reading that could not be stored raises, so that its id comes again."""
    await world.baseline()
    article = await world.news("News")
    site.put("/n1", write[2]("News", "Words."))

    class Full:
        def __getattr__(self, name):
            return getattr(world.store, name)

        async def commit_article(self, _commit):
            raise StoreDown("disk full")

    edges = type(world.edges)(**{**world.edges.__dict__, "store": Full()})
    with pytest.raises(StoreDown):
        await Read(edges, lambda: world.rules, world._extract)(article)
    assert [("pages:warm", article)] == await world.due()


async def test_an_unforeseen_error_ends_in_a_dead_letter(world, site, write, with_rules):
    """An article that always fails in a way nobody foresaw is given up after five times."""
    await world.baseline()
    article = await world.news("News")
    site.put("/n1", write[2]("News", "Words."))

    class Broken:
        specs = ("quake",)

        def match(self, _document, **_options):
            raise ZeroDivisionError("odd")

    world.rules = with_rules(world.rules, topics=Broken())
    for _ in range(5):
        assert [("pages:warm", article)] == await world.due()
        await world.read(article)
        world.clock.advance(3600)
    assert [] == await world.due()
    (line,) = await world.store.dead_lines()
    assert ("crash", "ZeroDivisionError: odd") == (line.reason, line.last_answer)


async def test_the_journey_is_told(world, site, write):
    """Each stage leaves a line of what it decided, and because of what."""
    world.topics(quake="quake")
    await world.baseline()
    article = await world.news("A quake")
    site.put("/n1", write[2]("A quake", "A quake shook the harbour."))
    await world.read(article)
    stages = [line.stage for line in await world.store.trace_of(article)]
    assert {"poll", "read", "match", "ring"} == set(stages)


async def test_a_host_that_turns_readers_away_is_told_of(world, site, write, with_rules):
    """Once, when over half of its last twenty pages were refused; ended when they can be read."""
    world.rules = with_rules(world.rules, sinks=(SinkRoute(name="ops", events=True),))
    feed = await world.baseline()

    async def read(first: int, status: int) -> list[str]:
        pages = range(first, first + 12)
        body = write[2]("Harbour", "The harbour was quiet.")
        items = [write[0](f"p{n}", f"P {n}", url=f"{site.url}/p{n}") for n in pages]
        items.append(write[0]("old", "An old title", url=site.url + "/old"))
        site.put("/feed", write[1](*items))
        for number in pages:
            site.put(f"/p{number}", body, status)
        world.clock.advance(900)
        await world.poll(feed)
        await world.work("pages:hot", "pages:warm")
        return [f"{one.kind} {one.subject}" for one in await world.store.open_events()]

    host = site.url.removeprefix("http://")
    assert [f"pages_blocked {host}"] == await read(0, 403)
    assert [] == await read(20, 200)
    told = [await world.store.load_delivery(id_) for _, id_ in await world.due("sink:ops")]
    assert ["pages_blocked"] == [one.content.kind for one in told]
    assert "11 of its last 11 pages" in told[0].content.text
    assert "HTTP 403" in told[0].content.text


async def test_what_only_doubtful_lines_say_rings_and_says_so(world, site):
    """A topic that rests on lines that the page's own copy lacks rings, marked as such."""
    world.topics(quake="quake", bridge="bridge")
    await world.baseline()
    article = await world.news("News from the coast")
    told = [
        f"The council of the {place} met for the {n} time this year and spoke at length about "
        f"the harbour, the bridge and the school that is to be built beside the mill of {place}."
        for n, place in enumerate(("valley", "coast", "island", "north"), 1)
    ]
    teaser = "A quake shook nine goats out of the council of a town that is far away in the south."
    copy = json.dumps({"@type": "NewsArticle", "headline": "-", "articleBody": " ".join(told)})
    lines = "".join(f"<p>{line}</p>" for line in [*told[:3], teaser, *told[3:]])
    site.put(
        "/n1",
        "<!doctype html><html lang='en'><head><title>News from the coast</title>"
        f"<script type='application/ld+json'>{copy}</script></head>"
        f"<body><article><h1>News from the coast</h1>{lines}</article></body></html>",
    )
    await world.read(article)
    line = (await world.store.alert_lines())[0]
    alert = await world.store.load_alert(line.alert)
    assert {"quake": True, "bridge": False} == {one.name: one.doubted for one in alert.topics}
    assert (teaser,) == (await world.store.article_by_id(article)).doubted
    shown = {topic["name"]: topic["doubtful"] for topic in alert_json(alert)["data"]["topics"]}
    assert {"quake": True, "bridge": False} == shown
    trace = await world.store.trace_of(article)
    assert any("only in lines that the page's own copy" in one.because for one in trace)
