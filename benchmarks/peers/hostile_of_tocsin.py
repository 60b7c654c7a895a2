"""Tocsin's polling half among hostile servers: one case after the other, all in one process.

The cases come as JSON on standard input, and what each came to goes out, a line of JSON each.
Arguments: the address of a Redis, and the file of the authority that is trusted.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from hostile.house import HASTY, NET, House, house
from hostile.watch import LEAKED, connections, watched
from workers.broker import RedisBroker
from workers.clock import SystemClock

HASTY_GROUPS = frozenset({"connections", "slow"})
"""Where nothing comes, as in the suite, three seconds are waited instead of thirty."""


async def outcome(polls: House, case: dict[str, Any], reached: list[str]) -> dict[str, Any]:
    """Poll one, and return what that came to."""
    reached.clear()
    began = time.monotonic()
    async with watched() as watch:
        try:
            told = repr(await polls.poll(case["url"], known=case["known"]))
        except Exception as error:  # noqa: BLE001 - a failure is an outcome like any other
            told = repr(error)
    return {
        "number": case["number"],
        "ended": time.monotonic() - began < NET.total_s + 1,
        "grown": watch.grown,
        "stalled": max(watch.stalls, default=0.0),
        "reached": list(reached),
        "leaked": LEAKED in told,
    }


async def main(redis: str, authority: Path, cases: list[dict[str, Any]]) -> None:
    """Poll all."""
    reached = connections()
    broker = RedisBroker(redis, lease_s=2.0, clock=SystemClock())
    await broker.open()
    for net in (NET, HASTY):
        async with house(authority, broker, net) as polls:
            for case in cases:
                if (case["group"] in HASTY_GROUPS) == (net is HASTY):
                    print(json.dumps(await outcome(polls, case, reached)), flush=True)
    await broker.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), json.load(sys.stdin)))
