"""The daemon in this process: start, work, health, metrics, stop."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.daemon.control import control_socket
from monitor.daemon.service import Daemon
from monitor.metrics import METRICS
from monitor.settings import load
from workers.clock import SystemClock
from workers.errors import TocsinError

FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>W</title><link>http://x/</link>'
    "<description>-</description>{}</channel></rss>"
)


def item(site, name: str, title: str) -> str:
    """An item of RSS."""
    return (
        f"<item><guid>{name}</guid><title>{title}</title><link>{site.url}/{name}</link>"
        f"<description>{title}</description></item>"
    )


async def test_a_foreign_folder_is_refused(installation):
    """A data folder with somebody else's files is left alone, with what to do."""
    installation.data.mkdir()
    (installation.data / "thesis.tex").write_text("mine")
    with pytest.raises(TocsinError, match=r"thesis\.tex"):
        await installation.start()
    assert ["thesis.tex"] == [path.name for path in installation.data.iterdir()]


async def test_a_second_daemon_is_refused(installation):
    """A second daemon on the same folder does not start, and harms the first in nothing."""
    first = await installation.start()
    with pytest.raises(TocsinError, match="in use"):
        await installation.start()
    assert "ok" == (await installation.ask("GET", "/readyz"))["status"]
    await installation.stop(first)
    await installation.start()


async def test_a_stop_is_heeded_as_soon_as_it_is_seen_to_run(installation):
    """Signals are heeded before anybody is answered; who is asked to stop as it starts does so."""
    daemon = Daemon(load(installation.config, {}), SystemClock())
    seen = []

    def as_it_is_seen() -> None:
        seen.append(control_socket(installation.data).exists())
        daemon.request_reload()
        daemon.request_stop()

    await daemon.start(as_it_is_seen)
    assert [False] == seen
    assert await daemon.wait() is None
    await daemon.stop()
    assert await installation.ask("GET", "/readyz") is None


async def test_no_redis_no_start(installation, tmp_path: Path):
    """Without the Redis that the config names nothing starts, and the folder is free again."""
    installation.redis = f"unix://{tmp_path}/nobody.sock"
    installation.write()
    with pytest.raises(TocsinError):
        await installation.start()
    with pytest.raises(TocsinError):
        await installation.start()


async def test_a_sink_that_cannot_be_made(installation):
    """A sink that cannot be made stops the start before anything is served or polled."""
    installation.write(sinks='[sinks.ops]\ntype = "webhook"\nurl = { env = "TOCSIN_TEST_HOOK" }\n')
    daemon = Daemon(load(installation.config, {}), SystemClock())
    with pytest.raises(TocsinError):
        await daemon.start()
    assert await installation.ask("GET", "/readyz") is None


async def test_an_alert_from_end_to_end(installation, site, eventually, lines):
    """A new entry becomes a line in the sink's file, and every command can tell of it."""
    site.put("/feed", FEED.format(item(site, "old", "Old")))
    installation.write((site.url + "/feed",), more='[polling]\ninterval = "1s"')
    daemon = await installation.start()
    store = daemon.state.parts.store
    await eventually(lambda: _polled(store))
    site.put("/feed", FEED.format(item(site, "n1", "A quake at night")))
    journal = installation.data / "alerts.jsonl"
    await eventually(lambda: journal.exists() and journal.read_text().count("\n"))
    told = json.loads(journal.read_text())
    assert ("alert.created", "quakes") == (told["type"], told["data"]["topics"][0]["name"])

    result = await installation.call("alerts", "list", "--json")
    (line,) = lines(result)
    assert {
        "alert", "event", "revision", "at", "severity", "topics", "title", "url", "deliveries",
        "muted",
    } == set(line)  # fmt: skip
    await eventually(lambda: _delivered(store, line["alert"]))
    (line,) = lines(await installation.call("alerts", "list", "--json", "--topic", "quakes"))
    assert (["quakes"], {"journal": "sent"}) == (line["topics"], line["deliveries"])
    assert [] == lines(await installation.call("alerts", "list", "--json", "--topic", "floods"))
    (whole,) = lines(await installation.call("alerts", "show", line["alert"], "--json"))
    assert {"type", "version", "id", "timestamp", "data"} <= set(whole)
    assert told["data"]["topics"] == whole["data"]["topics"]
    (why,) = lines(await installation.call("why", f"{site.url}/n1?utm_source=x", "--json"))
    assert why["found"]
    assert {"poll", "read", "match", "ring", "deliver"} == {step["stage"] for step in why["steps"]}
    assert {"at", "stage", "decision", "because"} == set(why["steps"][0])
    (why,) = lines(await installation.call("why", f"{site.url}/n1", "floods", "--json"))
    assert (False, "flood") == (why["topic"]["matched"], why["topic"]["failed"]["query"])
    plain = await installation.call("alerts", "show", line["alert"][:8])
    assert (0, True) == (plain.exit_code, "A quake at night" in plain.stdout)
    (feed,) = lines(await installation.call("feeds", "list", "--json"))
    assert {
        "feed", "name", "url", "state", "interval_s", "next_poll", "last_poll", "last_new",
        "errors", "last_error", "full_text", "why",
    } <= set(feed)  # fmt: skip
    assert ("Feed 0", "ok", 1.0) == (feed["name"], feed["state"], feed["interval_s"])
    assert 0 == (await installation.call("alerts", "list")).exit_code
    assert 0 == (await installation.call("why", f"{site.url}/n1", "quakes")).exit_code


async def _polled(store) -> bool:
    return all(row.last_good_at for row in await store.feed_rows())


async def _delivered(store, alert: str) -> bool:
    return all(line.state == "sent" for line in await store.alert_deliveries(alert))


async def test_the_health_report(installation):
    """The report has every field of the interface, over the socket and over HTTP alike."""
    installation.write(web='listen = "127.0.0.1:0"')
    daemon = await installation.start()
    told = await installation.ask("GET", "/status")
    assert {
        "status", "version", "uptime_s", "topics_version", "config_hash", "checks", "feeds",
        "queue", "dead", "last_entry", "last_alert", "processes",
    } <= set(told)  # fmt: skip
    assert "ok" == told["status"], told
    assert {"database", "redis", "disk"} == set(told["checks"])
    assert {
        "ready", "pending", "undelivered", "oldest_s", "breaker", "state",
    } <= set(told["queue"]["sinks"]["journal"])  # fmt: skip
    (process,) = told["processes"]
    assert {"name", "roles", "version", "config_hash", "beat_s", "pages"} == set(process)
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"{daemon.address}/healthz")
        assert told["config_hash"] == (await answer.json())["config_hash"]


async def test_the_metrics_page(installation):
    """The page of metrics can be read by Prometheus' own parser and has every gauge."""
    daemon = await installation.start()
    page = (await daemon._report.metrics()).decode()
    families = {family.name: family for family in text_string_to_metric_families(page)}
    wanted = {metric.name.removesuffix("_total") for metric in METRICS}
    assert wanted == set(families) - {f"{name}_created" for name in wanted}
    assert 1.0 == families["tocsin_check_up"].samples[0].value
    assert 2.0 == families["tocsin_topics"].samples[0].value


async def test_feeds_are_counted_by_name(installation):
    """Each feed that is polled has a gauge by its name, never by an address."""
    more = '[[feeds]]\nurl = "http://127.0.0.1:9/{0}"\nname = "http://127.0.0.1:9/{0}"\n'
    installation.write(more=more.format("secret"))
    daemon = await installation.start()
    page = (await daemon._report.metrics()).decode()
    (told,) = [
        [sample.labels["feed"].partition("_")[0] for sample in family.samples]
        for family in text_string_to_metric_families(page)
        if family.name == "tocsin_feed_up"
    ]
    assert ["Feed 0", "fee"] == sorted(told)
    assert "secret" not in page


async def test_a_refused_topic_is_degraded(installation):
    """A topic that cannot be read is left out, named, and makes the health degraded, not less."""
    installation.topics('[[topics]]\nname = "bad"\nquery = "(quake"\n' + TOPIC)
    await installation.start()
    told = await installation.ask("GET", "/status")
    assert ("degraded", ["bad"], 1) == (told["status"], told["topics_refused"], told["topics"])
    assert "ok" == (await installation.ask("GET", "/readyz"))["status"]


TOPIC = '[[topics]]\nname = "quakes"\nquery = "quake"\n'


async def test_redis_dead_and_back(installation_on, own_valkey, eventually):
    """Readiness fails while Valkey is dead, and comes back with it, without a restart."""
    await installation_on.start()

    async def ready(expected: str) -> bool:
        told = await installation_on.ask("GET", "/readyz")
        return told["status"] == expected

    assert await ready("ok")
    own_valkey.kill()
    await eventually(lambda: ready("failing"))
    told = await installation_on.ask("GET", "/status")
    assert ("failing", "ok") == (
        told["checks"]["redis"]["status"],
        told["checks"]["database"]["status"],
    )
    assert "failing" == told["status"]
    assert "ok" == (await installation_on.ask("GET", "/livez"))["status"]
    assert 1 == (await installation_on.call("health")).exit_code
    own_valkey.start()
    await eventually(lambda: ready("ok"))
    assert 0 == (await installation_on.call("health")).exit_code


async def test_a_stop_lets_work_finish(installation, site, eventually):
    """A poll that is under way at the stop is finished, and what it found is stored."""
    # A feed: for what is none a process is begun to read it again, which takes seconds.
    address = site.hangs("/feed", FEED.format(item(site, "one", "One")))
    installation.write((address,))
    daemon = await installation.start()
    await eventually(lambda: site.hanging)
    asyncio.get_running_loop().call_later(0.1, site.gate.set)
    daemon.request_stop()
    assert await daemon.wait() is None
    await installation.stop(daemon)
    daemon = await installation.start()
    (row,) = await daemon.state.parts.store.feed_rows()
    assert row.last_good_at is not None


async def test_a_stop_has_a_deadline(installation, site, eventually):
    """What does not end in time is given up, and the daemon ends."""
    installation.write((site.hangs("/feed"),), more='[queue]\nstop_within = "1s"')
    daemon = await installation.start()
    await eventually(lambda: site.hanging)
    daemon.request_stop()
    async with asyncio.timeout(10):
        await installation.stop(daemon)
    assert await installation.ask("GET", "/livez") is None


async def test_a_second_request_stops_at_once(installation, site, eventually, valkey):
    """Asked twice, the daemon does not wait, and hands back what it held."""
    installation.write((site.hangs("/feed"),), more='[queue]\nstop_within = "5m"')
    daemon = await installation.start()
    await eventually(lambda: site.hanging)
    daemon.request_stop()
    stopping = asyncio.create_task(installation.stop(daemon))
    await eventually(lambda: daemon.state.draining)
    assert "failing" == (await installation.ask("GET", "/readyz"))["status"]
    daemon.request_stop()
    async with asyncio.timeout(20):
        await stopping
    with valkey.client() as client:
        ((_, score),) = client.zrange("{tocsin}:due:feeds", 0, -1, withscores=True)
        seconds, micros = client.time()
    assert score <= seconds * 1000 + micros / 1000


async def test_a_loop_that_ends_ends_the_daemon(installation):
    """A loop that ends unasked is named, so that the process ends and is started anew."""
    daemon = await installation.start()
    daemon.state.lanes.pages.stop()
    async with asyncio.timeout(5):
        assert "pages" == await daemon.wait()


async def test_a_feed_that_is_gone_is_parked(installation):
    """A feed that no file lists any more at the next start is parked, its history kept."""
    installation.write(("http://127.0.0.1:9/a", "http://127.0.0.1:9/b"))
    await installation.stop(await installation.start())
    installation.write(("http://127.0.0.1:9/a",))
    daemon = await installation.start()
    rows = await daemon.state.parts.store.feed_rows()
    assert [("http://127.0.0.1:9/a", False), ("http://127.0.0.1:9/b", True)] == sorted(
        (row.url, row.parked) for row in rows
    )


async def test_its_own_valkey(folder: Path, eventually):
    """With nothing configured the daemon brings a Valkey of its own, and ends it."""
    config = folder / "tocsin.toml"
    config.write_text(
        'data_dir = "data"\n[web]\nlisten = "off"\n[[feeds]]\nurl = "http://127.0.0.1:9/x"\n'
        '[[topics]]\nname = "q"\nquery = "quake"\n[sinks.j]\ntype = "file"\npath = "a.jsonl"\n'
    )
    daemon = Daemon(load(config, {}), SystemClock())
    await daemon.start()
    process = Path(f"/proc/{daemon.state.parts.valkey.pid}")
    assert process.exists()  # noqa: ASYNC240 - memory of the kernel, no disk
    await daemon.stop()
    await eventually(lambda: not process.exists())
