"""What a process does now and then beside its lanes. Several may do the same at once."""

from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import timedelta
from math import ceil
from platform import node
from typing import Any

import structlog

from monitor.daemon.disk import DISK_S, Disk
from monitor.daemon.lost import lost
from monitor.daemon.mutes import MUTES_S, Mutes
from monitor.daemon.refused import REFUSED_S, RefusedTopics
from monitor.daemon.state import State
from monitor.daemon.watch import SinkWatch
from monitor.settings import keep_options, queue_options
from workers.errors import StoreDown, Transient
from workers.feeds.budget import Spending
from workers.feeds.interval import span
from workers.steps.events import Events
from workers.steps.relay import refill

__all__ = ["Upkeep"]

REFILL_S, PRUNE_S, LISTS_S, SINKS_S, HUBS_S = 300.0, 600.0, 5.0, 2.0, 1.0
LEARN_S = 10.0
DEAD_S, DEAD_OVER_S, DEAD_MOST = 60.0, 3600.0, 20
"""How often dead letters are counted, over what time, and how many new ones are too many."""
_PLURALS = {"entry": "entries", "page": "pages", "delivery": "deliveries"}
FEED_EVENTS = frozenset({"feed_failing", "feed_gone", "feed_quiet", "feed_blind"})
MACHINE = node()
"""Only processes of one machine share a network."""
_log = structlog.get_logger()
Job = Callable[[], Awaitable[object]]


class Upkeep:
    """The housekeeping that the roles of a process ask for.

    ``told`` returns what this process tells others of itself.
    """

    def __init__(self, state: State, told: Callable[[], dict[str, Any]]) -> None:
        self._state = state
        self._told = told
        self._events = Events(state.parts.edges, lambda: state.rules.sinks)
        self._disk = Disk(state, self._events)
        self._refused = RefusedTopics(state, self._events)
        self._mutes = Mutes(state)
        self.sinks = SinkWatch(state)
        self._unknown = False
        """Whether it was told that another process does not say which sinks it knows."""

    def jobs(self) -> Iterator[tuple[float, str, Job]]:
        """Yield seconds, name and what is to be done each time."""
        yield queue_options(self._state.settings).lease_s / 3, "beat", self.beat
        yield DISK_S, "disk", self._disk.look
        yield DEAD_S, "dead", self.watch_dead
        yield SINKS_S, "sinks", self.sinks.look
        yield REFUSED_S, "refused", self._refused.look
        if "poll" in self._state.roles:
            yield REFILL_S, "refill", self.refill
            yield LEARN_S, "weigh", self.weigh_again
            yield PRUNE_S, "prune", self.prune
        if (subscribe := self._state.lanes.subscribe) is not None:
            yield HUBS_S, "hubs", subscribe
        if "deliver" in self._state.roles:
            yield REFILL_S, "settle", self.settle_sinks
            yield LISTS_S, "summarize", self.summarize
            yield MUTES_S, "mutes", self._mutes.look

    def judge_disk(self) -> None:
        """See whether there is room, before the first work begins."""
        self._disk.judge()

    async def beat(self) -> None:
        """Tell the others that this process lives, what it does, and which sinks it knows."""
        try:
            sinks = sorted(self._state.settings.sinks)
            network = self._state.parts.edges.network
            seen = network.told_others(self._state.clock.monotonic())
            told = {"sinks": sinks, "machine": MACHINE, "network": seen}
            await self._state.parts.broker.beat({**self._told(), **told})
            if "poll" in self._state.roles:
                await self._hear()
        except Transient as error:
            _log.debug("beat_failed", error=str(error))

    async def _hear(self) -> None:
        """Take what other processes of this machine saw of the network."""
        broker, network = self._state.parts.broker, self._state.parts.edges.network
        seen: dict[str, bool] = {}
        for process in await broker.processes():
            told = process.get("network")
            here = process.get("machine") == MACHINE and process.get("name") != broker.consumer
            if here and isinstance(told, dict):
                seen |= {host: ok for host, ok in told.items() if isinstance(ok, bool)}
        network.hear(seen, self._state.clock.monotonic())

    async def refill(self) -> None:
        """Make the due-queue be what SQL knows, and share out the budget of polls anew."""
        poll = self._state.lanes.poll
        if poll is None:
            return
        try:
            beats = self._state.rules.heartbeat_s is not None
            await refill(self._state.parts.edges, beats=beats)
            await self._tell_budget(await poll.weigh())
            await self._forget_feeds()
            if self._state.rules.push_base is not None:
                await self._state.parts.store.leave_ended_subscriptions()
        except (Transient, StoreDown) as error:
            _log.warning("refill_failed", error=str(error))

    async def weigh_again(self) -> None:
        """Share out the budget anew where much was learned of new feeds."""
        poll = self._state.lanes.poll
        if poll is None or not poll.learned_much:
            return
        try:
            await self._tell_budget(await poll.weigh())
        except StoreDown as error:
            _log.debug("not_weighed", error=str(error))

    async def _tell_budget(self, spending: Spending) -> None:
        """Raise an event while `polls_per_minute` does not do even for the slowest intervals."""
        if not spending.exhausted:
            await self._events.end("budget_exhausted", "polls_per_minute")
            return
        slowest, needed = spending.budget.slowest_s or 0.0, ceil(round(spending.needed, 3))
        fixed = f" ({spending.fixed:.0f} of them at fixed intervals)" if spending.fixed else ""
        text = (
            f"Feeds at their slowest interval need {needed} polls a minute{fixed}, "
            f"and there are {spending.most:g}: some feeds now wait for up to {span(slowest)}. Set "
            f"[polling] polls_per_minute to {needed} or more, or slowest to longer."
        )
        await self._events.begin(self._events.about("budget_exhausted", "polls_per_minute", text))

    async def _forget_feeds(self) -> None:
        """End what was told of feeds that are no longer in the config, or are disabled."""
        store, sources = self._state.parts.store, self._state.rules.sources
        told = [one for one in await store.open_events() if one.kind in FEED_EVENTS]
        polled = await store.polled_feeds() if told else ()
        names = {sources[id_].name for id_ in polled if id_ in sources and sources[id_].enabled}
        for one in told:
            if one.subject not in names:
                await self._events.end(one.kind, one.subject)

    async def tell_refused(self) -> None:
        """Raise an event for each topic that cannot be used as written, and end the others."""
        await self._refused.look()

    async def prune(self) -> None:
        """Remove what is older than it is kept for."""
        try:
            keep = keep_options(self._state.settings)
            await self._state.parts.store.prune(keep, self._state.clock.now())
        except StoreDown as error:
            _log.warning("prune_failed", error=str(error))

    async def watch_dead(self) -> None:
        """Raise an event while dead letters grow: more than `DEAD_MOST` new ones in an hour."""
        since = self._state.clock.now() - timedelta(seconds=DEAD_OVER_S)
        try:
            new = await self._state.parts.store.new_dead(since)
            if sum(new.values()) > DEAD_MOST:
                told = ", ".join(f"{_PLURALS[kind]}: {number}" for kind, number in new.items())
                text = (
                    f"{sum(new.values())} dead letters in an hour ({told}): look at "
                    "`tocsin dead list --since 1h`, mend the cause, then `tocsin dead replay`"
                )
                await self._events.begin(self._events.about("dead_growing", "dead letters", text))
            else:
                await self._events.end("dead_growing", "dead letters")
        except StoreDown as error:
            _log.debug("dead_not_watched", error=str(error))

    async def settle_sinks(self, back: Collection[str] = ()) -> None:
        """Send what was held for sinks that are back; give up what waits for sinks that are gone.

        The sinks in ``back`` were changed by the operator, who means them to be told again. Asked
        now and then besides: what was under way at a reload still went by the old settings.
        A sink whose file cannot be read is not gone, nor is one that another process knows.
        """
        if "deliver" not in self._state.roles:
            return
        store, loaded = self._state.parts.store, self._state.loaded
        try:
            for name in back:
                await store.enable_sink(name)
            await self.sinks.look()
            for name in self._state.lanes.endpoints():
                if released := await store.release_disabled(name):
                    _log.info("deliveries_released", sink=name, deliveries=released)
            known = None if lost(loaded).unread else await self._known()
            if known is not None and (gone := await store.abandon(known)):
                _log.warning("deliveries_abandoned", deliveries=gone, reason="sink removed")
        except (StoreDown, Transient) as error:
            _log.warning("sinks_not_settled", error=str(error))

    async def summarize(self) -> None:
        """Make lists of what bursts have held for long enough."""
        rules = self._state.rules
        off = frozenset(route.name for route in rules.sinks if not route.enabled)
        try:
            made = await self._state.parts.store.summarize(rules.alerts.list_after_s, off)
        except StoreDown as error:
            _log.warning("summaries_failed", error=str(error))
        else:
            if made:
                _log.info("summaries_made", summaries=made)

    async def _known(self) -> set[str] | None:
        """Return the sinks of our settings, and of those of every other process that lives.

        None if one of them does not say which it knows: then what waits for sinks that are gone
        goes on waiting, and the log says so, once.
        """
        broker = self._state.parts.broker
        known = set(self._state.settings.sinks)
        for process in await broker.processes():
            if process.get("name") == broker.consumer:
                continue
            told = process.get("sinks")
            if not isinstance(told, list):
                if not self._unknown:
                    _log.warning("sinks_of_a_process_unknown", process=process.get("name"))
                self._unknown = True
                return None
            known.update(name for name in told if isinstance(name, str))
        self._unknown = False
        return known
