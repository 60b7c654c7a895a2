"""A topic against the archive: what it finds there, what another wording would, what may ring."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Protocol

from msgspec.structs import replace

from workers.model.alert import Alert, RingUnit, TraceLine
from workers.model.base import Record
from workers.model.commit import Likeness
from workers.model.topic import Match, TopicSpec
from workers.steps.archive import Archive, Seen, Span, look_through
from workers.steps.documents import ring_unit
from workers.steps.edges import Rules
from workers.steps.identity import likeness_as_stored
from workers.steps.match import firm_only, marked
from workers.topics import TopicSet
from workers.topics.backtest import Comparison, Found

__all__ = ["NEW", "OLD", "Backtest", "Progress", "Tried", "ring_again"]

OLD, NEW = "old", "new"
"""Names under which the two wordings are compiled."""
ASKED = 200
"""Hits of which it is asked at once whether they have rung."""


class Rings(Archive, Protocol):
    """An archive that tells what has rung, and rings."""

    async def rung_of(self, topic: str, events: Sequence[str]) -> frozenset[str]:
        """Return those of the events for which the topic has rung."""
        ...

    async def ring_archived(
        self, unit: RingUnit, line: TraceLine, like: Likeness | None
    ) -> Alert | None:
        """Ring for an article as a reading of it would; None if it has rung, or is gone."""
        ...


class Tried(Record, frozen=True, kw_only=True):
    """What is tried."""

    name: str
    """The topic's name,"""
    spec: TopicSpec | None
    """and itself as it is in force, None if there is no such yet."""
    wordings: TopicSet
    """Compiled by themselves, as `OLD` and `NEW`; either may be missing."""


class Backtest:
    """One look through the archive."""

    def __init__(self, store: Rings, rules: Rules, tried: Tried, sample: int) -> None:
        self.found = Comparison(sample)
        self.articles = 0
        """How many were looked at,"""
        self.entries = 0
        """and how many entries of feeds list them."""
        self.unread = 0
        """Those of which only what feeds say is known."""
        self.textless = 0
        """Those that were read, but whose text is no longer kept."""
        self.first: datetime | None = None
        """The earliest and"""
        self.last: datetime | None = None
        """the latest of them."""
        self.unrung = 0
        """Hits of the topic in force that have not rung."""
        self.rung = 0
        """Hits that rang now."""
        self._store = store
        self._rules = rules
        self._tried = tried
        self._events: list[str] = []

    async def run(
        self, span: Span, now: datetime | None, progress: "Progress" = lambda _test: None
    ) -> None:
        """Look at all articles of ``span``, and with a ``now`` ring for what has not rung.

        What is killed meanwhile has rung for a part, each hit whole or not at all: a later run
        rings for the rest.

        Raises:
            StoreDown: the database cannot be read, or not be written.
        """
        looking = look_through(self._store, self._rules, span)
        async with aclosing(looking):
            async for seen in looking:
                self._count(seen)
                hit = self._look(seen)
                if hit is not None:
                    await self._ring(seen, hit, now)
                progress(self)
        await self._ask()

    def _count(self, seen: Seen) -> None:
        self.articles += 1
        self.entries += len(seen.one.entries)
        self.unread += seen.unread
        self.textless += seen.textless
        self.first = min(self.first or seen.at, seen.at)
        self.last = max(self.last or seen.at, seen.at)

    def _look(self, seen: Seen) -> Match | None:
        """Match both wordings, count what they find; return how the topic in force does."""
        matches = {match.topic: match for match in self._tried.wordings.match(seen.document)}
        if not matches:
            return None
        names = self._rules.topics.names(seen.document)
        self.found.add(
            _found(seen, matches.get(OLD)),
            _found(seen, matches.get(NEW)),
            (name for name in names if name != self._tried.name),
        )
        return matches.get(OLD)

    async def _ring(self, seen: Seen, hit: Match, now: datetime | None) -> None:
        if now is not None and self._tried.spec is not None:
            self.rung += await ring_again(
                self._store, self._rules, seen, (self._tried.spec, hit), now
            )
            return
        self._events.append(seen.one.article.id)
        if len(self._events) >= ASKED:
            await self._ask()

    async def _ask(self) -> None:
        events, self._events = self._events, []
        if events:
            told = await self._store.rung_of(self._tried.name, events)
            self.unrung += len(events) - len(told)


Progress = Callable[[Backtest], None]


def _found(seen: Seen, match: Match | None) -> Found | None:
    if match is None:
        return None
    article, entries = seen.one.article, seen.one.entries
    return Found(
        event=article.id,
        url=article.url or seen.read.url or None,
        title=seen.read.title,
        at=seen.at,
        feed=entries[0].feed if entries else None,
        clauses=match.clauses,
    )


async def ring_again(
    store: Rings, rules: Rules, seen: Seen, hit: tuple[TopicSpec, Match], now: datetime
) -> bool:
    """Ring a topic for a stored article, as its reading would have; False if it has rung.

    Raises:
        StoreDown: it could not be stored.
    """
    spec, match = hit
    matched = [(spec, replace(match, topic=spec.name))]
    sure = firm_only(seen.document, seen.one.article.doubted)
    if sure is not None:
        matched = marked(matched, rules.topics.names(sure))
    article = seen.one.article
    unit = ring_unit(article, seen.read, seen.one.entries, matched, rules, now)
    if unit is None:
        return False
    line = TraceLine(
        stage="ring",
        decision=f"rings: {spec.name}",
        because="backtest: the topic matches what is stored, and had not rung for it",
        article=article.id,
        topic=spec.name,
        at=now,
    )
    like = likeness_as_stored(seen.one, rules.tracking)
    return await store.ring_archived(unit, line, like) is not None
