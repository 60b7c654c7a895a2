"""Looking back: what is stored of articles, as topics would find it if it came in now."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Protocol

from msgspec.structs import replace

from workers.model.archive import Archived, Place
from workers.model.article import Extracted
from workers.model.base import Record
from workers.model.topic import Document
from workers.pages import settle
from workers.steps.again import PAGES, as_stored
from workers.steps.documents import document_of_page
from workers.steps.edges import Rules

__all__ = ["Archive", "Seen", "Span", "look_through", "seen"]

PLACES = 2000
"""Articles that are looked for at once: 0.1 MB."""
AT_ONCE = 128
"""Articles that are loaded at once,"""
LETTERS = 4 << 20
"""unless they have more letters together: one that has more comes alone."""


class Archive(Protocol):
    """What is looked through."""

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
        ...

    async def archived(self, ids: Sequence[str], letters: int) -> tuple[int, list[Archived]]:
        """Return how many of the ids are done with, and those of them that are still there."""
        ...


class Span(Record, frozen=True, kw_only=True):
    """Of which articles: those that were first seen, and published, in this time."""

    since: datetime
    until: datetime


class Seen(Record, frozen=True, kw_only=True):
    """An article of the archive, ready to be matched."""

    one: Archived
    read: Extracted
    """What is searched of it now: its page as it was read, its feeds' text, or both."""
    document: Document
    at: datetime
    """When it was published; where nothing says so, or later than that, when it was first seen."""

    @property
    def unread(self) -> bool:
        """Say whether only what feeds tell of it is known."""
        return self.one.article.text_from not in PAGES

    @property
    def textless(self) -> bool:
        """Say whether its page was read, and the text is no longer kept."""
        return not self.unread and not self.one.article.text


async def look_through(
    store: Archive, rules: Rules, span: Span, *, newest: bool = False
) -> AsyncGenerator[Seen]:
    """Yield the articles of a span of time, a few loaded at a time, the oldest (or newest) first.

    Raises:
        StoreDown: the database cannot be read.
    """
    after: Place | None = None
    while places := await store.archive_places(
        span.since, span.until, after, PLACES, newest=newest
    ):
        after = places[-1]
        ids = [id_ for _, id_ in places]
        while ids:
            done, found = await store.archived(ids[:AT_ONCE], LETTERS)
            del ids[:done]
            for one in found:
                looked = seen(one, rules)
                if looked.at >= span.since:
                    yield looked


def seen(one: Archived, rules: Rules) -> Seen:
    """Return an article as a reading would find it that gets nothing new."""
    article = one.article
    read = settle(as_stored(article), one.entries, "", rules.cues)
    if not read.title:  # entries that no feed lists any more go before their article does
        read = replace(read, title=article.title)
    published = read.published or article.published
    return Seen(
        one=one,
        read=read,
        document=document_of_page(read, one.entries, rules.sources),
        at=min(published, article.first_seen) if published else article.first_seen,
    )
