"""READ: which pages are one article, and which only say so."""

import asyncio

import pytest

from monitor import shipped
from workers.text.same_page import article_key

HOUR = 3600.0
PAGES = ("pages:hot", "pages:warm", "pages:cold")
FULL = [
    f"In the {place} of the coast the storm of that night was strong, said the harbour master, "
    f"and {number} boats were lost while their crews looked on from the old wall by the mill."
    for place, number in (("north", "two"), ("south", "five"), ("west", "nine"), ("east", "ten"))
]


class Pages:
    """What a world's sites show, and what has come of it."""

    def __init__(self, world, site, write) -> None:
        self.world, self.site = world, site
        self.item, self.rss, self._page = write
        self.listed: list[str] = []

    def put(self, path, title="A storm", said=FULL, *, head="", site=None):
        """Show a page."""
        where = site or self.site
        text = "".join(f"<p>{line}</p>" for line in said)
        html = (
            f'<html lang="en"><head><title>{title}</title>'
            f'<meta property="og:type" content="article">{head}</head><body>'
            f"<article><h1>{title}</h1>{text}</article></body></html>"
        )
        return where.put(path, html, Content_Type="text/html")

    async def listing(self, name, path, title="A storm", *, site=None, feed="/feed"):
        """Let a feed list an entry, and poll it."""
        url = path if "://" in path else (site or self.site).url + path
        self.listed.append(self.item(name, title, "Words.", url=url))
        self.site.put(feed, self.rss(*self.listed))
        self.world.clock.advance(30)
        for row in await self.world.store.feed_rows():
            await self.world.poll(row.id)

    async def read(self, times=3):
        """Read what is due, and what that asks for."""
        for _ in range(times):
            await self.world.work(*PAGES)

    async def articles(self, *paths, site=None):
        """Return how many articles these addresses are."""
        where = site or self.site
        found = [
            await self.world.store.find_article(article_key(where.url + path, shipped.tracking()))
            for path in paths
        ]
        assert None not in found
        return len(set(found))


@pytest.fixture
async def pages(world, site, write) -> Pages:
    """A feed of storms."""
    world.topics(storm="storm")
    await world.baseline()
    return Pages(world, site, write)


@pytest.fixture
def other(other_site):
    """Another publisher's site."""
    return other_site


def named(url: str, rel: str = "canonical") -> str:
    """Return a link of a page's head."""
    return f'<link rel="{rel}" href="{url}">'


async def test_where_two_links_lead_to_one_page_it_is_one_article(world, pages, site):
    """And it is read where it was found, not where somebody's link led there from."""
    pages.put("/2026/storm-at-the-coast")
    site.put("/go/1", "", 302, Location="/2026/storm-at-the-coast")
    await pages.listing("a", "/go/1")
    await pages.read()
    await pages.listing("b", "/2026/storm-at-the-coast")
    await pages.read()
    assert 1 == await pages.articles("/go/1", "/2026/storm-at-the-coast")
    article = await world.article("/go/1")
    assert site.url + "/2026/storm-at-the-coast" == (await world.store.article_by_id(article)).url
    assert 1 == len(await world.alerts())


@pytest.mark.parametrize("order", ["ab", "ba"])
@pytest.mark.parametrize("how", ["canonical", "amphtml"])
async def test_pages_that_name_each_other_and_say_the_same_are_one(world, pages, order, how):
    """Whichever is read first; the mobile twin leaves a line out and adds one of its own."""
    full, small = pages.site.url + "/2026/storm", pages.site.url + "/mobile/storm"
    pages.put("/2026/storm", head=named(full) + (named(small, how) if how != "canonical" else ""))
    twin = [*FULL[:3], "Read on a small screen, this page has a line of its own, and no pictures."]
    pages.put("/mobile/storm", said=twin, head=named(full) if how == "canonical" else "")
    for name in order:
        await pages.listing(name, {"a": "/2026/storm", "b": "/mobile/storm"}[name])
        await pages.read()
    assert 1 == await pages.articles("/2026/storm", "/mobile/storm")
    assert 1 == len(await world.alerts())
    article = await world.store.article_by_id(await world.article("/mobile/storm"))
    assert full == article.url or how == "amphtml"


async def test_twins_that_name_what_nobody_lists_are_one(world, pages):
    """Both name a third address, and share their lines."""
    third = named(pages.site.url + "/2026/storm")
    for name, path in (("a", "/x/storm"), ("b", "/y/storm"), ("c", "/z/storm")):
        pages.put(path, head=third, title=f"A storm in {name}")
        await pages.listing(name, path)
        await pages.read()
    assert 1 == await pages.articles("/x/storm", "/y/storm", "/z/storm")
    assert 1 == len(await world.alerts())


def about(number: int) -> list[str]:
    """Return a text of its own about a storm."""
    return [line.replace("that night", f"night {number}") for line in FULL]


@pytest.mark.parametrize(
    "canonical",
    ["/", "/news/", "/2026/first-storm", "/2026/storm-{next}", "/2026/storm-{other}", "::", "#"],
)
async def test_careless_canonical_links_join_nothing(world, pages, canonical):
    """The front page, a section, the first article, chains and loops: every storm rings."""
    paths = ["/2026/first-storm", *(f"/2026/storm-{n}" for n in range(4))]
    pages.put("/news/", said=[line for n in range(5) for line in about(n)])
    for number, path in enumerate(paths):
        link = canonical.format(next=number % 4, other=(number + 1) % 4)
        pages.put(path, said=about(number), title=f"Storm {number}", head=named(link))
        await pages.listing(f"e{number}", path, f"Storm {number}")
        await pages.read()
    await pages.read()
    assert len(paths) == await pages.articles(*paths)
    assert len(paths) == len(await world.alerts())


async def test_a_chain_and_a_loop_of_one_text_are_one_article(world, pages):
    """Three pages that name each other in a circle, and say the same."""
    paths = ["/a/storm-1", "/b/storm-2", "/c/storm-3"]
    for number, path in enumerate(paths):
        link = named(pages.site.url + paths[(number + 1) % 3])
        pages.put(path, head=link, title=f"Storm {number}")
        await pages.listing(f"e{number}", path, f"Storm {number}")
    await pages.read(5)
    assert 1 == await pages.articles(*paths)
    assert 1 == len(await world.alerts())


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Before you continue", ["We and our partners keep the storm of cookies. " * 12] * 3),
        (
            "Storm",
            ["Click here for more on the storm, and on the weather of the whole week to come."],
        ),
        (
            "Storm",
            ["The storm. " + "To read this page on, please subscribe to our paper. " * 4] * 3,
        ),
    ],
    ids=["consent", "click here", "short"],
)
async def test_what_stands_in_an_articles_place_joins_nothing(world, pages, title, said):
    """The same page under many links: each entry rings."""
    for number in range(4):
        pages.put(f"/2026/storm-{number}", title=title, said=said)
        await pages.listing(f"e{number}", f"/2026/storm-{number}", f"Storm {number}")
    await pages.read()
    assert 4 == await pages.articles(*(f"/2026/storm-{number}" for number in range(4)))
    assert 4 == len(await world.alerts())


@pytest.mark.parametrize("title", ["Storm {} makes news", "Subscribe to read on"])
async def test_one_text_under_many_titles_joins_nothing(world, pages, title):
    """A paywall's long notice is no article, whatever it looks like; each headline rings."""
    notice = [line.replace("storm", "offer") for line in FULL]
    for number in range(4):
        pages.put(f"/2026/storm-{number}", title=title.format(number), said=notice)
        await pages.listing(f"e{number}", f"/2026/storm-{number}", f"Storm {number} makes news")
    await pages.read()
    assert 4 == await pages.articles(*(f"/2026/storm-{number}" for number in range(4)))
    assert 4 == len(await world.alerts())


@pytest.mark.parametrize("ask", ["", "?back={}"], ids=["one address", "an address each"])
async def test_a_wall_that_all_links_lead_to_joins_nothing(world, pages, site, ask):
    """It looks like an article and calls one address its own; each headline rings."""
    wall = [line.replace("storm", "offer") for line in FULL]
    pages.put("/welcome", title="The Daily Coast", said=wall, head=named(site.url + "/welcome"))
    for number in range(4):
        where = "/welcome" + ask.format(number)
        site.put(f"/2026/storm-{number}", "", 302, Location=where)
        if ask:
            head = named(site.url + "/welcome")
            pages.put(where, title="The Daily Coast", said=wall, head=head)
        await pages.listing(f"e{number}", f"/2026/storm-{number}", f"Storm hits town {number}")
        await pages.read()
    assert 4 == await pages.articles(*(f"/2026/storm-{number}" for number in range(4)))
    assert 4 == len(await world.alerts())


async def test_links_that_lead_to_the_front_page_join_nothing(world, pages, site):
    """Articles that were taken down lead there, and it has their headlines: each rings."""
    titles = [f"Storm hits town {number}" for number in range(4)]
    pages.put("/", title="The Daily Coast", said=[*FULL, *titles])
    for number, title in enumerate(titles):
        site.put(f"/2026/storm-{number}", "", 302, Location="/")
        await pages.listing(f"e{number}", f"/2026/storm-{number}", title)
        await pages.read()
    assert 4 == await pages.articles(*(f"/2026/storm-{number}" for number in range(4)))
    assert 4 == len(await world.alerts())


@pytest.mark.parametrize(
    ("listed", "titled"),
    [
        ("嵐が沿岸の町を襲う storm", "嵐が沿岸の町を襲った"),
        ("Burze nad wybrzeżem: storm", "Burza nad wybrzeżem"),
        ("", "Anything"),
    ],
    ids=["no spaces", "other forms", "no headline"],
)
async def test_headlines_in_other_words_are_known_again(world, pages, site, listed, titled):
    """Two links that lead to one page are one article, though its title is another than theirs."""
    pages.put("/2026/storm-at-the-coast", title=titled)
    for number in range(2):
        site.put(f"/go/{number}", "", 302, Location="/2026/storm-at-the-coast")
        await pages.listing(f"e{number}", f"/go/{number}", listed)
        await pages.read()
    assert 1 == await pages.articles("/go/0", "/go/1")
    assert 1 == len(await world.alerts())


async def test_the_same_article_at_two_addresses_of_a_site_is_one(world, pages):
    """Its text and its title say so."""
    for name, path in (("a", "/world/storm-at-sea"), ("b", "/top/storm-at-sea")):
        pages.put(path)
        await pages.listing(name, path)
        await pages.read()
    assert 1 == await pages.articles("/world/storm-at-sea", "/top/storm-at-sea")
    assert 1 == len(await world.alerts())


async def test_an_agencys_text_rings_once_and_stays_each_publishers_own(world, pages, other):
    """What rang for the text rings for no copy of it; what one of them adds rings."""
    world.topics(storm="storm", flood="flood", regatta="regatta")
    pages.put("/2026/storm-at-sea", title="Storm at sea")
    await pages.listing("a", "/2026/storm-at-sea", "Storm at sea")
    await pages.read()
    pages.put("/news/the-storm-1", title="Regatta called off", site=other)
    await pages.listing("b", "/news/the-storm-1", "Regatta called off", site=other)
    await pages.read()
    assert [("regatta",), ("storm",)] == sorted(topics for _, _, topics in await world.alerts())
    more = [*FULL, "A flood followed in the morning, and all of the lower town is under water."]
    pages.put("/news/the-storm-1", title="Regatta called off", said=more, site=other)
    world.clock.advance(HOUR)
    await pages.read()
    rung = sorted(topics for _, _, topics in await world.alerts())
    assert [("flood",), ("regatta",), ("storm",)] == rung


@pytest.mark.parametrize("order", ["evil first", "evil last"])
async def test_a_copy_that_names_anothers_article_swallows_none_of_its_news(
    world, pages, other, order
):
    """An attacker's page has a publisher's text and calls the publisher's address its own."""
    world.topics(storm="storm", flood="flood")
    theirs = pages.site.url + "/2026/storm-at-sea"
    pages.put("/2026/storm-at-sea", head=named(theirs))
    pages.put("/evil-storm-1", head=named(theirs), site=other)
    steps = [("e", "/evil-storm-1", other), ("p", "/2026/storm-at-sea", None)]
    for name, path, where in steps if order == "evil first" else reversed(steps):
        await pages.listing(name, path, site=where)
        await pages.read()
    assert 1 == len(await world.alerts())
    evil = await world.store.find_article(other.url.partition("//")[2] + "/evil-storm-1")
    assert evil != await world.article("/2026/storm-at-sea")
    pages.put("/evil-storm-1", title="Before you continue", said=["Agree."], site=other)
    pages.put("/2026/storm-at-sea", said=[*FULL, "A flood came after it, in all of the town."])
    world.clock.advance(HOUR)
    await pages.read()
    assert [("flood",), ("storm",)] == sorted(topics for _, _, topics in await world.alerts())


async def test_an_address_that_comes_to_lead_elsewhere_joins_nothing(world, pages, site):
    """An article that was taken down leads to another one: it keeps its text, both stay two."""
    pages.put("/2026/storm-one", title="Storm one", said=about(1))
    pages.put("/2026/storm-two", title="Storm two", said=about(2))
    for name in ("one", "two"):
        await pages.listing(name, f"/2026/storm-{name}", f"Storm {name}")
    await pages.read()
    site.put("/2026/storm-one", "", 301, Location="/2026/storm-two")
    for hours in (1, 5):
        world.clock.advance(hours * HOUR)
        await pages.read()
    assert 2 == await pages.articles("/2026/storm-one", "/2026/storm-two")
    row = await world.store.article_by_id(await world.article("/2026/storm-one"))
    assert "night 1" in row.text
    assert 2 == len(await world.alerts())


async def test_twins_that_are_read_at_once_are_joined_once(world, pages):
    """Each names the other, and both are read at the same moment: no alert twice, none lost."""
    paths = ["/2026/storm-a", "/2026/storm-b"]
    for number, path in enumerate(paths):
        pages.put(path, head=named(pages.site.url + paths[1 - number]), title=f"Storm {number}")
        await pages.listing(f"e{number}", path, f"Storm {number}")
    due = await world.due(*PAGES)
    assert 2 == len(due)
    await asyncio.gather(*(world.read(id_) for _, id_ in due))
    await pages.read(5)
    assert 1 == await pages.articles(*paths)
    assert 1 <= len(await world.alerts()) <= 2
    assert [] == await world.due(*PAGES)
    for path in paths:
        assert 2 == len(await world.store.entries_of(await world.article(path)))


async def test_what_a_cache_shows_is_read_where_it_is_from(world, pages):
    """A link into a cache for AMP is the page's own address to us."""
    cached = "https://a-example.cdn.ampproject.org/c/s/a.example/2026/storm-at-sea"
    await pages.listing("a", cached)
    article = await world.store.find_article("a.example/2026/storm-at-sea")
    row = await world.store.article_by_id(article)
    assert "https://a.example/2026/storm-at-sea" == row.url
