"""How often topics would have rung of late: counted in what is stored. Nothing rings."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from contextlib import aclosing
from datetime import datetime, timedelta

from workers.model.base import Record
from workers.model.topic import Document
from workers.steps.archive import Archive, Seen, Span, look_through
from workers.steps.edges import Rules

__all__ = ["LookedBack", "Naming", "look_back"]

BACK = timedelta(hours=24)
MOST = 5000
"""The newest articles that are looked at: 5 seconds with ten thousand topics."""

Naming = Callable[[Document], Awaitable[Collection[str]]]


class LookedBack(Record, frozen=True, kw_only=True):
    """What was found."""

    articles: int
    """How many were looked at."""
    whole: bool
    """Whether those were all; else they are the newest."""
    hits: dict[str, int]
    """By the topic's name: how many of them it matches."""


async def look_back(
    store: Archive,
    rules: Rules,
    naming: Naming,
    now: datetime,
    concerns: Callable[[Seen], bool] = lambda _seen: True,
) -> LookedBack:
    """Count which topics match the articles of the last 24 hours.

    Args:
        store: The archive.
        rules: Those in force.
        naming: Returns the names of the topics that match; it decides when others have a turn.
        now: The present.
        concerns: Which articles count.

    Raises:
        StoreDown: the database cannot be read.
    """
    hits: Counter[str] = Counter()
    looked = articles = 0
    found = look_through(store, rules, Span(since=now - BACK, until=now), newest=True)
    async with aclosing(found):
        async for one in found:
            if looked == MOST:
                return LookedBack(articles=articles, whole=False, hits=dict(hits))
            looked += 1
            if concerns(one):
                articles += 1
                hits.update(await naming(one.document))
    return LookedBack(articles=articles, whole=True, hits=dict(hits))
