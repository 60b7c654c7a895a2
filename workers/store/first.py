"""What there is to say after the first polls: how feeds stand."""

from datetime import datetime

from sqlalchemy import Connection, func, literal_column, select

from workers.model.feed import FirstPolls
from workers.store.lists import FEED_STATE
from workers.store.tables import feeds

__all__ = ["first_polls"]

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
