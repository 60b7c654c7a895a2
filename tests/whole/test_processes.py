"""Several processes below one supervisor: they share the work, and end together."""

import asyncio
import json
import os
import signal
import socket
from pathlib import Path

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from monitor.demo.expect import compare

pytestmark = [pytest.mark.whole, pytest.mark.timeout(120)]

QUIET = '[sinks.journal]\ntype = "file"\npath = "alerts.jsonl"\n'
NOWHERE = [("Nowhere", "http://127.0.0.1:9/feed", ())]


def _webhook(url: str, secret: str) -> str:
    return (
        f'[sinks.ops]\ntype = "webhook"\nurl = "{url}"\nsecret = "{secret}"\n'
        'allow = ["127.0.0.0/8"]\n'
    )


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


async def _counted(tocsin, name: str) -> float:
    page = (await tocsin.get("/metrics"))[1].decode()
    return sum(
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == name
    )


async def _at_work(tocsin, processes: int) -> bool:
    return await _counted(tocsin, "tocsin_processes") == processes


@pytest.mark.thorough
async def test_two_processes_share_the_work(tocsin, wire, receiver, until, secret):
    """Two processes tell each alert once though one is killed; asked, they answer as one."""
    tocsin.write(list(wire.feed_sources()), _webhook(receiver.url, secret))
    await tocsin.start("--processes", "2")
    await until(lambda: _at_work(tocsin, 2), "both processes are at work")
    wire.play_once_seen(8)
    expected = wire.expected()
    await until(lambda: len(receiver.rung) >= len(expected) // 4, "some alerts")
    polls = await _counted(tocsin, "tocsin_polls_total")
    victim = tocsin.members()[0]
    os.kill(victim, signal.SIGKILL)
    await until(lambda: len(receiver.rung) >= len(expected), "all alerts arrive")
    assert compare(expected, receiver.rung).good, compare(expected, receiver.rung)
    await until(lambda: _at_work(tocsin, 2), "the killed process is replaced")
    assert victim not in tocsin.members()
    assert polls <= await _counted(tocsin, "tocsin_polls_total")
    assert 1 == await _counted(tocsin, "tocsin_process_restarts_total")
    told = json.loads((await tocsin.get("/healthz"))[1])
    assert ("ok", 2) == (told["status"], len(told["processes"]))
    assert {"database", "redis", "disk"} == set(told["checks"])
    assert 0 == await tocsin.kill(signal.SIGTERM), tocsin.log[-2000:]


@pytest.fixture
async def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A service manager: returns what it was told, without the STATUS."""
    loop, path, told = asyncio.get_running_loop(), tmp_path / "notify.sock", []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(path))
        channel.settimeout(0.0)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        monkeypatch.setenv("WATCHDOG_USEC", "400000")
        loop.add_reader(channel, lambda: told.extend(channel.recv(4096).decode().split("\n")))
        yield lambda: [line.partition("=")[0] for line in told if not line.startswith("STATUS")]
        loop.remove_reader(channel)


async def test_one_address_and_the_usual_commands(tocsin, until, manager):
    """Who asks or reloads sees one daemon, with one address; a second on its folder is refused."""
    port = _free_port()
    tocsin.write(NOWHERE, QUIET)
    text = tocsin.config.read_text().replace('listen = "off"', f'listen = "127.0.0.1:{port}"')
    tocsin.config.write_text(text)
    await tocsin.start("--processes", "2", "--roles", "poll,web")
    await until(lambda: _at_work(tocsin, 2), "both processes are at work")
    await until(lambda: {"READY", "WATCHDOG"} <= set(manager()), "the manager hears of all")
    told = await tocsin.report()
    assert [["poll", "web"]] * 2 == [one["roles"] for one in told["processes"]]
    async with ClientSession() as session:
        for path, status in (("/livez", 200), ("/readyz", 200), ("/why/art_" + 24 * "0", 404)):
            answer = await session.get(f"http://127.0.0.1:{port}{path}")
            assert status == answer.status, path
    text = '[[topics]]\nname = "quakes"\nquery = "quake"\n'
    (tocsin.folder / "topics.toml").write_text(text)
    code, out, err = await tocsin.ask("reload", "--json")
    assert (0, True, []) == (code, json.loads(out)["ok"], json.loads(out)["problems"]), err
    told = await tocsin.report()
    assert 1 == told["topics"]
    lines = [line for line in manager() if line != "WATCHDOG"]
    assert ["READY", "RELOADING", "MONOTONIC_USEC", "READY"] == lines

    code, _, err = await tocsin.call("run")
    assert (1, True) == (code, "in use" in err)
    os.kill(tocsin.members()[0], signal.SIGSTOP)
    assert tocsin.process is not None
    tocsin.process.send_signal(signal.SIGTERM)
    await until(lambda: "STOPPING" in manager(), "it is stopping")
    assert 0 == await tocsin.kill(signal.SIGTERM)  # at once, though one process hears nothing


@pytest.mark.chaos
async def test_nothing_outlives_the_supervisor(tocsin, until):
    """A supervisor that is killed takes its processes and its Valkey with it."""
    tocsin.write(NOWHERE, QUIET)
    await tocsin.start("--processes", "2")
    await until(lambda: _at_work(tocsin, 2), "both processes are at work")
    every = list(tocsin.offspring())
    os.kill(tocsin.members()[1], signal.SIGSTOP)
    await tocsin.kill()
    await until(lambda: not any(map(_lives, every)), "all are gone")
    await tocsin.start("--processes", "1")
    assert 0 == await tocsin.kill(signal.SIGTERM)


@pytest.mark.thorough
async def test_what_is_wrong_at_the_start_ends_all(tocsin):
    """What one process would not start with, several do not either: same words, same exit code."""
    tocsin.write(NOWHERE, QUIET)
    good = tocsin.config.read_text()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f'listen = "127.0.0.1:{taken.getsockname()[1]}"'
        tocsin.config.write_text(good.replace('listen = "off"', listen))
        code, _, err = await tocsin.call("run", "--processes", "2")
        assert (1, True) == (code, "cannot listen" in err), err
    tocsin.config.write_text(good)
    (tocsin.folder / "data" / "tocsin.db").write_bytes(b"this is somebody's diary" * 100)
    code, _, err = await tocsin.call("run", "--processes", "2")
    assert (1, True) == (code, "cannot start" in err), err
