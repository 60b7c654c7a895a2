"""Reading a page again: whether and when it is to be fetched, and what stays of earlier readings.

Three reasons: its entry was edited (or another that lists it has news); some hours have passed
since it was first seen, in which publishers correct and complete; it is a live report.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from workers.model.article import ArticleRow, Extracted, Live
from workers.model.feed import EntryRow
from workers.options import PageOptions

__all__ = [
    "PAGES",
    "Because",
    "as_stored",
    "because_of",
    "editions",
    "keeps_earlier",
    "live_after",
    "next_reading",
    "wants_page",
]

Because = Literal["edited", "later", "live"]
"""Why a page that was read is read again."""
PAGES = frozenset({"page", "articleBody"})
"""Where a text is from that the page itself gave."""
SLACK = timedelta(minutes=1)
"""So much before its time a page may be read again: clocks of machines differ."""
NEAR = 0.1
"""A reading so near before its time (as a share of the delay) is taken for it."""
_RANKS = {"article": 3, "doubtful": 3, "not_article": 2, "thin": 1, "unreadable": 0}


def wants_page(article: ArticleRow, entries: Sequence[EntryRow]) -> bool:
    """Say whether the page must be fetched, or the text that is stored will do.

    It is fetched again for an edit, and for an entry that joined later under a title of its own or
    with a date after the last fetch (source: the identity rules of ``docs/architecture.md``).
    """
    if article.url is None:
        return False
    if article.fetched_at is None or not article.text:
        return True
    return _has_news(article, entries, article.fetched_at)


def because_of(article: ArticleRow, entries: Sequence[EntryRow], now: datetime) -> Because | None:
    """Return why the page is read again, None if it was not read before, or need not be.

    A page that could not be had in its time was read too: it gets its hours like any other.
    """
    if article.url is None or article.settled_at is None:
        return None
    if _has_news(article, entries, article.fetched_at or article.settled_at):
        return "edited"
    if article.reread_at is None or article.reread_at > now + SLACK:
        return None
    return "live" if article.live is not None else "later"


def _has_news(article: ArticleRow, entries: Sequence[EntryRow], fetched: datetime) -> bool:
    settled = article.settled_at or fetched
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


def next_reading(
    article: ArticleRow, entries: Sequence[EntryRow], now: datetime, options: PageOptions
) -> datetime | None:
    """Return when the page is to be read again, None if it is not.

    What cannot ring is not: it would cost its publisher requests for nothing. Nor is a page that
    never could be had, or is no article: what changes on a listing is other articles.

    Args:
        article: as this reading leaves it.
        entries: those that list it.
        now: the present.
        options: when pages are read again.
    """
    if article.url is None or article.fetched_at is None:
        return None
    if not any(entry.rings for entry in entries):
        return None
    if article.live is not None:
        until = article.live.until or now
        again = now + timedelta(seconds=options.live_every_s)
        return again if again <= until else None
    if article.verdict == "not_article" or not _is_young(article, options):
        return None
    for delay_s in sorted(options.reread_s):
        at = article.first_seen + timedelta(seconds=delay_s)
        if at > now + timedelta(seconds=NEAR * delay_s):
            return at
    return None


def _is_young(article: ArticleRow, options: PageOptions) -> bool:
    """Say whether it was news when it was first seen; what has no date is taken for that."""
    if article.published is None:
        return True
    return article.first_seen - article.published < timedelta(seconds=options.young_s)


def live_after(
    article: ArticleRow, said: Live | None, now: datetime, options: PageOptions
) -> Live | None:
    """Return for how long a page is to be followed that says, or looks as if, it is live.

    Args:
        article: as this reading leaves it.
        said: what the page says of that now.
        now: the present.
        options: for how long pages are followed.
    """
    if said is None or options.live_every_s <= 0:
        return None
    changed = article.changed_at or article.first_seen
    if not said.sure and now - changed >= timedelta(seconds=options.live_quiet_s):
        return None
    usual = article.first_seen + timedelta(seconds=options.live_for_s)
    most = article.first_seen + timedelta(seconds=options.live_most_s)
    until = min(said.until or usual, most)
    return Live(sure=said.sure, until=until) if until > now else None


def keeps_earlier(article: ArticleRow, read: Extracted) -> bool:
    """Say whether what an earlier reading found is worth more than what this one did.

    Sites take pages down, put consent pages or a paywall before them: what a page once said stays.
    """
    if article.text_from not in PAGES:
        return False
    if read.text_from not in PAGES or read.standin:
        return True
    if _RANKS[read.verdict] < _RANKS.get(article.verdict or "", 0):
        return True
    return read.live is None and 2 * len(read.text) < len(article.text)


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
        doubted=article.doubted,
        published=article.published,
        published_from=article.published_from,
        author=article.author,
        language=article.language,
        canonical=article.canonical,
        text_from=article.text_from,
        live=article.live,
    )
