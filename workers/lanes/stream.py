"""The loop around a step that takes ids from streams.

::

    take ──► one task an id ──► acknowledge what finished, all at once
               │        └─ failed: let the lease run out, whoever is next gets it; a few times
               │           by an error that nobody foresaw, and it is a dead letter
               └─ renewed every third of a lease; a lease that was lost cancels the task
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from workers.clock import Clock
from workers.errors import StoreDown, Transient
from workers.lanes.outage import Outage
from workers.lanes.pulse import Pulse
from workers.model.leases import Message
from workers.steps.ports import Broker, Store

__all__ = ["Handler", "StreamLane"]

Handler = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]
"""Does the work of one id; the second argument asks whether the lease still holds."""

DEATHS = 3
"""Owners that died holding an id before it is taken for the cause."""
STUMBLES = 3
"""Unforeseen errors on one id, in this process, before it is a dead letter."""
REMEMBERED = 1000
"""Ids whose unforeseen errors are counted; a process that has more has other troubles."""
BLOCK_S = 1.0
_log = structlog.get_logger()


class StreamLane:
    """Takes ids from ``streams`` and works on at most ``slots`` of them at once."""

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
    ) -> None:
        self.pulse = Pulse(name, clock, period_s=5.0)
        self._streams = tuple(streams)
        self._slots = slots
        self._handler = handler
        self._broker = broker
        self._store = store
        self._clock = clock
        self._lease_s = lease_s
        self._outage = Outage(name, clock)
        self._running: dict[asyncio.Task[None], Message] = {}
        self._finished: list[Message] = []
        self._stumbled: dict[tuple[str, str], int] = {}
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
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _fill(self) -> None:
        """Take as many ids as there are free slots."""
        free = self._slots - len(self._running)
        if free <= 0:
            await self._wait_for_a_slot()
            return
        try:
            messages = await self._broker.take(self._streams, free, BLOCK_S)
        except Transient as error:
            await self._outage.failed(error)
            return
        self._outage.worked()
        if self._stopping.is_set():
            await self._hand_back(messages)
            return
        held = {(message.stream, message.entry) for message in self._running.values()}
        for message in messages:
            if (message.stream, message.entry) not in held:
                task = asyncio.create_task(self._work(message), name=f"{self.name}:{message.id}")
                self._running[task] = message
                task.add_done_callback(self._ended)

    async def _wait_for_a_slot(self) -> None:
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
            if message.deaths and await self._guilty(message):
                self._finish(message)
                return
            await self._handler(message.id, still_ours)
        except (StoreDown, Transient) as error:
            await self._outage.failed(error)
            return
        except Exception as error:  # noqa: BLE001 - one bad id must not end the lane
            _log.error("work_failed", lane=self.name, id=message.id, exc_info=error)
            ours = await self._stumble(message, error)
        if ours:  # else whoever has it now acknowledges it
            self._finish(message)

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
            await self._outage.failed(down)
            return False
        _log.error("work_buried", lane=self.name, id=message.id, stumbles=times)
        return True

    async def _guilty(self, message: Message) -> bool:
        """An id that was in the hands of every worker that died is a dead letter."""
        deaths = await self._store.count_death(message.kind, message.id)
        if deaths < DEATHS:
            return False
        await self._store.bury_id(message.kind, message.id, "crash", f"{deaths} workers died")
        _log.error("work_buried", lane=self.name, id=message.id, deaths=deaths)
        return True

    def _finish(self, message: Message) -> None:
        self._finished.append(message)
        self._something.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        message = self._running.pop(task)
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
        try:
            await self._broker.acknowledge(batch)
        except Transient as error:
            self._finished = batch + self._finished
            self._something.set()
            await self._outage.failed(error)

    async def _renew_loop(self) -> None:
        while True:
            await self._clock.sleep(self._lease_s / 3)
            held = list(self._running.values())
            if not held:
                continue
            try:
                lost = await self._broker.renew(held)
            except Transient:
                continue  # the take loop tells of the outage
            for task, message in list(self._running.items()):
                if message in lost:
                    _log.warning("lease_lost", lane=self.name, id=message.id)
                    task.cancel()

    def stop(self) -> None:
        """Take nothing more."""
        self._stopping.set()

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
        return len(left)

    async def _hand_back(self, messages: Sequence[Message]) -> None:
        """Let whoever is next have these at once, not only when our lease has run out."""
        if not messages:
            return
        try:
            await self._broker.give_back(messages)
        except Transient as error:
            _log.warning("hand_back_failed", lane=self.name, error=str(error))
