"""The store: every verb of the port, and those of the command line, each one transaction."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Concatenate, Literal, ParamSpec, TypeVar

from sqlalchemy import Connection
from typing_extensions import override

from workers.clock import Clock
from workers.errors import StoreDown, TocsinError
from workers.model.alert import (
    Alert,
    AlertLine,
    DeadKind,
    DeadLetter,
    DeadLine,
    DeliveryJob,
    TraceLine,
)
from workers.model.article import ArticleRow, PageJob, Work
from workers.model.commit import ArticleCommit, DeliveryCommit, Knowledge, PollCommit
from workers.model.feed import Activity, EntryRow, FeedRow, FeedSource
from workers.model.message import (
    EventEnd,
    EventIntent,
    EventKind,
    EventLine,
    Raised,
    Recipient,
)
from workers.model.report import DeliveryLine, StoreCounts
from workers.model.sink import Enabled, SinkHealth
from workers.model.upkeep import HeldLine, Room
from workers.options import KeepOptions
from workers.store import (
    articles,
    attempts,
    beats,
    bursts,
    dead,
    deliveries,
    events,
    feeds,
    held,
    incarnation,
    knowledge,
    leavers,
    leaving,
    letters,
    lists,
    polls,
    retention,
    sinks,
    traces,
)
from workers.store import work as works
from workers.store.dbtime import DatabaseTime, ServerTime, SteadyTime
from workers.store.driver import BUSY_S, Address
from workers.store.letters import DeadWhich
from workers.store.postgres_driver import PostgresDriver
from workers.store.readers import Readers
from workers.store.schema import prepare
from workers.store.sqlite_driver import SqliteDriver
from workers.store.writer import Writer
from workers.store.writers import Writers

__all__ = ["SqlStore", "open_store"]

P = ParamSpec("P")
T = TypeVar("T")
Unit = Callable[Concatenate[Connection, datetime, P], T]
"""What runs inside a transaction: a connection and the database's present in, anything out."""


async def open_store(
    address: Address,
    clock: Clock,
    *,
    read_only: bool = False,
    busy_s: float = BUSY_S,
    time: DatabaseTime | None = None,
) -> "SqlStore":
    """Open the database. A SQLite file is made or migrated, unless it is only read.

    Args:
        address: A SQLite file, or a ``postgresql://`` address.
        clock: This process's clock.
        read_only: Whether nothing may be written.
        busy_s: Seconds to wait for a lock that another process holds on the file.
        time: What the database's present is read from; None is the server's clock, or the steady
            one of a file.

    Raises:
        Unusable: the database is missing, not ours, of another version, or cannot be opened.
    """
    await asyncio.to_thread(prepare, address, read_only=read_only)
    return SqlStore(address, clock, read_only=read_only, busy_s=busy_s, time=time)


class _Base:
    """Runs units: those that write in the writer, those that read beside it."""

    def __init__(
        self,
        address: Address,
        clock: Clock,
        *,
        read_only: bool,
        busy_s: float,
        time: DatabaseTime | None = None,
    ) -> None:
        self.address = address
        self._wake: list[Callable[[], None]] = []
        self._incarnation: str | None = None
        self._halted: str | None = None
        self._keeps_text = True
        self._writer: Writer | Writers | None = None
        self._time: DatabaseTime
        if isinstance(address, str):
            self._time = time or ServerTime(clock)
            reading = PostgresDriver(address, writes=False)
            self.name = reading.name
            self._readers = Readers(reading)
            if not read_only:
                self._writer = Writers(PostgresDriver(address, writes=True), self._notify)
        else:
            self._time = time or SteadyTime(clock)
            self.name = str(address)
            self._readers = Readers(SqliteDriver(address, writes=False, busy_s=busy_s))
            if not read_only:
                writing = SqliteDriver(address, writes=True, busy_s=busy_s)
                self._writer = Writer(writing, clock, self._time, self._notify)

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Let ``callback`` be called in the event loop after each commit that asked for work."""
        self._wake.append(callback)

    def _notify(self) -> None:
        for callback in self._wake:
            callback()

    def halt(self, why: str | None) -> None:
        """Let no new work be begun, because of ``why``; None lets it begin again.

        What is under way is still stored, and so is what the operator asks for.
        """
        self._halted = why

    def keep_text(self, *, keep: bool) -> None:
        """Keep the text of pages that are read from now on, or only what is found in it."""
        self._keeps_text = keep

    async def _begin(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read what work begins with.

        Raises:
            StoreDown: no work is to be begun, or the database cannot be read.
        """
        if self._halted is not None:
            raise StoreDown(self._halted)
        return await self._read(unit, *args, **kwargs)

    async def _write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._writer is None:
            raise TocsinError(f"cannot write: {self.name}: it was opened to be read only")
        return await self._writer.run(
            lambda conn: unit(conn, self._time.now(conn), *args, **kwargs)
        )

    async def _read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._readers.run(
            lambda conn: unit(conn, self._time.now(conn), *args, **kwargs)
        )

    async def close(self) -> None:
        """Commit what is queued, and let go of the database."""
        if self._writer is not None:
            await self._writer.close()
        await self._readers.close()


class StepStore(_Base):
    """The verbs of `workers.steps.ports.Store`."""

    async def load_feed(self, feed: str) -> FeedRow | None:
        """Return the feed, None if there is none."""
        return await self._begin(feeds.load, feed)

    async def load_knowledge(
        self, feed: str, identities: Sequence[str], twins: Sequence[str], titles: Sequence[str]
    ) -> Knowledge:
        """Return what is known of these identities of a feed."""
        return await self._read(knowledge.load, feed, identities, twins, titles)

    async def commit_poll(self, commit: PollCommit) -> tuple[Raised, ...]:
        """Store a poll: feed state, entries, articles, the work that they ask for, events.

        Returns:
            The events that were raised.
        """
        return await self._write(polls.commit, commit)

    async def load_page(self, kind: Literal["page", "ring"], article: str) -> PageJob | None:
        """Return the work with its article, following merges; None if there is none."""
        return await self._begin(articles.load, kind, article)

    async def commit_article(self, commit: ArticleCommit) -> None:
        """Store a reading: text, keys, what rang for the first time with its deliveries."""
        await self._write(articles.commit, commit, keep_text=self._keeps_text)

    async def load_delivery(self, delivery: str) -> DeliveryJob | None:
        """Return the delivery with what it tells, None if there is none."""
        return await self._begin(deliveries.load, delivery)

    async def commit_delivery(self, commit: DeliveryCommit) -> tuple[Raised, ...]:
        """Store how an attempt ended, and what it says of its sink; return what was raised."""
        return await self._write(attempts.commit, commit)

    async def postpone(self, work: Work, delay_s: float) -> None:
        """Set a row to be due after ``delay_s`` without counting an attempt."""
        await self._write(works.postpone, work, delay_s)

    async def skip(self, work: Work) -> None:
        """Forget the mark of a row that was taken before it was due."""
        await self._write(works.skip, work)

    async def bury(self, work: Work, reason: str, detail: str) -> None:
        """Make a dead letter of work that failed in a way nobody foresaw."""
        await self._write(dead.bury, work, reason, detail)

    async def bury_id(self, kind: str, id_: str, reason: str, detail: str) -> None:
        """Make a dead letter of an id, whatever its row says (its owners died of it)."""
        await self._write(dead.bury_id, (kind, id_), (reason, detail))

    async def count_death(self, kind: str, id_: str) -> int:
        """Note that an owner died while holding this id; return how many have."""
        return await self._write(works.count_death, kind, id_)

    async def due(
        self, limits: Mapping[str, int], marked_before_s: float, most: int
    ) -> list[Work]:
        """Return open rows whose time has come and which are not marked, or marked too long ago.

        At most ``limits[stream]`` of each stream (streams that are not named: none), ``most`` in
        all, oldest first; where ``most`` cuts, each stream gets its share.
        """
        return await self._begin(works.due, limits, marked_before_s, most)

    async def behind(self) -> float:
        """Return for how many seconds the page that is due longest has waited, 0 if none is."""
        return await self._read(works.behind)

    async def mark(self, pushed: Sequence[Work]) -> None:
        """Mark rows as pushed, each only if its turn is still the same."""
        await self._write(works.mark, pushed)

    async def incarnation(self) -> str:
        """Return the name of this life of the database: a restored or copied one has another."""
        if self._incarnation is None:
            self._incarnation = await self._write(incarnation.current)
        return self._incarnation

    async def void_marks(self, hold_deliveries_s: float) -> None:
        """Forget all marks (Redis was lost); deliveries wait, a send may be in flight."""
        await self._write(works.void_marks, hold_deliveries_s)

    async def raise_event(self, intent: EventIntent) -> Raised | None:
        """Raise an event and its deliveries; None if it is open already, or was just told."""
        return await self._write(events.raise_event, intent)

    async def end_event(self, end: EventEnd) -> Raised | None:
        """End an event, if it is open; return what followed it, if that was raised."""
        return await self._write(events.end_event, end)

    async def settle_events(
        self, kind: EventKind, intents: Sequence[EventIntent]
    ) -> tuple[Raised, ...]:
        """Let the open events of ``kind`` be these and no others; return what was raised."""
        return await self._write(events.settle, kind, intents)

    async def summarize(self, after_s: float, off: Collection[str] = ()) -> int:
        """Make lists of what bursts held for ``after_s`` seconds; return how many.

        Those of the sinks in ``off``, which are disabled, wait until they are enabled.
        """
        made = 0
        while some := await self._write(bursts.summarize, after_s, off):
            made += some
        return made

    async def begin_beat(self) -> bool:
        """Set the heartbeat's synthetic entry on its way, unless it is; say whether it begins."""
        return await self._write(beats.begin)

    async def pass_beat(self, source: str, target: str) -> bool:
        """Let it go on from one stream to the next; say whether it was there."""
        return await self._write(beats.hand_on, source, target)

    async def end_beat(self, every_s: float) -> bool:
        """End its way; say whether to call, which one process does in each period."""
        return await self._write(beats.end, every_s)

    async def sync_feeds(self, sources: Sequence[FeedSource]) -> dict[str, str]:
        """Make the feeds be those of the config; return each source's feed id by its address.

        A feed that no source lists (or that is disabled) is parked, its history kept.
        """
        return await self._write(feeds.sync, sources)

    async def feed_habits(self) -> list[tuple[float, Activity]]:
        """Return weight and habit of each feed not parked that has no interval of its own."""
        return await self._read(feeds.habits)

    async def feed_delays(self) -> dict[str, float]:
        """Return the seconds until the next poll (negative: overdue) of each feed not parked."""
        return await self._read(feeds.delays)


class SqlStore(StepStore):
    """One database, for the steps, the command line and health."""

    async def feed_states(self, most: int) -> list[tuple[str, str, str]]:
        """Return id, name and state of feeds that are not parked, by name, ``most`` at most."""
        return await self._read(lists.feed_states, most)

    async def feed_ids(self, sources: Sequence[FeedSource]) -> dict[str, str]:
        """Return the feed id of each source by its address, changing nothing."""
        return await self._read(feeds.ids, sources)

    async def feed_rows(self) -> list[FeedRow]:
        """Return all feeds, parked ones too, by name."""
        return await self._read(feeds.rows)

    async def find_article(self, key: str) -> str | None:
        """Return the id of the article that is known by a canonicalised link, else None."""
        return await self._read(articles.by_key, key)

    async def article_by_id(self, article: str) -> ArticleRow | None:
        """Return the article, or the one that it was merged into; None if there is none."""
        return await self._read(articles.by_id, article)

    async def entries_of(self, article: str) -> tuple[EntryRow, ...]:
        """Return the entries of an article, oldest first."""
        return await self._read(articles.entries_of, article)

    async def trace_of(self, article: str) -> list[TraceLine]:
        """Return what was decided about an article and its entries, oldest first."""
        return await self._read(traces.of_article, article)

    async def alert_lines(
        self, limit: int = 100, since: datetime | None = None, topic: str | None = None
    ) -> list[AlertLine]:
        """Return alerts, newest first, each with how its deliveries stand."""
        return await self._read(lists.alert_lines, limit, since, topic)

    async def load_alert(self, alert_id: str) -> Alert | None:
        """Return the alert with this id, or whose id begins so; None if there is none.

        Raises:
            TocsinError: several alerts begin so.
        """
        return await self._read(lists.load_alert, alert_id)

    async def alert_deliveries(self, alert_id: str) -> list[DeliveryLine]:
        """Return how the deliveries of an alert stand, by sink and recipient."""
        return await self._read(deliveries.of_alert, alert_id)

    async def dead_lines(
        self,
        kind: DeadKind | None = None,
        sink: str | None = None,
        reason: str | None = None,
        since: datetime | None = None,
    ) -> list[DeadLine]:
        """Return the newest dead letters that fit all that is given, at most 1,000."""
        which = DeadWhich(kind=kind, sink=sink, reason=reason, since=since)
        return await self._read(letters.lines, which)

    async def each_dead(self, which: DeadWhich) -> AsyncIterator[DeadLine]:
        """Yield all dead letters that are meant, newest first, however many there are."""
        after: letters.After | None = None
        while part := await self._read(letters.lines, which, after):
            for line in part:
                yield line
            after = (part[-1].at, part[-1].kind, part[-1].id)

    async def show_dead(self, prefix: str) -> list[DeadLetter]:
        """Return the dead letters with this id, or whose id begins so.

        Raises:
            TocsinError: several ids begin so.
        """
        return await self._read(letters.show, prefix)

    async def replay_dead(
        self,
        ids: Sequence[str] | None = None,
        *,
        kind: DeadKind | None = None,
        sink: str | None = None,
        reason: str | None = None,
        since: datetime | None = None,
    ) -> int:
        """Ask again for dead letters that fit all that is given; return for how many.

        What was sent meanwhile, or is no longer kept, is not tried again; an entry that still
        cannot be stored stays a dead letter.
        """
        which = _which(ids, kind, sink, reason, since)
        return await self._rounds(letters.replay, which)

    async def drop_dead(
        self,
        ids: Sequence[str] | None = None,
        *,
        kind: DeadKind | None = None,
        sink: str | None = None,
        reason: str | None = None,
        since: datetime | None = None,
    ) -> int:
        """Remove dead letters that fit all that is given for good; return how many."""
        which = _which(ids, kind, sink, reason, since)
        return await self._rounds(letters.drop, which)

    async def _rounds(
        self,
        unit: Callable[[Connection, datetime, DeadWhich, letters.After | None], letters.Round],
        which: DeadWhich,
    ) -> int:
        """Go over all dead letters that are meant, a bounded number a transaction."""
        total, after = 0, None
        while True:
            made = await self._write(unit, which, after)
            total, after = total + made.done, made.after
            if after is None:
                return total

    async def sink_states(self) -> dict[str, SinkHealth]:
        """Return the sinks that have failed or were disabled, by name."""
        return await self._read(sinks.states)

    async def hold_disabled(self, sink: str) -> int:
        """Hold what is open of a sink that is disabled; return how many."""
        total = 0
        while some := await self._write(sinks.hold, sink):
            total += some
        return total

    async def release_disabled(self, sink: str) -> int:
        """Ask for what a sink holds because it was disabled; return how many.

        The most severe first, of these the newest; none while it is disabled still.
        """
        released = 0
        while some := await self._write(sinks.release, sink, released):
            released += some
        return released

    async def enable_sink(self, sink: str, drop_older_s: float | None = None) -> Enabled:
        """Let a sink be told again, also of what it holds; return what that did.

        With ``drop_older_s``, what is held for longer is given up instead.
        """
        dropped = 0
        while drop_older_s is not None:
            some = await self._write(sinks.drop_older, sink, drop_older_s)
            dropped += some
            if not some:
                break
        was = await self._write(sinks.enable, sink)
        released = await self.release_disabled(sink)
        return Enabled(was_disabled=was, released=released, dropped=dropped)

    async def leave_key(self) -> str:
        """Return what the links are signed with by which recipients leave, in hexadecimal."""
        return await self._write(leavers.key)

    async def leave(self, who: Recipient, intent: EventIntent) -> Raised | None:
        """Make nothing more for a recipient, and tell others; None if it had left before."""
        return await self._write(leaving.leave, who, intent)

    async def let_return(self, sink: str) -> int:
        """Let all who left a sink be its recipients again; return how many."""
        return await self._write(leavers.returned, sink)

    async def held_lines(self) -> list[HeldLine]:
        """Return what is held, by reason and sink."""
        return await self._read(held.lines)

    async def release_reason(self, reason: str, sink: str | None = None) -> int:
        """Ask again for what is held for ``reason``, by one sink or by all; return how many."""
        return await self._bit_by_bit(held.release, reason, sink)

    async def drop_held(self, reason: str, sink: str | None = None) -> int:
        """Give up for good what is held for ``reason``, by one sink or by all; return how many."""
        return await self._bit_by_bit(held.drop, reason, sink)

    async def _bit_by_bit(
        self,
        unit: Callable[[Connection, datetime, str, str | None], int],
        reason: str,
        sink: str | None,
    ) -> int:
        total = 0
        while True:
            some = await self._write(unit, reason, sink)
            total += some
            if some < held.MOST:
                return total

    async def abandon(self, sinks: Collection[str]) -> int:
        """Make dead letters of what waits for a sink that is none of these; return how many."""
        abandoned = 0
        while True:
            some = await self._write(dead.abandon, sinks)
            abandoned += some
            if some < dead.MOST:
                return abandoned

    async def accepted(self) -> tuple[int, str] | None:
        """Return number and content of what was accepted last, None if nothing ever was."""
        return await self._read(lists.last_accepted)

    async def accepted_number(self) -> int | None:
        """Return the number of what was accepted last, None if nothing ever was."""
        return await self._read(lists.accepted_number)

    async def accept(self, content: str, after: int | None = None) -> int | None:
        """Keep ``content`` as what was accepted last; return its number.

        None if another process accepted something meanwhile: what came after ``after``, if that is
        given. Then look at that first.
        """
        return await self._write(lists.accept, content, after)

    @property
    def many(self) -> bool:
        """Whether processes of several machines may share this database."""
        return isinstance(self.address, str)

    async def open_events(self) -> list[EventLine]:
        """Return the events that are open, the latest first."""
        return await self._read(events.open_events)

    async def counts(self) -> StoreCounts:
        """Return how much of everything there is."""
        return await self._read(lists.counts)

    async def probe(self) -> None:
        """Write something tiny, before all that is queued.

        Raises:
            StoreDown: the database takes no writes, or no work is to be begun.
        """
        if self._writer is None:
            raise TocsinError(f"cannot write: {self.name}: it was opened to be read only")
        if self._halted is not None:
            raise StoreDown(self._halted)
        await self._writer.run(lambda conn: lists.probe(conn, self._time.now(conn)), urgent=True)

    async def prune(self, keep: KeepOptions, now: datetime) -> dict[str, int]:
        """Remove what is older than it is kept for; return how many of each kind went."""
        gone = {step.name: await self._emptied(step) for step in retention.steps(keep, now)}
        return {**gone, "texts": gone.get("texts", 0) + await self._fit(keep.text_bytes)}

    async def _fit(self, most_bytes: int) -> int:
        """Remove the oldest texts until the rest fits; return how many."""
        after: datetime | None = None
        total = 0
        while await self._read(retention.used_bytes) > most_bytes:
            removed, after = await self._write(retention.oldest_texts, after)
            if not removed:
                break
            total += removed
        return total

    async def room(self) -> Room:
        """Return what of the database's file is free, and whether it can be given back."""
        return await self._read(retention.room)

    async def oldest_texts(self, after: datetime | None) -> retention.Swept:
        """Remove some of the oldest texts of pages; return how many, and where to go on."""
        return await self._write(retention.oldest_texts, after)

    async def oldest_contents(self, after: datetime | None) -> retention.Swept:
        """Remove some of the oldest texts of entries; return how many, and where to go on."""
        return await self._write(retention.oldest_contents, after)

    async def give_back(self) -> None:
        """Give some of the file's free pages back to the file system."""
        await self._write(retention.give_back)

    async def new_dead(self, since: datetime) -> dict[str, int]:
        """Return how many dead letters there are since then, by kind."""
        return await self._read(letters.since, since)

    async def _emptied(self, step: retention.Step) -> int:
        """Run a step until it finds nothing more, with room for others in between."""
        total = 0
        while removed := await self._write(step.run):
            total += removed
        return total

    @override
    def __repr__(self) -> str:
        return f"SqlStore({self.name!r})"


def _which(
    ids: Sequence[str] | None,
    kind: DeadKind | None,
    sink: str | None,
    reason: str | None,
    since: datetime | None,
) -> DeadWhich:
    return DeadWhich(
        ids=None if ids is None else tuple(ids), kind=kind, sink=sink, reason=reason, since=since
    )
