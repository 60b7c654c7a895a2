"""The loop around POLL: what the tick claims is polled, renewed while it lasts, and set anew."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from workers.clock import Clock
from workers.errors import StoreDown, Transient
from workers.lanes.house import House
from workers.lanes.outage import Outage
from workers.lanes.pulse import Pulse
from workers.model.leases import FeedLease
from workers.steps.ports import Broker

__all__ = ["FeedLane"]

_log = structlog.get_logger()


class FeedLane:
    """Polls at most ``slots`` feeds at once. `tick` is called from outside, often."""

    def __init__(  # noqa: PLR0913 - a lane joins just these
        self,
        poll: Callable[[str], Awaitable[float]],
        slots: int,
        *,
        broker: Broker,
        clock: Clock,
        lease_s: float,
        house: House | None = None,
    ) -> None:
        self.pulse = Pulse("poll", clock, period_s=5.0)
        self._poll = poll
        self._slots = slots
        self._broker = broker
        self._clock = clock
        self._lease_s = lease_s
        self._house = house or House()
        self._house.join(self)
        self._outage = Outage("poll", clock)
        self._running: dict[asyncio.Task[None], FeedLease] = {}
        self._stopping = False
        self._failing = False
        """Whether the last poll could not be stored."""
        self._more = False
        self._claiming = asyncio.Lock()
        self._again: asyncio.Task[None] | None = None

    @property
    def busy(self) -> int:
        """How many feeds are being polled."""
        return len(self._running)

    async def tick(self) -> None:
        """Claim what is due and poll it. Returns once the claims are made."""
        self.pulse.beat()
        async with self._claiming:  # two at once would both fill the same free slots
            await self._claim()

    async def _claim(self) -> None:
        free = self._free()
        if free <= 0:
            self._more = True
            return
        try:
            leases = await self._broker.claim_feeds(free, self._lease_s)
        except Transient as error:
            await self._outage.failed(error)
            return
        self._outage.worked()
        self._more = len(leases) == free
        if self._stopping or self._house.closed_to(self):
            await self._give_back(leases)
            return
        for lease in leases:
            task = asyncio.create_task(self._one(lease), name=f"poll:{lease.feed}")
            self._running[task] = lease
            task.add_done_callback(self._ended)

    def _free(self) -> int:
        away = self._stopping or self._house.closed_to(self)
        return 0 if away else self._slots - len(self._running)

    async def _one(self, lease: FeedLease) -> None:
        renewing = asyncio.create_task(self._renew(lease.feed), name=f"renew:{lease.feed}")
        try:
            delay = await self._poll(lease.feed)
        except (StoreDown, Transient) as error:
            self._not_stored(lease.feed, error)
            delay = self._lease_s
        except Exception as error:  # noqa: BLE001 - one bad feed must not end the lane
            _log.error("poll_failed", feed=lease.feed, exc_info=error)
            delay = 300.0
        else:
            self._failing = False
        finally:
            renewing.cancel()
        await self._set(lease.feed, delay)

    def _not_stored(self, feed: str, error: Exception) -> None:
        """Say that polls cannot be stored: once, not for each feed as long as it lasts."""
        if not self._failing:
            _log.warning("poll_not_stored", feed=feed, error=str(error))
        self._failing = True

    async def _set(self, feed: str, delay: float) -> None:
        lease = self._lease_of(feed)
        try:
            if lease is not None and not await self._broker.feed_done(lease, delay):
                _log.info("poll_overtaken", feed=feed)
        except Transient:
            return  # its lease runs out and it is polled again: a repeated poll changes nothing

    def _lease_of(self, feed: str) -> FeedLease | None:
        return next((held for held in self._running.values() if held.feed == feed), None)

    async def _renew(self, feed: str) -> None:
        """Keep a slow poll's lease; a poll that lost it goes on, its commit is idempotent."""
        mine = next((task for task, held in self._running.items() if held.feed == feed), None)
        while mine is not None:
            await self._clock.sleep(self._lease_s / 3)
            lease = self._running.get(mine)
            if lease is None:
                return
            try:
                renewed = await self._broker.renew_feed(lease, self._lease_s)
            except Transient:
                continue
            if renewed is None:
                return
            self._running[mine] = renewed

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._house.changed()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("poll_crashed", exc_info=error)
        if self._more and not self._stopping:
            self._more = False
            self._again = asyncio.create_task(self.tick(), name="poll:tick")

    async def drain(self, within_s: float) -> int:
        """Claim no more, wait for what runs, give up the rest; return how many those were."""
        self._stopping = True
        async with self._claiming:
            if self._running:
                await asyncio.wait(self._running, timeout=max(0.0, within_s))
        left = list(self._running.items())
        for task, _ in left:
            task.cancel()
        await asyncio.gather(*(task for task, _ in left), return_exceptions=True)
        await self._give_back([lease for _, lease in left])
        self._house.leave(self)
        return len(left)

    async def _give_back(self, leases: Sequence[FeedLease]) -> None:
        """Let others poll these at once."""
        for lease in leases:
            try:
                await self._broker.feed_done(lease, 0.0)
            except Transient as error:
                _log.warning("hand_back_failed", lane="poll", error=str(error))
                return
