"""Pages that mean harm, from a feed to the commit: each ends, and the loop has its turns."""

import asyncio
import json

import pytest

from hostile.pages import PAGES
from hostile.pages_talk import LD, MIB
from hostile.watch import STALL_S, watched
from workers.pages import PageRules
from workers.pool import ProcessPool, read_page
from workers.steps.read import Read

NAMES = (
    "p never closed", "200,000 attributes in one tag", "no space in 6 MB", "NULs between",
    "lone surrogates", "6 MB to the byte",
)  # fmt: skip
MORE = (
    "tables in tables with prose", "10,000 forms", "brackets alone", "a string of 10 MB",
    "depth of lists", "paragraphs that differ",
)  # fmt: skip


async def settle(read, articles: list[str]) -> list[float]:
    """Read all of these at once; return for how long the loop had no turn meanwhile."""
    asyncio.get_running_loop().set_debug(False)  # it would stall by itself
    async with watched() as watch:
        await asyncio.gather(*(read(article) for article in articles))
    return watch.stalls


@pytest.mark.parametrize("names", [NAMES, pytest.param(MORE, marks=pytest.mark.thorough)])
async def test_each_article_ends(world, site, write, with_pool, names):
    """Every article is matched, by its page or by its feed; a good page among them is read."""
    world.topics(quake="quake")
    await world.baseline()
    pages = {page.name: page for page in PAGES}
    site.put("/good", write[2]("News", "A quake shook the harbour."))
    articles = [await world.news("News", "Words.", name="good")]
    for number, name in enumerate(names):
        site.put(f"/h{number}", pages[name].make(), Content_Type="text/html; charset=utf-8")
        articles.append(await world.news(f"News {number}", f"Words {number}.", name=f"h{number}"))
    pool = ProcessPool(2, 1 << 30, 100, PageRules())
    read = Read(with_pool(world.edges, pool), lambda: world.rules, read_page)
    stalls = await settle(read, articles)
    await pool.close()
    settled = [(await world.store.load_page("page", one)).article for one in articles]
    assert all(article.verdict is not None for article in settled)
    assert [(1, "page", ("quake",))] == await world.alerts()
    assert max(stalls) < STALL_S


async def test_the_largest_texts(world, site, with_pool):
    """Six megabytes to a process and half a million letters back hold up nobody."""
    world.topics(quake="quake")
    await world.baseline()
    body = json.dumps({"@type": "NewsArticle", "articleBody": "A quake of words. " * 50_000})
    page = f"<title>News</title>{LD}{body}</script><!--{'x' * (4 * MIB)}-->"
    articles = []
    for number in range(4):
        lines = "".join(f"<p>Line {number} {at} of a long report.</p>" for at in range(3_900))
        site.put(f"/l{number}", page + lines, Content_Type="text/html")
        articles.append(await world.news(f"News {number}", "Words.", name=f"l{number}"))
    pool = ProcessPool(2, 1 << 30, 100, PageRules())
    read = Read(with_pool(world.edges, pool), lambda: world.rules, read_page)
    stalls = await settle(read, articles)
    await pool.close()
    settled = [(await world.store.load_page("page", one)).article for one in articles]
    assert all(len(article.text) > 100_000 for article in settled)
    assert max(stalls) < STALL_S
