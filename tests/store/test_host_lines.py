"""What the database keeps of hosts: lines that their stories have in common."""

import asyncio

import pytest
from sqlalchemy import text

from workers.model.article import Extracted
from workers.options import KeepOptions
from workers.pages import hash_of, lines_of

HOST = "gazette.example"
SLOGAN = "The Gazette is printed on paper that was trees once."


def page(story: int, host: str = HOST, *, lines: int = 4):
    """What a page of a story of its own adds."""
    own = [f"Sentence {n} of the story of number {story} is like no other" for n in range(lines)]
    read = Extracted(url="", verdict="article", text="\n".join([*own, SLOGAN]), text_from="page")
    found = lines_of(read, host, f"art_{story}")
    assert found is not None
    return found


async def test_readings_are_remembered(world) -> None:
    """With the third story that has a line the line is known, to its own host alone."""
    for story in range(3):
        assert frozenset() == await world.store.host_lines(HOST)
        await world.settle(await world.article(f"a{story}"), lines=page(story))
    assert {hash_of(SLOGAN)} == await world.store.host_lines(HOST)
    assert frozenset() == await world.store.host_lines("other.example")


async def test_the_same_reading_again(world) -> None:
    """A commit that comes once more, as after a crash, counts once."""
    article = await world.article()
    for _ in range(4):
        await world.settle(article, lines=page(1))
    assert frozenset() == await world.store.host_lines(HOST)


async def test_readings_at_once(world, other, make_world) -> None:
    """Two processes that read pages of a host at once both add to its memory."""
    articles = [await world.article(f"a{story}") for story in range(8)]
    await world.settle(articles[0], lines=page(0))
    second = make_world(other, world.clock)
    await asyncio.gather(
        *(
            (world, second)[story % 2].settle(articles[story], lines=page(story))
            for story in range(1, 8)
        )
    )
    assert {hash_of(SLOGAN)} == await other.host_lines(HOST)


async def test_what_lies_there_is_no_memory(world) -> None:
    """A memory that was damaged is begun anew, and no reading fails because of it."""
    await world.settle(await world.article("a0"), lines=page(0))
    await world.store._write(
        lambda conn, _now: conn.execute(
            text("UPDATE host_lines SET lines = :x"), {"x": b"\x01\xff"}
        )
    )
    for story in range(1, 4):
        await world.settle(await world.article(f"a{story}"), lines=page(story))
    assert {hash_of(SLOGAN)} == await world.store.host_lines(HOST)


@pytest.mark.parametrize("host", ["x" * 100_000, "bad\0host", "ünï.example"])
async def test_any_name(world, host: str) -> None:
    """A host may be called anything."""
    for story in range(3):
        await world.settle(await world.article(f"a{story}"), lines=page(story, host))
    assert {hash_of(SLOGAN)} == await world.store.host_lines(host)


async def test_a_host_is_forgotten(world) -> None:
    """A host of which nothing was read for thirty days goes with the old work."""
    for story in range(3):
        await world.settle(await world.article(f"a{story}"), lines=page(story))
    world.clock.advance(86_400 * 29)
    await world.settle(await world.article("late"), lines=page(9, "late.example"))
    world.clock.advance(86_400 * 2)
    assert frozenset() == await world.store.host_lines(HOST)
    keep = KeepOptions()
    removed = await world.store.prune(keep, world.clock.now())
    assert 1 == removed.get("hosts")
