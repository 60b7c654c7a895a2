"""What the same machine does in the same minute with nothing around it: what ratios stand on."""

import math
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import trafilatura

from benchmarks.articles import article, page_of, publisher

__all__ = ["Yardsticks", "measure", "percentile"]

PAGES, COMMITS, POSTS, FEEDS = 200, 300, 300, 20
LINES = 6
"""Small rows of a transaction, beside the text: an article's entry, work and trace."""


@dataclass(frozen=True)
class Yardsticks:
    """Bare costs."""

    pages_per_s: float
    """`trafilatura.bare_extraction` of the benchmark's own pages, in a loop, in one process."""
    page_cpu_ms: float
    """CPU of one of them: it does not grow when others use the machine."""
    commits_per_s: float
    """sqlite3 with synchronous=FULL: one transaction an article, by ``executemany``."""
    post_ms: float
    """One POST of an alert's size with aiohttp, to the same receiver: the median."""


def percentile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` of the values lie (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def _pages() -> Iterator[str]:
    for number in range(PAGES):
        one = article(number, FEEDS)
        house = publisher(one.feed)
        yield page_of(one, house, "http://127.0.1.1", datetime.now(UTC))[1].decode()


def _extract() -> tuple[float, float]:
    """Extract with metadata: an alert needs title and date too."""
    pages = list(_pages())
    trafilatura.bare_extraction(pages[0], with_metadata=True)
    began, cpu = time.perf_counter(), time.process_time()
    for page in pages:
        trafilatura.bare_extraction(page, with_metadata=True)
    took, spent = time.perf_counter() - began, time.process_time() - cpu
    return PAGES / took, spent / PAGES * 1000


def _commit(folder: Path) -> float:
    path = folder / "yardstick.db"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE text (id INTEGER PRIMARY KEY, text TEXT)")
    db.execute("CREATE TABLE line (id INTEGER PRIMARY KEY, article INTEGER, text TEXT)")
    text = article(0, FEEDS).story.body
    began = time.perf_counter()
    for number in range(COMMITS):
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO text VALUES (?, ?)", [(number, text)])
        lines = [(number, text[:100])] * LINES
        db.executemany("INSERT INTO line (article, text) VALUES (?, ?)", lines)
        db.execute("COMMIT")
    took = time.perf_counter() - began
    db.close()
    path.unlink()
    return COMMITS / took


async def _post(url: str) -> float:
    body, times = b"x" * 2500, []
    async with aiohttp.ClientSession() as session:
        for _ in range(POSTS):
            began = time.perf_counter()
            async with session.post(url, data=body) as answer:
                await answer.read()
            times.append((time.perf_counter() - began) * 1000)
    return percentile(times, 0.5)


async def measure(folder: Path, url: str) -> Yardsticks:
    """Measure all, one after the other: on the disk of ``folder``, and at the receiver ``url``."""
    return Yardsticks(*_extract(), _commit(folder), await _post(url))
