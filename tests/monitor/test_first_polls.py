"""What the log says once all feeds were polled for the first time."""

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from monitor.daemon.firstpolls import FirstPollsTold
from monitor.logs import configure


def wire(*titles: str, ago: timedelta) -> str:
    """A feed of these titles, posted so long ago."""
    date = format_datetime(datetime.now(UTC) - ago)
    items = "".join(
        f"<item><guid>{title}</guid><title>{title}</title><pubDate>{date}</pubDate></item>"
        for title in titles
    )
    return f"<rss version='2.0'><channel><title>W</title>{items}</channel></rss>"


@pytest.fixture
def log():
    """What is logged, as it is."""
    stream = io.StringIO()
    yield stream
    configure("json", "error", io.StringIO())


async def told(log) -> str:
    """Wait for the line; return its text."""
    async with asyncio.timeout(20):
        while True:
            for line in log.getvalue().splitlines():
                if '"first_polls"' in line:
                    return json.loads(line)["text"]
            await asyncio.sleep(0.05)


async def test_what_is_known_after_the_first_polls(installation, site, log):
    """How many feeds are well, which topics match what was there before, and the next poll."""
    site.put("/new", wire("A quake", "Another quake", "A flood", "Rain", ago=timedelta(hours=2)))
    site.put("/old", wire("An old quake", ago=timedelta(days=2)))
    installation.write(feeds=(site.url + "/new", site.url + "/old", site.url + "/none"))
    configure("json", "info", log)
    daemon = await installation.start()
    text = await told(log)
    assert text.startswith(
        "3 feeds: 2 ok, 1 failing; 'quakes' matches 2 titles, 'floods' matches 1 title of the "
        "last 24 h, not rung (`tocsin topics backtest`); next poll "
    )
    assert text.endswith(" UTC")
    log.truncate(0)
    again = FirstPollsTold(daemon.state)
    await again.begin()
    await again.look()
    assert "first_polls" not in log.getvalue()  # nothing is new any more
    installation.write(feeds=(site.url + "/new", site.url + "/old", site.url + "/more"))
    site.put("/more", wire("Sun", ago=timedelta(hours=1)))
    assert (await installation.ask("POST", "/reload?yes=1"))["ok"]
    assert "3 feeds: 3 ok, 0 failing" in await told(log)
