"""Counting what rang: by topic, by feed and by clause, each by day. Bounded, whatever rang."""

from collections import Counter
from typing import TYPE_CHECKING

from workers.model.top import RungHit, TopRow

if TYPE_CHECKING:
    from datetime import date

__all__ = ["MOST", "Count", "Table", "Tops"]

MOST = 100_000
"""Different things that one table counts; hits of further ones are only added up."""


class Count:
    """How often one thing rang."""

    __slots__ = ("days", "muted")

    def __init__(self) -> None:
        self.days: Counter[date] = Counter()
        self.muted = 0

    @property
    def hits(self) -> int:
        """Return how often in all."""
        return self.days.total()

    def add(self, hit: RungHit) -> None:
        """Count a hit."""
        self.days[hit.at.date()] += 1
        self.muted += hit.muted

    def row(self, name: str, topic: str | None, over_days: float) -> TopRow:
        """Return what was counted in ``over_days`` days."""
        return TopRow(
            name=name,
            topic=topic,
            hits=self.hits,
            muted=self.muted,
            per_day=round(self.hits / over_days, 2),
            days=tuple(sorted(self.days.items())),
        )


class Table:
    """Counts by what was hit; a clause is told apart by its topic."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str | None], Count] = {}
        self.beyond = 0
        """Hits of things that there was no room to count apart."""

    def __len__(self) -> int:
        """Return how many different things were hit."""
        return len(self._counts)

    def add(self, hit: RungHit, name: str, topic: str | None = None) -> None:
        """Count a hit of ``name``."""
        key = (name, topic)
        count = self._counts.get(key)
        if count is None:
            if len(self._counts) >= MOST:
                self.beyond += 1
                return
            count = self._counts[key] = Count()
        count.add(hit)

    def rows(self, over_days: float, most: int) -> list[TopRow]:
        """Return what was hit most, at most ``most`` rows of it."""
        found = sorted(
            self._counts.items(), key=lambda item: (-item[1].hits, item[0][0], item[0][1] or "")
        )
        return [count.row(*key, over_days) for key, count in found[:most]]


class Tops:
    """All that is counted of what rang in a span of time."""

    def __init__(self) -> None:
        self.all = Count()
        self.topics, self.sources, self.clauses = Table(), Table(), Table()
        self.without_receipt = 0
        """Hits whose clauses are no longer kept."""

    def add(self, hit: RungHit) -> None:
        """Count a hit: once for its topic, and once for each feed and clause that it has."""
        self.all.add(hit)
        self.topics.add(hit, hit.topic)
        for feed in hit.feeds:
            self.sources.add(hit, feed)
        for clause in hit.clauses or ():
            self.clauses.add(hit, clause, hit.topic)
        self.without_receipt += hit.clauses is None
