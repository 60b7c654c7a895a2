"""What a whole poll costs, beside other programs that poll: `python -m benchmarks.polls`.

All poll the same feeds of the same local server, one program after the other in each round, so
that every ratio is of one moment. CPU is user and system time of the program; where Redis works
for it too, that is told and added. Each round is a poll of every feed:

* 304: nothing changed, and the server says so;
* same body: nothing changed, and the server sends all of it again;
* one changed: each feed lists one new item of 30.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.documents import ALWAYS, ASKED, Documents, documents
from benchmarks.peers.environments import NotInstalled, python_of
from benchmarks.server import Server, server

__all__ = ["main"]

US = "tocsin"
PEERS = ("reader", "rss2email", "feed2exec", "feedparser")
SCENES = (("304", ASKED, False), ("same body", ALWAYS, False), ("one changed", ASKED, True))
REACH = {"304": 5, "same body": 30, "one changed": 20}
"""How many times cheaper than reader."""
WARM = 2
"""Rounds before those that count: first the baseline, then whatever else is done once."""


class Program:
    """One that polls, as a process."""

    def __init__(self, name: str, process: "subprocess.Popen[str]", redis: Server | None) -> None:
        self.name = name
        self._process = process
        self._redis = redis
        self._heard("ready")

    def poll(self) -> tuple[float, float]:
        """Let it poll all feeds; return CPU seconds of the program, and of Redis for it."""
        before = self._redis.counted().cpu_s if self._redis else 0.0
        assert self._process.stdin  # noqa: S101 - a pipe
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        told = json.loads(self._heard("{"))
        after = self._redis.counted().cpu_s if self._redis else 0.0
        return float(told["cpu_s"]), after - before

    def _heard(self, begins: str) -> str:
        """Return the next line that begins so; programs print what they like besides.

        Raises:
            RuntimeError: it ended.
        """
        assert self._process.stdout  # noqa: S101 - a pipe
        for line in self._process.stdout:
            if line.startswith(begins):
                return line
        raise RuntimeError(f"{self.name} ended")


@contextmanager
def _program(name: str, folder: Path, urls: Sequence[str], redis: Server) -> Iterator[Program]:
    mine = folder / name
    mine.mkdir(parents=True)
    (mine / "urls").write_text("\n".join(urls))
    here = Path(__file__).parent / "peers"
    if name == US:
        words = [sys.executable, "-P", "-m", "benchmarks.peers.polls_of_tocsin"]
        words += [str(mine), redis.url]
    else:
        words = [str(python_of(name)), str(here / f"of_{name}.py"), str(mine)]
    with (mine / "log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - our own words
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "HOME": str(mine)},
        )
    try:
        yield Program(name, process, redis if name == US else None)
    finally:
        process.kill()
        process.wait()


def _scene(
    names: Sequence[str], at: Documents, scene: tuple[str, str, bool], feeds: int, rounds: int
) -> dict[str, tuple[float, float]]:
    """Return CPU milliseconds a poll of each program, and of Redis for it: medians of rounds."""
    _, how, newer = scene
    found: dict[str, list[tuple[float, float]]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-polls-")))
        redis = stack.enter_context(server())
        at.write(feeds)
        programs = []
        for name in names:
            try:
                one = stack.enter_context(_program(name, folder, at.urls(how, feeds), redis))
            except (NotInstalled, RuntimeError) as error:
                print(f"{name} is left out: {error}", file=sys.stderr)
            else:
                programs.append(one)
        for number in range(WARM + rounds):
            if newer and number:
                at.write(feeds, newer=True)
            for one in programs:
                cost = one.poll()
                if number >= WARM:
                    found.setdefault(one.name, []).append(cost)
    return {
        name: (
            median(cpu for cpu, _ in costs) / feeds * 1e3,
            median(of_redis for _, of_redis in costs) / feeds * 1e3,
        )
        for name, costs in found.items()
    }


def _table(found: dict[str, dict[str, tuple[float, float]]], at: str, feeds: int) -> Iterator[str]:
    load = os.getloadavg()[0]
    yield f"{feeds} feeds of 30 items on one {at}, CPU of a poll in ms; load {load:.1f}."
    yield ""
    yield "| | " + " | ".join(found) + " |"
    yield "|---|" + "---|" * len(found)
    for name in dict.fromkeys(name for costs in found.values() for name in costs):
        cells = [_cell(costs.get(name)) for costs in found.values()]
        yield f"| {name} | " + " | ".join(cells) + " |"
    for peer in PEERS:
        ratios = [_ratio(costs, peer) for costs in found.values()]
        if any(ratios):
            cells = [f"**{ratio:.1f} times**" if ratio else "-" for ratio in ratios]
            yield f"| {peer} / tocsin with its Redis | " + " | ".join(cells) + " |"
    reach = [f"≥ {REACH[scene]} times" for scene in found]
    yield "| reach, of reader | " + " | ".join(reach) + " |"


def _cell(cost: tuple[float, float] | None) -> str:
    if cost is None:
        return "-"
    program, redis = cost
    return f"{program:.2f} + {redis:.2f} Redis" if redis else f"{program:.2f}"


def _ratio(costs: dict[str, tuple[float, float]], peer: str) -> float | None:
    if peer not in costs or US not in costs:
        return None
    return sum(costs[peer]) / sum(costs[US])


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.polls", description=__doc__)
    parser.add_argument("--feeds", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", default=",".join(PEERS), help="names with commas, '' for none")
    asked = parser.parse_args(words)
    names = [US, *filter(None, asked.peers.split(","))]
    found = {}
    with tempfile.TemporaryDirectory(prefix="tocsin-feeds-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with documents(folder) as at:
            for scene in SCENES:
                found[scene[0]] = _scene(names, at, scene, asked.feeds, asked.rounds)
    print("\n".join(_table(found, at.server, asked.feeds)))


if __name__ == "__main__":
    main()
