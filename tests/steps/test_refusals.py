"""Answers that are no document: what a feed, and its host, make of them."""

import pytest
from multidict import CIMultiDict

from workers.options import HostRule


async def test_unasked_304_is_a_failure(world, site) -> None:
    """A feed of which nothing is known yet cannot be unchanged."""
    (feed,) = await world.feeds("/feed")
    site.put("/feed", "", 304)
    row = await world.poll(feed)
    assert (None, None, 1) == (row.baselined_at, row.last_good_at, row.errors)
    assert "HTTP 304" in row.last_error


async def test_server_that_says_304_for_ever_is_found_out(world, site, write) -> None:
    """Once a day the whole document is asked for; who answers 304 to that, too, is failing."""
    item, rss, _ = write
    site.put("/feed", rss(item("a", "One")), etag='"1"')
    (feed,) = await world.feeds("/feed")
    world.begin_day(feed)
    assert 0 == (await world.poll(feed)).errors
    site.put("/feed", "", 304)
    world.clock.advance(60)
    assert 0 == (await world.poll(feed)).errors
    assert '"1"' == CIMultiDict(site.asked[-1][1])["If-None-Match"]
    world.clock.advance(86_400)
    row = await world.poll(feed)
    assert "If-None-Match" not in CIMultiDict(site.asked[-1][1])
    assert (1, '"1"') == (row.errors, row.validators.etag)


@pytest.mark.parametrize("status", [201, 202, 204, 205, 206, 226])
async def test_part_of_a_document_is_no_baseline(world, site, write, status: int) -> None:
    """A success that does not come with the whole document is none for us."""
    item, rss, _ = write
    site.put("/feed", "" if status in {204, 205} else rss(item("a", "One")), status)
    (feed,) = await world.feeds("/feed")
    row = await world.poll(feed)
    assert (None, 1) == (row.baselined_at, row.errors)
    assert f"HTTP {status}" in row.last_error


async def test_document_that_was_touched_is_read(world, site, write) -> None:
    """203 comes with the whole document."""
    item, rss, _ = write
    site.put("/feed", rss(item("a", "One")), 203)
    (feed,) = await world.feeds("/feed")
    assert (await world.poll(feed)).baselined_at


async def test_host_that_answered_gets_the_rest(world, site) -> None:
    """Where a redirect leads to a host that asks for rest, that one rests, not the one before."""
    there = site.url.replace("127.0.0.1", "localhost").removeprefix("http://")
    site.put("/busy", "", 429, Retry_After="600")
    site.put("/feed", "", 302, Location=f"http://{there}/busy")
    (feed,) = await world.feeds("/feed")
    net = HostRule(spacing_s=0.0, at_once=9)
    here = site.url.removeprefix("http://")
    row = await world.poll(feed)
    assert "HTTP 429" in row.last_error
    assert 0 == await world.broker.host_turn(here, net.spacing_s, net.at_once, 1.0)
    assert 500 < await world.broker.host_turn(there, net.spacing_s, net.at_once, 1.0) <= 600


async def test_some_polls_ask_for_the_whole_document(world, site, write) -> None:
    """About one poll of a hundred sets no condition, so that a wrong 304 is found out soon."""
    item, rss, _ = write
    site.put("/feed", rss(item("a", "One")), etag='"1"')
    (feed,) = await world.feeds("/feed")
    row = await world.poll(feed)
    asked = [world.poller._look._request(row, world.rules) for _ in range(5000)]
    whole = [one for one in asked if one.etag is None]
    assert 20 < len(whole) < 120
    assert {'"1"', None} == {one.etag for one in asked}
