"""What is known of the site of an address: other addresses of it, and which feeds list it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, func, or_, select

from workers.model.alert import LED_TO, DeadLine
from workers.model.journey import AtSite, Known, Nearby
from workers.store.columns import bounded, moment
from workers.store.sql import chunks
from workers.store.tables import articles, dead, entries, keys, trace

__all__ = ["MOST", "find", "led_to", "sharing"]

MOST = 20_000
"""Addresses of a site that are looked at."""
MOST_SHARED = 20
"""Articles of one address that are told."""
MOST_DEAD = 5


def find(conn: Connection, _now: datetime, key: str, hosts: Sequence[str]) -> Nearby:
    """Return what is known of these hosts.

    Args:
        conn: The transaction.
        key: What the article of the address would be known by.
        hosts: Hosts as keys begin with them: without ``www.``.
    """
    known = [
        Known(key=row.key, article=row.article_id)
        for host in dict.fromkeys(hosts)
        for beginning in (f"{host}/", f"{host}:")
        for row in conn.execute(
            select(keys.c.key, keys.c.article_id)
            .where(_begins(conn, beginning))
            .order_by(keys.c.key)
            .limit(MOST + 1)
        )
    ]
    return Nearby(
        known=tuple(known[:MOST]),
        at_site=_at_site(conn, (one.article for one in known[:MOST])),
        more=len(known) > MOST,
        dead=_dead(conn, key),
    )


def _begins(conn: Connection, beginning: str) -> ColumnElement[bool]:
    """Say which keys begin so: in SQLite by its index, which LIKE does not use."""
    if conn.dialect.name != "sqlite":
        return keys.c.key.startswith(beginning, autoescape=True)
    behind = beginning[:-1] + chr(ord(beginning[-1]) + 1)
    return (keys.c.key >= beginning) & (keys.c.key < behind)


def _at_site(conn: Connection, found: Iterable[str]) -> tuple[AtSite, ...]:
    sums: dict[str, AtSite] = {}
    for some in chunks(found):
        rows = conn.execute(
            select(
                entries.c.feed_id,
                func.count().label("number"),
                func.min(entries.c.seen).label("first"),
                func.max(entries.c.seen).label("last"),
            )
            .where(entries.c.article_id.in_(some))
            .group_by(entries.c.feed_id)
        )
        for row in rows:
            one = AtSite(
                feed=row.feed_id, entries=row.number, first=_at(row.first), last=_at(row.last)
            )
            sums[row.feed_id] = _both(sums.get(row.feed_id), one)
    return tuple(sorted(sums.values(), key=lambda one: (-one.entries, one.feed)))


def _at(value: datetime | float) -> datetime:
    return value if isinstance(value, datetime) else moment(value)


def _both(one: AtSite | None, other: AtSite) -> AtSite:
    if one is None:
        return other
    return AtSite(
        feed=one.feed,
        entries=one.entries + other.entries,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
    )


def _dead(conn: Connection, key: str) -> tuple[DeadLine, ...]:
    """Return the entries of this key that could not be stored: their letters hold it."""
    fields = DeadLine.__struct_fields__
    held = f'"key":{msgspec.json.encode(bounded(key)).decode()}'
    rows = conn.execute(
        select(*(dead.c[name] for name in fields))
        .where(dead.c.kind == "entry", dead.c.content.contains(held, autoescape=True))
        .order_by(dead.c.at.desc())
        .limit(MOST_DEAD)
    )
    return tuple(DeadLine(**dict(zip(fields, row, strict=True))) for row in rows)


def sharing(
    conn: Connection, _now: datetime, urls: Sequence[str], feeds: Sequence[str]
) -> tuple[str, ...]:
    """Return the articles of these feeds' entries that have one of these addresses, newest first.

    Entries that share a link with others are articles of their own, which no address leads to.
    """
    found: dict[str, datetime] = {}
    for some in chunks(feeds):
        rows = conn.execute(
            select(entries.c.article_id, entries.c.seen)
            .where(entries.c.feed_id.in_(some), entries.c.url.in_(list(urls)[:MOST_SHARED]))
            .order_by(entries.c.seen.desc(), entries.c.id)
            .limit(MOST_SHARED)
        )
        for row in rows:
            found.setdefault(row.article_id, row.seen)
    newest = sorted(found, key=lambda article: found[article], reverse=True)
    return tuple(newest[:MOST_SHARED])


def led_to(conn: Connection, _now: datetime, urls: Sequence[str]) -> str | None:
    """Return the article whose link led to one of these addresses when it was read last.

    What is no article by its looks is not known by where it was found. All lines of trace are
    looked at for it: a second for a million.
    """
    said = [f"{LED_TO}{url}" for url in urls][:MOST_SHARED]
    lines = [line for one in said for line in (trace.c.because == one, _goes_on(one))]
    found: str | None = conn.execute(
        select(trace.c.article)
        .join(articles, articles.c.id == trace.c.article)
        .where(trace.c.stage == "read", or_(*lines))
        .order_by(trace.c.id.desc())
        .limit(1)
    ).scalar()
    return found


def _goes_on(said: str) -> ColumnElement[bool]:
    return trace.c.because.startswith(f"{said}; ", autoescape=True)
