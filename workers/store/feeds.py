"""Feeds: found by any address they ever had, loaded, and when they are due."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, bindparam, func, select

from workers.feeds.schedule import RESTS
from workers.model.feed import (
    FeedNeed,
    FeedRow,
)
from workers.store.columns import bounded, seconds
from workers.store.sql import Fixed, Values, put_new
from workers.store.tables import addresses, feeds
from workers.text.urls import host_of

__all__ = [
    "address_key",
    "address_rows",
    "delays",
    "load_some",
    "needs",
    "note_addresses",
    "resting",
    "rows",
]

_SPLIT = ("pages_got", "pages_tried", "configured")


SOONEST_LOOKED = 8
"""Rows that are looked at for each of another host."""
MOST_MEANT = 20
"""Feeds that are found by one name; names are unique in the config, not in what was."""


def address_key(url: str) -> str:
    """Return ``url`` without its scheme: editing http to https makes no new feed."""
    scheme, mark, rest = url.strip().partition("://")
    key = rest if mark and scheme.lower() in {"http", "https"} else url.strip()
    host, slash, path = key.partition("/")
    return bounded(f"{host.lower()}{slash}{path}")


_ALL = select(*(column for column in feeds.c if column.name != "marks")).order_by(
    feeds.c.name, feeds.c.id
)
_PLACES = (1, 8, 64)
"""How many feeds one statement looks for; unused places are empty."""
_COLUMNS = [column for column in feeds.c if column.name != "configured"]
_PAGES = [_COLUMNS.index(feeds.c[name]) for name in ("pages_got", "pages_tried")]
_OTHERS = [(place, column.name) for place, column in enumerate(_COLUMNS) if place not in _PAGES]


def load_some(conn: Connection, _now: datetime, ids: Sequence[str]) -> dict[str, FeedRow]:
    """Return those of these feeds that there are, by id."""
    found: dict[str, FeedRow] = {}
    rest = list(ids)
    while rest:
        places = next((many for many in _PLACES if many >= len(rest)), _PLACES[-1])
        some, rest = rest[:places], rest[places:]
        which = {f"id{place}": "" for place in range(places)}
        which |= {f"id{place}": id_ for place, id_ in enumerate(some)}
        for values in _load(places).typed(conn, which):
            row = _feed_of(values)
            found[row.id] = row
    return found


@cache
def _load(places: int) -> Fixed:
    wanted = [bindparam(f"id{place}", type_=feeds.c.id.type) for place in range(places)]
    return Fixed(select(*_COLUMNS).where(feeds.c.id.in_(wanted)))


def _feed_of(values: Sequence[Any]) -> FeedRow:
    got, tried = _PAGES
    fields = {name: values[place] for place, name in _OTHERS}
    return FeedRow(**fields, full_text=(values[got], values[tried]))


def rows(conn: Connection, _now: datetime) -> list[FeedRow]:
    """Return all feeds, parked ones too, by name."""
    return [_feed(row) for row in conn.execute(_ALL)]


def _feed(row: Row[Any]) -> FeedRow:
    fields = {name: value for name, value in row._mapping.items() if name not in _SPLIT}  # noqa: SLF001 - SQLAlchemy's public name for it
    return FeedRow(**fields, full_text=(row.pages_got, row.pages_tried))


def find(conn: Connection, _now: datetime, words: str) -> list[FeedRow]:
    """Return the feeds that somebody means: by id, name, or any address they ever had."""
    words = words.strip()
    of_address = select(addresses.c.feed_id).where(addresses.c.key == address_key(words))
    meant = (feeds.c.id == words) | (feeds.c.name == words) | feeds.c.id.in_(of_address)
    found = [_feed(row) for row in conn.execute(_ALL.where(meant).limit(MOST_MEANT))]
    if found:
        return found
    named = _ALL.where(func.lower(feeds.c.name) == words.lower()).limit(MOST_MEANT)
    return [_feed(row) for row in conn.execute(named)]


def polled_ids(conn: Connection, _now: datetime, *, failing: bool) -> list[str]:
    """Return the feeds that are not parked; with ``failing`` those whose last poll failed."""
    found = select(feeds.c.id).where(feeds.c.parked.is_(False))
    if failing:
        found = found.where(feeds.c.errors > 0, feeds.c.gone_at.is_(None))
    return list(conn.execute(found.order_by(feeds.c.id)).scalars())


_DELAYS = Fixed(
    select(
        feeds.c.id,
        feeds.c.next_poll_at,
        func.coalesce(feeds.c.interval_fixed_s, feeds.c.interval_s),
    )
    .where(feeds.c.parked.is_(False), feeds.c.id > bindparam("after"))
    .order_by(feeds.c.id)
    .limit(bindparam("most", type_=Integer))
)


def delays(
    conn: Connection, now: datetime, after: str, most: int
) -> list[tuple[str, float, float | None]]:
    """Return id, seconds until the next poll, and interval of feeds that are not parked.

    In pieces, ``most`` of them that come after the id ``after``: there may be 100,000.
    """
    present = seconds(now)
    return [
        (id_, 0.0 if at is None else at - present, interval)
        for id_, at, interval in _DELAYS.fetch(conn, {"after": after, "most": most})
    ]


_RESTING = select(feeds.c.url, feeds.c.next_poll_at, feeds.c.why).where(
    feeds.c.errors > 0, feeds.c.next_poll_at.is_not(None), feeds.c.parked.is_(False)
)


def resting(conn: Connection, now: datetime) -> dict[str, float]:
    """Return the hosts that asked for rest by Retry-After, and for how many seconds still."""
    found: dict[str, float] = {}
    for row in conn.execute(_RESTING):
        left = (row.next_poll_at - now).total_seconds()
        if RESTS in row.why and left > 0:
            host = host_of(row.url)
            found[host] = max(left, found.get(host, 0.0))
    return found


_SOONEST = (
    select(feeds.c.id, feeds.c.url)
    .where(feeds.c.parked.is_(False), feeds.c.errors == 0)
    .order_by(feeds.c.next_poll_at, feeds.c.id)
    .limit(bindparam("most"))
)


def soonest(conn: Connection, _now: datetime, most: int) -> list[str]:
    """Return feeds that do not fail and are due soonest, no two of one host."""
    by_host: dict[str, str] = {}
    for row in conn.execute(_SOONEST, {"most": SOONEST_LOOKED * most}):
        by_host.setdefault(host_of(row.url), row.id)
    return list(by_host.values())[:most]


_NEEDS: Select[Any] = select(
    feeds.c.weight, feeds.c.activity, feeds.c.hints, feeds.c.interval_fixed_s, feeds.c.errors,
    feeds.c.last_poll_at, feeds.c.next_poll_at,
).where(feeds.c.parked.is_(False))  # fmt: skip


def needs(conn: Connection, _now: datetime, interval_s: float | None) -> list[FeedNeed]:
    """Return what says how often each feed that is not parked is to be polled.

    ``interval_s`` is that of feeds without an interval of their own; None is "auto".
    """
    return [_need(row, interval_s) for row in conn.execute(_NEEDS)]


def _need(row: Row[Any], interval_s: float | None) -> FeedNeed:
    waits = None
    if row.errors and row.last_poll_at is not None and row.next_poll_at is not None:
        waits = max(1.0, (row.next_poll_at - row.last_poll_at).total_seconds())
    own = row.interval_fixed_s
    return FeedNeed(
        weight=row.weight,
        activity=row.activity,
        hints=row.hints,
        fixed_s=own if own is not None else interval_s,
        waits_s=waits,
    )


def note_addresses(conn: Connection, feed: str, urls: Iterable[str], how: str) -> None:
    """Remember that these addresses are this feed's, unless they are another's already."""
    put_new(conn, addresses, address_rows(feed, urls, how))


def address_rows(feed: str, urls: Iterable[str], how: str) -> list[Values]:
    """Return what is to be remembered of a feed's addresses."""
    return [
        {"key": address_key(url), "feed_id": feed, "url": url, "how": how}
        for url in urls
        if url.strip()
    ]
