"""The whole pipeline, measured: feeds and pages on loopback in, webhooks out.

::

    python -m benchmarks.pipeline              10,000 entries, some minutes
    python -m benchmarks.pipeline --quick      1,000 entries

A tenth of the entries comes at a modest, steady rate, for the delays; the rest at once, for what
is done in a second and what it costs. Nothing is asserted about time: figures are printed, with
what the same machine does in the same minutes with nothing around it, because only ratios carry
from one machine to another. It exits 1 if an alert is missing, twice or wrong: figures of a
pipeline that loses things are worth nothing. ``docs/benchmarks.md`` says what they mean.
"""

import argparse
import asyncio
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.daemon import Daemon, Samples, World, daemon, world
from benchmarks.figures import Flood, Run, Steady, render
from benchmarks.processes import cost_of, machine, memory_of, own_cost
from benchmarks.yardsticks import measure

__all__ = ["main"]

FEEDS = 20
LOOK_S = 0.5
QUIET_S = 30.0
"""For first polls, and in the end for alerts that are still on their way."""


@dataclass(frozen=True)
class Options:
    """What to do: how many entries, at which rate a second, and for how long at most."""

    entries: int
    rate: float
    most_s: float

    @property
    def steady(self) -> int:
        """Return how many entries come at the steady rate."""
        return self.entries // 10


async def _until_read(
    one: Daemon, around: World, entries: int, most_s: float, trail: dict[int, int]
) -> Samples:
    """Wait until ``entries`` articles were read and matched, or for so long; return /metrics.

    The daemon itself is asked only when all pages were fetched: asking has a price. ``trail``
    gets what the main process holds after each thousand of pages.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + most_s
    while loop.time() < deadline and one.alive:
        served = (await around.get("/progress"))["served"]
        trail.setdefault(served // 1000 * 1000, memory_of(one.pid).main)
        if served >= entries:
            samples = await one.samples()
            if samples.total("tocsin_articles_total") >= entries:
                return samples
        await asyncio.sleep(LOOK_S)
    one.must_live()
    return await one.samples()


async def _until_baseline(one: Daemon, around: World) -> None:
    """Wait until each feed was polled twice: what it lists then is stored, and will not ring.

    Raises:
        RuntimeError: the daemon does not poll.
    """
    deadline = asyncio.get_running_loop().time() + QUIET_S
    while (await around.get("/progress"))["polls"] <= 1:
        one.must_live()
        if asyncio.get_running_loop().time() > deadline:
            raise RuntimeError(f"not every feed was polled within {QUIET_S:g} s")
        await asyncio.sleep(LOOK_S)


async def _until_told(around: World, expected: int) -> None:
    deadline = asyncio.get_running_loop().time() + QUIET_S
    while (await around.get("/progress"))["alerts"] < expected:
        if asyncio.get_running_loop().time() > deadline:
            return
        await asyncio.sleep(LOOK_S)


async def _steady(one: Daemon, around: World, options: Options) -> Steady:
    loop = asyncio.get_running_loop()
    cost, began = cost_of(one.pid), loop.time()
    await around.post(f"/steady?count={options.steady}&rate={options.rate}")
    await _until_read(one, around, options.steady, options.most_s, {})
    return Steady(
        entries=options.steady,
        rate=options.rate,
        took_s=loop.time() - began,
        cost=cost_of(one.pid) - cost,
        memory=memory_of(one.pid),
    )


async def _flood(one: Daemon, around: World, options: Options) -> Flood:
    loop = asyncio.get_running_loop()
    before, cost = await one.samples(), cost_of(one.pid)
    own, began, trail = own_cost(around.pid), loop.time(), dict[int, int]()
    await around.post(f"/flood?count={options.entries - options.steady}")
    after = await _until_read(one, around, options.entries, options.most_s, trail)
    took = loop.time() - began
    read = after.total("tocsin_articles_total") - before.total("tocsin_articles_total")
    return Flood(
        articles=int(read),
        took_s=took,
        cost=cost_of(one.pid) - cost,
        world_s=own_cost(around.pid) - own,
        before=before,
        after=after,
        memory=memory_of(one.pid),
        trail=trail,
        stored=one.stored(),
    )


async def _run(options: Options) -> Run:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        folder = Path(name)
        async with world(FEEDS, options.entries) as around:
            before = await measure(folder, f"{around.url}/bare")
            async with daemon(folder, around) as one:
                await _until_baseline(one, around)
                steady = await _steady(one, around, options)
                flood = await _flood(one, around, options)
                record = await around.get("/record")
                await _until_told(around, len(record["moments"]))
                record = await around.get("/record")
            after = await measure(folder, f"{around.url}/bare")
        said = (folder / "log").read_text(errors="replace")
        return Run(steady, flood, record["moments"], record["unexpected"], (before, after), said)


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline")
    parser.add_argument("--entries", type=int, default=10_000, help="new entries in all (10000)")
    parser.add_argument("--rate", type=float, default=10.0, help="a second, for delays (10)")
    parser.add_argument("--quick", action="store_true", help="1,000 entries")
    parser.add_argument("--seconds", type=float, default=900.0, help="most for each part (900)")
    given = parser.parse_args()
    return Options(1000 if given.quick else given.entries, given.rate, given.seconds)


def main() -> int:
    """Measure, and print what was measured."""
    options = _options()
    print(f"{machine()}, {platform.python_implementation()} {platform.python_version()}")
    run = asyncio.run(_run(options))
    print(render(run))
    print(f"afterwards: {machine()}")
    return 0 if run.whole else 1


if __name__ == "__main__":
    sys.exit(main())
