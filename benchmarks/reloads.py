"""How long the event loop stands while topics are reloaded: `python -m benchmarks.reloads`.

A daemon runs in this process with so many topics of the full language in a file. Then one topic is
changed in it and the daemon reloads, then a thousand are. Meanwhile a task notes when it is let
run: the longest it waited is what an article that was ready would have waited.

``--topics`` is how many; default 10,000 and 100,000. Said beside: how long the whole reload took,
and what of the longest stands was Python's own look for garbage.
"""

import argparse
import asyncio
import gc
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from benchmarks.processes import machine
from benchmarks.server import server
from benchmarks.topics_made import makes
from monitor.daemon.garbage import spare_what_stays
from monitor.daemon.service import Daemon
from monitor.logs import configure
from monitor.settings import load
from workers.clock import SystemClock
from workers.model.topic import TopicSpec

__all__ = ["main"]

CHANGES = (1, 1000)
ROLES = frozenset({"poll", "deliver"})
CONFIG = """data_dir = "data"
include = ["topics.toml"]
[log]
level = "error"
[redis]
url = "{redis}"
[web]
listen = "off"
[[feeds]]
url = "http://127.0.0.1:9/feed"
[sinks.journal]
type = "file"
path = "alerts.jsonl"
"""


class Stood(NamedTuple):
    """What a reload did to whoever waited, in milliseconds."""

    longest: float
    second: float
    garbage: float
    """The longest look for garbage."""
    took: float
    cpu: float


class _Watch:
    """Notes how long the loop does not come by."""

    def __init__(self) -> None:
        self.stands: list[float] = []
        self.looks = [0.0]
        self._began = 0.0

    async def run(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            self.stands.append(now - last)
            last = now

    def garbage(self, phase: str, _told: object) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._began = now
        else:
            self.looks.append(now - self._began)


def _write(folder: Path, specs: Sequence[TopicSpec]) -> None:
    topics = (f"[[topics]]\nname = \"{one.name}\"\nquery = '''{one.query}'''\n" for one in specs)
    (folder / "topics.toml").write_text("\n".join(topics), encoding="utf-8")


async def _reloaded(daemon: Daemon) -> Stood:
    watch = _Watch()
    gc.callbacks.append(watch.garbage)
    noting = asyncio.create_task(watch.run())
    await asyncio.sleep(0.2)
    watch.stands.clear()
    began, cpu = time.perf_counter(), time.process_time()
    outcome = await daemon._reloader.reload(yes=True)  # noqa: SLF001 - as the signal does
    took, spent = time.perf_counter() - began, time.process_time() - cpu
    await asyncio.sleep(0.2)
    noting.cancel()
    with suppress(asyncio.CancelledError):
        await noting
    gc.callbacks.remove(watch.garbage)
    if not outcome.ok:
        raise RuntimeError(f"not reloaded: {outcome.problems}")
    stands = sorted(watch.stands)
    found = (stands[-1], stands[-2], max(watch.looks), took, spent)
    return Stood(*(seconds * 1000 for seconds in found))


async def _measured(number: int) -> None:
    specs = makes(None).topics("full", number)
    with tempfile.TemporaryDirectory(prefix="tocsin-reloads-") as name, server() as redis:
        folder = Path(name)
        (folder / "tocsin.toml").write_text(CONFIG.format(redis=redis.url), encoding="utf-8")
        _write(folder, specs)
        daemon = Daemon(load(folder / "tocsin.toml", {}), SystemClock(), roles=ROLES)
        await daemon.start()
        spare_what_stays()
        for changes in CHANGES:
            for place in range(min(changes, number)):
                specs[place] = replace(specs[place], query=f"word{changes}x{place} AND harbour")
            async with daemon._reloader.alone:  # noqa: SLF001 - lest it sees the file by itself
                _write(folder, specs)
            stood = await _reloaded(daemon)
            print(
                f"| {number:,} | {changes:,} | {stood.longest:.0f} ms | {stood.second:.0f} ms | "
                f"{stood.garbage:.0f} ms | {stood.took / 1000:.1f} s | {stood.cpu / 1000:.1f} s |",
                flush=True,
            )
        daemon.request_end()
        await daemon.stop()


def main() -> None:
    """Measure, and print the table."""
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("--topics", default="10000,100000")
    told = asked.parse_args()
    configure("json", "error")
    print(machine())
    print("| topics | changed | longest stand | second | look for garbage | reload | CPU |")
    print("|---|---|---|---|---|---|---|")
    for number in told.topics.split(","):
        asyncio.run(_measured(int(number)))


if __name__ == "__main__":
    main()
