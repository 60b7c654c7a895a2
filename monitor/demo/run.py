"""The demo: the real daemon, in a folder that is thrown away, against the offline newswire."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from monitor import shipped
from monitor.daemon.service import Daemon
from monitor.demo.expect import Comparison, compare
from monitor.demo.explained import explained
from monitor.demo.newswire import Newswire, NewswireServer
from monitor.demo.pages_read import pages_read
from monitor.demo.treated import treated
from monitor.logs import configure
from monitor.settings import Loaded, load, render
from workers.clock import Clock
from workers.errors import TocsinError

__all__ = ["play"]

PLAY_S, ONCE_S = 20.0, 5.0
"""How long the newswire plays: to be watched, and for `--once`."""
PATIENCE_S = 90.0
"""After the end, for alerts that are still on their way."""
LOOK_S = 0.2
CONFIG = """\
# What the demo runs by. Yours will look much the same: `tocsin init` writes one.
data_dir = "data"
include = ["topics.toml"]

[web]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"   # where hubs push to

[net]
allow = ["127.0.0.0/8"]   # the newswire is on this machine

[polling]
interval = "1s"

[sinks.screen]
type = "console"

{feeds}
"""
FEED = """\
[[feeds]]
name = {name}
url = {url}
tags = {tags}
{interval}"""
PUSHED = 'interval = "1h"   # its hub pushes what is new\n'
PORT, PORTS = 8080, 100
READY_S = 15.0
"""For the hub to have its subscriber, before the newswire plays."""
NEXT = """
What you saw was the real thing, on news that never happened. For your own:

  {tocsin} init         writes tocsin.toml, topics.toml and feeds.opml into this folder
  $EDITOR topics.toml   say what you want to hear about
  {tocsin} check        tells everything that is wrong, at once
  {tocsin} run          watches
"""

Say = Callable[[str], None]


class Shown(NamedTuple):
    """How much of it is to be seen."""

    once: bool
    why: bool


def what_next() -> str:
    """Return what to type next, by the name under which the command can be called from here."""
    beside = Path(sys.executable).with_name("tocsin")
    known = shutil.which("tocsin") is not None or not beside.exists()
    return NEXT.format(tocsin="tocsin" if known else os.path.relpath(beside))


def write_config(folder: Path, wire: NewswireServer) -> Path:
    """Write the demo's config into ``folder``; return its path."""
    publishers = wire.newswire.publishers.values()
    feeds = "\n".join(
        FEED.format(
            name=json.dumps(name),
            url=json.dumps(url),
            tags=json.dumps(list(tags)),
            interval=PUSHED if publisher.feed.pushed else "",
        )
        for publisher, (name, url, tags) in zip(publishers, wire.feed_sources(), strict=True)
    )
    config = folder / "tocsin.toml"
    config.write_text(CONFIG.format(feeds=feeds, port=free_port()), encoding="utf-8")
    topics = shipped.read("seeds", "newswire/topics.toml")
    (folder / "topics.toml").write_text(topics, encoding="utf-8")
    return config


def free_port() -> int:
    """Return the first port that nobody listens on: hubs must be told it beforehand."""
    for port in range(PORT, PORT + PORTS):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    return PORT  # the daemon says what is wrong with it


@contextmanager
def _config(wire: NewswireServer) -> Iterator[Loaded]:
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as folder:
        loaded = load(write_config(Path(folder), wire), _plain_environment())
        if loaded.problems:
            raise TocsinError("\n".join(render(problem) for problem in loaded.problems))
        yield loaded


def _plain_environment() -> dict[str, str]:
    """Return the environment without overrides: the demo is the same for everybody."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}


async def play(clock: Clock, say: Say, *, once: bool = False, why: bool = False) -> int:
    """Play the newswire through the daemon; return the exit code.

    0 if exactly what was expected rang, each once. ``once`` plays it quickly, and says only how it
    ended; ``why`` tells more of the topics that did not ring.
    """
    wire = NewswireServer(Newswire.load(shipped.path("seeds", "newswire")), clock)
    await wire.start()
    try:
        with _config(wire) as loaded:
            configure("console", "error")
            daemon = Daemon(loaded, clock, next_free_port=True)
            await daemon.start()
            try:
                return await _play(daemon, wire, clock, say, Shown(once=once, why=why))
            finally:
                await daemon.stop()
    finally:
        await wire.stop()


async def _play(daemon: Daemon, wire: NewswireServer, clock: Clock, say: Say, shown: Shown) -> int:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    _introduce(daemon, wire, say)
    length = ONCE_S if shown.once else PLAY_S
    playing = asyncio.create_task(_until_told(daemon, wire, clock, length), name="demo:play")
    asked = asyncio.create_task(stopped.wait(), name="demo:stop")
    await asyncio.wait((playing, asked), return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if not playing.done():
        playing.cancel()
        say(what_next())
        return 0
    comparison = await playing
    say(await treated(daemon.state.parts.store, wire))
    say(await pages_read(daemon.state.parts.store, wire))
    say(await explained(daemon.state.parts.store, wire, daemon.state.rules, why=shown.why))
    say(_summary(len(wire.expected()), comparison))
    if not shown.once:
        say(what_next())
    return 0 if comparison.good else 1


def _introduce(daemon: Daemon, wire: NewswireServer, say: Say) -> None:
    say(f"An offline newswire plays at {wire.base_url}: {len(wire.feed_sources())} feeds.")
    taken = not (daemon.address or "").endswith(f":{PORT}")
    moved = f" (port {PORT} is taken)" if taken else ""
    say(f"Health, while this runs: {daemon.address}/healthz{moved}")
    say("What the feeds list now is their baseline and does not ring. New entries follow.\n")


async def _until_told(
    daemon: Daemon, wire: NewswireServer, clock: Clock, length_s: float
) -> Comparison:
    """Play, and return how what was delivered compares with what was expected, once all is quiet.

    It begins once the hub has its subscriber. If it never has, that shows in what is missing.
    """
    deadline = clock.monotonic() + READY_S
    while not wire.subscribed and clock.monotonic() < deadline:
        await clock.sleep(LOOK_S)
    wire.play_once_seen(length_s)
    while wire.position < wire.newswire.end:
        await clock.sleep(LOOK_S)
    deadline = clock.monotonic() + PATIENCE_S
    quiet = 0
    while clock.monotonic() < deadline and quiet < 2 / LOOK_S:
        await clock.sleep(LOOK_S)
        comparison = await _compare(daemon, wire)
        quiet = quiet + 1 if not comparison.missing and await _idle(daemon) else 0
    return await _compare(daemon, wire)


async def _idle(daemon: Daemon) -> bool:
    """Say whether nothing waits to be read or delivered."""
    counts = await daemon.state.parts.store.counts()
    return not any(queue.open for queue in (*counts.pages.values(), *counts.sinks.values()))


async def _compare(daemon: Daemon, wire: NewswireServer) -> Comparison:
    lines = await daemon.state.parts.store.alert_lines(limit=1000)
    rung = [
        (topic, line.url or "")
        for line in lines
        if line.deliveries.get("screen") == "sent"
        for topic in line.topics
    ]
    return compare(wire.expected(), rung)


def _summary(expected: int, comparison: Comparison) -> str:
    missing = len(comparison.missing)
    unexpected = len(comparison.surplus) + len(comparison.repeated)
    delivered = expected - missing
    counts = f"{delivered} delivered, {missing} missing, {unexpected} unexpected"
    lines = [f"alerts: {expected} expected, {counts}"]
    lines += [f"missing: {topic}: {url}" for topic, url in comparison.missing]
    lines += [f"unexpected: {topic}: {url}" for topic, url in comparison.surplus]
    lines += [f"repeated: {topic}: {url}" for topic, url in comparison.repeated]
    return "\n".join(reversed(lines))
