"""RELAY: the one query that moves due rows into streams: outbox, retry timer and sweeper."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

import structlog

from workers.model.article import Work
from workers.model.beat import BEAT, BEAT_STREAM
from workers.model.leases import Push
from workers.options import HostRule, NetOptions, QueueOptions
from workers.steps.edges import Edges
from workers.steps.hosts import rule_for
from workers.steps.share import share

__all__ = ["PAGE_STREAMS", "RING_STREAM", "Relay", "refill", "sink_stream"]

PAGE_STREAMS = ("pages:hot", "pages:warm", "pages:cold")
_RANKS = {stream: rank for rank, stream in enumerate(PAGE_STREAMS)}
RING_STREAM = "ring"
PIECE = 2000
"""Feeds that are compared in one turn of the loop: a millisecond or two."""
SPREAD_S, SPREAD_FEED_S = 60.0, 0.05
"""What is overdue at a start is spread over so long at most, and over so much a feed."""
NOT_SOONER_S = 1.0
"""A poll's time is written to SQL first, then to the due-queue, which so is always a bit later."""
_log = structlog.get_logger()


def sink_stream(sink: str) -> str:
    """Return the name of the stream that feeds the lane of ``sink``."""
    return f"sink:{sink}"


def first_delay(feed: str, delay_s: float, interval_s: float | None, feeds: int) -> float:
    """Return when a feed that the due-queue lacks is polled: not before its time, not all at once.

    What is overdue is spread by a hash over 0.05 s a feed, a minute or an interval at most: three
    feeds at once, forty within two seconds.
    """
    most = min(SPREAD_S, SPREAD_FEED_S * feeds, SPREAD_S if interval_s is None else interval_s)
    share = blake2b(feed.encode(), digest_size=4).digest()
    return max(delay_s, int.from_bytes(share, "big") / 2**32 * most)


async def refill(edges: Edges, *, beats: bool = False) -> int:
    """Make the due-queue be what SQL knows; return how many feeds were added or moved.

    What it lacks is added, what SQL does not know is removed, and what is due sooner by SQL (the
    operator wrote another address or a shorter interval) is moved. Heals partial loss; a
    Retry-After survives, because SQL knows the feed's next time; where all was lost, its host
    rests again too. With ``beats`` the synthetic entry of the heartbeat is polled too.

    The queue is read first: what is in it then, and not in SQL later, was taken from SQL. Only
    what differs is sent, and all is read in pieces: there may be 100,000 feeds.
    """
    queued = await edges.broker.queued_feeds()
    queued.pop(BEAT, None)
    known: list[tuple[str, float, float | None]] = []
    while some := await edges.store.feed_delays(known[-1][0] if known else "", PIECE):
        known += some
    if known and not queued:  # all was lost, and so the rests that hosts asked for
        for host, left_s in (await edges.store.resting_hosts()).items():
            await edges.broker.host_rest(host, left_s)
    gone = queued.keys() - {id_ for id_, _, _ in known}
    await edges.broker.drop_feeds([*gone, *([] if beats else [BEAT])])
    if beats:
        await edges.broker.schedule_feeds({BEAT: 0.0})
    added = moved = 0
    for start in range(0, len(known), PIECE):
        lacking, sooner = _differing(known[start : start + PIECE], queued, len(known))
        added += await edges.broker.schedule_feeds(lacking)
        moved += await edges.broker.schedule_feeds(sooner, soonest=True)
        await asyncio.sleep(0)  # noqa: TID251 - a turn for others
    return added + moved


def _differing(
    known: Sequence[tuple[str, float, float | None]], queued: Mapping[str, float], feeds: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Return what the queue lacks, and what SQL knows to be due sooner; each with its delay."""
    lacking: dict[str, float] = {}
    sooner: dict[str, float] = {}
    for id_, delay_s, interval_s in known:
        until = queued.get(id_)
        if until is None:
            lacking[id_] = first_delay(id_, delay_s, interval_s, feeds)
        elif until > delay_s + NOT_SOONER_S:
            first = first_delay(id_, delay_s, interval_s, feeds)
            if until > first + NOT_SOONER_S:
                sooner[id_] = first
    return lacking, sooner


class Relay:
    """Pushes what is due, then marks it: only where the turn is still what was read.

    ``endpoints`` returns the sinks that may be sent to now, each with its breaker's key; ``beats``
    says whether there is a heartbeat.
    """

    def __init__(
        self,
        edges: Edges,
        options: QueueOptions,
        endpoints: Callable[[], dict[str, str]],
        beats: Callable[[], bool] = bool,
        net: Callable[[], NetOptions] = NetOptions,
    ) -> None:
        self._edges = edges
        self._options = options
        self._endpoints = endpoints
        self._beats = beats
        self._net = net
        self.soon_s: float | None = None
        """Seconds until a page may go that waits for its host; None: none that is known of."""
        self._tails: dict[str, float] = {}
        """Until when, on the monotonic clock, each host's pages have been given times."""
        self._there: dict[tuple[str, str], float] = {}
        self._shut: dict[str, bool] = {}
        """Endpoints whose breaker was open: whether a row was pushed to probe them since."""

    async def once(self) -> int:
        """Move what is due; return how many ids were new to their stream.

        Raises:
            Transient: Redis is away.
            StoreDown: SQL is away.
        """
        await self._heal_loss()
        due = await self._edges.store.due(
            await self._room(), 3 * self._options.lease_s, self._options.outstanding
        )
        rows = await self._polite(self._not_there_yet(due))
        if not rows:
            return 0
        fresh = await self._edges.broker.push(
            [Push(stream=row.stream, kind=row.kind, id=row.id) for row in rows]
        )
        pushed = [row for row, new in zip(rows, fresh, strict=True) if new]
        self._remember([row for row, new in zip(rows, fresh, strict=True) if not new])
        if pushed:
            await self._edges.store.mark(pushed)
        self._note_probes(pushed)
        return len(pushed)

    async def _heal_loss(self) -> None:
        """Redis lost or flushed, or a restored database: all marks are void.

        Sends may still be in flight, so deliveries wait for a lease.
        """
        life = await self._edges.store.incarnation()
        if await self._edges.broker.epoch(life):
            return
        await self._edges.store.void_marks(self._options.lease_s)
        life = (
            await self._edges.store.incarnation()
        )  # as it is now: two must not outbid each other
        feeds = await refill(self._edges, beats=self._beats())
        await self._edges.broker.begin_epoch(life)
        self._there.clear()
        _log.info("redis_filled_from_sql", feeds=feeds)

    async def _room(self) -> dict[str, int]:
        """Return how many more entries each stream may hold."""
        sinks = self._endpoints()
        self._shut = {key: shut for key, shut in self._shut.items() if key in sinks.values()}
        waits = await self._edges.broker.breaker_states(sorted(set(sinks.values()) - {""}))
        keys = {sink_stream(name): key for name, key in sinks.items()}
        held = await self._edges.broker.outstanding(
            [*PAGE_STREAMS, RING_STREAM, BEAT_STREAM, *keys]
        )
        room = {
            stream: self._most(keys.get(stream, ""), waits, number) - number
            for stream, number in held.items()
        }
        return {stream: free for stream, free in room.items() if free > 0}

    def _most(self, key: str, waits: Mapping[str, float], held: int) -> int:
        """Return how many entries a stream may hold, given its sink's breaker.

        An open breaker lets none in; when its probe is due exactly one, so that a backlog is not
        moved to and fro; all again once that one is through and the breaker has stayed closed.
        """
        if waits.get(key, 0.0) > 0:
            self._shut[key] = False
            return 0
        if key not in self._shut:
            return self._options.outstanding
        if self._shut[key] and not held:
            del self._shut[key]
            return self._options.outstanding
        return 1

    def _note_probes(self, pushed: Sequence[Work]) -> None:
        streams = {row.stream for row in pushed}
        for name, key in self._endpoints().items():
            if key in self._shut and sink_stream(name) in streams:
                self._shut[key] = True

    async def _polite(self, rows: Sequence[Work]) -> list[Work]:
        """Leave out pages whose host cannot be asked now: they are set to its next turns.

        A host's pages go by priority, then age, at most as many as it takes at once, and none
        before its turn: else they would come back at once, a commit each.
        """
        self.soon_s = None
        net, by_host, rules = self._net(), dict[str, list[Work]](), dict[str, HostRule]()
        for row in rows:
            rule = rule_for(row.host, net) if row.host else None
            if row.host and rule is not None:
                rules[row.host] = rule
                by_host.setdefault(row.host, []).append(row)
        if not by_host:
            return list(rows)
        room = await self._edges.broker.host_room(
            {host: rule.spacing_s for host, rule in rules.items()}
        )
        marked = await self._edges.store.marked_of(list(rules), 3 * self._options.lease_s)
        now = self._edges.clock.monotonic()
        self._tails = {host: until for host, until in self._tails.items() if until > now}
        waiting: list[tuple[Work, float]] = []
        left: set[tuple[str, str]] = set()
        for host, some in by_host.items():
            some.sort(key=lambda row: (_RANKS.get(row.stream, len(_RANKS)), row.asked))
            tail_s = self._tails.get(host, now) - now
            shared = share(some, rules[host], room[host], marked.get(host, 0), tail_s)
            left.update((row.kind, row.id) for row in some[len(shared.go) :])
            waiting += shared.wait
            if shared.tail_s > 0:
                self._tails[host] = now + shared.tail_s
            if shared.soon_s is not None:
                self.soon_s = min(shared.soon_s, self.soon_s or shared.soon_s)
        if waiting:
            await self._edges.store.postpone_all(waiting)
        return [row for row in rows if (row.kind, row.id) not in left]

    def _not_there_yet(self, rows: Sequence[Work]) -> list[Work]:
        """Leave out what the last second found in its stream already."""
        now = self._edges.clock.monotonic()
        self._there = {key: until for key, until in self._there.items() if until > now}
        return [row for row in rows if (row.kind, row.id) not in self._there]

    def _remember(self, rows: Sequence[Work]) -> None:
        until = self._edges.clock.monotonic() + 1.0
        self._there.update({(row.kind, row.id): until for row in rows})
