"""The database as the steps and lanes know it.

Every verb is one transaction. A verb that cannot commit raises `workers.errors.StoreDown`, and
then nothing of it is stored. Times that say when to work again are handed over as delays in
seconds; the store adds them to its own present.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from workers.model.alert import DeliveryJob
from workers.model.article import PageJob, Work
from workers.model.commit import ArticleCommit, DeliveryCommit, Knowledge, PollCommit
from workers.model.feed import FeedNeed, FeedRow, FeedSource, KnownEntry
from workers.model.message import EventEnd, EventIntent, EventKind, Raised
from workers.model.websub import PushCommit, Subscription, Wanted

__all__ = ["Store"]


class Store(Protocol):
    """SQL, as the steps need it."""

    async def load_feed(self, feed: str) -> FeedRow | None:
        """Return the feed, None if there is none."""
        ...

    async def load_knowledge(
        self,
        feed: str,
        identities: Sequence[str],
        twins: Sequence[str],
        titles: Sequence[str],
        ids: Sequence[str] = (),
    ) -> Knowledge:
        """Return what is known of these identities, twins, titles and ids of a feed."""
        ...

    async def commit_poll(self, commit: PollCommit) -> tuple[Raised, ...]:
        """Store a poll: feed state, entries, articles, the work that they ask for, events.

        Returns:
            The events that were raised.
        """
        ...

    async def websub_key(self) -> str:
        """Return what the paths of subscriptions are proved with, in hexadecimal."""
        ...

    async def subscription(self, id_: str) -> Subscription | None:
        """Return the subscription with this id, None if there is none."""
        ...

    async def subscription_of(self, feed: str) -> Subscription | None:
        """Return the feed's subscription, None if it has none (or only one that it leaves)."""
        ...

    async def want_subscription(
        self, feed: str, wanted: Wanted | None, base: str
    ) -> Subscription | None:
        """Make a feed's subscription be this one, under our address ``base``, or none."""
        ...

    async def leave_ended_subscriptions(self) -> int:
        """Let the subscriptions of feeds that are polled no more be left; return how many."""
        ...

    async def due_subscriptions(self, most: int) -> list[str]:
        """Return ids of subscriptions about which somebody must speak to their hub now."""
        ...

    async def claim_subscription(self, id_: str) -> Subscription | None:
        """Take a subscription that is due, to ask its hub; None if another process has."""
        ...

    async def subscription_told(
        self, one: Subscription, delay_s: float | None = None, said: str | None = None
    ) -> None:
        """Note how a request ended: ask again in ``delay_s`` (None: as usual), why it refused."""
        ...

    async def verify_subscription(self, id_: str, topic: str, lease_s: float) -> bool:
        """Say whether we want what a hub asks us to confirm, and note that it is live if we do."""
        ...

    async def let_go_subscription(self, id_: str, topic: str) -> bool:
        """Say whether we want to be pushed no more, as a hub asks; then it is not asked again."""
        ...

    async def refuse_subscription(self, id_: str, topic: str, reason: str) -> bool:
        """Note that a hub says no, or no more; False if that is none of our subscriptions."""
        ...

    async def note_missed(self, id_: str) -> None:
        """Note that a poll found what this subscription's hub did not push."""
        ...

    async def load_listed(self, feed: str, most: int) -> list[KnownEntry]:
        """Return what the feed listed when it was last read, the newest first."""
        ...

    async def commit_push(self, commit: PushCommit) -> int:
        """Store a push: entries, articles, the work that they ask for; return how many were news.

        Raises:
            TocsinError: the feed is gone, or polled no more.
        """
        ...

    async def load_page(self, kind: Literal["page", "ring"], article: str) -> PageJob | None:
        """Return the work with its article, following merges; None if there is none."""
        ...

    async def commit_article(self, commit: ArticleCommit) -> None:
        """Store a reading: text, keys, what rang for the first time with its deliveries."""
        ...

    async def host_lines(self, host: str) -> frozenset[int]:
        """Return hashes of the lines that stand in several stories of a host."""
        ...

    async def load_delivery(self, delivery: str) -> DeliveryJob | None:
        """Return the delivery with what it tells, None if there is none."""
        ...

    async def commit_delivery(self, commit: DeliveryCommit) -> tuple[Raised, ...]:
        """Store how an attempt ended, and what it says of its sink; return what was raised."""
        ...

    async def postpone(self, work: Work, delay_s: float) -> None:
        """Set a row to be due after ``delay_s`` without counting an attempt."""
        ...

    async def postpone_all(self, rows: Sequence[tuple[Work, float]]) -> None:
        """Set rows that were not handed on to be due after so many seconds each."""
        ...

    async def marked_of(self, hosts: Sequence[str], within_s: float) -> dict[str, int]:
        """Return how many pages of these hosts were handed on within so long and are not done."""
        ...

    async def skip(self, work: Work) -> None:
        """Forget the mark of a row that was taken before it was due."""
        ...

    async def bury(self, work: Work, reason: str, detail: str) -> None:
        """Make a dead letter of work that failed in a way nobody foresaw."""
        ...

    async def bury_id(self, kind: str, id_: str, reason: str, detail: str) -> None:
        """Make a dead letter of an id, whatever its row says (its owners died of it)."""
        ...

    async def count_death(self, kind: str, id_: str) -> int:
        """Note that an owner died while holding this id; return how many have."""
        ...

    async def due(
        self, limits: Mapping[str, int], marked_before_s: float, most: int
    ) -> list[Work]:
        """Return open rows whose time has come and which are not marked, or marked too long ago.

        At most ``limits[stream]`` of each stream (streams that are not named: none), ``most`` in
        all, oldest first.
        """
        ...

    async def behind(self) -> float:
        """Return for how many seconds the page that is due longest has waited, 0 if none is."""
        ...

    async def mark(self, pushed: Sequence[Work]) -> None:
        """Mark rows as pushed, each only if its turn is still the same."""
        ...

    async def incarnation(self) -> str:
        """Return the name of this life of the database: a restored or copied one has another."""
        ...

    async def void_marks(self, hold_deliveries_s: float) -> None:
        """Forget all marks (Redis was lost); deliveries wait, a send may be in flight."""
        ...

    async def raise_event(self, intent: EventIntent) -> Raised | None:
        """Raise an event and its deliveries; None if it is open already, or was just told."""
        ...

    async def end_event(self, end: EventEnd) -> Raised | None:
        """End an event, if it is open; return what followed it, if that was raised."""
        ...

    async def settle_events(
        self, kind: EventKind, intents: Sequence[EventIntent]
    ) -> tuple[Raised, ...]:
        """Let the open events of ``kind`` be these and no others; return what was raised."""
        ...

    async def begin_beat(self) -> bool:
        """Set the heartbeat's synthetic entry on its way, unless it is; say whether it begins."""
        ...

    async def pass_beat(self, source: str, target: str) -> bool:
        """Let it go on from one stream to the next; say whether it was there."""
        ...

    async def end_beat(self, every_s: float) -> bool:
        """End its way; say whether to call, which one process does in each period."""
        ...

    async def sync_feeds(self, sources: Sequence[FeedSource]) -> dict[str, str]:
        """Make the feeds be those of the config; return each source's feed id by its address.

        A feed that no source lists (or that is disabled) is parked, its history kept.
        """
        ...

    async def feed_rows(self) -> list[FeedRow]:
        """Return all feeds, the parked ones too."""
        ...

    async def soonest_feeds(self, most: int) -> list[str]:
        """Return the feeds that do not fail and are due soonest, no two of one host."""
        ...

    async def feed_needs(self, interval_s: float | None) -> list[FeedNeed]:
        """Return what says how often each feed that is not parked is to be polled.

        ``interval_s`` is that of feeds without an interval of their own; None is "auto".
        """
        ...

    async def feed_delays(self, after: str, most: int) -> list[tuple[str, float, float | None]]:
        """Return id, seconds until the next poll (negative: overdue) and interval of feeds.

        Of those not parked, ``most`` that come after the id ``after``, in their order.
        """
        ...

    async def resting_hosts(self) -> dict[str, float]:
        """Return the hosts that asked for rest, and for how many seconds that is still so."""
        ...
