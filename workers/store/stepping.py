"""The verbs of the steps and lanes: `workers.steps.ports.Store`."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Literal

from workers.errors import StoreDown
from workers.gather import Gather
from workers.model.alert import DeliveryJob
from workers.model.article import PageJob, Work
from workers.model.commit import ArticleCommit, DeliveryCommit, Knowledge, PollCommit
from workers.model.feed import FeedNeed, FeedRow, FeedSource, KnownEntry
from workers.model.message import EventEnd, EventIntent, EventKind, Raised
from workers.model.websub import PushCommit, Subscription, Wanted
from workers.store import (
    articles,
    attempts,
    beats,
    bursts,
    configured,
    dead,
    deliveries,
    due,
    events,
    feeds,
    hostlines,
    incarnation,
    knowledge,
    polls,
    pushes,
    subscriptions,
)
from workers.store import work as works
from workers.store.base import Base

__all__ = ["StepStore"]


FEEDS_AT_ONCE = 64
KNOWN_AT_ONCE = 16
KNOWN_WITHIN_S = 0.002
"""So long a question about entries waits for those of other polls."""
POLLS_AT_ONCE = 64
COMMIT_WITHIN_S = 0.002
"""So long a poll that is to be stored waits for others."""
ENTRIES_AT_ONCE = 128
"""New entries that polls may have together, to share a transaction: it takes some milliseconds."""
PIECE = 1000
"""Feeds that are taken over in one transaction: some tens of milliseconds."""


class StepStore(Base):
    """The verbs of `workers.steps.ports.Store`."""

    async def load_feed(self, feed: str) -> FeedRow | None:
        """Return the feed, None if there is none."""
        return (await self._loading(feed)).get(feed)

    @cached_property
    def _loading(self) -> Gather[str, dict[str, FeedRow]]:
        """Feeds are claimed in bunches: those that are asked for at once are one look."""
        return Gather(self._load_feeds, 0.0, FEEDS_AT_ONCE)

    async def _load_feeds(self, ids: Sequence[str]) -> list[dict[str, FeedRow]]:
        return [await self._begin(feeds.load_some, ids)] * len(ids)

    async def load_knowledge(
        self,
        feed: str,
        identities: Sequence[str],
        twins: Sequence[str],
        titles: Sequence[str],
        ids: Sequence[str] = (),
    ) -> Knowledge:
        """Return what is known of these identities, twins, titles and ids of a feed."""
        asked = knowledge.Asked(feed, identities, twins, titles, ids)
        try:
            return await self._knowing(asked)
        except StoreDown:
            raise
        except Exception:  # noqa: BLE001 - it may be another's question that cannot be answered
            return (await self._read(knowledge.load_all, [asked]))[0]

    @cached_property
    def _knowing(self) -> Gather[knowledge.Asked, Knowledge]:
        """A look costs its caller several times what the database does for one feed."""
        return Gather(self._load_knowledge, KNOWN_WITHIN_S, KNOWN_AT_ONCE)

    async def _load_knowledge(self, asked: Sequence[knowledge.Asked]) -> list[Knowledge]:
        return await self._read(knowledge.load_all, asked)

    async def commit_poll(self, commit: PollCommit) -> tuple[Raised, ...]:
        """Store a poll: feed state, entries, articles, the work that they ask for, events.

        Returns:
            The events that were raised.
        """
        outcome = await self._committing(commit)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    @cached_property
    def _committing(self) -> Gather[PollCommit, polls.Outcome]:
        """Polls that end at about the same time share a transaction, and its statements."""
        return Gather(self._commit_polls, COMMIT_WITHIN_S, POLLS_AT_ONCE)

    async def _commit_polls(self, commits: Sequence[PollCommit]) -> list[polls.Outcome]:
        bunches = list(_bunches(commits))
        answers = await asyncio.gather(
            *(self._write(polls.commit_all, some) for some in bunches), return_exceptions=True
        )
        return [
            outcome
            for some, answer in zip(bunches, answers, strict=True)
            for outcome in (answer if isinstance(answer, list) else [answer] * len(some))
        ]

    async def websub_key(self) -> str:
        """Return what the paths of subscriptions are proved with, in hexadecimal."""
        return await self._write(subscriptions.key)

    async def subscription(self, id_: str) -> Subscription | None:
        """Return the subscription with this id, None if there is none."""
        return await self._begin(subscriptions.load, id_)

    async def subscription_of(self, feed: str) -> Subscription | None:
        """Return the feed's subscription, None if it has none (or only one that it leaves)."""
        return await self._read(subscriptions.of_feed, feed)

    async def want_subscription(
        self, feed: str, wanted: Wanted | None, base: str
    ) -> Subscription | None:
        """Make a feed's subscription be this one, under our address ``base``, or none."""
        return await self._write(subscriptions.want, feed, wanted, base)

    async def leave_ended_subscriptions(self) -> int:
        """Let the subscriptions of feeds that are polled no more be left; return how many."""
        return await self._write(subscriptions.leave_ended)

    async def due_subscriptions(self, most: int) -> list[str]:
        """Return ids of subscriptions about which somebody must speak to their hub now."""
        return await self._begin(subscriptions.due, most)

    async def claim_subscription(self, id_: str) -> Subscription | None:
        """Take a subscription that is due, to ask its hub; None if another process has."""
        return await self._write(subscriptions.claim, id_)

    async def subscription_told(
        self, one: Subscription, delay_s: float | None = None, said: str | None = None
    ) -> None:
        """Note how a request ended: ask again in ``delay_s`` (None: as usual), why it refused."""
        await self._write(subscriptions.told, one, delay_s, said)

    async def verify_subscription(self, id_: str, topic: str, lease_s: float) -> bool:
        """Say whether we want what a hub asks us to confirm, and note that it is live if we do."""
        return await self._write(subscriptions.verify, id_, topic, lease_s)

    async def let_go_subscription(self, id_: str, topic: str) -> bool:
        """Say whether we want to be pushed no more, as a hub asks; then it is not asked again."""
        return await self._write(subscriptions.let_go, id_, topic)

    async def refuse_subscription(self, id_: str, topic: str, reason: str) -> bool:
        """Note that a hub says no, or no more; False if that is none of our subscriptions."""
        return await self._write(subscriptions.refuse, id_, topic, reason)

    async def note_missed(self, id_: str) -> None:
        """Note that a poll found what this subscription's hub did not push."""
        await self._write(subscriptions.note_missed, id_)

    async def load_listed(self, feed: str, most: int) -> list[KnownEntry]:
        """Return what the feed listed when it was last read, the newest first."""
        return await self._read(pushes.listed, feed, most)

    async def commit_push(self, commit: PushCommit) -> int:
        """Store a push: entries, articles, the work that they ask for; return how many were news.

        Raises:
            TocsinError: the feed is gone, or polled no more.
        """
        return await self._write(pushes.commit, commit)

    async def load_page(self, kind: Literal["page", "ring"], article: str) -> PageJob | None:
        """Return the work with its article, following merges; None if there is none."""
        return await self._begin(articles.load, kind, article)

    async def commit_article(self, commit: ArticleCommit) -> None:
        """Store a reading: text, keys, what rang for the first time with its deliveries."""
        await self._write(articles.commit, commit, keep_text=self._keeps_text)

    async def host_lines(self, host: str) -> frozenset[int]:
        """Return hashes of the lines that stand in several stories of a host."""
        return await self._read(hostlines.known, host)

    async def load_delivery(self, delivery: str) -> DeliveryJob | None:
        """Return the delivery with what it tells, None if there is none."""
        return await self._begin(deliveries.load, delivery)

    async def commit_delivery(self, commit: DeliveryCommit) -> tuple[Raised, ...]:
        """Store how an attempt ended, and what it says of its sink; return what was raised."""
        return await self._write(attempts.commit, commit)

    async def postpone(self, work: Work, delay_s: float) -> None:
        """Set a row to be due after ``delay_s`` without counting an attempt."""
        await self._write(works.postpone, work, delay_s)

    async def postpone_all(self, rows: Sequence[tuple[Work, float]]) -> None:
        """Set rows that were not handed on to be due after so many seconds each."""
        await self._write(works.postpone_all, rows)

    async def marked_of(self, hosts: Sequence[str], within_s: float) -> dict[str, int]:
        """Return how many pages of these hosts were handed on within so long and are not done."""
        return await self._read(due.marked_of, hosts, within_s)

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
        return await self._begin(due.due, limits, marked_before_s, most)

    async def behind(self) -> float:
        """Return for how many seconds the page that is due longest has waited, 0 if none is."""
        return await self._read(due.behind)

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
        self._incarnation = None
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
        found = await self._read(configured.survey, sources)
        for start in range(0, len(found.active), PIECE):
            await self._write(configured.take_over, found, start, PIECE)
        if found.left:
            await self._write(configured.park, found)
        return found.ids

    async def disable_feed(self, feed: str) -> datetime | None:
        """Let nobody poll a feed until it is enabled; return since when that was so already."""
        return await self._write(configured.switch, feed, on=False, listed=False)

    async def enable_feed(self, feed: str, *, listed: bool) -> datetime | None:
        """Let a feed be polled again; return since when it had been disabled, None if it had not.

        It stays parked unless it is ``listed``, and enabled, by a file.
        """
        return await self._write(configured.switch, feed, on=True, listed=listed)

    async def soonest_feeds(self, most: int) -> list[str]:
        """Return the feeds that do not fail and are due soonest, no two of one host."""
        return await self._read(feeds.soonest, most)

    async def feed_needs(self, interval_s: float | None) -> list[FeedNeed]:
        """Return what says how often each feed that is not parked is to be polled.

        ``interval_s`` is that of feeds without an interval of their own; None is "auto".
        """
        return await self._read(feeds.needs, interval_s)

    async def feed_delays(self, after: str, most: int) -> list[tuple[str, float, float | None]]:
        """Return id, seconds until the next poll (negative: overdue) and interval of feeds.

        Of those not parked, ``most`` that come after the id ``after``, in their order.
        """
        return await self._read(feeds.delays, after, most)

    async def resting_hosts(self) -> dict[str, float]:
        """Return the hosts that asked for rest, and for how many seconds that is still so."""
        return await self._read(feeds.resting)


def _bunches(commits: Sequence[PollCommit]) -> Iterator[list[PollCommit]]:
    """Yield polls that are stored together: few that bring much, many that bring nothing."""
    some: list[PollCommit] = []
    entries = 0
    for commit in commits:
        if some and entries + len(commit.intents) > ENTRIES_AT_ONCE:
            yield some
            some, entries = [], 0
        some.append(commit)
        entries += len(commit.intents)
    if some:
        yield some
