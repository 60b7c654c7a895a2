"""The loop around a step that takes ids from streams.

::

    take ──► one task an id ──► acknowledge what finished, all at once
               │        └─ failed: let the lease run out, whoever is next gets it; a few times
               │           by an error that nobody foresaw, and it is a dead letter
               └─ renewed every third of a lease; work whose lease was lost goes on, because its
                  effect may be under way, but is not acknowledged from here

An id whose owners died twice may be what they died of, or may only have been there. So it has the
process to itself: no lane holds anything else meanwhile, so that nothing else shares its blame.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from workers.clock import Clock
from workers.errors import StoreDown, Transient
from workers.lanes.house import House
from workers.lanes.outage import Outage
from workers.lanes.pulse import Pulse
from workers.model.leases import Message
from workers.steps.ports import Broker, Store

__all__ = ["Handler", "StreamLane"]

Handler = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]
"""Does the work of one id; the second argument asks whether the lease still holds."""

SUSPECT = 2
"""Owners that died holding an id before it has the process to itself."""
DEATHS = SUSPECT + 2
"""Owners that died before it is taken for the cause: the last two while they held nothing else."""
STUMBLES = 3
"""Unforeseen errors on one id, in this process, before it is a dead letter."""
REMEMBERED = 1000
"""Ids that are remembered for their errors or deaths; whoever has more has other troubles."""
UNACKNOWLEDGED = 1000
"""Ids that are done and wait to be acknowledged. A Redis that hands out work but takes no
acknowledgement (an ACL, a script that it lost) gets no more of it done than this."""
UNTIL_ACKNOWLEDGED_S = 0.1
BLOCK_S, GLANCE_S = 1.0, 0.1
_log = structlog.get_logger()


class StreamLane:
    """Takes ids from ``streams`` and works on at most ``slots`` of them at once.

    Of these it keeps so many free of the last stream, whose work can wait: else all might be held
    by that when something urgent comes.
    """

    def __init__(  # noqa: PLR0913 - a lane joins just these
        self,
        name: str,
        streams: Sequence[str],
        slots: int,
        handler: Handler,
        *,
        broker: Broker,
        store: Store,
        clock: Clock,
        lease_s: float,
        house: House | None = None,
        kept: int = 0,
    ) -> None:
        self.pulse = Pulse(name, clock, period_s=5.0)
        self._streams = tuple(streams)
        self._slots = slots
        self._kept = kept
        self._handler = handler
        self._broker = broker
        self._store = store
        self._clock = clock
        self._lease_s = lease_s
        self._outage = Outage(name, clock)
        self._sql_outage = Outage(f"{name}:sql", clock)
        self._running: dict[asyncio.Task[None], Message] = {}
        self._lost: set[Message] = set()
        self._suspects: dict[tuple[str, str], int] = {}
        """Ids of which we know that two owners died: how many did."""
        self._alone: Message | None = None
        """What has, or is to have, the process to itself."""
        self._turn = asyncio.Event()
        """Whether it has."""
        self._finished: list[Message] = []
        self._acknowledging = 0
        """How many of the finished are on their way to Redis."""
        self._stumbled: dict[tuple[str, str], int] = {}
        self._house = house or House()
        self._house.join(self)
        self._something = asyncio.Event()
        self._stopping = asyncio.Event()

    @property
    def name(self) -> str:
        """The lane's name, for logs and health."""
        return self.pulse.name

    @property
    def busy(self) -> int:
        """How many ids are being worked on."""
        return len(self._running)

    async def run(self) -> None:
        """Work until `stop` is called. Outlives every outage of Redis and SQL."""
        helpers = [
            asyncio.create_task(self._acknowledge_loop(), name=f"{self.name}:acknowledge"),
            asyncio.create_task(self._renew_loop(), name=f"{self.name}:renew"),
        ]
        try:
            while not self._stopping.is_set():
                self.pulse.beat()
                for helper in helpers:
                    if helper.done():
                        helper.result()  # raises what ended it: without it nothing is renewed
                await self._fill()
            while self._running:  # as long as it lasts, what is under way keeps its lease
                self.pulse.beat()
                await asyncio.wait(self._running, timeout=BLOCK_S)
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await self._flush()  # what a helper was at when it was ended

    async def _fill(self) -> None:
        """Take as many ids as there are free slots."""
        if self._alone is not None:
            await self._leave_alone(self._alone)
            return
        if self._house.closed_to(self):
            await self._house.change(BLOCK_S)
            return
        free = self._slots - len(self._running)
        if free <= 0:
            await self._wait_for_a_slot()
            return
        if len(self._finished) + self._acknowledging >= UNACKNOWLEDGED:
            await self._clock.sleep(UNTIL_ACKNOWLEDGED_S)
            return
        try:
            messages = await self._broker.take(*self._wanted(free))
        except Transient as error:
            await self._outage.failed(error)
            return
        self._outage.worked()
        if self._stopping.is_set() or self._house.closed_to(self):
            await self._hand_back(messages)
            return
        held = {(message.kind, message.id) for message in self._running.values()}
        for message in messages:
            # An id that is still at work here, by a lease that was lost, waits for another lease.
            if (message.kind, message.id) not in held:
                task = asyncio.create_task(self._work(message), name=f"{self.name}:{message.id}")
                self._running[task] = message
                task.add_done_callback(self._ended)

    def _wanted(self, free: int) -> tuple[Sequence[str], int, float]:
        """Return from which streams to take, how many, and how long to wait if there is nothing.

        That is short while the last stream gets nothing: its work ends unheard meanwhile.
        """
        waits = self._streams[-1]
        held = sum(message.stream == waits for message in self._running.values())
        room = self._slots - self._kept - held
        if room <= 0:
            return self._streams[:-1], free, GLANCE_S
        return self._streams, min(free, room), BLOCK_S

    async def _leave_alone(self, suspect: Message) -> None:
        """Let everything else end, then let this one run; nothing is taken meanwhile."""
        here = any(message is not suspect for message in self._running.values())
        if not (here or self._house.others_hold(self) or self._turn.is_set()):
            await self._flush()
            if not self._acknowledging:  # a helper's call may be on its way
                self._turn.set()
        if self._alone is suspect:
            await self._house.change(BLOCK_S)

    async def _wait_for_a_slot(self) -> None:
        if not self._running:
            return
        done, _ = await asyncio.wait(
            self._running, timeout=BLOCK_S, return_when=asyncio.FIRST_COMPLETED
        )
        if done:
            await asyncio.sleep(0)  # noqa: TID251 - a turn for the callbacks that free the slot

    async def _work(self, message: Message) -> None:
        """Run the handler; only its return makes the id finished."""
        ours = True

        async def still_ours() -> bool:
            nonlocal ours
            ours = await self._broker.lease_ok(message)
            return ours

        try:
            deaths = await self._deaths(message)
            if deaths >= DEATHS:
                await self._bury_deadly(message, deaths)
            elif deaths < SUSPECT or await self._has_the_house(message):
                await self._handler(message.id, still_ours)
            else:
                return
            self._sql_outage.worked()
        except StoreDown as error:
            await self._sql_outage.failed(error)
            return
        except Transient as error:
            await self._outage.failed(error)
            return
        except Exception as error:  # noqa: BLE001 - one bad id must not end the lane
            _log.error("work_failed", lane=self.name, id=message.id, exc_info=error)
            ours = await self._stumble(message, error) and ours
        if ours and message not in self._lost:  # else whoever has it now acknowledges it
            self._finish(message)

    async def _deaths(self, message: Message) -> int:
        """Count the owner that died of this id, if one did; return how many have."""
        key = message.kind, message.id
        if not message.deaths:
            return self._suspects.get(key, 0)
        deaths = await self._store.count_death(*key)
        if deaths >= SUSPECT:
            if len(self._suspects) >= REMEMBERED:
                self._suspects.pop(next(iter(self._suspects)))
            self._suspects[key] = deaths
        return deaths

    async def _has_the_house(self, suspect: Message) -> bool:
        """Wait until nothing else runs; False if the id was handed back instead."""
        if self._alone is None and not self._stopping.is_set() and self._house.close(self):
            self._alone = suspect
            self._turn.clear()
            await self._turn.wait()
            if not self._stopping.is_set():
                return suspect not in self._lost
        await self._hand_back([suspect])
        return False

    async def _bury_deadly(self, message: Message, deaths: int) -> None:
        """Make a dead letter of an id of which workers died that held nothing else."""
        await self._store.bury_id(message.kind, message.id, "crash", f"{deaths} workers died")
        _log.error("work_buried", lane=self.name, id=message.id, deaths=deaths)

    async def _stumble(self, message: Message, error: Exception) -> bool:
        """Count an error that nobody foresaw; say whether the id is a dead letter by now."""
        key = message.kind, message.id
        times = self._stumbled.pop(key, 0) + 1
        if times < STUMBLES:
            if len(self._stumbled) >= REMEMBERED:
                self._stumbled.pop(next(iter(self._stumbled)))
            self._stumbled[key] = times
            return False
        detail = f"{type(error).__name__}: {error}"
        try:
            await self._store.bury_id(message.kind, message.id, "crash", detail)
        except StoreDown as down:
            await self._sql_outage.failed(down)
            return False
        _log.error("work_buried", lane=self.name, id=message.id, stumbles=times)
        return True

    def _finish(self, message: Message) -> None:
        self._suspects.pop((message.kind, message.id), None)
        self._finished.append(message)
        self._something.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        message = self._running.pop(task)
        self._lost.discard(message)
        if self._alone is message:
            self._alone = None
            self._house.open(self)
        self._house.changed()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("work_crashed", lane=self.name, id=message.id, exc_info=error)

    async def _acknowledge_loop(self) -> None:
        """Whatever finished since the last flush goes in one call."""
        while True:
            await self._something.wait()
            self._something.clear()
            await self._flush()

    async def _flush(self) -> None:
        batch, self._finished = self._finished, []
        if not batch:
            return
        self._acknowledging += len(batch)
        try:
            await self._broker.acknowledge(batch)
        except asyncio.CancelledError:
            self._finished = batch + self._finished
            raise
        except Transient as error:
            self._finished = batch + self._finished
            self._something.set()
            await self._outage.failed(error)
        finally:
            self._acknowledging -= len(batch)
            self._house.changed()

    async def _renew_loop(self) -> None:
        while True:
            await self._clock.sleep(self._lease_s / 3)
            held = [message for message in self._running.values() if message not in self._lost]
            if not held:
                continue
            try:
                lost = await self._broker.renew(held)
            except Transient:
                continue  # the take loop tells of the outage
            for message in self._running.values():
                if message in lost and message not in self._lost:
                    _log.warning("lease_lost", lane=self.name, id=message.id)
                    self._lost.add(message)

    def stop(self) -> None:
        """Take nothing more."""
        self._stopping.set()
        self._turn.set()  # what waits to be alone is handed back

    async def drain(self, within_s: float) -> int:
        """Wait for what is under way, hand the rest back; return how many were handed back."""
        self.stop()
        if self._running:
            await asyncio.wait(self._running, timeout=max(0.0, within_s))
        left = list(self._running.items())
        for task, _ in left:
            task.cancel()
        await asyncio.gather(*(task for task, _ in left), return_exceptions=True)
        await self._flush()
        await self._hand_back([message for _, message in left])
        self._house.leave(self)
        return len(left)

    async def _hand_back(self, messages: Sequence[Message]) -> None:
        """Let whoever is next have these at once, not only when our lease has run out."""
        if not messages:
            return
        try:
            await self._broker.give_back(messages)
        except Transient as error:
            _log.warning("hand_back_failed", lane=self.name, error=str(error))
