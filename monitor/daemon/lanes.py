"""The lanes of one daemon: made from the parts, and remade for sinks at a reload."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from monitor.daemon.build import Parts
from monitor.daemon.roles import Roles, needs_relay
from workers.lanes.feeds import FeedLane
from workers.lanes.house import House
from workers.lanes.pulse import Pulse
from workers.lanes.relay import RelayLane
from workers.lanes.stream import Handler, StreamLane
from workers.model.beat import BEAT, BEAT_STREAM
from workers.model.leases import NextPoll
from workers.options import QueueOptions
from workers.pool.tasks import may_read, read_feed_again, read_page
from workers.steps.deliver import Deliver
from workers.steps.edges import RulesNow
from workers.steps.heartbeat import Heartbeat
from workers.steps.look import Look
from workers.steps.poll import Poll
from workers.steps.ports import Sink
from workers.steps.read import Read
from workers.steps.relay import PAGE_STREAMS, RING_STREAM, Relay, sink_stream
from workers.steps.ring import Ring
from workers.steps.robots import Robots
from workers.steps.subscribe import Subscribe

__all__ = ["Lanes", "Outside"]

_log = structlog.get_logger()
SINK_CLOSE_S = 2.0
LEAVE_S = 600.0
"""How long a dropped sink may take for what is under way: longer than any send takes."""
WATCH = "valkey"
"""The loop that looks after the embedded Valkey."""


@dataclass(frozen=True, kw_only=True)
class Outside:
    """Where we are seen from, and whom we tell that all is well."""

    public_url: str | None
    """Of ``[web]``: under which alerts are explained."""
    call: Callable[[], Awaitable[None]]
    """Calls the address of the heartbeat."""


class Lanes:
    """The loops of the data plane that ``roles`` ask for.

    ``ended`` resolves when one of them ends unasked.
    """

    def __init__(
        self,
        parts: Parts,
        rules: RulesNow,
        options: QueueOptions,
        outside: Outside,
        roles: Roles,
    ) -> None:
        edges = parts.edges
        self._parts = parts
        self._options = options
        self._public_url = outside.public_url
        self._roles = roles
        self._rules = rules
        self.off: frozenset[str] = frozenset()
        """Sinks that are disabled: nothing is relayed to them."""
        self._sinks: dict[str, Sink] = {}
        self._sink_lanes: dict[str, StreamLane] = {}
        self._leaving: dict[asyncio.Task[None], StreamLane] = {}
        """Lanes of dropped sinks, which end what is under way and then close their sink."""
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._stopping = False
        self._house = House()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.poll: Poll | None = None
        self.subscribe: Subscribe | None = None
        self.feeds: FeedLane | None = None
        self.relay: RelayLane | None = None
        self.pages: StreamLane | None = None
        self.ring: StreamLane | None = None
        self.beats: StreamLane | None = None
        beat = Heartbeat(edges, rules, outside.call, self._well)
        if "poll" in roles:
            self.poll = Poll(edges, rules, Look(edges, read_feed_again))
            self.subscribe = Subscribe(edges, rules, parts.poster)
            self.feeds = self._feed_lane(_polled(self.poll, beat))
        if needs_relay(roles):
            relay = Relay(
                edges, options, self.endpoints, self._has_beats, lambda: self._rules().net
            )
            self.relay = RelayLane(relay, edges.clock)
        if "read" in roles:
            robots = Robots(edges, may_read)
            read, ring = Read(edges, rules, read_page, robots), Ring(edges, rules)
            self.pages = self._lane(
                "pages",
                PAGE_STREAMS,
                options.page_slots,
                _plain(read, beat.read),
                kept=options.page_slots // 4,
            )
            self.ring = self._lane(
                "ring", (RING_STREAM,), options.sink_slots, _plain(ring, beat.ring)
            )
        if "deliver" in roles:
            self.beats = self._lane(BEAT_STREAM, (BEAT_STREAM,), 1, beat.deliver)

    def _feed_lane(self, poll: Callable[[str], Awaitable[NextPoll]]) -> FeedLane:
        return FeedLane(
            poll,
            self._options.poll_slots,
            broker=self._parts.edges.broker,
            clock=self._parts.edges.clock,
            lease_s=self._options.lease_s,
            house=self._house,
            meter=self._parts.edges.meter,
        )

    def _lane(
        self, name: str, streams: tuple[str, ...], slots: int, handler: Handler, kept: int = 0
    ) -> StreamLane:
        return StreamLane(
            name,
            streams,
            slots,
            handler,
            broker=self._parts.edges.broker,
            store=self._parts.edges.store,
            clock=self._parts.edges.clock,
            lease_s=self._options.lease_s,
            house=self._house,
            kept=kept,
        )

    @property
    def all_streams(self) -> list[StreamLane]:
        """Every lane that takes from streams."""
        fixed = [lane for lane in (self.pages, self.ring, self.beats) if lane is not None]
        return [*fixed, *self._sink_lanes.values()]

    @property
    def pulses(self) -> list[Pulse]:
        """The heartbeat of every loop that this process runs."""
        loops: list[FeedLane | RelayLane | StreamLane | None] = [self.feeds, self.relay]
        return [lane.pulse for lane in (*loops, *self.all_streams) if lane is not None]

    def _well(self) -> bool:
        return all(pulse.alive for pulse in self.pulses)

    def _has_beats(self) -> bool:
        return self._rules().heartbeat_s is not None

    def endpoints(self) -> dict[str, str]:
        """Return the sinks that can be sent to, each with its breaker's key.

        They come from the settings, so that a process that sends nothing can hand on what is due.
        """
        return {
            name: endpoint_of(name, sink)
            for name, sink in self._sinks.items()
            if name not in self.off
        }

    def wake(self) -> None:
        """Let the relay look: a commit has asked for work."""
        if self.relay is not None:
            self.relay.wake()

    def start(self) -> None:
        """Set the loops going (sinks have their own, see `set_sinks`)."""
        loops = {
            "relay": self.relay,
            "pages": self.pages,
            "ring": self.ring,
            BEAT_STREAM: self.beats,
        }
        for name, lane in loops.items():
            if lane is not None:
                self._spawn(name, lane.run())
        if self._parts.valkey is not None:
            self._spawn(WATCH, self._parts.valkey.watch())

    def _spawn(self, name: str, loop: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(loop, name=name)
        self._tasks[task] = name
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        name = self._tasks.pop(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("loop_failed", loop=name, exc_info=error)
        unasked = error is not None or (not self._stopping and not name.startswith("sink:"))
        if unasked and not self.ended.done():
            self.ended.set_result(name)

    async def set_sinks(self, sinks: Mapping[str, Sink]) -> None:
        """Make the sinks be these: lanes of sinks that stay the same object are not touched.

        A sink that is dropped or replaced is sent nothing more. What it is being sent goes on in
        the background: cut off, it would be sent once more.
        """
        for name in [name for name, sink in self._sinks.items() if sinks.get(name) is not sink]:
            await self._drop_sink(name)
        for name, sink in sinks.items():
            if name not in self._sinks:
                self._add_sink(name, sink)
        self.wake()

    def _add_sink(self, name: str, sink: Sink) -> None:
        self._sinks[name] = sink
        if "deliver" not in self._roles:
            return
        deliver = Deliver(
            self._parts.edges,
            sink,
            endpoint_of(name, sink),
            self._options.lease_s,
            self._public_url,
            rules=self._rules,
        )
        stream = sink_stream(name)
        lane = self._lane(stream, (stream,), self._options.sink_slots, deliver)
        self._sink_lanes[name] = lane
        self._spawn(stream, lane.run())

    async def _drop_sink(self, name: str) -> None:
        sink, lane = self._sinks.pop(name), self._sink_lanes.pop(name, None)
        if lane is None:
            await _close(sink)
            return
        lane.stop()
        task = asyncio.create_task(_leave(sink, lane), name=f"leave:{name}")
        self._leaving[task] = lane
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        lane = self._leaving.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("sink_not_left", lane=lane.name, exc_info=error)

    async def drain(self, within_s: float) -> None:
        """Let what is under way finish, hand the rest back, and end all loops."""
        self._stopping = True
        for task, name in self._tasks.items():
            if name == WATCH:
                task.cancel()
        if self.relay is not None:
            self.relay.stop()
        leaving = list(self._leaving)
        drains = [lane.drain(within_s) for lane in (*self.all_streams, *self._leaving.values())]
        if self.feeds is not None:
            drains.append(self.feeds.drain(within_s))
        left = await asyncio.gather(*drains)
        if ending := [*self._tasks, *leaving]:
            _, late = await asyncio.wait(ending, timeout=SINK_CLOSE_S)
            for task in late:
                task.cancel()
            if late:  # they speak to Redis until they have ended
                await asyncio.wait(late, timeout=SINK_CLOSE_S)
        await asyncio.gather(*(_close(sink) for sink in self._sinks.values()))
        _log.info("drained", handed_back=sum(left))


async def _leave(sink: Sink, lane: StreamLane) -> None:
    """Let what is under way end, then close the sink."""
    if handed_back := await lane.drain(LEAVE_S):
        _log.warning("sink_cut_off", sink=sink.name, handed_back=handed_back)
    await _close(sink)


async def _close(sink: Sink) -> None:
    try:
        async with asyncio.timeout(SINK_CLOSE_S):
            await sink.close()
    except (TimeoutError, OSError) as error:
        _log.warning("sink_not_closed", sink=sink.name, error=str(error))


def endpoint_of(name: str, sink: Sink) -> str:
    """Return the key of the breaker that guards ``sink``: one an endpoint, not one a host."""
    return f"{name}@{sink.endpoint}" if sink.endpoint else ""


def _plain(
    step: Callable[[str], Coroutine[Any, Any, None]], beat: Callable[[], Awaitable[None]]
) -> Handler:
    """Make a lane's handler of a step that needs no last look at its lease."""

    async def handler(id_: str, _still_ours: object) -> None:
        await (beat() if id_ == BEAT else step(id_))

    return handler


def _polled(poll: Poll, beat: Heartbeat) -> Callable[[str], Awaitable[NextPoll]]:
    """Make the feed lane's handler: a feed is polled, the synthetic entry begins its way."""

    async def polled(feed: str) -> NextPoll:
        return NextPoll(delay_s=await beat.begin()) if feed == BEAT else await poll(feed)

    return polled
