"""Pages that nobody reads: the daemon says so, and asks quiet feeds less often."""

import sqlite3
from contextlib import closing

FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>W</title><link>http://x/</link>'
    "<description>-</description>{}</channel></rss>"
)


def _age(installation, seconds: float) -> None:
    """Let what waits have waited for so much longer."""
    with closing(sqlite3.connect(installation.data / "tocsin.db", timeout=5)) as conn:
        conn.execute("UPDATE work SET next_at = next_at - ? WHERE next_at IS NOT NULL", (seconds,))
        conn.commit()


async def test_pages_that_wait_slow_the_polling(installation, site, eventually, lines):
    """Beyond ten minutes health is degraded and says why, and a quiet feed is slowed."""
    site.put("/feed", FEED.format(""))
    quick = '[polling]\nfastest = "1s"\npolls_per_minute = 1000'
    feed = f'[[feeds]]\nname = "Feed 0"\nurl = "{site.url}/feed"\nweight = 2'
    installation.write((), more=f"{quick}\n{feed}")
    daemon = await installation.start({"poll", "web"})
    store = daemon.state.parts.store

    async def seen() -> bool:
        return all(row.baselined_at for row in await store.feed_rows())

    await eventually(seen)
    site.put(
        "/feed",
        FEED.format(f"<item><guid>n</guid><title>New</title><link>{site.url}/n</link></item>"),
    )

    async def waiting() -> bool:
        return "pages:warm" in (await store.counts()).pages

    await eventually(waiting)
    told = await installation.ask("GET", "/status")
    assert ("ok", False) == (told["status"], told["feeds"]["slowed"])
    _age(installation, 3600.0)
    told = await installation.ask("GET", "/status")
    assert ("degraded", True) == (told["status"], told["feeds"]["slowed"])
    assert 3600.0 <= told["queue"]["pages"]["behind_s"] < 3700.0
    assert "tocsin_polling_slowed 1.0" in (await daemon._report.metrics()).decode()
    assert "ok" == (await installation.ask("GET", "/readyz"))["status"]

    async def slowed() -> bool:
        (row,) = await store.feed_rows()
        return any(phrase.startswith("slowed: pages wait") for phrase in row.why)

    await eventually(slowed)
    (feed,) = lines(await installation.call("feeds", "list", "--json"))
    assert 1.0 < feed["interval_s"] <= 4.0
    assert any(phrase.startswith("slowed") for phrase in feed["why"])
