"""READ, the second time: what a page once said is not lost because it cannot be had now."""

import pytest


@pytest.mark.parametrize("status", [404, 410, 451])
async def test_a_page_that_is_gone_leaves_what_it_said(world, site, write, status):
    """The title of an edited entry is matched, and the text of its page stays stored."""
    world.topics(quake="quake", flood="flood", bridge="bridge")
    await world.baseline()
    article = await world.news("News from the coast")
    site.put("/n1", write[2]("News from the coast", "A quake shook the harbour at noon."))
    await world.read(article)
    before = await world.store.article_by_id(article)
    assert "page" == before.text_from

    world.clock.advance(600)
    await world.news("A flood at the coast")
    site.put("/n1", "gone", status)
    await world.read(article)
    after = await world.store.article_by_id(article)

    assert [(1, "page", ("quake", "bridge")), (2, "feed", ("flood",))] == await world.alerts()
    assert (before.text, before.verdict, "page") == (after.text, after.verdict, after.text_from)
    assert (before.fetched_at, world.clock.now()) == (after.fetched_at, after.settled_at)
    assert [] == await world.due("pages:hot", "pages:warm", "pages:cold")
