"""Entries about which nobody could decide: set apart, so that the others of their feed go on."""

from datetime import datetime
from typing import Literal

import structlog
from msgspec.structs import replace

from workers.feeds.news import Fresh, News, decide
from workers.model.commit import DeadEntry, EntryIntent, Knowledge
from workers.model.feed import EntryRow, FeedRow, Listed, ParsedFeed
from workers.model.ids import entry_id
from workers.options import AlertOptions

__all__ = ["decide_apart", "undecided"]

_log = structlog.get_logger()


def decide_apart(
    feed: FeedRow, parsed: ParsedFeed, known: Knowledge, now: datetime, options: AlertOptions
) -> tuple[News, tuple[DeadEntry, ...]]:
    """Decide what is news; an entry that the rules stumble over is left out, and returned apart.

    Raises:
        Exception: what the rules raised, where no single entry is the cause.
    """
    try:
        return decide(feed, parsed, known, now, options), ()
    except Exception:
        dead = []
        for entry in parsed.entries:
            alone = replace(parsed, entries=(entry,))
            try:
                decide(feed, alone, known, now, options)
            except Exception as error:  # noqa: BLE001 - whatever it is, this entry is its cause
                row = _bare(feed, entry, now)
                dead.append(_dead(row, None, error, reads=row.rings))
        if not dead:
            raise
    left_out = {one.intent.entry.identity for one in dead}
    rest = tuple(entry for entry in parsed.entries if entry.identity not in left_out)
    return decide(feed, replace(parsed, entries=rest), known, now, options), tuple(dead)


def undecided(fresh: Fresh, error: Exception) -> DeadEntry:
    """Return what is kept of an entry whose matching failed; replayed, its page is read."""
    return _dead(fresh.entry, fresh.key, error, reads=fresh.reads)


def _dead(entry: EntryRow, key: str | None, error: Exception, *, reads: bool) -> DeadEntry:
    _log.error("entry_failed", feed=entry.feed, entry=entry.id, exc_info=error)
    stream: Literal["pages:warm"] | None = "pages:warm" if reads else None
    return DeadEntry(
        intent=EntryIntent(entry=entry, key=key, stream=stream),
        reason="crash",
        detail=f"{type(error).__name__}: {error}",
    )


def _bare(feed: FeedRow, entry: Listed, now: datetime) -> EntryRow:
    """Return an entry's row without what must be computed: dates are what rules stumble over."""
    return EntryRow(
        id=entry_id(feed.id, entry.identity),
        feed_id=feed.id,
        feed=feed.name,
        feed_url=feed.url,
        identity=entry.identity,
        url=entry.url,
        title=entry.title,
        summary=entry.summary,
        content=entry.content,
        published=None,
        updated=None,
        seen=now,
        authors=entry.authors,
        tags=feed.tags,
        digest=entry.digest,
        baseline=feed.baselined_at is None,
        rings=feed.baselined_at is not None,
    )
