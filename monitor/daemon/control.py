"""What the endpoints are told, and where the command line finds a running daemon."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from monitor import shipped
from monitor.daemon.disk import folders
from monitor.daemon.gauges import FEEDS_BY_NAME, set_feeds, set_gauges, set_subscriptions
from monitor.daemon.hindsight import Hindsight
from monitor.daemon.leaving import Leaving
from monitor.daemon.reading import PageFigures
from monitor.daemon.reload import Outcome
from monitor.daemon.roles import ALL_ROLES
from monitor.daemon.state import State
from monitor.health import Check, Checks, SinkState, pages_of, report, shown, worst
from monitor.journey import By, left_out, steps_of
from monitor.web.hubs import Read
from workers.broker.places import Places
from workers.errors import StoreDown, Transient
from workers.model.report import StoreCounts
from workers.model.websub import HubAnswer, HubRequest
from workers.net import inflated
from workers.pool.tasks import read_feed_again
from workers.steps.look import Look
from workers.steps.push import Hear
from workers.steps.relay import PAGE_STREAMS, sink_stream

__all__ = ["Report", "control_socket", "member_socket"]


VANISHED_S = 3600.0
HINDSIGHT_S = 8.0
"""So long who waits for an answer waits for what topics would have rung for."""
UNTOLD = frozenset({"sinks", "machine", "network"})
"""What processes tell one another only."""
SPREAD_S, SPREAD_MOST_S = 0.05, 60.0
"""Feeds that are all to be polled now are spread by so much each, over so long at most."""


def control_socket(data_dir: Path) -> Path:
    """Return the path of the socket by which commands reach the daemon of this data folder."""
    return Places.of(data_dir).socket.with_name("control.sock")


def member_socket(data_dir: Path, number: int) -> Path:
    """Return the path of the socket by which a supervisor reaches its process ``number``."""
    return control_socket(data_dir).with_name(f"control-{number}.sock")


class Report:
    """Satisfies what the endpoints ask (`monitor.web.app.Asked`)."""

    def __init__(
        self,
        state: State,
        reload: Callable[..., Awaitable[Outcome]],
        hindsight: Hindsight | None = None,
    ) -> None:
        self._state = state
        self._reload = reload
        self._hindsight = hindsight
        self._began = state.clock.monotonic()
        self._pages = PageFigures(state.parts.meter, state.parts.pool, state.clock)
        self._leaving = Leaving(
            state.parts.store,
            lambda: state.settings,
            lambda: state.rules.sinks,
            state.parts.meter,
        )
        self._hear = Hear(
            state.parts.edges,
            lambda: state.rules,
            Look(state.parts.edges, read_feed_again),
            inflated,
        )
        self._checks = Checks(
            state.clock,
            state.parts.store.probe,
            state.parts.broker.ping,
            folders(state),
            lambda: state.settings.keep.disk_floor,
        )

    def process(self) -> dict[str, Any]:
        """Return what this process tells others of itself."""
        return {
            "name": self._state.parts.broker.consumer,
            "roles": [role for role in ALL_ROLES if role in self._state.roles],
            "version": shipped.version(),
            "config_hash": self._state.registry.config_hash,
            **({"pages": self._pages()} if "read" in self._state.roles else {}),
        }

    async def hub_knows(self, token: str) -> bool:
        """Say whether a path is one of ours; while nobody can say, it may be."""
        try:
            return await self._hear.subscription(token) is not None
        except StoreDown:
            return True

    async def hub_asks(self, request: HubRequest) -> HubAnswer:
        """Answer a hub that asks whether we meant what we asked of it."""
        return await self._hear.asked(request)

    async def hub_pushes(self, request: HubRequest, read: Read) -> HubAnswer:
        """Take what a hub sends; its body is read only if it comes on a path of ours."""
        return await self._hear(request, read, self._state.rules.poll.wire_bytes)

    async def live(self) -> dict[str, Any]:
        """Say whether every supervised loop beats: nothing outside this process counts."""
        still = [pulse.name for pulse in self._state.lanes.pulses if not pulse.alive]
        return {"status": "failing" if still else "ok", "still": still}

    async def ready(self) -> dict[str, Any]:
        """Say whether work can be taken: SQL writes, Redis writes, disk, not draining."""
        checks = await self._checks.all()
        status = worst([check.status for check in checks.values()])
        if self._state.draining:
            status = "failing"
        now = self._state.clock.monotonic()
        return {"status": status, "draining": self._state.draining, "checks": shown(checks, now)}

    async def status(self) -> dict[str, Any]:
        """Return the whole report, with all processes that beat in this Redis.

        And with those of the last hour that ended without a goodbye.
        """
        told = await self.healthy()
        broker = self._state.parts.broker
        try:
            beating, vanished = await broker.processes(), await broker.vanished(VANISHED_S)
        except Transient:
            return {**told, "vanished": []}
        processes = [{key: one[key] for key in one if key not in UNTOLD} for one in beating]
        processes = processes or told["processes"]
        pages = pages_of(processes)
        return {**told, "pages": pages, "processes": processes, "vanished": vanished}

    async def healthy(self) -> dict[str, Any]:
        """Return the whole report; what a broken dependency hides is left empty."""
        checks, facts = await self._checks.all(), await self._facts()
        beat_s = self._state.parts.broker.beat_s
        now = self._state.clock.monotonic()
        own = [{**self.process(), "beat_s": beat_s and round(beat_s, 3)}]
        refused = [problem.topic for problem in self._state.accepted.refused]
        return {
            "status": self._status(checks, facts, refused),
            "version": shipped.version(),
            "uptime_s": round(now - self._began, 1),
            "topics": len(self._state.rules.topics.specs),
            "topics_version": self._state.accepted.number,
            "topics_refused": refused,
            "topics_differ": self._differing(),
            "config_hash": self._state.registry.config_hash,
            "checks": shown(checks, now),
            **facts,
            "pages": pages_of(own),
            "processes": own,
        }

    def _differing(self) -> str | None:
        """Say that other topics are in force than those of this process's files."""
        if not self._state.accepted.differs:
            return None
        return (
            f"number {self._state.accepted.number} of the database is followed, and the files say "
            "something else (`tocsin topics publish` makes them the newest)"
        )

    def _status(
        self, checks: Mapping[str, Check], facts: Mapping[str, Any], refused: list[str]
    ) -> str:
        """A dependency that fails is failing; a receiver, a topic or most feeds are degraded."""
        status = worst([check.status for check in checks.values()])
        sinks = facts["queue"]["sinks"].values()
        feeds = facts["feeds"]
        unwell = (
            refused
            or self._state.accepted.differs
            or feeds["slowed"]
            or any(sink["breaker"] == "open" for sink in sinks)
            or 2 * feeds["failing"] > feeds["total"]
        )
        return worst([status, "degraded" if unwell else "ok"])

    async def _facts(self) -> dict[str, Any]:
        state = self._state
        counts, lag = StoreCounts(), 0.0
        sinks: dict[str, SinkState] = {}
        streams: dict[str, tuple[int, int]] = {}
        try:
            counts = await state.parts.store.counts()
            lag = await state.parts.broker.due_lag()
            sinks = await self._sinks()
            streams = await state.parts.broker.backlog(PAGE_STREAMS)
        except (Transient, StoreDown):
            pass  # the checks tell which of them is away
        return report(counts, sinks, streams, lag, state.rules.alerts.list_after_s)

    async def _sinks(self) -> dict[str, SinkState]:
        lanes, broker = self._state.lanes, self._state.parts.broker
        names = list(self._state.settings.sinks)
        endpoints = lanes.endpoints()
        waits = await broker.breaker_states(sorted(set(endpoints.values()) - {""}))
        backlog = await broker.backlog([sink_stream(name) for name in names])
        states = {}
        for name in names:
            ready, pending = backlog[sink_stream(name)]
            states[name] = SinkState(
                breaker="open" if waits.get(endpoints.get(name, ""), 0) > 0 else "closed",
                state="enabled" if name in endpoints else "disabled",
                ready=ready,
                pending=pending,
            )
        return states

    async def metrics(self) -> bytes:
        """Return the page that Prometheus scrapes, gauges brought up to date."""
        health, meter = await self.healthy(), self._state.parts.meter
        ready = not self._state.draining and all(
            check["status"] != "failing" for check in health["checks"].values()
        )
        set_gauges(meter, health, ready=ready)
        with suppress(StoreDown):
            set_feeds(meter, await self._state.parts.store.feed_states(FEEDS_BY_NAME))
            set_subscriptions(meter, await self._state.parts.store.subscription_counts())
        return meter.page()

    async def why(self, event: str) -> dict[str, Any] | None:
        """Return the journey of an event's article, None if there is no such."""
        facts = await self._state.parts.store.journey(event)
        if facts is None:
            return None
        rules = self._state.rules
        by = By(
            routes=tuple(rules.sinks),
            topics=rules.topics.specs,
            max_age_s=rules.alerts.max_age_s,
            list_after_s=rules.alerts.list_after_s,
            recipients=False,
        )
        return {
            "title": facts.article.title,
            "url": facts.article.url,
            "steps": [structs.asdict(step) for step in steps_of(facts, by)],
            "left_out": left_out(facts),
        }

    async def leaving(self, token: str) -> dict[str, Any] | None:
        """Return whose link this is, None if we did not make it."""
        return await self._leaving.who(token)

    async def leave(self, token: str) -> bool:
        """Let the reader behind a link leave; False if we did not make it."""
        return await self._leaving.leave(token)

    async def poll_feeds(self, ids: Sequence[str], *, failing: bool) -> dict[str, Any]:
        """Let feeds be polled now: these, else all, or all that failed.

        Returns:
            How many there are, and over how many seconds they are spread; None for how many if the
            database or Redis is away.
        """
        parts = self._state.parts
        try:
            asked = list(ids) or await parts.store.polled_feeds(failing=failing)
            within_s = min(SPREAD_MOST_S, SPREAD_S * max(0, len(asked) - 1))
            delays = {feed: within_s * at / len(asked) for at, feed in enumerate(asked)}
            await parts.broker.schedule_feeds(delays, soonest=True)
        except (Transient, StoreDown) as error:
            return {"feeds": None, "error": str(error)}
        return {"feeds": len(asked), "within_s": within_s}

    async def feed(self, feed: str, host: str) -> dict[str, Any]:
        """Return how a feed stands in Redis, and its host; and the budget that is gone by."""
        poll = self._state.lanes.poll
        budget = poll.budget if poll is not None else None
        try:
            standing = await self._state.parts.broker.feed_standing(feed, host)
        except Transient:
            return {"standing": None, "budget": budget}
        return {"standing": standing, "budget": budget}

    async def reload(self, *, yes: bool, watched: bool = False) -> dict[str, Any]:
        """Read the settings again."""
        outcome = await self._reload(yes=yes, watched=watched)
        told: dict[str, Any] = msgspec.to_builtins(outcome)
        return told

    async def hindsight(self) -> Mapping[str, Any] | None:
        """Return what the topics that were taken over last would have rung for of late."""
        return await self._hindsight.answer(HINDSIGHT_S) if self._hindsight is not None else None
