"""The loop around POLL: what the tick claims is polled, renewed while it lasts, and set anew."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from math import inf

import structlog

from workers.clock import Clock
from workers.errors import StoreDown, Transient
from workers.lanes.house import House
from workers.lanes.outage import Outage
from workers.lanes.pulse import Pulse
from workers.model.leases import FeedLease, NextPoll
from workers.steps.ports import Broker, Meter

__all__ = ["FeedLane"]

FAILED_S = 300.0
"""After what nobody foresaw a feed rests for so long."""
_log = structlog.get_logger()


class _Held:
    """A lease, and since when it is as it is."""

    __slots__ = ("lease", "since")

    def __init__(self, lease: FeedLease, since: float) -> None:
        self.lease = lease
        self.since = since


class FeedLane:
    """Polls at most ``slots`` feeds at once. `tick` is called from outside, often."""

    def __init__(  # noqa: PLR0913 - a lane joins just these
        self,
        poll: Callable[[str], Awaitable[NextPoll]],
        slots: int,
        *,
        broker: Broker,
        clock: Clock,
        lease_s: float,
        house: House | None = None,
        meter: Meter | None = None,
    ) -> None:
        self.pulse = Pulse("poll", clock, period_s=5.0)
        self._poll = poll
        self._slots = slots
        self._broker = broker
        self._clock = clock
        self._lease_s = lease_s
        self._house = house or House()
        self._meter = meter
        self._house.join(self)
        self._outage = Outage("poll", clock)
        self._running: dict[asyncio.Task[None], _Held] = {}
        self._stopping = False
        self._failing = False
        """Whether the last poll could not be stored."""
        self._more = False
        self._claiming = asyncio.Lock()
        self._again: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._fences = asyncio.Lock()
        """Held while leases get new deadlines: who ends meanwhile must know his."""

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
            if self._meter is not None:
                self._meter.observe("tocsin_claim_lag_seconds", lease.late_s)
            task = asyncio.create_task(self._one(lease.feed), name=f"poll:{lease.feed}")
            self._running[task] = _Held(lease, self._clock.monotonic())
            task.add_done_callback(self._ended)
        if self._running and (self._renewing is None or self._renewing.done()):
            self._renewing = asyncio.create_task(self._renew(), name="poll:renew")
            self._renewing.add_done_callback(_told)

    def _free(self) -> int:
        away = self._stopping or self._house.closed_to(self)
        return 0 if away else self._slots - len(self._running)

    async def _one(self, feed: str) -> None:
        try:
            after = await self._poll(feed)
        except (StoreDown, Transient) as error:
            self._not_stored(feed, error)
            after = NextPoll(delay_s=self._lease_s)
        except Exception as error:  # noqa: BLE001 - one bad feed must not end the lane
            _log.error("poll_failed", feed=feed, exc_info=error)
            after = NextPoll(delay_s=FAILED_S)
        else:
            self._failing = False
        await self._set(feed, after)

    def _not_stored(self, feed: str, error: Exception) -> None:
        """Say that polls cannot be stored: once, not for each feed as long as it lasts."""
        if not self._failing:
            _log.warning("poll_not_stored", feed=feed, error=str(error))
        self._failing = True

    async def _set(self, feed: str, after: NextPoll) -> None:
        mine = asyncio.current_task()
        held = None if mine is None else self._running.get(mine)
        if held is None:
            return
        async with self._fences:
            held.since = inf
        try:
            if not await self._broker.feed_done(held.lease, after.delay_s, waits=after.waits):
                _log.info("poll_overtaken", feed=feed)
        except Transient:
            return  # its lease runs out and it is polled again: a repeated poll changes nothing

    async def _renew(self) -> None:
        """Keep the leases of slow polls; one that lost its goes on, its commit is idempotent."""
        while self._running:
            await self._clock.sleep(self._lease_s / 4)
            async with self._fences:
                try:
                    await self._renew_slow()
                except Transient:
                    continue

    async def _renew_slow(self) -> None:
        now = self._clock.monotonic()
        slow = [held for held in self._running.values() if held.since <= now - self._lease_s / 4]
        kept = await self._broker.renew_feeds([held.lease for held in slow], self._lease_s)
        by_feed = {lease.feed: lease for lease in kept}
        for held in slow:
            renewed = by_feed.get(held.lease.feed)
            held.since = inf if renewed is None else now
            held.lease = renewed or held.lease

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
        ending = [task for task, _ in left]
        if self._renewing is not None:
            ending.append(self._renewing)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await self._give_back([held.lease for _, held in left])
        self._house.leave(self)
        return len(left)

    async def _give_back(self, leases: Sequence[FeedLease]) -> None:
        """Let others poll these at once."""
        given = [self._broker.feed_done(lease, 0.0) for lease in leases]
        for error in await asyncio.gather(*given, return_exceptions=True):
            if isinstance(error, Transient):
                _log.warning("hand_back_failed", lane="poll", error=str(error))
                return
            if isinstance(error, BaseException):
                raise error


def _told(renewing: asyncio.Task[None]) -> None:
    """Say what ended the renewing; the next claim begins it anew."""
    if not renewing.cancelled() and (error := renewing.exception()) is not None:
        _log.error("renewing_failed", lane="poll", exc_info=error)
