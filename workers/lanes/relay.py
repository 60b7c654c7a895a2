"""The loop around RELAY: woken by each commit that asks for work, else once a second."""

import asyncio

from workers.clock import Clock
from workers.errors import StoreDown, Transient
from workers.lanes.outage import Outage
from workers.lanes.pulse import Pulse
from workers.steps.relay import Relay

__all__ = ["RelayLane"]

PERIOD_S = 1.0
LEAST_S = 0.1


class RelayLane:
    """Runs the relay as long as there is something to move, then waits to be woken."""

    def __init__(self, relay: Relay, clock: Clock) -> None:
        self.pulse = Pulse("relay", clock, period_s=5.0)
        self._relay = relay
        self._outage = Outage("relay", clock)
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Look now: a commit has asked for work."""
        self._woken.set()

    def stop(self) -> None:
        """End after the present round."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Relay until `stop` is called. Outlives every outage of Redis and SQL."""
        while not self._stopping:
            self.pulse.beat()
            self._woken.clear()
            try:
                moved = await self._relay.once()
            except (Transient, StoreDown) as error:
                await self._outage.failed(error)
                continue
            self._outage.worked()
            if not moved:
                await self._rest()

    def _period_s(self) -> float:
        """Return how long to wait at most: less, where a page's turn at its host comes sooner."""
        soon = self._relay.soon_s
        return PERIOD_S if soon is None else min(PERIOD_S, max(LEAST_S, soon))

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._period_s()):
                await self._woken.wait()
        except TimeoutError:
            return
