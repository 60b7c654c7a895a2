"""The daemon: start, reload, stop. All that can fail fails before the first feed is touched."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from monitor import shipped
from monitor.daemon import topics
from monitor.daemon.build import Parts, SqlStore, open_parts
from monitor.daemon.control import Report, control_socket, member_socket
from monitor.daemon.firstpolls import FIRST_S, FirstPollsTold
from monitor.daemon.follow import Follower
from monitor.daemon.heartbeat import HeartbeatCall
from monitor.daemon.hindsight import Hindsight
from monitor.daemon.lanes import Lanes, Outside
from monitor.daemon.leaving import leave_links
from monitor.daemon.notify import how_it_is, listening, notify, watchdog_s
from monitor.daemon.reload import Reloader
from monitor.daemon.roles import ALL_ROLES, Roles
from monitor.daemon.rules import rules_in_force, wanted_topics
from monitor.daemon.sinks import Sessions, build_sinks
from monitor.daemon.state import State
from monitor.daemon.tether import Tether
from monitor.daemon.upkeep import Upkeep
from monitor.registry import Registry, registry
from monitor.schedule import Schedule
from monitor.settings import Loaded, Settings, queue_options, user_agent
from monitor.web.app import build_control, build_public
from monitor.web.serve import Served, serve
from workers.clock import Clock

if TYPE_CHECKING:
    from workers.steps.ports import Sink

__all__ = ["Daemon"]

TICK_S, FOLLOW_S, STATUS_S = 0.25, 1.0, 10.0
WARM_S = 10.0
"""Once the first polls are over, the processes that read pages begin: they need seconds for it."""
CLOSE_SHARE = 0.25
"""Of the time to stop, what closing connections and processes may take after the drain."""
LAST_SHARE = 0.125
"""Of it, what handing back may take where the drain itself does not end."""
_log = structlog.get_logger()


class Daemon:
    """One process: by default it does all, else what its ``roles`` say.

    `start`, then `wait` until something ends it, then `stop`.
    """

    def __init__(
        self,
        loaded: Loaded,
        clock: Clock,
        *,
        roles: Roles = frozenset(ALL_ROLES),
        next_free_port: bool = False,
        tether: Tether | None = None,
    ) -> None:
        self._loaded = loaded
        self._clock = clock
        self._roles = roles
        self._next_free_port = next_free_port
        self._tether = tether
        self._schedule = Schedule()
        self._sessions = Sessions()
        self._heartbeat = HeartbeatCall(
            lambda: self.state.settings.heartbeat.url,
            user_agent(loaded.settings, shipped.version()),
        )
        self._served: list[Served] = []
        self._sinks: dict[str, Sink] = {}
        self._first: FirstPollsTold | None = None
        self._hindsight: Hindsight | None = None
        self._reloads: set[asyncio.Task[object]] = set()
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self.state: State
        self.address: str | None = None
        """Where the public endpoints are served, None if they are off."""

    async def start(self, seen: Callable[[], None] = lambda: None) -> None:
        """Open everything, then begin to work.

        Args:
            seen: Called just before others can see us. Who does may already ask us to stop: that
                is done once all has begun, lest leases be held that nobody gives back.

        Raises:
            TocsinError: something that is needed is not there; nothing was begun.
        """
        settings = self._loaded.settings
        siblings = self._tether.of if self._tether is not None else None
        parts = await open_parts(settings, self._clock, siblings)
        try:
            self.state = await self._compose(parts)
            self._reloader = Reloader(self.state, self._take_over)
            self._hindsight = Hindsight(self.state) if self._speaks else None
            self._report = Report(self.state, self._reloader.reload, self._hindsight)
            self._upkeep = Upkeep(self.state, self._report.process)
            seen()
            await self._serve(settings)
            links = await leave_links(settings, parts.store)
            self._sinks = build_sinks(settings, self._sessions, links)
        except BaseException:
            await self._close(parts)
            raise
        parts.store.subscribe(self.state.lanes.wake)
        await self._upkeep.beat()  # before the lanes, which beat too, but cannot say what we are
        self._upkeep.judge_disk()
        await self._upkeep.sinks.look()
        self.state.lanes.start()
        await self.state.lanes.set_sinks(self._sinks)
        await self._upkeep.settle_sinks()
        await self._upkeep.tell_refused()
        await self._upkeep.refill()
        await self._wait_for_first_polls()
        self._schedule_jobs()
        if self._tether is not None:
            self._tether.say_ready()
        notify("READY=1", f"STATUS={self._summary()}")
        self._tell()
        if self.state.accepted.before is not None:  # else all is new: the first polls tell
            self._look_back()

    async def _compose(self, parts: Parts) -> State:
        settings, wanted = self._loaded.settings, registry(self._loaded.settings)
        accepted = await self._first_topics(wanted_topics(self._loaded, wanted), parts.store)
        rules = await rules_in_force(self._loaded, wanted, accepted, parts.store, self._roles)
        lanes = Lanes(
            parts,
            lambda: self.state.rules,
            queue_options(settings),
            Outside(public_url=settings.web.public_url, call=self._heartbeat),
            self._roles,
        )
        return State(
            loaded=self._loaded,
            registry=wanted,
            clock=self._clock,
            parts=parts,
            accepted=accepted,
            rules=rules,
            lanes=lanes,
            roles=self._roles,
        )

    async def _first_topics(self, wanted: topics.Wanted, store: SqlStore) -> topics.Accepted:
        """Who has the database to itself runs by its own files; others by what is accepted."""
        alone = not store.many and (self._tether is None or self._tether.first)
        return await (topics.accept if alone else topics.start)(wanted, store)

    @property
    def _speaks(self) -> bool:
        """Say whether it tells what concerns all processes of its data folder alike."""
        return self._tether is None or self._tether.number == 1

    def _look_back(self) -> None:
        """Tell of what is new among the topics in force; what had been is let go after that."""
        state = self.state
        before, state.accepted = state.accepted.before, replace(state.accepted, before=None)
        if self._hindsight is not None:
            self._hindsight.begin(before)

    def _summary(self) -> str:
        rules = self.state.rules
        return f"{len(rules.sources)} feeds, {len(rules.topics.specs)} topics"

    def _tell(self) -> None:
        rules = self.state.rules
        _log.info(
            "started",
            roles=self._report.process()["roles"],
            feeds=len(rules.sources),
            topics=len(rules.topics.specs),
            sinks=sorted(self._sinks),
            web=self.address or "off",
        )

    async def _serve(self, settings: Settings) -> None:
        control, web, tether = control_socket(settings.data_dir), settings.web, self._tether
        if tether is not None:
            control = member_socket(settings.data_dir, tether.number)
        self._served.append(
            await serve(build_control(self._report, self._clock), f"unix:{control}")
        )
        if web.listen == "off" or tether is not None:  # the supervisor listens for all
            return
        token = web.token.reveal if web.token else tuple
        public = build_public(self._report, token, self._clock, pages="web" in self._roles)
        served = await serve(public, web.listen, next_free=self._next_free_port)
        self._served.append(served)
        self.address = served.address

    async def _wait_for_first_polls(self) -> None:
        """One process tells what came of them, for all of this data folder."""
        if self.state.lanes.poll is not None and (self._tether is None or self._tether.first):
            self._first = FirstPollsTold(self.state)
            await self._first.begin()

    def _schedule_jobs(self) -> None:
        schedule = self._schedule
        if self.state.lanes.feeds is not None:
            schedule.every(TICK_S, "tick", self.state.lanes.feeds.tick)
        schedule.every(TICK_S, "watch", self._reloader.look)
        follower = Follower(self.state, self._reloader.alone, self._look_back)
        schedule.every(FOLLOW_S, "follow", follower.look)
        if self.state.lanes.pages is not None:
            schedule.every(WARM_S, "warm", self.state.parts.pool.warm)
        if self._first is not None:
            schedule.every(FIRST_S, "first", self._first.look)
        for seconds, name, job in self._upkeep.jobs():
            schedule.every(seconds, name, job)
        if (period := watchdog_s()) is not None:
            schedule.every(period, "watchdog", self._watchdog)
        if listening():
            schedule.every(STATUS_S, "status", self._tell_manager)
        schedule.start()

    async def _tell_manager(self) -> None:
        notify(f"STATUS={how_it_is(await self._report.ready())}; {self._summary()}")

    async def _watchdog(self) -> None:
        live = await self._report.live()
        if live["status"] == "ok":
            notify("WATCHDOG=1")

    async def _take_over(
        self, loaded: Loaded, wanted: Registry, remade: Sequence[str], *, word: bool
    ) -> None:
        """Put accepted settings in force. Lanes of sinks that did not change are not touched.

        By the operator's ``word`` the topics of all files are the newest from now on; else only
        what has changed in them since they were last read.
        """
        state, settings = self.state, loaded.settings
        store = state.parts.store
        fresh = build_sinks(settings, self._sessions, await leave_links(settings, store))
        before = None if word else state.accepted.own
        now = wanted_topics(loaded, wanted, state.rules.topics)
        accepted = await topics.accept(now, store, before)
        rules = await rules_in_force(loaded, wanted, accepted, store, self._roles)
        self._sinks = {
            name: sink if name in remade else self._sinks.get(name, sink)
            for name, sink in fresh.items()
        }
        state.loaded, state.registry = loaded, wanted
        until_now = topics.said_by(state.rules.topics)
        state.accepted, state.rules = replace(accepted, before=until_now), rules
        self._look_back()  # even if what follows fails: it would not know any more what is new
        await state.lanes.set_sinks(self._sinks)
        await self._upkeep.beat()
        await self._upkeep.settle_sinks(remade)
        await self._upkeep.tell_refused()
        await self._upkeep.refill()
        if self._first is not None:
            await self._first.begin()

    def request_reload(self) -> None:
        """Read the settings again soon: the operator's word, by signal."""
        if self.state.draining:
            return
        reload = asyncio.create_task(self._reloader.reload_soon(), name="reload")
        self._reloads.add(reload)
        reload.add_done_callback(self._reloads.discard)

    def request_end(self) -> None:
        """Ask the daemon to end without waiting."""
        self._hurry.set()
        self._stop.set()

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
        """Let jobs end, drain, and close everything, all within ``[queue] stop_within``."""
        within = queue_options(self.state.settings).stop_within_s
        end = self._clock.monotonic() + within
        self.state.draining = True
        notify("STOPPING=1")
        _log.info("stopping", within_s=within)
        await self._schedule.stop(CLOSE_SHARE * within)
        for reload in self._reloads:
            reload.cancel()
        await asyncio.gather(*self._reloads, return_exceptions=True)
        for looking in (self._first, self._hindsight):
            if looking is not None:
                await looking.end()
        lanes, left = self.state.lanes, max(0.0, end - self._clock.monotonic())
        drain = asyncio.create_task(lanes.drain(left - CLOSE_SHARE * within), name="drain")
        hurry = asyncio.create_task(self._hurry.wait(), name="hurry")
        cut_s = max(0.0, left - LAST_SHARE * within)
        await asyncio.wait((drain, hurry), timeout=cut_s, return_when=asyncio.FIRST_COMPLETED)
        hurried = not drain.done()
        for task in (drain, hurry):
            task.cancel()
        await asyncio.gather(drain, hurry, return_exceptions=True)
        if hurried:  # what is under way ends here, and its ids go back at once
            last = asyncio.create_task(lanes.drain(0.0), name="drain")
            await asyncio.wait((last,), timeout=LAST_SHARE * within)
            last.cancel()  # a lease that was not handed back runs out
            await asyncio.gather(last, return_exceptions=True)
        await self._close(self.state.parts)
        _log.info("stopped")

    async def _close(self, parts: Parts) -> None:
        for served in reversed(self._served):
            await served.close()
        self._served.clear()
        await self._heartbeat.close()
        await self._sessions.close()
        await parts.stack.aclose()
