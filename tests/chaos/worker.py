"""A worker in a process of its own: the relay, one sink's lane, and an effect that is a line.

Everything but the effect is the product: store, broker, RELAY, DELIVER and their lanes, with a
sink of the product's own Protocol. What the effect does to its own process is told by `Faults`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from typing_extensions import override

from chaos.ledger import Ledger
from monitor.metrics import PrometheusMeter
from workers.broker import RedisBroker
from workers.clock import SystemClock
from workers.errors import Transient
from workers.lanes.relay import RelayLane
from workers.lanes.stream import StreamLane
from workers.model.alert import Notice
from workers.model.feed import FeedSource
from workers.options import QueueOptions
from workers.steps.deliver import Deliver
from workers.steps.edges import Edges
from workers.steps.relay import Relay, sink_stream
from workers.store import SqlStore, open_store

SINK = "ledger"
TICK_S = 0.1
NOBODY: Any = None
"""Edges that a worker which only delivers does not have."""


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """What this worker does to itself. Times are in seconds."""

    dies: str = ""
    """Kills itself ``before`` or ``after`` an effect, when that is where all it holds is."""
    dies_from: int = 0
    """Effects of its own before it does so."""
    deadly: str = ""
    """The recipient whose message kills the worker."""
    poison: str = ""
    """The recipient whose message the sink cannot digest."""
    flaky: str = ""
    """The recipient whose message the sink refuses once, for a passing reason."""
    slow: str = ""
    """The recipient whose message takes ``slow_s`` before its effect."""
    slow_s: float = 0.0
    linger_s: float = 0.0
    """What every effect takes."""
    freezes_at: int = 0
    """Its so-manieth message is where it stops itself (SIGSTOP), once all that it holds is before
    the look at its lease. 0 is never."""
    clock_s: float = 0.0
    """By how much its wall clock is set, once it has started."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is told on its command line."""

    name: str
    database: str
    redis: str
    folder: str
    """Where the ledger lies, and where it says that it is ready."""
    lease_s: float
    slots: int = 4
    feeds: tuple[FeedSource, ...] = ()
    """Feeds to poll; without any it polls none."""
    busy_s: float = 5.0
    faults: Faults = Faults()


class SetClock(SystemClock):
    """A clock whose wall time somebody sets."""

    def __init__(self) -> None:
        self.moved = timedelta()

    @override
    def now(self) -> datetime:
        return super().now() + self.moved


class LedgerSink:
    """Satisfies the port ``Sink``: to send is to append a line and to sync it."""

    name = SINK
    endpoint = ""

    def __init__(self, ledger: Ledger, faults: Faults, say: Callable[[str], None]) -> None:
        self.inside = 0
        """Messages in the handler."""
        self._ledger = ledger
        self._faults = faults
        self._say = say
        self._effects = 0
        self._held = 0
        """Messages that wait for the end, all at the same point."""
        self._dying = False

    async def send(self, notice: Notice) -> str:
        faults = self._faults
        if notice.recipient == faults.poison:
            raise ValueError("cannot be digested")
        if notice.recipient == faults.flaky and notice.attempt == 1:
            self._say("refused")
            raise Transient("serverError", "not now")
        if notice.recipient == faults.slow:
            await asyncio.sleep(faults.slow_s)
        deadly = notice.recipient == faults.deadly
        if (
            deadly
            or self._dying
            or (faults.dies == "before" and self._effects >= faults.dies_from)
        ):
            await self._end()
        await asyncio.sleep(faults.linger_s)
        self._effects += 1
        self._ledger.write(notice.id)
        if faults.dies == "after" and self._effects >= faults.dies_from:
            await self._end()
        return "written"

    async def _end(self) -> None:
        """Kill this process once all that it holds has come to the same point."""
        self._held += 1
        self._dying = self._dying or self._faults.dies != "after"
        while self._held < self.inside:  # noqa: ASYNC110 - others change it
            await asyncio.sleep(0.002)
        os.kill(os.getpid(), signal.SIGKILL)

    async def close(self) -> None:
        self._ledger.close()


class Worker:
    """The parts of one process."""

    def __init__(self, plan: Plan, edges: Edges, clock: SetClock) -> None:
        self.plan = plan
        self.edges = edges
        self.clock = clock
        self.sink = LedgerSink(Ledger(Path(plan.folder, "ledger")), plan.faults, self._say)
        self._begun = 0
        self._asking = 0
        """Messages that are about to ask whether their lease holds, and wait for the freeze."""
        self._frozen = False
        self._deliver = Deliver(edges, self.sink, "", plan.lease_s, None)
        options = QueueOptions(lease_s=plan.lease_s)
        self.relay = RelayLane(Relay(edges, options, lambda: {SINK: ""}), clock)
        stream = sink_stream(SINK)
        self.lane = StreamLane(
            stream,
            (stream,),
            plan.slots,
            self._handle,
            broker=edges.broker,
            store=edges.store,
            clock=clock,
            lease_s=plan.lease_s,
        )

    async def _handle(self, id_: str, still_ours: Callable[[], Awaitable[bool]]) -> None:
        self._begun += 1

        async def asked() -> bool:
            await self._freeze()
            return await still_ours()

        self.sink.inside += 1
        try:
            await self._deliver(id_, asked)
        finally:
            self.sink.inside -= 1

    async def _freeze(self) -> None:
        if not 0 < self.plan.faults.freezes_at <= self._begun or self._frozen:
            return
        self._asking += 1
        while not self._frozen and self._asking < self.sink.inside:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.002)
        if not self._frozen:
            self._frozen = True
            self._say("frozen")
            os.kill(os.getpid(), signal.SIGSTOP)

    def _say(self, what: str) -> None:
        Path(self.plan.folder, f"{self.plan.name}.{what}").touch()

    async def run(self) -> None:
        """Work until SIGTERM, then drain."""
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        self.edges.store.subscribe(self.relay.wake)
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self.relay.run())
            loops.create_task(self.lane.run())
            self._say("ready")
            self.clock.moved = timedelta(seconds=self.plan.faults.clock_s)
            if self.plan.feeds:
                await self._poll(stop)
            await stop.wait()
            self.relay.stop()
            await self.lane.drain(5.0)

    async def _poll(self, stop: asyncio.Event) -> None:
        from chaos.poller import feed_lane  # noqa: PLC0415 - what reads feeds takes long to load

        async with feed_lane(self.edges, self.plan.feeds, self.plan.lease_s) as lane:
            while not stop.is_set():
                await lane.tick()
                await asyncio.sleep(TICK_S)


async def open_database(url: str, clock: SystemClock, busy_s: float = 5.0) -> SqlStore:
    """Open the database that ``url`` names."""
    address = url if "://" in url else Path(url)
    return await open_store(address, clock, busy_s=busy_s)


async def main(plan: Plan) -> None:
    """Open the edges and work."""
    clock = SetClock()
    async with AsyncExitStack() as stack:
        store = await open_database(plan.database, clock, plan.busy_s)
        stack.push_async_callback(store.close)
        broker = RedisBroker(plan.redis, lease_s=plan.lease_s, clock=clock)
        await broker.open()
        stack.push_async_callback(broker.close)
        edges = Edges(
            store=store,
            broker=broker,
            fetcher=NOBODY,
            pool=NOBODY,
            clock=clock,
            meter=PrometheusMeter(),
        )
        await Worker(plan, edges, clock).run()


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Plan)))
