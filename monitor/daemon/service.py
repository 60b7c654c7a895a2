"""The daemon: start, reload, stop. All that can fail fails before the first feed is touched."""

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import structlog

from monitor import shipped
from monitor.daemon.build import Parts, open_parts
from monitor.daemon.control import Report, control_socket
from monitor.daemon.lanes import Lanes
from monitor.daemon.lost import feeds_left, lost
from monitor.daemon.notify import notify, watchdog_s
from monitor.daemon.reload import Reloader
from monitor.daemon.sinks import Sessions, build_sinks, sink_routes
from monitor.daemon.state import State
from monitor.daemon.topics import Accepted, AcceptedTopics, accept_topics
from monitor.registry import Registry, registry
from monitor.schedule import Schedule
from monitor.settings import (
    Loaded,
    Settings,
    alert_options,
    keep_options,
    net_options,
    page_options,
    poll_options,
    queue_options,
)
from monitor.web.app import build_control, build_public
from monitor.web.serve import Served, serve
from workers.clock import Clock
from workers.errors import StoreDown, Transient
from workers.steps.edges import Rules
from workers.steps.relay import refill

if TYPE_CHECKING:
    from workers.steps.ports import Sink

__all__ = ["Daemon"]

REFILL_S, PRUNE_S, TICK_S = 300.0, 3600.0, 0.25
CLOSE_SHARE = 0.25
"""Of the time to stop, what closing connections and processes may take after the drain."""
_log = structlog.get_logger()


class Daemon:
    """One process that does all: poll, read, deliver, web.

    `start`, then `wait` until something ends it, then `stop`.
    """

    def __init__(self, loaded: Loaded, clock: Clock, *, next_free_port: bool = False) -> None:
        self._loaded = loaded
        self._clock = clock
        self._next_free_port = next_free_port
        self._schedule = Schedule()
        self._sessions = Sessions()
        self._served: list[Served] = []
        self._sinks: dict[str, Sink] = {}
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self.state: State
        self.address: str | None = None
        """Where the public endpoints are served, None if they are off."""

    async def start(self) -> None:
        """Open everything, then begin to work.

        Raises:
            TocsinError: something that is needed is not there; nothing was begun.
        """
        settings = self._loaded.settings
        parts = await open_parts(settings, self._clock)
        try:
            self.state = await self._compose(parts)
            self._reloader = Reloader(self.state, self._take_over)
            self._report = Report(self.state, self._reloader.reload)
            await self._serve(settings)
            self._sinks = build_sinks(settings, self._sessions)
        except BaseException:
            await self._close(parts)
            raise
        parts.store.subscribe(self.state.lanes.relay.wake)
        await self._beat()  # before the lanes, which beat too, but cannot say what we are
        self.state.lanes.start()
        await self.state.lanes.set_sinks(self._sinks)
        await self._settle_sinks(self._sinks)
        await self._refill()
        self._schedule_jobs()
        notify("READY=1")
        self._tell()

    async def _compose(self, parts: Parts) -> State:
        settings, wanted = self._loaded.settings, registry(self._loaded.settings)
        accepted = await _accept(self._loaded, wanted, parts)
        rules = await _rules(self._loaded, wanted, accepted, parts)
        lanes = Lanes(
            parts, lambda: self.state.rules, queue_options(settings), settings.web.public_url
        )
        return State(
            loaded=self._loaded,
            registry=wanted,
            clock=self._clock,
            parts=parts,
            accepted=accepted,
            rules=rules,
            lanes=lanes,
        )

    def _tell(self) -> None:
        rules = self.state.rules
        _log.info(
            "started",
            feeds=len(rules.sources),
            topics=len(rules.topics.specs),
            sinks=sorted(self._sinks),
            web=self.address or "off",
        )

    async def _serve(self, settings: Settings) -> None:
        control = control_socket(settings.data_dir)
        self._served.append(await serve(build_control(self._report), f"unix:{control}"))
        web = settings.web
        if web.listen == "off":
            return
        public = build_public(self._report, web.token.reveal if web.token else tuple)
        served = await serve(public, web.listen, next_free=self._next_free_port)
        self._served.append(served)
        self.address = served.address

    def _schedule_jobs(self) -> None:
        lease = queue_options(self.state.settings).lease_s
        self._schedule.every(TICK_S, "tick", self.state.lanes.feeds.tick)
        self._schedule.every(TICK_S, "watch", self._reloader.look)
        self._schedule.every(REFILL_S, "refill", self._refill)
        self._schedule.every(REFILL_S, "settle", self._settle_sinks)
        self._schedule.every(PRUNE_S, "prune", self._prune)
        self._schedule.every(lease / 3, "beat", self._beat)
        if (period := watchdog_s()) is not None:
            self._schedule.every(period, "watchdog", self._watchdog)
        self._schedule.start()

    async def _refill(self) -> None:
        try:
            await refill(self.state.parts.edges)
            await self.state.lanes.poll.weigh()
        except (Transient, StoreDown) as error:
            _log.warning("refill_failed", error=str(error))

    async def _prune(self) -> None:
        try:
            keep = keep_options(self.state.settings)
            await self.state.parts.store.prune(keep, self._clock.now())
        except StoreDown as error:
            _log.warning("prune_failed", error=str(error))

    async def _beat(self) -> None:
        try:
            await self.state.parts.broker.beat(self._report.process())
        except Transient as error:
            _log.debug("beat_failed", error=str(error))

    async def _watchdog(self) -> None:
        live = await self._report.live()
        if live["status"] == "ok":
            notify("WATCHDOG=1")

    async def _take_over(self, loaded: Loaded, wanted: Registry, remade: Sequence[str]) -> None:
        """Put accepted settings in force. Lanes of sinks that did not change are not touched."""
        state, settings = self.state, loaded.settings
        fresh = build_sinks(settings, self._sessions)
        accepted = await _accept(loaded, wanted, state.parts)
        rules = await _rules(loaded, wanted, accepted, state.parts)
        self._sinks = {
            name: sink if name in remade else self._sinks.get(name, sink)
            for name, sink in fresh.items()
        }
        state.loaded, state.registry = loaded, wanted
        state.accepted, state.rules = accepted, rules
        await state.lanes.set_sinks(self._sinks)
        await self._settle_sinks(remade)
        await self._refill()

    async def _settle_sinks(self, back: Collection[str] = ()) -> None:
        """Send what was held for sinks that are back; give up what waits for sinks that are gone.

        Asked now and then besides: what was under way at a reload still went by the old settings.
        A sink whose file cannot be read is not gone.
        """
        store, loaded = self.state.parts.store, self.state.loaded
        try:
            for name in self._sinks:
                untried = name not in back
                if released := await store.release_held(name, "disabled", untried=untried):
                    _log.info("deliveries_released", sink=name, deliveries=released)
            if not lost(loaded).unread and (gone := await store.abandon(loaded.settings.sinks)):
                _log.warning("deliveries_abandoned", deliveries=gone, reason="sink removed")
        except StoreDown as error:
            _log.warning("sinks_not_settled", error=str(error))

    def request_reload(self) -> None:
        """Read the settings again soon: the operator's word, by signal."""
        self._reloading = asyncio.create_task(self._reloader.reload(yes=True), name="reload")

    def request_stop(self) -> None:
        """Ask the daemon to end; a second time, to end without waiting."""
        if self._stop.is_set():
            _log.warning("stopping_at_once")
            self._hurry.set()
        self._stop.set()

    async def wait(self) -> str | None:
        """Wait until asked to stop (None), or until a loop ends unasked (its name)."""
        asked = asyncio.create_task(self._stop.wait(), name="stop")
        ended = self.state.lanes.ended
        await asyncio.wait((asked, ended), return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        return None if self._stop.is_set() else ended.result()

    async def stop(self) -> None:
        """Drain within ``[queue] stop_within``, then close everything."""
        within = queue_options(self.state.settings).stop_within_s
        self.state.draining = True
        notify("STOPPING=1")
        _log.info("stopping", within_s=within)
        await self._schedule.stop()
        lanes = self.state.lanes
        drain = asyncio.create_task(lanes.drain(within * (1 - CLOSE_SHARE)), name="drain")
        hurry = asyncio.create_task(self._hurry.wait(), name="hurry")
        await asyncio.wait((drain, hurry), timeout=within, return_when=asyncio.FIRST_COMPLETED)
        hurried = not drain.done()
        for task in (drain, hurry):
            task.cancel()
        await asyncio.gather(drain, hurry, return_exceptions=True)
        if hurried:  # what is under way ends here, and its ids go back at once
            await lanes.drain(0.0)
        await self._close(self.state.parts)
        _log.info("stopped")

    async def _close(self, parts: Parts) -> None:
        for served in reversed(self._served):
            await served.close()
        self._served.clear()
        await self._sessions.close()
        await parts.stack.aclose()


async def _accept(loaded: Loaded, wanted: Registry, parts: Parts) -> Accepted:
    return await accept_topics(
        AcceptedTopics(
            topics=wanted.topics,
            aliases=dict(wanted.aliases),
            routes=sink_routes(loaded.settings),
        ),
        loaded.settings.matching.languages,
        parts.store,
        lost(loaded),
    )


async def _rules(loaded: Loaded, wanted: Registry, accepted: Accepted, parts: Parts) -> Rules:
    """Make the feeds in SQL be those of the settings; return the rules that follow from both."""
    settings, feeds = loaded.settings, wanted.feeds
    if lost(loaded).unread:
        feeds = (*feeds, *feeds_left(feeds, await parts.store.feed_rows()))
    ids = await parts.store.sync_feeds(feeds)
    return Rules(
        topics=accepted.topics,
        topics_version=accepted.number,
        sources={ids[feed.url]: feed for feed in feeds if feed.url in ids},
        sinks=accepted.routes,
        net=net_options(settings, shipped.version()),
        poll=poll_options(settings),
        pages=page_options(settings),
        alerts=alert_options(settings),
        cues=shipped.cues(),
    )
