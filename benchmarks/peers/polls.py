"""What every program that polls tells: the CPU seconds of each round over all feeds.

Only the standard library is used, because it runs in the environment of each peer.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["addresses", "cpu_s", "rounds"]


def addresses() -> tuple[Path, list[str]]:
    """Return the folder to work in, and the feeds' addresses."""
    folder = Path(sys.argv[1])
    return folder, (folder / "urls").read_text().split()


def cpu_s() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    whos = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(who)[:2]) for who in whos)


def rounds(poll_all: Callable[[], int]) -> None:
    """Poll all feeds for each line that comes in, and tell what it took.

    ``poll_all`` returns how many entries were new.
    """
    print("ready", flush=True)
    for _ in sys.stdin:
        began, cpu = time.perf_counter(), cpu_s()
        new = poll_all()
        told = {"cpu_s": cpu_s() - cpu, "seconds": time.perf_counter() - began, "new": new}
        print(json.dumps(told), flush=True)
