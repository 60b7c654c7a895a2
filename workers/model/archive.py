"""The archive: what is stored of articles, as whoever looks back gets it."""

from datetime import datetime

from workers.model.article import ArticleRow
from workers.model.base import Record
from workers.model.feed import EntryRow

__all__ = ["Archived", "Extent", "Place"]

Place = tuple[float, str]
"""Where a look at the archive has come to: when an article was first seen (seconds since 1970),
and its id."""


class Archived(Record, frozen=True, kw_only=True):
    """An article with the entries that list it, oldest first; of very many the newest."""

    article: ArticleRow
    entries: tuple[EntryRow, ...]


class Extent(Record, frozen=True, kw_only=True):
    """How much of the archive a look concerns."""

    articles: int
    oldest: datetime | None
    """When the first of all articles that are still stored was first seen, None if none is."""
