"""What there is to say after the first polls: how feeds stand, and titles that may not ring."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, literal_column, select

from workers.model.feed import FirstPolls, Unrung
from workers.store.lists import FEED_STATE
from workers.store.tables import entries, feeds

__all__ = ["first_polls", "unrung"]

_STATES = (
    select(FEED_STATE, func.count().label("number"))
    .where(feeds.c.parked.is_(False))
    .group_by(literal_column("state"))
)
_POLLED = feeds.c.parked.is_(False)
_NEXT = select(func.min(feeds.c.next_poll_at)).where(_POLLED, feeds.c.last_poll_at.is_not(None))
_UNPOLLED = select(func.count()).where(_POLLED, feeds.c.last_poll_at.is_(None))


def first_polls(conn: Connection, _now: datetime) -> FirstPolls:
    """Return how many feeds were polled, how they stand, and when the next poll is."""
    states = {row.state: row.number for row in conn.execute(_STATES)}
    return FirstPolls(
        states=states,
        unpolled=conn.execute(_UNPOLLED).scalar_one(),
        next_poll_at=conn.execute(_NEXT).scalar(),
    )


_UNRUNG = (
    select(
        entries.c.title, entries.c.language, entries.c.tags, feeds.c.id, feeds.c.name, feeds.c.url
    )
    .join(feeds, feeds.c.id == entries.c.feed_id)
    .where(
        entries.c.rings.is_(False),
        entries.c.published >= bindparam("since", type_=entries.c.published.type),
    )
    .order_by(entries.c.published.desc(), entries.c.id)
    .limit(bindparam("most"))
)


def unrung(conn: Connection, _now: datetime, since: datetime, most: int) -> list[Unrung]:
    """Return titles published since then that are stored, but do not ring; the newest first."""
    return [
        Unrung(
            title=row.title,
            language=row.language,
            tags=row.tags,
            feed=row.id,
            feed_name=row.name,
            feed_url=row.url,
        )
        for row in conn.execute(_UNRUNG, {"since": since, "most": most})
    ]
