"""Roles: a process runs the lanes that it was asked for, and serves health whatever they are."""

import json

import aiohttp
import pytest
import structlog
from structlog.testing import capture_logs

from monitor.daemon.roles import ALL_ROLES, parse_roles
from workers.broker import RedisBroker
from workers.clock import SystemClock

FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>W</title><link>http://x/</link>'
    "<description>-</description>{}</channel></rss>"
)
ITEM = (
    "<item><guid>{0}</guid><title>{0}: a quake at night</title><link>{1}/{0}</link>"
    "<description>A quake.</description></item>"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("poll", {"poll"}),
        ("poll,read,deliver,web", set(ALL_ROLES)),
        (" Read , web,", {"read", "web"}),
    ],
)
def test_roles_are_listed(text, expected):
    """Any subset, in any order, separated by commas."""
    assert expected == parse_roles(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "poll,read,deliver,web"), ("polls", "did you mean poll"), ("poll;read", "no such role")],
)
def test_unknown_roles(installation, text, said):
    """A role that does not exist is a usage error, which names what exists."""
    result = installation.run("run", "-c", str(installation.config), "--roles", text)
    assert (2, True) == (result.exit_code, said in result.stderr)


@pytest.mark.parametrize("words", [("--processes", "0"), ("--child", "what")])
def test_numbers_of_processes(installation, words):
    """No processes, or a place that no supervisor gave, is a usage error."""
    assert 2 == installation.run("run", "-c", str(installation.config), *words).exit_code


@pytest.mark.parametrize(
    ("roles", "loops"),
    [
        ({"poll"}, {"poll", "relay"}),
        ({"read"}, {"relay", "pages", "ring"}),
        ({"deliver"}, {"relay", "sink:journal", "beat"}),
        ({"web"}, set()),
        (set(ALL_ROLES), {"poll", "relay", "pages", "ring", "sink:journal", "beat"}),
    ],
)
async def test_only_the_lanes_of_the_roles_run(installation, roles, loops):
    """Each role has its lanes and no others; each process says which roles it has and is ready."""
    installation.write(web='listen = "127.0.0.1:0"')
    daemon = await installation.start(roles)
    assert loops == {pulse.name for pulse in daemon.state.lanes.pulses}
    told = await installation.ask("GET", "/status")
    assert [[role for role in ALL_ROLES if role in roles]] == [
        process["roles"] for process in told["processes"]
    ]
    async with aiohttp.ClientSession() as session:
        for path in ("/livez", "/readyz", "/healthz", "/metrics"):
            async with session.get(daemon.address + path) as answer:
                assert 200 == answer.status, path
        async with session.get(f"{daemon.address}/why/art_{24 * '0'}") as answer:
            text = await answer.text()
            assert ("web" in roles) == ("no such event" in text)


async def test_each_role_hands_on_to_the_next(installation, site, eventually, valkey):
    """What one polls, another reads and a third sends: a process that sends nothing hands on."""
    site.put("/feed", FEED.format(ITEM.format("old", site.url)))
    installation.write((f"{site.url}/feed",), more='[polling]\ninterval = "1s"')
    journal = installation.data / "alerts.jsonl"

    daemon = await installation.start({"poll"})
    store = daemon.state.parts.store

    async def polled(entries: int) -> bool:
        return sum([row.last_good_at is not None for row in await store.feed_rows()]) == entries

    await eventually(lambda: polled(1))
    site.put("/feed", FEED.format(ITEM.format("new", site.url)))
    with valkey.client() as client:
        await eventually(lambda: client.xlen("{tocsin}:s:pages:hot") == 1)
        await installation.stop(daemon)
        assert 0 == site.times("/new")
        daemon = await installation.start({"read"})
        await eventually(lambda: client.xlen("{tocsin}:s:sink:journal") == 1)
        told = await installation.ask("GET", "/status")
        await installation.stop(daemon)
    sink = told["queue"]["sinks"]["journal"]
    assert (1, 0, 1, "enabled") == tuple(
        sink[key] for key in ("ready", "pending", "undelivered", "state")
    )
    assert not journal.exists()
    polls = site.times("/feed")
    await installation.start({"deliver"})
    await eventually(lambda: journal.exists() and journal.read_text().count("\n") == 1)
    assert "alert.created" == json.loads(journal.read_text())["type"]
    assert polls == site.times("/feed")


async def test_only_who_polls_changes_the_feeds(installation):
    """A process that does not poll parks no feed that its own files do not list."""
    daemon = await installation.start()
    await installation.stop(daemon)
    installation.write(feeds=("http://127.0.0.1:9/other",))
    for roles, parked in (({"read", "deliver", "web"}, [False]), ({"poll"}, [True, False])):
        daemon = await installation.start(roles)
        rows = await daemon.state.parts.store.feed_rows()
        assert parked == [row.parked for row in sorted(rows, key=lambda row: row.url[::-1])]
        await installation.stop(daemon)


async def test_a_sink_that_another_process_knows_is_not_gone(installation, site, valkey):
    """What waits for a sink is given up only when no process that lives knows the sink."""
    site.put("/feed", FEED.format(""))
    other = RedisBroker(valkey.url, lease_s=30, clock=SystemClock())
    await other.open()
    await other.beat({"roles": ["deliver"], "sinks": ["journal", 7]})
    daemon = await installation.start({"deliver"})
    assert {"journal"} == await daemon._upkeep._known()
    installation.write(sinks='[sinks.second]\ntype = "file"\npath = "second.jsonl"\n')
    assert (await installation.ask("POST", "/reload?yes=1"))["ok"]
    assert {"journal", "second"} == await daemon._upkeep._known()
    await other.beat({"roles": ["deliver"]})
    structlog.reset_defaults()
    with capture_logs() as logs:
        assert [None, None] == [await daemon._upkeep._known() for _ in range(2)]
    told = [line["process"] for line in logs if line["event"] == "sinks_of_a_process_unknown"]
    assert [other.consumer] == told
    await other.close()
    assert {"second"} == await daemon._upkeep._known()


async def test_all_processes_are_told(installation, valkey):
    """Status tells of every process that beats, whatever it says, and who went without a word."""
    await installation.start({"web"})
    other = RedisBroker(valkey.url, lease_s=30, clock=SystemClock(), consumer="other")
    await other.open()
    await other.beat({"roles": 7, "version": None})
    with valkey.client() as client:
        now = client.time()[0] * 1000
        client.zadd("{tocsin}:beats", {"victim": now - 200_000, "forgotten": now - 7_200_000})
    told = await installation.ask("GET", "/status")
    assert "other" in [one["name"] for one in told["processes"]]
    assert [("victim", 200)] == [
        (one["name"], one["silent_s"] // 10 * 10) for one in told["vanished"]
    ]
    assert 1 == len((await installation.ask("GET", "/healthz"))["processes"])
    said = (await installation.call("status")).stdout
    assert "process other: -, version None" in said
    assert "process victim: gone without a goodbye" in said
    await other.close()
    told = await installation.ask("GET", "/status")
    assert (1, 1) == (len(told["processes"]), len(told["vanished"]))
