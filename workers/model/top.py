"""What rang, as it is counted: by topic, by feed and by clause."""

from datetime import date, datetime

from workers.model.base import Record

__all__ = ["HitPlace", "RungHit", "TopRow"]

HitPlace = tuple[float, str, str]
"""Where a look at what rang has come to: when (seconds since 1970), the alert and the topic."""


class RungHit(Record, frozen=True, kw_only=True):
    """A topic that rang, or would have if it had not been muted."""

    topic: str
    at: datetime
    feeds: tuple[str, ...]
    """Names of the feeds that listed the article then, each once."""
    clauses: tuple[str, ...] | None
    """Clauses that held and are no NOT, each once; None where the receipt is no longer kept."""
    muted: bool


class TopRow(Record, frozen=True, kw_only=True):
    """How often something rang."""

    name: str
    """Of a topic or a feed, or the text of a clause."""
    topic: str | None = None
    """Whose clause it is."""
    hits: int
    muted: int
    """How many of the hits were."""
    per_day: float
    days: tuple[tuple[date, int], ...]
    """Hits by day (UTC), the days without any left out."""
