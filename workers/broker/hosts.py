"""Politeness: turns at hosts, shared by every process."""

import secrets
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence

from workers.broker.keys import (
    feed_line_key,
    feed_places_key,
    gate_key,
    kills_key,
    turns_key,
)
from workers.broker.link import Key, Link, Part, Word
from workers.gather import Gather
from workers.model.leases import Room

__all__ = ["LATEST_MS", "Hosts"]

LONGEST_REST_S = 90000.0
"""A Retry-After counts for a day at most, and a little spread is added to it."""
LONGEST_HOLD_S = 3600.0
LATEST_MS = round(2 * LONGEST_REST_S * 1000)
"""What lies farther ahead in a gate was not written by us."""
TURNS = 1000
"""Turns remembered for one host; older ones have run out."""
KILLS_S, KILLS = 600.0, 20
"""For how long a page counts whose process was killed, and how many are remembered of a host."""
BATCH = 100
DONE_S = 0.005
"""So long a turn that is given back waits for others."""


class Hosts(Part):
    """The verbs of politeness."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._turns: defaultdict[str, deque[str]] = defaultdict(lambda: deque(maxlen=TURNS))
        self._ask_turn = Gather(self._take_turns, 0.0, BATCH)
        self._give_turn = Gather(self._give_turns, DONE_S, BATCH)

    async def host_turn(
        self, host: str, spacing_s: float, at_once: int, hold_s: float, *, feed: str = ""
    ) -> float:
        """Take a turn at ``host``: 0 is go, else the seconds to wait before asking again.

        A turn ends with `host_done`, or after ``hold_s`` seconds, so that a killed process frees
        it. Those who have to wait are given times one after the other. A ``feed`` keeps its place
        in the line by its id, and goes before pages.
        """
        token = f"{self._link.consumer}:{secrets.token_hex(4)}"
        args: list[Word] = [
            token,
            _milliseconds(spacing_s, LONGEST_REST_S),
            max(1, at_once),
            max(1, _milliseconds(hold_s, LONGEST_HOLD_S)),
            feed[:TURNS],
        ]
        wait = await self._ask_turn((host, args))
        if wait == 0:
            self._turns[host].append(token)
        return wait / 1000

    async def _take_turns(self, askers: Sequence[tuple[str, list[Word]]]) -> list[int]:
        keys: list[Key] = []
        words: list[Word] = [LATEST_MS]
        for host, args in askers:
            keys += [*_keys(host), feed_places_key(host)]
            words += args
        return [int(wait) for wait in await self._link.run("host_turn", keys, words)]

    async def host_done(self, host: str) -> None:
        """Give the turn back. Turns of one process at one host are alike: the oldest goes."""
        turns = self._turns.get(host)
        if not turns:
            return
        token = turns.popleft()
        if not turns:
            del self._turns[host]
        await self._give_turn((host, token))

    async def _give_turns(self, given: Sequence[tuple[str, str]]) -> list[None]:
        keys: list[Key] = [turns_key(host) for host, _ in given]
        await self._link.run("host_done", keys, [token for _, token in given])
        return [None] * len(given)

    async def host_room(self, spacings: Mapping[str, float]) -> dict[str, Room]:
        """Return how soon a page of each host may be asked for, and what is under way there."""
        found: dict[str, Room] = {}
        hosts = list(spacings)
        for start in range(0, len(hosts), BATCH):
            some = hosts[start : start + BATCH]
            keys = [key for host in some for key in _keys(host)]
            args: list[Word] = [LATEST_MS]
            args += [_milliseconds(spacings[host], LONGEST_REST_S) for host in some]
            told = await self._link.run("host_room", keys, args)
            for host, wait, busy in zip(some, told[::2], told[1::2], strict=True):
                found[host] = Room(wait_s=int(wait) / 1000, busy=int(busy))
        return found

    async def host_rest(self, host: str, seconds: float) -> None:
        """Let nobody ask ``host`` for so long (it answered 429 or 503); a longer rest stands."""
        args: list[Word] = [_milliseconds(seconds, LONGEST_REST_S), LATEST_MS]
        await self._link.run("host_rest", [gate_key(host)], args)

    async def host_kills(self, host: str, *, one_more: bool = False) -> int:
        """Return how many pages of ``host`` killed their process within ten minutes.

        ``one_more`` is to be counted from now on.
        """
        name = f"{self._link.consumer}:{secrets.token_hex(4)}" if one_more else ""
        args: list[Word] = [round(KILLS_S * 1000), KILLS, name]
        return int(await self._link.run("host_kills", [kills_key(host)], args))


def _keys(host: str) -> list[Key]:
    return [turns_key(host), gate_key(host), feed_line_key(host)]


def _milliseconds(seconds: float, most_s: float) -> int:
    return round(max(0.0, min(seconds, most_s)) * 1000)
