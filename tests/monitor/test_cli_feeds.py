"""How the feeds are doing, why, and polling by hand: ``tocsin feeds list``, ``why``, ``poll``."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from monitor.cli.feed_words import doing, in_words, line_of, state_of
from workers.model.feed import FeedRow
from workers.text.failures import failure_words

NOW = datetime(2026, 1, 10, 10, 30, tzinfo=UTC)
ROW = FeedRow(
    id="fee_1", url="https://a.example/feed", name="Harbour", interval_s=900.0,
    why=("auto: 4.2 posts a day", "fastest: 15 min"), next_poll_at=NOW + timedelta(minutes=10),
    last_poll_at=NOW - timedelta(minutes=5), last_good_at=NOW - timedelta(minutes=5),
    last_new_at=NOW - timedelta(days=1),
)  # fmt: skip
FAILING = replace(
    ROW, errors=4, failing_since=NOW - timedelta(minutes=28),
    last_error="timeout: https://a.example: no answer in time",
)  # fmt: skip
ERRORS = [
    ("timeout: https://a.example: no answer in time",
     "the server does not answer (no answer in time)"),
    ("notFound: HTTP 404", "there is nothing at its address (HTTP 404)"),
    ("blocked: HTTP 403", "the server refuses us (HTTP 403)"),
    ("blocked: forbidden address: 10.0.0.1: private",
     "its address is one that we do not ask (forbidden address: 10.0.0.1: private)"),
    ("payload: no feed: an HTML page", "what is there is no feed (no feed: an HTML page)"),
    ("dns", "the name of the server does not resolve"),
    ("something of an older version: x",
     "it cannot be read (something of an older version: x)"),
    ("", "it cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "words"), ERRORS)
def test_errors_in_words(error, words):
    """A reason becomes a sentence; what was said of it stands in brackets, without the address."""
    assert words == failure_words(error)


def test_a_failing_feed_in_words():
    """What fails, how often since when, and when it is tried again."""
    assert (
        "the server does not answer (no answer in time), 4 times since 10:02 UTC; "
        "next try 10:40 UTC"
    ) == in_words(FAILING, NOW)
    once = replace(FAILING, errors=1, next_poll_at=NOW - timedelta(seconds=1))
    assert "once at 10:02 UTC; next try now" in in_words(once, NOW)
    long = replace(FAILING, failing_since=NOW - timedelta(days=2))
    assert "since 2026-01-08 10:30 UTC" in in_words(long, NOW)


def test_states():
    """Each state of the interface, and in words what is wrong with it."""
    gone = replace(FAILING, gone_at=NOW - timedelta(days=3))
    rows = {
        "ok": ROW,
        "failing": FAILING,
        "parked": replace(ROW, parked=True),
        "new": replace(ROW, last_good_at=None),
        "quiet": replace(ROW, quiet="nothing new since Monday"),
    }
    assert list(rows) == [state_of(row) for row in rows.values()]
    assert "parked" == state_of(gone)
    assert "it is asked once a week, next 10:40 UTC" in in_words(gone, NOW)
    assert "nothing new since Monday" == in_words(rows["quiet"], NOW)
    assert None is in_words(ROW, NOW)
    assert "is not polled" in in_words(rows["parked"], NOW)


def test_a_feed_in_lines():
    """Its interval and why, its next poll, its last new entry."""
    assert [
        "ok       Harbour  https://a.example/feed",
        (
            "         every 15 min (auto: 4.2 posts a day; fastest: 15 min); next poll 10:40 UTC; "
            "last new entry 2026-01-09 10:30 UTC"
        ),
    ] == doing(ROW, NOW)


def test_a_feed_as_json():
    """All fields of the interface, and no error of the past."""
    told = line_of(replace(ROW, last_error="timeout"), NOW)
    assert {
        "feed", "name", "url", "state", "interval_s", "next_poll", "last_poll", "last_new",
        "errors", "last_error", "full_text",
    } <= set(told)  # fmt: skip
    assert (None, None) == (told["last_error"], told["words"])
    assert FAILING.last_error == line_of(FAILING, NOW)["last_error"]
    assert ROW.next_poll_at == told["next_poll"]
    assert None is line_of(replace(ROW, parked=True), NOW)["next_poll"]  # there will be none


def test_no_password_is_shown():
    """Users and passwords in addresses are for the feed's server alone."""
    row = replace(ROW, url="https://me:hunter2@a.example/feed")
    assert "https://a.example/feed" == line_of(row, NOW)["url"]
    assert "hunter2" not in "".join(doing(row, NOW))


def test_what_waits_is_due_since():
    """A feed that has been due for long waits for its host: that is not now."""
    row = replace(ROW, next_poll_at=NOW - timedelta(minutes=20))
    assert "next poll due since 10:10 UTC" in doing(row, NOW)[-1]
    soon = replace(ROW, next_poll_at=NOW - timedelta(seconds=20))
    assert "next poll now" in doing(soon, NOW)[-1]


@pytest.fixture
async def watched(installation, site):
    """An installation with a good feed and one that is not there, polled once."""
    site.put("/good", "<rss version='2.0'><channel><title>G</title><ttl>30</ttl></channel></rss>")
    installation.write(feeds=(site.url + "/good", site.url + "/bad"))
    daemon = await installation.start()
    async with asyncio.timeout(20):
        while any(row.last_poll_at is None for row in await daemon.state.parts.store.feed_rows()):  # noqa: ASYNC110 - the other side has no event
            await asyncio.sleep(0.05)
    return installation


async def test_list_why_and_poll(watched, site, lines):
    """The commands tell the truth about a daemon's feeds, and let it poll them now."""
    good, bad = lines(await watched.call("feeds", "list", "--json"))
    assert ("ok", "failing", "notFound: HTTP 404") == (
        good["state"], bad["state"], bad["last_error"],
    )  # fmt: skip
    plain = (await watched.call("feeds", "list")).stdout
    assert "there is nothing at its address (HTTP 404), once at" in plain
    assert "floor: ttl 1800 s" in plain
    (told,) = lines(await watched.call("feeds", "why", "feed 0", "--json"))
    assert (1800.0, "ttl 1800 s") == (told["reasoning"]["floor_s"], told["reasoning"]["floor"])
    assert 30 == told["reasoning"]["hints"]["ttl"]  # minutes, as `feeds try` tells them
    assert told["daemon"]["standing"]["queued"]
    assert told["reasoning"]["spending"]["feeds"] == 1  # the other one fails
    words = (await watched.call("feeds", "why", site.url + "/bad")).stdout
    assert "score 1: the interval times 2.0" in words
    assert "due in" in words
    site.put("/bad", "<rss version='2.0'><channel><title>B</title></channel></rss>")
    polled = await watched.call("feeds", "poll", "Feed 1")
    assert (0, True) == (polled.exit_code, polled.stdout.startswith("ok       Feed 1"))
    times = site.times("/good")
    both = await watched.call("feeds", "poll", "--all", "--json")
    assert (0, 2) == (both.exit_code, lines(both)[0]["feeds"])
    async with asyncio.timeout(20):
        while site.times("/good") == times:  # noqa: ASYNC110 - the other side has no event
            await asyncio.sleep(0.05)
    assert 0 == lines(await watched.call("feeds", "poll", "--failing", "--json"))[0]["feeds"]


async def test_poll_says_how_it_went(watched, site):
    """A feed that fails when it is polled by hand exits 1, in words; so does one unknown."""
    site.put("/good", "no", 503)
    result = await watched.call("feeds", "poll", "Feed 0")
    assert 1 == result.exit_code
    assert "the server has an error of its own (HTTP 503)" in result.stdout
    unknown = await watched.call("feeds", "poll", "nosuch")
    assert (1, "") == (unknown.exit_code, unknown.stdout)
    assert "no such feed: nosuch" in unknown.stderr
    assert 1 == (await watched.call("feeds", "why", "nosuch")).exit_code


@pytest.mark.parametrize("words", [("--all",), ("--failing",), ("Feed 0",)])
async def test_poll_without_a_daemon(installation, words):
    """Nobody there to poll: exit 3, and what to do."""
    result = await installation.call("feeds", "poll", *words)
    assert (3, "") == (result.exit_code, result.stdout)
    assert "tocsin run" in result.stderr


@pytest.mark.parametrize("words", [(), ("a", "--all"), ("--all", "--failing")])
async def test_poll_wants_to_know_what(installation, words):
    """Exactly one of a feed, all and the failing ones is named."""
    assert 2 == (await installation.call("feeds", "poll", *words)).exit_code
