"""The work queue, measured: our broker and lane against a bare Redis and against frameworks.

::

    python -m benchmarks.queue                        20,000 ids, six minutes or so
    python -m benchmarks.queue --quick                2,000 ids
    python -m benchmarks.queue --peers dramatiq,arq   only these; "" for none

All run on one server, started here with the flags of our embedded one (each write is on the disk
before it is answered), one after the other, the same number of messages each, with a handler that
only counts. Frameworks are installed into environments of their own in the user's cache folder.
CPU is that of the process that consumes, from the first message to the last. Times are only
printed: what carries from one machine to another are ratios within a run. It exits 1 if messages
are lost. ``docs/benchmarks.md`` says what the figures mean.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from benchmarks.peers.delay_of_tocsin import push_at
from benchmarks.peers.environments import PEERS, NotInstalled, python_of
from benchmarks.processes import machine
from benchmarks.server import Counted, Server, server, xadds_per_s
from benchmarks.yardsticks import percentile

__all__ = ["main"]

FOLDER = Path(__file__).parent / "peers"
MOST_S = 600.0
RATE = 200.0


@dataclass(frozen=True)
class Options:
    """What to do."""

    messages: int
    peers: tuple[str, ...]
    runs: int
    seconds: float
    """For which ids are pushed at a steady rate."""


@dataclass(frozen=True)
class Consumed:
    """How messages were worked off."""

    count: int
    seconds: float
    cpu_s: float
    counted: Counted
    """By the server."""

    @property
    def per_s(self) -> float:
        """Return messages a second."""
        return self.count / self.seconds

    @property
    def cpu_us(self) -> float:
        """Return microseconds of CPU a message."""
        return self.cpu_s / self.count * 1e6


def _environment() -> dict[str, str]:
    """Let a peer's file find the module beside it, whatever Python was told about safe paths."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    return {**kept, "PYTHONPATH": str(FOLDER)}


def _consume(one: Server, words: list[str], count: int, env: dict[str, str] | None) -> Consumed:
    """Start a peer, let it put its messages, and measure how it takes them.

    Raises:
        RuntimeError: it failed.
    """
    one.empty()
    with subprocess.Popen(  # noqa: S603 - our own files, by an interpreter of ours
        [*words, one.url, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    ) as process:
        late = Timer(MOST_S, process.kill)
        late.start()
        try:
            if process.stdout is None or process.stdin is None:
                raise RuntimeError("no pipes")
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"it did not begin: {process.communicate()[1][-500:]}")
            before = one.counted()
            process.stdin.write("go\n")
            process.stdin.flush()
            line = process.stdout.readline()
            counted = one.counted() - before
        finally:
            late.cancel()
            process.kill()
    if not line:
        raise RuntimeError("it ended before the last message")
    told = json.loads(line)
    return Consumed(told["count"], told["seconds"], told["cpu_s"], counted)


def _ours(one: Server, count: int) -> Consumed:
    return _consume(one, [sys.executable, "-m", "benchmarks.peers.of_tocsin"], count, None)


def _throughput(one: Server, options: Options) -> Consumed:
    """Print how ours compares with bare XADDs, each run beside its own yardstick."""
    runs, ratios = [], []
    for _ in range(options.runs):
        one.empty()
        bare, by = xadds_per_s(one, options.messages)
        run = _ours(one, options.messages)
        runs.append(run)
        ratios.append(run.per_s / bare)
        print(f"  {run.per_s:9.0f} /s   bare XADD {bare:9.0f} /s by {by}   {ratios[-1]:.2f}")
    middle = sorted(runs, key=lambda run: run.per_s)[len(runs) // 2]
    print(_row("consume and acknowledge / bare XADD, median", statistics.median(ratios), "≥ 0.30"))
    print(_row("Redis commands a message", middle.counted.commands / middle.count, "≤ 0.3"))
    print(_row("Redis socket reads a message", middle.counted.reads / middle.count, "≤ 0.2"))
    print(_row("CPU a message, µs", middle.cpu_us, ""))
    print(_row("Redis' own CPU a message, µs", middle.counted.cpu_s / middle.count * 1e6, ""))
    return middle


def _peers(one: Server, options: Options) -> None:
    """Print what each peer costs, and ours measured right before and after it."""
    count = options.messages
    print(f"\nCPU a message ({count} messages each; ours before and after each)")
    for peer in options.peers:
        try:
            words = [str(python_of(peer)), str(FOLDER / f"of_{peer}.py")]
            before = _ours(one, count)
            run = _consume(one, words, count, _environment())
            ours = (before.cpu_us + _ours(one, count).cpu_us) / 2
        except (NotInstalled, RuntimeError) as error:
            print(f"  {peer:<12} not measured: {error}")
            continue
        goal = "  reach ≤ 0.125" if peer == "dramatiq" else ""
        print(
            f"  {peer:<12} {run.cpu_us:7.0f} µs   ours {ours:5.0f} µs   {ours / run.cpu_us:.3f}   "
            f"{run.per_s:6.0f} /s   {run.counted.commands / run.count:4.1f} commands{goal}"
        )


async def _delays(one: Server, seconds: float) -> list[float]:
    """Return the milliseconds that each id took, at a steady rate."""
    one.empty()
    count = max(1, round(seconds * RATE))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.peers.delay_of_tocsin", one.url, str(count),
        stdout=asyncio.subprocess.PIPE, limit=1 << 24,
    )  # fmt: skip
    try:
        if process.stdout is None:
            raise RuntimeError("no pipe")
        async with asyncio.timeout(MOST_S):
            await process.stdout.readline()
            await push_at(one.url, count, RATE)
            delays: list[float] = json.loads(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    return delays


def _row(what: str, value: float, reach: str) -> str:
    return f"  {what:<46} {value:9.2f}  {reach and 'reach ' + reach}".rstrip()


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue")
    parser.add_argument("--messages", type=int, default=20_000, help="ids (20000)")
    parser.add_argument("--peers", default=",".join(PEERS), help="frameworks, by commas")
    parser.add_argument("--runs", type=int, default=5, help="of ours, the median counts (5)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of pushing at 200/s (10)")
    parser.add_argument("--quick", action="store_true", help="2,000 ids, three runs")
    given = parser.parse_args()
    peers = tuple(name for name in given.peers.split(",") if name)
    if unknown := [name for name in peers if name not in PEERS]:
        parser.error(f"no such peer: {', '.join(unknown)}: there are {', '.join(PEERS)}")
    if given.quick:
        return Options(2000, peers, 3, min(given.seconds, 3.0))
    return Options(given.messages, peers, given.runs, given.seconds)


def main() -> int:
    """Measure, and print what was measured."""
    options = _options()
    with server() as one:
        print(f"{machine()}, Python {sys.version.split()[0]}, {one.binary.name}")
        print(f"\nthroughput ({options.messages} messages, {options.runs} runs)")
        middle = _throughput(one, options)
        _peers(one, options)
        delays = asyncio.run(_delays(one, options.seconds))
        print(f"\ndelay from push to handler ({len(delays)} ids at {RATE:.0f} a second)")
        print(_row("p50, ms", percentile(delays, 0.5), "≤ 2 on a quiet machine"))
        print(_row("p99, ms", percentile(delays, 0.99), "≤ 10 on a quiet machine"))
    print(f"\nafterwards: {machine()}")
    lost = middle.count != options.messages or len(delays) != round(options.seconds * RATE)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
