"""Queueing simulated: pages that come by day cycle and in bursts, and N processes that read them.

Discrete events. A page waits for a slot of any process, hot ones first; it holds the slot while it
is fetched (which costs no CPU), then passes the process's event loop, which is one server, and its
extracting processes, which are several. So the simulation ends where the first of slots, loop and
extraction is full, as the real one does.
"""

import heapq
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

__all__ = ["DAY_S", "Arrivals", "Reader", "Waited", "by_simulation", "by_theory", "simulate"]

DAY_S, HOUR_S = 86400.0, 3600.0


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """How pages come."""

    a_day: float
    swing: float = 0.6
    """The busiest hour has 1 + this times the mean, the quietest 1 - this."""
    burst_every_s: float = 4 * HOUR_S
    burst_s: float = 300.0
    burst: float = 3.0
    """Times the usual rate, while big news lasts."""
    hot: float = 0.05
    """Share that is read first."""

    def rate(self, at: float) -> float:
        """Return pages a second at this second of the day."""
        cycle = 1.0 - self.swing * math.cos(2 * math.pi * at / DAY_S)
        bursting = at % self.burst_every_s < self.burst_s and at >= self.burst_every_s
        return self.a_day / DAY_S * cycle * (self.burst if bursting else 1.0)

    def between(self, begin: float, end: float, dice: Random) -> Iterator[tuple[float, bool]]:
        """Yield when pages come, and whether each is hot: a thinned Poisson process."""
        most = self.a_day / DAY_S * (1 + self.swing) * self.burst
        at = begin
        while (at := at + dice.expovariate(most)) < end:
            if dice.random() * most < self.rate(at):
                yield at, dice.random() < self.hot


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A process that reads pages."""

    slots: int
    loop_s: float
    """Of the event loop, a page."""
    workers: int
    """Extracting processes."""
    extract_s: float
    fetch_s: float
    """Median of fetching; it is log-normal,"""
    fetch_spread: float = 0.9
    """with this sigma: the slowest of a hundred takes eight times the median."""

    @property
    def fetch_mean_s(self) -> float:
        """Return the mean of fetching."""
        return self.fetch_s * math.exp(self.fetch_spread**2 / 2)

    @property
    def limits(self) -> dict[str, float]:
        """Return pages a second at which each of its parts is full."""
        held = self.fetch_mean_s + self.loop_s + self.extract_s
        return {
            "slots": self.slots / held,
            "event loop": 1 / self.loop_s,
            "extraction": self.workers / self.extract_s,
        }


@dataclass
class Waited:
    """Seconds from coming to being read; and how many waited at most."""

    hot: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    longest_line: int = 0

    def late(self, seconds: float) -> float:
        """Return the share that waited for longer."""
        every = self.hot + self.warm
        return sum(one > seconds for one in every) / max(1, len(every))


class _House:
    """N processes, as the simulation moves through time."""

    def __init__(self, readers: int, one: Reader, dice: Random) -> None:
        self._one, self._dice = one, dice
        self._free = deque(process for _ in range(one.slots) for process in range(readers))
        self._loop = [0.0] * readers
        self._pool = [[0.0] * one.workers for _ in range(readers)]
        self._lines: tuple[deque[float], deque[float]] = (deque(), deque())
        self._events: list[tuple[float, int, int, int, float, bool]] = []
        self._number = 0
        self.waited = Waited()

    def _later(self, at: float, stage: int, process: int, came: float, hot: bool) -> None:  # noqa: FBT001
        self._number += 1
        heapq.heappush(self._events, (at, self._number, stage, process, came, hot))

    def come(self, at: float, *, hot: bool) -> None:
        """Take a page: into a free slot, or into the line."""
        self.advance(at)
        if self._free:
            self._begin(at, at, hot)
            return
        self._lines[0 if hot else 1].append(at)
        waiting = len(self._lines[0]) + len(self._lines[1])
        self.waited.longest_line = max(self.waited.longest_line, waiting)

    def _begin(self, at: float, came: float, hot: bool) -> None:  # noqa: FBT001
        process = self._free.popleft()
        fetched = at + self._dice.lognormvariate(
            math.log(self._one.fetch_s), self._one.fetch_spread
        )
        self._later(fetched, 0, process, came, hot)

    def advance(self, until: float) -> None:
        """Let everything happen that happens before."""
        while self._events and self._events[0][0] <= until:
            at, _, stage, process, came, hot = heapq.heappop(self._events)
            if stage == 0:
                self._loop[process] = max(at, self._loop[process]) + self._one.loop_s
                self._later(self._loop[process], 1, process, came, hot)
            elif stage == 1:
                pool = self._pool[process]
                done = max(at, heapq.heappop(pool)) + self._one.extract_s
                heapq.heappush(pool, done)
                self._later(done, 2, process, came, hot)
            else:
                self._end(at, process, came, hot)

    def _end(self, at: float, process: int, came: float, hot: bool) -> None:  # noqa: FBT001
        (self.waited.hot if hot else self.waited.warm).append(at - came)
        self._free.append(process)
        for line, urgent in zip(self._lines, (True, False), strict=True):
            if line:
                self._begin(at, line.popleft(), urgent)
                return


def simulate(
    readers: int, one: Reader, arrivals: Arrivals, hours: tuple[float, float], seed: int = 1
) -> Waited:
    """Return how long pages waited between two hours of the day, until all of them were read."""
    dice = Random(seed)
    house = _House(readers, one, dice)
    for at, hot in arrivals.between(hours[0] * HOUR_S, hours[1] * HOUR_S, dice):
        house.come(at, hot=hot)
    house.advance(math.inf)
    return house.waited


def by_theory(load: float, service_s: float) -> float:
    """Return the mean time in an M/D/1 queue, by Pollaczek and Khinchine.

    A simulation of one slot whose fetches all take ``service_s`` must come to the same.
    """
    return service_s * (1 + load / (2 * (1 - load)))


def by_simulation(load: float, service_s: float) -> float:
    """Return what the simulation says of it."""
    plain = Reader(
        slots=1, loop_s=0.0, workers=1, extract_s=0.0, fetch_s=service_s, fetch_spread=0.0
    )
    steady = Arrivals(a_day=load / service_s * DAY_S, swing=0.0, burst=1.0, hot=0.0)
    waited = simulate(1, plain, steady, (0.0, 24.0)).warm
    return sum(waited) / len(waited)
