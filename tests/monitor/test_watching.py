"""What the daemon notices of the feeds and of its own network, seen through its commands."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>W</title><link>http://x/</link>'
    "<description>-</description>{}</channel></rss>"
)
SINK = '[sinks.journal]\ntype = "file"\npath = "alerts.jsonl"\nevents = true\n'
FAST = '[polling]\ninterval = "1s"'


def told_of(installation) -> list[tuple[str, str]]:
    """Return kind and subject of the events that the sink was sent, in their order."""
    journal = installation.data / "alerts.jsonl"
    lines = journal.read_text().splitlines() if journal.exists() else []
    data = [json.loads(line)["data"] for line in lines]
    return [(one["event"], one["subject"]) for one in data if "event" in one]


def entry(name: str, at: datetime) -> str:
    """An item of RSS."""
    return f"<item><guid>{name}</guid><title>{name}</title><pubDate>{format_datetime(at)}</pubDate></item>"  # noqa: E501 - one line of a feed


async def test_a_feed_that_went_quiet(installation, site, eventually, lines):
    """Its state is quiet, status and metrics count it, and it is told of; then it is back."""
    now = datetime.now(UTC)
    past = [entry(f"i{n}", now - timedelta(days=3, hours=6 * n)) for n in range(80)]
    site.put("/feed", FEED.format("".join(past)))
    installation.write((site.url + "/feed",), sinks=SINK, more=FAST)
    daemon = await installation.start()
    await eventually(lambda: told_of(installation) == [("feed_quiet", "Feed 0")])
    (feed,) = lines(await installation.call("feeds", "list", "--json"))
    assert "quiet" == feed["state"]
    plain = (await installation.call("feeds", "list")).stdout
    assert plain.startswith("quiet    Feed 0")
    assert "nothing new since" in plain
    told = (await installation.ask("GET", "/status"))["feeds"]
    assert (1, 0, 1) == (told["total"], told["ok"], told["quiet"])
    assert 'tocsin_feeds{state="quiet"} 1.0' in (await daemon._report.metrics()).decode()
    site.put("/feed", FEED.format("".join([entry("new", now), *past])))
    await eventually(
        lambda: told_of(installation) == [("feed_quiet", "Feed 0"), ("feed_back", "Feed 0")]
    )
    (feed,) = lines(await installation.call("feeds", "list", "--json"))
    assert "ok" == feed["state"]


async def test_our_own_network_is_down(installation, eventually, lines):
    """One event for six hosts that cannot be reached, and feeds that go on at their interval."""
    shut = tuple(f"http://127.0.0.{number}:9/feed" for number in range(2, 8))
    installation.write(shut, sinks=SINK, more=FAST)
    daemon = await installation.start()
    await eventually(lambda: told_of(installation) == [("network_down", "network")])

    async def excused() -> bool:
        rows = await daemon.state.parts.store.feed_rows()
        return all("our own network is down" in " ".join(row.why) for row in rows)

    await eventually(excused)
    listed = lines(await installation.call("feeds", "list", "--json"))
    assert {1.0} == {feed["interval_s"] for feed in listed}
    assert 4 >= sum(feed["errors"] for feed in listed)
