"""What every peer tells: seconds by the clock and CPU seconds, from the start to the last message.

Only the standard library is used, because it runs in the environment of each peer.
"""

import json
import resource
import sys
import time

__all__ = ["Count", "arguments"]


class Count:
    """Counts messages; at the last one it says what all of them took."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.seen = 0
        self.began = self.cpu = 0.0
        self.told: dict[str, float] | None = None

    def ready(self) -> None:
        """Say that all messages wait, and wait for the word to begin."""
        print("ready", flush=True)
        sys.stdin.readline()
        self.began, self.cpu = time.perf_counter(), cpu_s()

    def one(self) -> bool:
        """Note a message; return True if it was the last."""
        self.seen += 1
        if self.seen < self.wanted or self.told:
            return False
        self.end()
        return True

    def end(self) -> None:
        """Note what it took until now."""
        self.told = {
            "count": self.seen,
            "seconds": time.perf_counter() - self.began,
            "cpu_s": cpu_s() - self.cpu,
        }

    def tell(self) -> None:
        """Print what it took."""
        print(json.dumps(self.told), flush=True)


def cpu_s() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    whos = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(who)[:2]) for who in whos)


def arguments() -> tuple[str, int]:
    """Return the address of the server and the number of messages."""
    return sys.argv[1], int(sys.argv[2])
