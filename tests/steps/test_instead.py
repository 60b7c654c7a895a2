"""A feed that turned into a page for people: what the page names is read in its place."""

from datetime import timedelta

import pytest

from workers.alerts import SinkRoute

PARTS = ("is a page for people now", "its page named it for over a day")
HTML = {"Content_Type": "text/html; charset=utf-8"}


def people(*links: str) -> str:
    """A page that names feeds, each as ``path`` or ``path title``."""
    named = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="{path}" title="{title}">'
        for path, _, title in (link.partition(" ") for link in links)
    )
    return f"<!doctype html><html><head><title>Site</title>{named}</head><body></body></html>"


@pytest.fixture
async def page(world, site, write):
    """A feed with its baseline, whose address is a page that names ``/new`` by now."""
    item, rss, _ = write
    feed = await world.baseline()
    site.put("/feed", people("/new Wire", "/comments Comments"), **HTML)
    site.put("/new", rss(item("n", "News", url=site.url + "/n")), ETag='"new"')
    return feed


async def test_what_the_page_names_is_read(world, site, page):
    """It is polled at once and from then on, news of it is news, and who asks is told."""
    row = await world.poll(page)
    assert (0, 5.0) == (row.errors, (row.next_poll_at - world.clock.now()).total_seconds())
    world.clock.advance(5)
    row = await world.poll(page)
    assert (0, "rss", site.url + "/feed") == (row.errors, row.kind, row.url)
    assert await world.article("/n") is not None
    assert row.stand_in.read
    for _ in range(3):
        world.clock.advance(900)
        row = await world.poll(page)
    assert (1, 4, 0) == (site.times("/feed") - 1, site.times("/new"), row.errors)
    assert 0 == site.times("/comments")


async def test_it_is_told_twice(world, page, with_rules):
    """One event when what is named is first read, and one when it becomes the address."""
    world.rules = with_rules(world.rules, sinks=(SinkRoute(name="ops", events=True),))
    for _ in range(40):
        row = await world.poll(page)
        world.clock.advance(3600)
    assert row.url.endswith("/new")
    jobs = [await world.store.load_delivery(id_) for _, id_ in await world.due("sink:ops")]
    told = [job.content.text for job in sorted(jobs, key=lambda job: job.made_at)]
    assert ["is a page for people now", "its page named it for over a day"] == [
        next(part for part in PARTS if part in text) for text in told
    ]


async def test_the_page_is_asked_whole_and_its_feed_with_conditions(world, site, page):
    """Validators of the one are never sent to the other."""
    world.begin_day(page)
    for _ in range(3):
        await world.poll(page)
        world.clock.advance(900)
    assert "If-None-Match" not in [h for path, h in site.asked if path == "/feed"][-1]
    assert '"new"' == [h for path, h in site.asked if path == "/new"][-1]["If-None-Match"]


async def test_after_a_day_it_is_its_address(world, site, page):
    """Three answers that agree over a day move the feed; before that it only reads there."""
    for _ in range(40):
        row = await world.poll(page)
        if row.url != site.url + "/feed":
            break
        world.clock.advance(3600)
    assert (site.url + "/new", None) == (row.url, row.stand_in)
    assert timedelta(hours=24) <= world.clock.now() - row.activity.since
    asked = site.times("/feed")
    world.clock.advance(3600)
    row = await world.poll(page)
    assert (asked, 0) == (site.times("/feed"), row.errors)
    assert asked <= 6


async def test_what_cannot_be_read_is_no_address(world, site, page):
    """A page that names what never answers moves nothing, however long it says so."""
    site.put("/new", "", 500)
    for _ in range(60):
        row = await world.poll(page)
        world.clock.advance(3600)
    assert (site.url + "/feed", None) == (row.url, row.moved_to)
    assert row.errors > 0


async def test_a_feed_that_comes_back(world, site, page, write):
    """Where the page is a feed again within the day, that is read and nothing moves."""
    item, rss, _ = write
    await world.poll(page)
    world.clock.advance(5)
    await world.poll(page)
    site.put("/feed", rss(item("b", "Back", url=site.url + "/b")))
    world.clock.advance(9 * 3600)
    row = await world.poll(page)
    assert (None, None, 0) == (row.stand_in, row.moved_to, row.errors)
    assert await world.article("/b") is not None


async def test_a_page_that_is_away_for_a_while(world, site, page):
    """While the stand-in can be read, a page that fails is not the feed's failure."""
    await world.poll(page)
    world.clock.advance(5)
    await world.poll(page)
    site.put("/feed", "", 500)
    world.clock.advance(9 * 3600)
    row = await world.poll(page)
    assert (0, True) == (row.errors, row.stand_in.read)
    world.clock.advance(5)
    assert 0 == (await world.poll(page)).errors


async def test_a_lead_to_no_feed_is_followed_once_a_day(world, site, page):
    """What is named and is no feed is asked once; the error says what the page names."""
    site.put("/new", people(), **HTML)
    await world.poll(page)
    for _ in range(10):
        world.clock.advance(900)
        row = await world.poll(page)
    assert 1 == site.times("/new")
    assert row.errors >= 10
    assert f"a page for people (HTML); it names {site.url}/new" in row.last_error
    world.clock.advance(86400)
    await world.poll(page)
    world.clock.advance(5)
    await world.poll(page)
    assert 2 == site.times("/new")


@pytest.mark.parametrize(
    "links",
    [
        (),
        ("/a News", "/b Sport"),
        ("https://elsewhere.example/feed Wire",),
        ("/comments/feed Comments",),
        ("/feed Itself",),
    ],
)
async def test_no_lead(world, site, page, links):
    """None, several, another site's, comments and itself: it fails, and nothing else is asked."""
    site.put("/feed", people(*links), **HTML)
    before = len(site.asked)
    row = await world.poll(page)
    assert (1, None, 1) == (row.errors, row.stand_in, len(site.asked) - before)
    assert "a page for people (HTML)" in row.last_error


async def test_several_formats_are_one_feed(world, site, page, write):
    """RSS and Atom of one title are one feed, and the format that it had is taken."""
    _item, _rss, _ = write
    site.put(
        "/feed",
        people("/new Site - RSS").replace(
            "<title>Site",
            '<link rel="alternate" type="application/atom+xml" href="/a" title="Site - Atom">'
            "<title>Site",
        ),
        **HTML,
    )
    row = await world.poll(page)
    assert site.url + "/new" == row.stand_in.url


async def test_an_index_of_sitemaps(world, site, page):
    """The newest sitemap of news is read; it comes and goes, so the address never changes."""
    listed = (
        "<sitemapindex><sitemap><loc>{0}/pages.xml</loc></sitemap>"
        "<sitemap><loc>{0}/news-1.xml</loc></sitemap></sitemapindex>"
    )
    site.put("/feed", listed.format(site.url))
    site.put(
        "/news-1.xml",
        '<urlset xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url>'
        f"<loc>{site.url}/s</loc><n:news><n:title>S</n:title></n:news></url></urlset>",
    )
    row = await world.poll(page)
    for _ in range(60):
        world.clock.advance(1800)
        row = await world.poll(page)
    assert (0, site.url + "/feed") == (row.errors, row.url)
    assert await world.article("/s") is not None
    assert 0 == site.times("/pages.xml")


@pytest.mark.usefixtures("page")
async def test_secrets_stay_with_their_host(world, site):
    """Headers of the feed go to what its page names only on the same host."""
    (feed,) = await world.feeds("/feed", headers=(("X-Key", "hunter2"),))
    await world.poll(feed)
    world.clock.advance(5)
    await world.poll(feed)
    assert "hunter2" == [h for path, h in site.asked if path == "/new"][-1]["X-Key"]
