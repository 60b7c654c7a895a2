"""Reading a page again: whether it is to be fetched, and what an earlier reading left."""

from collections.abc import Sequence

from workers.model.article import ArticleRow, Extracted
from workers.model.feed import EntryRow

__all__ = ["as_stored", "editions", "wants_page"]


def wants_page(article: ArticleRow, entries: Sequence[EntryRow]) -> bool:
    """Say whether the page must be fetched, or the text that is stored will do.

    It is fetched again for an edit, and for an entry that joined later under a title of its own or
    with a date after the last fetch (source: the identity rules of ``docs/architecture.md``).
    """
    if article.url is None:
        return False
    if article.fetched_at is None or not article.text:
        return True
    fetched, settled = article.fetched_at, article.settled_at or article.fetched_at
    joined = [entry for entry in entries if entry.seen > settled]
    if editions(entries) - article.settled_entries > len(joined):
        return True
    titles = {entry.title for entry in entries if entry.seen <= settled}
    return any(
        entry.title not in titles or (entry.published is not None and entry.published > fetched)
        for entry in joined
    )


def editions(entries: Sequence[EntryRow]) -> int:
    """Return how many versions of entries are known: more than last time means something new."""
    return sum(entry.edition for entry in entries)


def as_stored(article: ArticleRow) -> Extracted | None:
    """Return the text that an earlier reading left, None if there is none."""
    if article.verdict is None or article.text_from in {"feed", "none"}:
        return None
    return Extracted(
        url=article.url or "",
        verdict=article.verdict,
        reasons=article.reasons,
        title=article.title,
        text=article.text,
        zones=article.zones,
        published=article.published,
        published_from=article.published_from,
        author=article.author,
        language=article.language,
        canonical=article.canonical,
        text_from=article.text_from,
    )
