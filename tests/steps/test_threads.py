"""Threads in which documents are read."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from resource import getpagesize

from workers.feeds import read_feed
from workers.steps.threads import Threads

NOW = datetime(2026, 1, 10, tzinfo=UTC)


def _thread() -> threading.Thread:
    return threading.current_thread()


async def test_threads_are_renewed() -> None:
    """After so many bytes of documents others read, and those before end."""
    threads = Threads(renewed=1000)
    first = await threads.run(600, _thread)
    assert threading.main_thread() is not first
    assert first is await threads.run(600, _thread)
    second = await threads.run(1, _thread)
    assert first is not second
    first.join(30)
    assert (False, True) == (first.is_alive(), second.is_alive())


async def test_names_that_a_feed_invents_are_forgotten() -> None:
    """A feed with thousands of names that nobody had before, each time others, fills no memory."""
    threads = Threads(renewed=4 << 20)
    before = _resident()
    for number in range(120):
        body = _invented(number)
        feed = await threads.run(len(body), read_feed, body, "https://a.example/", "", NOW)
        assert 1 == len(feed.entries)
    assert _resident() - before < 44 << 20  # what the names take if none is forgotten: over 60


def _invented(number: int) -> bytes:
    names = "".join(f"<n{number}_{place}_{'x' * 60}/>" for place in range(5000))
    item = "<item><guid>a</guid></item>"
    return f"<rss version='2.0'><channel>{item}{names}</channel></rss>".encode()


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * getpagesize()
