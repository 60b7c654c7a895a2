"""Politeness: turns at hosts, shared by every process."""

import secrets
from collections import defaultdict, deque

from workers.broker.keys import gate_key, turns_key
from workers.broker.link import Link, Part, Word

__all__ = ["LATEST_MS", "Hosts"]

LONGEST_REST_S = 90000.0
"""A Retry-After counts for a day at most, and a little spread is added to it."""
LONGEST_HOLD_S = 3600.0
LATEST_MS = round(2 * LONGEST_REST_S * 1000)
"""What lies farther ahead in a gate was not written by us."""
TURNS = 1000
"""Turns remembered for one host; older ones have run out."""


class Hosts(Part):
    """The verbs of politeness."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._turns: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=TURNS))

    async def host_turn(self, host: str, spacing_s: float, at_once: int, hold_s: float) -> float:
        """Take a turn at ``host``: 0 is go, else the seconds to wait before asking again.

        A turn ends with `host_done`, or after ``hold_s`` seconds, so that a killed process frees
        it. Those who have to wait are given times one after the other.
        """
        token = f"{self._link.consumer}:{secrets.token_hex(4)}"
        wait = await self._link.run(
            "host_turn",
            [turns_key(host), gate_key(host)],
            [
                token,
                _milliseconds(spacing_s, LONGEST_REST_S),
                max(1, at_once),
                max(1, _milliseconds(hold_s, LONGEST_HOLD_S)),
                LATEST_MS,
            ],
        )
        if wait == 0:
            self._turns[host].append(token)
        return int(wait) / 1000

    async def host_done(self, host: str) -> None:
        """Give the turn back. Turns of one process at one host are alike: the oldest goes."""
        turns = self._turns.get(host)
        if not turns:
            return
        token = turns.popleft()
        if not turns:
            del self._turns[host]
        await self._link.call("ZREM", turns_key(host), token)

    async def host_rest(self, host: str, seconds: float) -> None:
        """Let nobody ask ``host`` for so long (it answered 429 or 503); a longer rest stands."""
        args: list[Word] = [_milliseconds(seconds, LONGEST_REST_S), LATEST_MS]
        await self._link.run("host_rest", [gate_key(host)], args)


def _milliseconds(seconds: float, most_s: float) -> int:
    return round(max(0.0, min(seconds, most_s)) * 1000)
