"""Hostile servers and bodies, polled by Tocsin and by aiohttp with feedparser as most people join
them: `python -m benchmarks.hostile [--every N]`.

The cases are those of the suite in tests/hostile, served by its servers. A case is held where the
poll ends, memory grows by less than 64 MiB, the event loop never stands for more than 250 ms of
its own computing, nobody but 127.0.0.1 is connected to, and no file's content comes out.

* Tocsin polls one case after the other in one process, and waits as long as the suite has it wait.
* aiohttp with feedparser has a process for each case, which is stopped after 15 s, or once it has
  grown too much. It has an environment of its own.
"""  # noqa: D205

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.environments import NotInstalled, python_of
from benchmarks.server import server

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests"))

from hostile.cases import GROUPS, numbered  # noqa: E402 - found by the line above
from hostile.house import Servers, servers_running  # noqa: E402
from hostile.watch import GROWTH_MIB, STALL_S  # noqa: E402

__all__ = ["main"]

US, NAIVE = "tocsin", "aiohttp + feedparser"
PEERS = Path(__file__).parent / "peers"
LIMIT_S = 3600
HELD = "held"


def main() -> None:
    """Poll all, and print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--every", type=int, default=1, help="of each group one case in so many")
    asked.add_argument("--show", action="store_true", help="name each case that was not held")
    told = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="tocsin-hostile-") as name:
        folder = Path(name)
        with servers_running(folder) as servers, server() as redis:
            cases = list(_cases(servers, told.every))
            ours = [sys.executable, "-m", "benchmarks.peers.hostile_of_tocsin", redis.url]
            found = {US: _polled([*ours, str(servers.authority)], cases, servers)}
            try:
                naive = [str(python_of("naive")), str(PEERS / "of_naive.py")]
            except NotInstalled as error:
                print(f"{NAIVE} is left out: {error}", file=sys.stderr)
            else:
                found[NAIVE] = _polled(naive, cases, servers)
    print("\n".join(_table(cases, found)))
    if told.show:
        for who, by_number in found.items():
            for case in cases:
                if by_number[case["number"]] != HELD:
                    print(f"{who}: {case['group']}: {case['name']}: {by_number[case['number']]}")


def _cases(servers: Servers, every: int) -> Iterator[dict[str, Any]]:
    for group in GROUPS:
        for number, case in numbered(group)[::every]:
            url = servers.url(number, case)
            told = {"group": group, "name": case.name, "url": url, "known": case.known}
            yield {"number": number, **told}


def _polled(
    words: Sequence[str], cases: Sequence[dict[str, Any]], servers: Servers
) -> dict[int, str]:
    """Let a program poll all cases; return in a word what each came to, by its number."""
    paths = os.pathsep.join((str(ROOT / "tests"), str(ROOT)))
    trusted = {"SSL_CERT_FILE": str(servers.authority)}
    done = subprocess.run(  # noqa: S603 - our own words
        words,
        input=json.dumps(cases),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=LIMIT_S,
        check=True,
        env={**os.environ, **trusted, "PYTHONPATH": paths},
    )
    found = map(json.loads, done.stdout.splitlines())
    return {one["number"]: _word(one) for one in found}


def _word(found: dict[str, Any]) -> str:
    """Return what a case came to: held, or the worst that happened."""
    if found.get("crashed"):
        return "crashed"
    if found.get("leaked"):
        return "leaked a file"
    if found.get("reached"):
        return "connected where it must not"
    if found.get("grown", 0.0) > GROWTH_MIB:
        return "grew"
    if not found.get("ended", True):
        return "did not end"
    return "stalled" if found["stalled"] > STALL_S else HELD


def _table(cases: Sequence[dict[str, Any]], found: dict[str, dict[int, str]]) -> Iterator[str]:
    yield "| | cases | " + " | ".join(found) + " |"
    yield "|---|---|" + "---|" * len(found)
    numbers = {group: [c["number"] for c in cases if c["group"] == group] for group in GROUPS}
    numbers["all"] = [case["number"] for case in cases]
    for group, some in numbers.items():
        held = [sum(by[number] == HELD for number in some) for by in found.values()]
        yield f"| {group} | {len(some)} | " + " | ".join(map(str, held)) + " |"
    yield ""
    for who, by_number in found.items():
        counted = Counter(by_number.values()).most_common()
        yield f"{who}: " + ", ".join(f"{count} {word}" for word, count in counted)


if __name__ == "__main__":
    main()
