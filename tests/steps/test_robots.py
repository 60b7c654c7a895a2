"""Pages by the robots.txt of their site, for who wants that."""

import pytest

from workers.errors import Transient
from workers.options import HostRule
from workers.pages.robots import may_read
from workers.steps.read import Read
from workers.steps.robots import Robots
from workers.text.urls import host_of

ALL = "User-agent: *\nDisallow: /\n"


@pytest.fixture
def polite(world, with_rules, changed):
    """The world, in which pages are read by robots.txt only."""
    world.rules = with_rules(world.rules, pages=changed(world.rules.pages, robots=True))
    robots = Robots(world.edges, may_read)
    world.read = Read(world.edges, lambda: world.rules, world._extract, robots)
    world.topics(quake="quake")
    return world


def asked(site, path: str) -> int:
    """Return how often a path was asked for."""
    return sum(one == path for one, _ in site.asked)


async def article(world, site, write, name: str = "n1") -> str:
    """Let a feed list an article that rings by its page alone; return its id."""
    await world.baseline()
    site.put(f"/{name}", write[2]("News", "A quake shook the harbour."))
    return await world.news("News", "Words.", name=name)


async def read(world, id_: str) -> None:
    """Read it: the first time its site's rules are learned, the second time the page is read."""
    for _ in range(2):
        world.clock.advance(1)
        assert id_ in [due for _, due in await world.due()]
        await world.read(id_)


async def test_off_unless_it_is_asked_for(world, site, write):
    """Without the option nobody asks for a robots.txt."""
    world.topics(quake="quake")
    site.put("/robots.txt", ALL)
    await world.read(await article(world, site, write))
    assert (0, 1) == (asked(site, "/robots.txt"), asked(site, "/n1"))


async def test_disallowed(polite, site, write):
    """A page that is kept from us is not asked for; the feed's text is searched, and says why."""
    site.put("/robots.txt", ALL)
    id_ = await article(polite, site, write)
    await read(polite, id_)
    assert (1, 0) == (asked(site, "/robots.txt"), asked(site, "/n1"))
    job = await polite.store.load_page("page", id_)
    assert ("feed", "blocked: blocked by robots.txt") == (
        job.article.text_from,
        job.article.reasons[0],
    )
    assert 1 == polite.edges.meter.total("tocsin_pages_disallowed_total")
    assert [] == await polite.due()


async def test_robots_that_lead_in_circles_allow_all(polite, site, write):
    """A site whose robots.txt leads to itself has none; its pages are read."""
    site.put("/robots.txt", "", 302, Location="/robots.txt")
    await read(polite, await article(polite, site, write))
    assert [(1, "page", ("quake",))] == await polite.alerts()


async def test_of_huge_robots_the_beginning_counts(polite, site, write):
    """Megabytes of rules keep nobody's pages from being read; the first ones are gone by."""
    rules = "User-agent: *\nDisallow: /private/\n" + "# nothing\n" * 300_000
    site.put("/robots.txt", rules + "Disallow: /\n")
    await read(polite, await article(polite, site, write))
    assert [(1, "page", ("quake",))] == await polite.alerts()


@pytest.mark.parametrize("status", [404, 403, 410])
async def test_no_robots_allows_all(polite, site, write, status):
    """A site without a robots.txt lets its pages be read; it is asked once a day."""
    site.put("/robots.txt", ALL, status)
    await read(polite, await article(polite, site, write))
    assert [(1, "page", ("quake",))] == await polite.alerts()
    site.put("/n2", write[2]("News", "A quake shook the town."))
    second = await polite.news("News 2", "Words.", name="n2")
    await polite.read(second)
    assert 1 == asked(site, "/robots.txt")
    polite.clock.advance(86_401)
    third = await polite.news("News 3", "Words.", name="n3")
    await polite.read(third)
    assert 2 == asked(site, "/robots.txt")


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_robots_that_cannot_be_had(polite, site, write, status):
    """While a robots.txt cannot be had nothing is read, and the page is tried again later."""
    site.put("/robots.txt", "", status)
    id_ = await article(polite, site, write)
    await polite.read(id_)
    polite.clock.advance(1)
    await polite.read(id_)
    assert (1, 0) == (asked(site, "/robots.txt"), asked(site, "/n1"))
    site.put("/robots.txt", "User-agent: *\nDisallow: /private/")
    polite.clock.advance(4000)
    await read(polite, id_)
    assert [(1, "page", ("quake",))] == await polite.alerts()


async def test_a_copy_is_gone_by(polite, site, write):
    """What was had within 30 days holds while the site fails; after that nothing is read."""
    site.put("/robots.txt", "User-agent: *\nDisallow: /private/")
    await read(polite, await article(polite, site, write))
    site.put("/robots.txt", "", 500)
    for days, reads in ((2, 1), (31, 0)):
        polite.clock.advance(days * 86_400)
        name = f"after-{days}"
        site.put(f"/{name}", write[2]("News", "A quake."))
        id_ = await polite.news(f"News {days}", "Words.", name=name)
        for _ in range(2):
            polite.clock.advance(1)
            await polite.read(id_)
        assert reads == asked(site, f"/{name}")


async def test_crawl_delay(polite, site, write, with_rules, changed):
    """A delay that is longer than ours parts the requests, up to a minute."""
    net = changed(polite.rules.net, hosts={"127.0.0.1": HostRule(spacing_s=0.0, at_once=2)})
    polite.rules = with_rules(polite.rules, net=net)
    site.put("/robots.txt", "User-agent: *\nCrawl-delay: 86400\nAllow: /")
    id_ = await article(polite, site, write)
    await read(polite, id_)
    assert 1 == asked(site, "/n1")
    host = host_of(site.url)
    assert 50 < await polite.broker.host_turn(host, 0.0, 2, 30) <= 60


async def test_rules_that_take_too_long(polite, site, write):
    """A robots.txt that cannot be understood in time keeps the page from us."""
    site.put("/robots.txt", ALL)
    polite.pool.fails = [Transient("timeout", "killed")]
    id_ = await article(polite, site, write)
    await read(polite, id_)
    job = await polite.store.load_page("page", id_)
    assert job.article.reasons[0].startswith("blocked: its robots.txt cannot be understood")


async def test_only_so_much_is_kept(polite, monkeypatch):
    """Of many sites the latest are remembered, and of large rules few."""
    monkeypatch.setattr("workers.steps.robots.MOST_LETTERS", 1000)
    robots = Robots(polite.edges, may_read)
    for number in range(9):
        robots._keep(f"http://{number}.example", "x" * 300)
    assert ["http://6.example", "http://7.example", "http://8.example"] == list(robots._known)
    assert 900 == robots._letters
    robots._keep("http://8.example", "")
    assert 600 == robots._letters
