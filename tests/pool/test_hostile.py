"""Hostile pages and feeds through the real processes: each ends, with a verdict or a reason."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from workers.errors import Transient
from workers.model.article import FetchedPage
from workers.pages import PageRules
from workers.pool import ProcessPool, read_feed_again, read_page
from workers.pool.child import rules

PROSE = "<p>The ferry will stop running on the first of December, the harbour said on Monday, and"
PROSE += " will not return before the spring of next year, when its shaft is repaired.</p>"
START = f"<html><head><title>Ferry</title></head><body><article><h1>Ferry</h1>{PROSE}"
LD = '<script type="application/ld+json">'
HOSTILE = {
    "nested 10,000 deep": START + "<div>" * 10_000 + "x",
    "unclosed inline": START + "<b><i>" * 10_000 + "x",
    "lists in lists": START + "<ul><li>" * 10_000,
    "tables in tables": START + "<table><tr><td>" * 10_000,
    "200,000 attributes": START + "<p " + " ".join(f"a{n}=1" for n in range(200_000)) + ">x",
    "200,000 bare attributes": START + "<p " + " ".join(f"a{n}" for n in range(200_000)) + ">x",
    "10,000 forms": START + "<form><p>some words</p></form>" * 10_000,
    "wide spans": START + "<table>" + "<tr><td colspan=999999 rowspan=999999>a" * 3_000,
    "one line of 10 MB": START + "<p>" + "word " * 2_000_000,
    "one line of 6 MB": START + "<p>" + "word " * 1_150_000,
    "no space in 6 MB": "x" * 6_000_000,
    "a million line breaks": START + "<br>" * 1_000_000,
    "NULs": START.replace(" ", "\x00"),
    "JSON-LD: depth": LD + "[" * 500_000 + "</script>" + START,
    "JSON-LD: commas": LD + "[" + "," * 900_000 + "</script>" + START,
    "JSON-LD: number": LD + '{"@type":"Article","a":' + "9" * 900_000 + "}</script>" + START,
    "JSON-LD: count": (LD + '{"@type":"Article"}</script>') * 10_000 + START,
    "entities": START + "<p>" + "&amp;&#1;&#xd800;" * 200_000,
    "comments": START + "<!--" * 40_000,
    "title": "<title>" + "a - " * 1_400_000 + "</title>" + START,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[ProcessPool]:
    """Return one pool for all the pages: what one leaves behind, the next finds."""
    made = ProcessPool(2, 1 << 30, 1000, PageRules())
    yield made
    await made.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", list(HOSTILE))
async def test_pages(shared: ProcessPool, name: str) -> None:
    """A hostile page gets a verdict, or is killed; the next page is read."""
    hostile = FetchedPage(url="https://a.example/x", body=HOSTILE[name].encode())
    try:
        got = await shared.call(2.0, read_page, hostile)
        assert got.verdict in {"not_article", "doubtful", "thin", "unreadable", "article"}
        assert not any("Error" in reason for reason in got.reasons), got.reasons
    except Transient as error:
        assert error.reason in {"timeout", "crash"}  # noqa: PT017 - either ending is right
    kind = FetchedPage(url="https://a.example/y", body=(START + PROSE).encode())
    assert "ferry will stop" in (await shared.call(30.0, read_page, kind)).text


async def test_lone_surrogates_and_times(pool: ProcessPool) -> None:
    """Surrogates encoded as UTF-8 are no letters; each stage's time is told."""
    body = START.encode() + "<p>a\ud800b</p>".encode("utf-8", "surrogatepass")
    got = await pool.call(30.0, read_page, FetchedPage(url="https://a.example/x", body=body))
    stages = {"decode", "limit", "parse", "metadata", "text", "zones", "verdict"}
    assert stages <= set(got.ms)
    got.text.encode()


async def test_feed_again(pool: ProcessPool) -> None:
    """Feedparser runs in the pool, because it has no time limit of its own."""
    feed = b"<rss><channel><title>T</title><item><title>A</title></item></channel></rss>"
    now = datetime(2026, 11, 23, tzinfo=UTC)
    got = await pool.call(30.0, read_feed_again, feed, "https://a.example/rss", "", now, 10)
    assert ("rss", ["A"]) == (got.kind, [entry.title for entry in got.entries])


def test_outside_of_the_pool() -> None:
    """What needs a process of the pool says so elsewhere."""
    with pytest.raises(RuntimeError, match="was not begun by the pool"):
        rules()
