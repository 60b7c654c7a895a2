"""What a topic found in the archive: counted by day, the newest kept, two wordings compared. Pure.

However much is counted, only the newest few hits are kept whole.
"""

import heapq
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime

from workers.model.base import Record
from workers.model.topic import Clause

__all__ = ["Comparison", "Found", "Tally"]


class Found(Record, frozen=True, kw_only=True):
    """A hit: an article of the archive, with the receipt of why."""

    event: str
    """The article's id."""
    url: str | None
    title: str
    at: datetime
    """When it was published, or first seen."""
    feed: str | None
    """The first feed that listed it; None if no entry of it is kept."""
    clauses: tuple[Clause, ...]


class Tally:
    """Hits of one wording, as they come."""

    def __init__(self, sample: int) -> None:
        """Keep the newest ``sample`` hits."""
        self.hits = 0
        self._most = sample
        self._days: Counter[date] = Counter()
        self._also: Counter[str] = Counter()
        self._newest: list[tuple[datetime, str, Found]] = []

    def add(self, found: Found, others: Iterable[str] = ()) -> None:
        """Count a hit, and the ``others`` whose topics concern the same article."""
        self.hits += 1
        self._days[found.at.astimezone(UTC).date()] += 1
        self._also.update(others)
        item = (found.at, found.event, found)  # no two have one event, so hits are not compared
        if len(self._newest) < self._most:
            heapq.heappush(self._newest, item)
        elif self._newest and item[:2] > self._newest[0][:2]:
            heapq.heapreplace(self._newest, item)

    @property
    def days(self) -> list[tuple[date, int]]:
        """Return how many hits each day (UTC) has, the earliest first; days without one miss."""
        return sorted(self._days.items())

    @property
    def newest(self) -> list[Found]:
        """Return the newest hits, the newest first."""
        return [found for _, _, found in sorted(self._newest, reverse=True)]

    @property
    def also(self) -> list[tuple[str, int]]:
        """Return other topics with how many of the hits are theirs too, the most first."""
        return sorted(self._also.items(), key=lambda item: (-item[1], item[0]))


class Comparison:
    """What an old and a new wording find in the same articles."""

    def __init__(self, sample: int) -> None:
        """Keep the newest ``sample`` of each kind."""
        self.old, self.new = Tally(sample), Tally(sample)
        self.gained, self.lost = Tally(sample), Tally(sample)
        self.both = 0

    def add(self, old: Found | None, new: Found | None, others: Iterable[str] = ()) -> None:
        """Count an article that the one wording found, or the other, or both."""
        also = tuple(others)
        if old is not None:
            self.old.add(old, also)
        if new is not None:
            self.new.add(new, also)
        if old is not None and new is not None:
            self.both += 1
        elif old is not None:
            self.lost.add(old)
        elif new is not None:
            self.gained.add(new)
