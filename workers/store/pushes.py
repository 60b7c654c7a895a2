"""A push: the entries that a hub sent, in one transaction with what they ask for.

It is no poll: validators, baseline, errors and times of polls stay as they are, and what it does
not list has not left the feed. The same push, or a poll that finds the same, changes nothing.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, null, select, update

from workers.errors import TocsinError
from workers.feeds.habit import noted
from workers.feeds.websub import LATE
from workers.model.feed import KnownEntry
from workers.model.ids import entry_id
from workers.model.websub import PushCommit
from workers.store import traces
from workers.store.knowledge import ID, IDENTITY, KNOWN, known
from workers.store.listed import store_entries
from workers.store.polls import bury
from workers.store.sql import chunks
from workers.store.tables import entries, feeds
from workers.store.tables import subscriptions as subs

__all__ = ["commit", "listed"]

_FEED = (
    select(feeds.c.id, feeds.c.parked, feeds.c.activity, feeds.c.last_new_at)
    .where(feeds.c.id == bindparam("the_id"))
    .with_for_update(key_share=True)
)
_THERE = select(entries.c.id).where(entries.c.id.in_(bindparam("some", expanding=True)))
_LISTED = (
    KNOWN.where(entries.c.feed_id == bindparam("feed"), entries.c.listed.is_(True))
    .order_by(entries.c.seen.desc(), entries.c.id)
    .limit(bindparam("most"))
)


def listed(conn: Connection, _now: datetime, feed: str, most: int) -> list[KnownEntry]:
    """Return what the feed listed when it was last read, the newest first.

    But for what could not be stored under the name that it has: it would seem to be new.
    """
    rows = conn.execute(_LISTED, {"feed": feed, "most": most})
    return [known(row, row[IDENTITY]) for row in rows if row[ID] == entry_id(feed, row[IDENTITY])]


def commit(conn: Connection, now: datetime, push: PushCommit) -> int:
    """Store a push; return how many entries were new or edited.

    Raises:
        TocsinError: the feed is gone, or polled no more.
    """
    feed = conn.execute(_FEED, {"the_id": push.feed_id}).one_or_none()
    if feed is None or feed.parked:
        raise TocsinError(f"cannot store a push: {push.feed_id}: the feed is polled no more")
    before = _there(conn, push.posted)
    failed = store_entries(conn, now, push.intents)
    bury(conn, now, (*push.dead, *failed))
    there = _there(conn, push.posted)
    new = sorted(there - before)
    if new:
        posted = [push.posted[id_] for id_ in new]
        values = {"activity": noted(feed.activity, posted, now), "last_new_at": now}
        conn.execute(update(feeds).where(feeds.c.id == feed.id).values(values))
    for some in chunks(new):
        conn.execute(
            update(entries).where(entries.c.id.in_(some)).values(listed=True, last_listed=now)
        )
    _note(conn, now, push, first=bool(new))
    traces.write(conn, push.trace)
    return len(push.intents) - len(failed)


def _there(conn: Connection, posted: Iterable[str]) -> set[str]:
    return {
        id_ for some in chunks(posted) for id_ in conn.execute(_THERE, {"some": some}).scalars()
    }


def _note(conn: Connection, now: datetime, push: PushCommit, *, first: bool) -> None:
    """A hub that pushes what no poll has found, or what one has just found, is relied on again."""
    late = subs.c.missed_at >= now - LATE
    again = null() if first else case((late, null()), else_=subs.c.missed_at)
    conn.execute(
        update(subs).where(subs.c.id == push.subscription).values(pushed_at=now, missed_at=again)
    )
