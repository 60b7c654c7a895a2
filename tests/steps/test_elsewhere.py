"""Hits in lines that are not searched are counted, and never ring."""

import pytest

from workers.model.topic import Document
from workers.steps.aside import MOST_S, SHARE, Aside
from workers.steps.match import count_elsewhere

STORY = "".join(
    f"<p>The mayor of the {town} spoke for an hour about the roads and the winter, and people "
    "listened with patience until the lamps were lit along the harbour.</p>"
    for town in ("north", "south", "east", "west")
)
PAGE = (
    '<!doctype html><html lang="en"><head><title>The mayor speaks</title></head><body><article>'
    f"<h1>The mayor speaks</h1>{STORY}<p>Read More: <a href='/n9'>Murder trial opens</a></p>"
    "</article></body></html>"
)


def counted(world, name="tocsin_hits_elsewhere_total", **labels):
    """Return what a counter has come to."""
    return world.edges.meter.total(name, **labels)


async def test_a_hit_among_related_links_is_counted(world, site):
    """A topic whose word stands only in a related line does not ring, and is counted once."""
    world.topics(murder="murder", mayor="mayor", quake="quake", both="murder mayor")
    await world.baseline()
    article = await world.news("The mayor speaks")
    site.put("/n1", PAGE)
    await world.read(article)
    assert [("mayor",)] == [names for _, _, names in await world.alerts()]
    assert 2 == counted(world, zone="related") == counted(world)
    assert 1 == counted(world, "tocsin_looked_elsewhere_total")


@pytest.mark.parametrize("spent", [MOST_S / 2, MOST_S * 2])
async def test_in_a_flood_articles_are_left_out(world, site, spent):
    """When too much time went into counting, nothing more is looked at until some is earned."""
    world.topics(murder="murder")
    await world.baseline()
    article = await world.news("The mayor speaks")
    site.put("/n1", PAGE)
    world.edges.aside.spend(spent)
    await world.read(article)
    assert counted(world, zone="related") == (1 if spent < MOST_S else 0)


def test_time_on_the_side_is_a_share_of_the_work():
    """A fifth of the work's time can be spent, a hundredth of all time, and never much at once."""
    aside = Aside()
    aside.spend(MOST_S)
    assert aside.free is False
    aside.earn(1.0, 100.0)
    aside.spend(SHARE * 0.9)
    assert aside.free is True
    aside.spend(SHARE * 0.2)
    assert aside.free is False
    aside.earn(0.0, 110.0)
    assert aside.free is True
    aside.earn(1e6, 1e6)
    aside.spend(MOST_S)
    assert aside.free is False


async def test_nothing_is_looked_at_where_there_is_nothing(world):
    """An article without other zones costs nothing."""
    world.topics(murder="murder")
    await count_elsewhere(world.edges, world.rules, Document(title="Murder", body=""), ())
    assert 0 == counted(world, "tocsin_looked_elsewhere_total")
