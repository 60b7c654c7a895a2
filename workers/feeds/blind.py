"""Feeds that show less than they post: between two polls everything was pushed out."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from workers.feeds.news import News
from workers.model.feed import FeedRow

__all__ = ["blind_after"]

LEAST_ENTRIES = 5
"""A feed that lists fewer may well have them all replaced."""
FOR = timedelta(days=1)
"""Two turnovers belong together, and the last one says something, for so long."""


def blind_after(before: FeedRow, after: FeedRow, news: News | None, now: datetime) -> FeedRow:
    """Return the row after a good poll, with its turnovers counted.

    Args:
        before: The feed as it was loaded.
        after: The feed as it is to be stored.
        news: What the document brought; None where it was the one of last time.
        now: When it was got.
    """
    old = before.activity
    recent = old.turned_at is not None and now - old.turned_at < FOR
    turned, turned_at = 0, old.turned_at if recent else None
    if news is not None and _turned_over(news):
        turned, turned_at = (old.turned + 1 if recent else 1), now
    if (turned, turned_at) == (after.activity.turned, after.activity.turned_at):
        return after
    return replace(after, activity=replace(after.activity, turned=turned, turned_at=turned_at))


def _turned_over(news: News) -> bool:
    """Say whether nothing that was known is listed any more, and all that is listed is new."""
    if news.baseline or news.rebaselined or not news.complete:
        return False
    new = not news.listed and not any(fresh.edited for fresh in news.fresh)
    return new and len(news.fresh) >= LEAST_ENTRIES
