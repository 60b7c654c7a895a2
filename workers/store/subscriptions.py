"""WebSub subscriptions: who wants what of which hub, and who of us asks for it.

Nobody leads: a row that is due is claimed by moving its time, in one statement.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, func, or_, select, update

from workers.feeds.websub import PATH, again_s, renewal_s, takes_secret, token_of
from workers.model.websub import Subscription, Wanted
from workers.store.sql import chunks, put_new
from workers.store.tables import feeds, meta
from workers.store.tables import subscriptions as subs

__all__ = [
    "claim",
    "counts",
    "due",
    "key",
    "leave_ended",
    "let_go",
    "load",
    "note_missed",
    "of_feed",
    "refuse",
    "told",
    "verify",
    "want",
]

_KEY = "websub_key"
HELD_S = 300.0
"""A row that is claimed comes back after so long, if whoever claimed it has died."""
DAY_S = 86_400.0
GOODBYES = 3
"""Requests to push no more, after which we just do not listen."""
LEFT_S = 6 * 3600.0
"""So long it is remembered that a hub was left,"""
CHANGES = 2
"""and so many others a feed may have left before it stays with what it has: servers of one name
do not always agree on what they name."""
_VALUE = select(meta.c.value).where(meta.c.key == bindparam("the_key"))
_BY_ID = select(subs).where(subs.c.id == bindparam("the_id"))
_OF_FEED = select(subs).where(subs.c.feed_id == bindparam("feed"), subs.c.state != "leaving")
_LEFT = (
    select(func.count())
    .select_from(subs)
    .where(subs.c.feed_id == bindparam("feed"), subs.c.state == "leaving")
)
_staying = subs.c.state != "leaving"
_ENDED = select(subs.c.id).where(
    _staying,
    exists().where(
        feeds.c.id == subs.c.feed_id,
        or_(feeds.c.parked.is_(True), feeds.c.gone_at.is_not(None)),
    ),
)
"""Of feeds that are polled no more, or were given up for their 410s."""


def key(conn: Connection, _now: datetime) -> str:
    """Return what tokens are proved with, in hexadecimal; the first who asks makes it."""
    put_new(conn, meta, [{"key": _KEY, "value": token_hex(32)}])
    return str(conn.execute(_VALUE, {"the_key": _KEY}).scalar_one())


def _subscription(row: Row[Any] | None) -> Subscription | None:
    if row is None:
        return None
    fields = {name: value for name, value in row._mapping.items() if name != "next_at"}  # noqa: SLF001 - SQLAlchemy's public name for it
    return Subscription(**fields)


def load(conn: Connection, _now: datetime, id_: str) -> Subscription | None:
    """Return the subscription with this id, None if there is none."""
    return _subscription(conn.execute(_BY_ID, {"the_id": id_}).one_or_none())


def of_feed(conn: Connection, _now: datetime, feed: str) -> Subscription | None:
    """Return the feed's subscription, None if it has none (or only one that it leaves)."""
    return _subscription(conn.execute(_OF_FEED, {"feed": feed}).one_or_none())


def want(
    conn: Connection, now: datetime, feed: str, wanted: Wanted | None, base: str
) -> Subscription | None:
    """Make a feed's subscription be this one, under our address ``base``, or none; return it.

    What it had before is left: its hub is asked to push no more. A feed that did so too often of
    late stays with what it has, if that is under our present address.
    """
    proof = bytes.fromhex(key(conn, now))
    before = of_feed(conn, now, feed)
    if before is not None and before.callback.startswith(f"{base}/"):
        left = conn.execute(_LEFT, {"feed": feed}).scalar_one()
        if left >= CHANGES:
            return before
    if before is not None:
        _leave(conn, now, [before.id])
    if wanted is None:
        return None
    id_ = token_hex(16)
    row = {
        "id": id_,
        "feed_id": feed,
        "hub": wanted.hub,
        "topic": wanted.topic,
        "callback": f"{base}/{PATH}/{token_of(proof, id_)}",
        "secret": token_hex(32) if takes_secret(wanted.hub) else None,
        "state": "wanted",
        "tries": 0,
        "next_at": now,
    }
    put_new(conn, subs, [row])  # another process may have been first
    return of_feed(conn, now, feed)


def _leave(conn: Connection, now: datetime, ids: Sequence[str]) -> None:
    """Let these be left; what no hub was ever asked for just goes."""
    some = subs.c.id.in_(ids)
    conn.execute(delete(subs).where(some, subs.c.state == "wanted"))
    conn.execute(update(subs).where(some).values(state="leaving", tries=0, next_at=now))


def leave_ended(conn: Connection, now: datetime) -> int:
    """Let the subscriptions of feeds that are polled no more be left; return how many."""
    ended = list(conn.execute(_ENDED).scalars())
    for some in chunks(ended):
        _leave(conn, now, some)
    return len(ended)


def due(conn: Connection, now: datetime, most: int) -> list[str]:
    """Return ids of subscriptions about which somebody must speak to their hub now."""
    found = select(subs.c.id).where(subs.c.next_at <= now).order_by(subs.c.next_at).limit(most)
    return list(conn.execute(found).scalars())


def claim(conn: Connection, now: datetime, id_: str) -> Subscription | None:
    """Take a subscription that is due, to ask its hub; None if another process has.

    One whose hub does not even answer to a goodbye is forgotten.
    """
    conn.execute(
        delete(subs).where(
            subs.c.id == id_, subs.c.state == "leaving", subs.c.tries >= GOODBYES,
            subs.c.next_at <= now,
        )
    )  # fmt: skip
    taken = conn.execute(
        update(subs)
        .where(subs.c.id == id_, subs.c.next_at <= now)
        .values(next_at=now + timedelta(seconds=HELD_S), tries=subs.c.tries + 1, asked_at=now)
    )
    if not taken.rowcount:
        return None
    conn.execute(
        update(subs)
        .where(subs.c.id == id_, subs.c.state.in_(("wanted", "refused")))
        .values(state="asked")
    )
    return load(conn, now, id_)


def told(
    conn: Connection, now: datetime, one: Subscription, delay_s: float | None, said: str | None
) -> None:
    """Note how a request ended: ask again in ``delay_s``; None: as usual, if nothing comes of it.

    ``said`` is why the hub refused, None if it did not. What was verified while the request was
    still under way stands.
    """
    usual = again_s(one.tries)
    values: dict[str, Any] = {
        "next_at": now + timedelta(seconds=usual if delay_s is None else delay_s),
        "said": said,
        "tries": one.tries,
    }
    if said is not None and one.state not in {"live", "leaving"}:
        values["state"] = "refused"
    conn.execute(
        update(subs)
        .where(
            subs.c.id == one.id,
            subs.c.asked_at == one.asked_at,
            or_(subs.c.verified_at.is_(None), subs.c.verified_at < one.asked_at),
        )
        .values(values)
    )


def verify(conn: Connection, now: datetime, id_: str, topic: str, lease_s: float) -> bool:
    """Say whether we want what a hub asks us to confirm, and note that it is live if we do."""
    one = load(conn, now, id_)
    if one is None or topic != one.topic or one.state in {"leaving", "wanted"}:
        return False
    conn.execute(
        update(subs)
        .where(subs.c.id == id_)
        .values(
            state="live",
            tries=0,
            said=None,
            verified_at=now,
            expires_at=now + timedelta(seconds=lease_s),
            next_at=now + timedelta(seconds=renewal_s(lease_s)),
            missed_at=None,
        )
    )
    return True


def let_go(conn: Connection, now: datetime, id_: str, topic: str) -> bool:
    """Say whether we want to be pushed no more, as a hub asks; then it is not asked again."""
    one = load(conn, now, id_)
    if one is None or topic != one.topic or one.state != "leaving":
        return False
    forget = now + timedelta(seconds=LEFT_S)
    conn.execute(update(subs).where(subs.c.id == id_).values(tries=GOODBYES, next_at=forget))
    return True


def refuse(conn: Connection, now: datetime, id_: str, topic: str, reason: str) -> bool:
    """Note that a hub says no, or no more; it is asked again tomorrow. False if not of ours."""
    one = load(conn, now, id_)
    if one is None or topic != one.topic or one.state == "leaving":
        return False
    conn.execute(
        update(subs)
        .where(subs.c.id == id_)
        .values(state="refused", said=reason, next_at=now + timedelta(seconds=DAY_S))
    )
    return True


def note_missed(conn: Connection, now: datetime, id_: str) -> None:
    """Note that a poll found what was not pushed."""
    conn.execute(
        update(subs).where(subs.c.id == id_, subs.c.missed_at.is_(None)).values(missed_at=now)
    )


def counts(conn: Connection, now: datetime) -> dict[str, int]:
    """Return how many subscriptions there are, by state; what has lapsed is not live."""
    lapsed = (subs.c.state == "live") & (subs.c.expires_at <= now)
    rows = conn.execute(
        select(subs.c.state, lapsed.label("lapsed"), func.count()).group_by(subs.c.state, lapsed)
    )
    found: dict[str, int] = {}
    for state, is_lapsed, number in rows:
        name = "asked" if is_lapsed else str(state)
        found[name] = found.get(name, 0) + number
    return found
