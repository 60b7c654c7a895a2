"""The verbs of whoever asks: the command line, health, the pages for a browser."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from workers.model.alert import Alert, AlertLine, RingUnit, TraceLine
from workers.model.archive import Archived, Extent, Place
from workers.model.article import ArticleRow, Edition
from workers.model.commit import Likeness
from workers.model.feed import EntryRow, FeedRow, FeedSource, FirstPolls
from workers.model.journey import Journey, Nearby
from workers.model.message import EventLine
from workers.model.mute import MuteEnd, MuteLine
from workers.model.report import DeliveryLine, StoreCounts
from workers.model.top import HitPlace, RungHit
from workers.store import (
    archive,
    articles,
    changes,
    configured,
    deliveries,
    events,
    feeds,
    first,
    journeys,
    lists,
    mutes,
    nearby,
    subscriptions,
    tops,
    traces,
)
from workers.store.base import Base

__all__ = ["Asking"]


class Asking(Base):
    """What there is, and what was accepted."""

    async def feed_states(self, most: int) -> list[tuple[str, str, str]]:
        """Return id, name and state of feeds that are not parked, by name, ``most`` at most."""
        return await self._read(lists.feed_states, most)

    async def feed_ids(self, sources: Sequence[FeedSource]) -> dict[str, str]:
        """Return the feed id of each source by its address, changing nothing."""
        return await self._read(configured.ids, sources)

    async def feed_rows(self) -> list[FeedRow]:
        """Return all feeds, parked ones too, by name."""
        return await self._read(feeds.rows)

    async def find_feeds(self, words: str) -> list[FeedRow]:
        """Return the feeds that somebody means: by id, name, or any address they ever had."""
        return await self._read(feeds.find, words)

    async def polled_feeds(self, *, failing: bool = False) -> list[str]:
        """Return the ids of feeds not parked; with ``failing``, of those that failed last."""
        return await self._read(partial(feeds.polled_ids, failing=failing))

    async def first_polls(self) -> FirstPolls:
        """Return how many feeds were polled, how they stand, and when the next poll is."""
        return await self._read(first.first_polls)

    async def archive_extent(self, since: datetime, until: datetime) -> Extent:
        """Return how many articles there are of a span of time, and where the archive begins."""
        return await self._read(archive.extent, since, until)

    async def archive_places(
        self,
        since: datetime,
        until: datetime,
        after: Place | None,
        most: int,
        *,
        newest: bool = False,
    ) -> list[Place]:
        """Return the next articles of a span of time, the oldest first, or the ``newest``."""
        look = partial(archive.places, newest=newest)
        return await self._read(look, since, until, after, most)

    async def archived(self, ids: Sequence[str], letters: int) -> tuple[int, list[Archived]]:
        """Return the first of these articles, until they have so many letters.

        Returns:
            How many of the ids are done with, and those of them that are still there.
        """
        return await self._read(archive.pieces, ids, letters)

    async def rung_of(self, topic: str, events: Collection[str]) -> frozenset[str]:
        """Return those of the events for which the topic has rung."""
        return await self._read(archive.rung_of, topic, events)

    async def ring_archived(
        self, unit: RingUnit, line: TraceLine, like: Likeness | None
    ) -> Alert | None:
        """Ring for an article as a reading of it would; None if it has rung, or is gone.

        ``line`` is noted if it rings; by ``like`` it may be another's text that has rung.
        """
        return await self._write(archive.ring, unit, line, like)

    async def find_article(self, key: str) -> str | None:
        """Return the id of the article that is known by a canonicalised link, else None."""
        return await self._read(articles.by_key, key)

    async def article_by_id(self, article: str) -> ArticleRow | None:
        """Return the article, or the one that it was merged into; None if there is none."""
        return await self._read(articles.by_id, article)

    async def entries_of(self, article: str) -> tuple[EntryRow, ...]:
        """Return the entries of an article, oldest first."""
        return await self._read(articles.entries_of, article)

    async def editions_of(self, article: str) -> list[Edition]:
        """Return what later readings of an article's page changed, oldest first."""
        return await self._read(changes.of_article, article)

    async def trace_of(self, article: str) -> list[TraceLine]:
        """Return what was decided about an article and its entries, oldest first."""
        return await self._read(traces.of_article, article)

    async def journey(self, article: str) -> Journey | None:
        """Return all that is kept of how an article was decided about, None if there is none."""
        return await self._read(journeys.of_article, article)

    async def article_of(self, id_: str) -> str | None:
        """Return the article of an alert, a delivery, an entry, by its id; None if unknown."""
        return await self._read(journeys.article_of, id_)

    async def nearby(self, key: str, hosts: Sequence[str]) -> Nearby:
        """Return what is known of the site of an address that no article is known by."""
        return await self._read(nearby.find, key, hosts)

    async def sharing(self, urls: Sequence[str], feeds: Sequence[str]) -> tuple[str, ...]:
        """Return the articles of entries of these feeds that have one of these addresses."""
        return await self._read(nearby.sharing, urls, feeds)

    async def led_to(self, urls: Sequence[str]) -> str | None:
        """Return the article whose link led to one of these addresses, None if none did."""
        return await self._read(nearby.led_to, urls)

    async def accepted_as(self, number: int) -> str | None:
        """Return what was accepted under a number, None if that is no longer kept."""
        return await self._read(journeys.accepted_as, number)

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

    async def open_events(self) -> list[EventLine]:
        """Return the events that are open, the latest first."""
        return await self._read(events.open_events)

    async def mute(self, topic: str, for_s: float, because: str = "") -> MuteLine:
        """Let a topic not ring for ``for_s`` seconds from now; of one that is muted move the end.

        Raises:
            TocsinError: too many are.
        """
        return await self._write(mutes.mute, topic, for_s, because)

    async def unmute(self, topic: str) -> MuteLine | None:
        """Let a topic ring again, whose mute is then to be told of; None if it is not muted."""
        return await self._write(mutes.unmute, topic)

    async def mutes(self) -> list[MuteLine]:
        """Return the mutes of whose end nobody was told yet, by topic."""
        return await self._read(mutes.lines)

    async def end_mute(self, mute: str, to: MuteEnd) -> int | None:
        """Tell of the end of a mute that is over or whose topic is gone; return its hits.

        None if it lasts, or another process was faster.
        """
        return await self._write(mutes.end, mute, to)

    async def rung_hits(
        self, after: HitPlace, until: datetime, topic: str | None = None
    ) -> tuple[list[RungHit], HitPlace | None]:
        """Return the next topics that rang behind a place, and the place that this comes to.

        The first place is the beginning of a span of time (seconds since 1970), "" and ""; there
        is no further place where there are no more.
        """
        return await self._read(tops.hits, after, until, topic)

    async def first_alert(self) -> datetime | None:
        """Return when the first of all alerts that are kept was made, None if there is none."""
        return await self._read(tops.first)

    async def counts(self) -> StoreCounts:
        """Return how much of everything there is."""
        return await self._read(lists.counts)

    async def subscription_counts(self) -> dict[str, int]:
        """Return how many subscriptions there are at hubs, by state."""
        return await self._read(subscriptions.counts)
