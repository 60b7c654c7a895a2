"""Joining articles that turn out to be one: the younger goes into the elder, and nothing is lost.

Entries, addresses, open work and what has rung go to the elder in one transaction. The elder is
read again, because the entries that came along have facts of their own (feeds, tags, titles).

On PostgreSQL an article's row is the lock of its event: who reads it, rings for it or merges it
holds the row (`hold`), who only adds entries to it shares it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, Row, bindparam, select, update

from workers.model.alert import TraceLine
from workers.store import changes, rings, traces, work
from workers.store.sql import Fixed, chunks, lock, put_new
from workers.store.tables import articles, entries, keys
from workers.text.urls import host_of

__all__ = ["claim", "hold", "join", "root", "share"]

HOPS = 8
"""Merges followed; joining keeps every chain at one."""
_CONTENT = (
    "title",
    "text",
    "zones",
    "published",
    "published_from",
    "author",
    "language",
    "canonical",
    "verdict",
    "reasons",
    "text_from",
    "doubted",
    "fetched_at",
    "live",
    "reread_at",
    "changed_at",
    "hint",
)
_INTO = Fixed(select(articles.c.merged_into).where(articles.c.id == bindparam("the_id")))


def root(conn: Connection, article: str) -> str:
    """Return the article that this one was merged into, itself if it was not."""
    for _ in range(HOPS):
        found = _INTO.fetch(conn, {"the_id": article})
        if not found or found[0][0] is None:
            break
        article = found[0][0]
    return article


_HOLD = Fixed(
    select(articles.c.merged_into)
    .where(articles.c.id == bindparam("the_id"))
    .with_for_update(key_share=True)
)


def hold(conn: Connection, article: str) -> str:
    """Return the article that this one was merged into, held until the transaction ends."""
    for _ in range(HOPS):
        found = _HOLD.fetch(conn, {"the_id": article})
        if not found or found[0][0] is None:
            break
        article = found[0][0]
    return article


_SHARE = (
    select(articles.c.id, articles.c.merged_into)
    .where(articles.c.id.in_(bindparam("some", expanding=True)))
    .order_by(articles.c.id)
    .with_for_update(read=True)
)


def share(conn: Connection, wanted: Iterable[str]) -> dict[str, str]:
    """Keep these articles from being merged until the transaction ends.

    Returns:
        The elder of each one that was merged away; that one is kept instead.
    """
    merged: dict[str, str] = {}
    rest = set(wanted)
    while rest:
        found = {
            row.id: row.merged_into
            for some in chunks(sorted(rest))
            for row in lock(conn, _SHARE, {"some": some})
            if row.merged_into is not None
        }
        merged |= found
        rest = set(found.values()) - merged.keys()
    return {article: _last(article, merged) for article in merged}


def _last(article: str, merged: Mapping[str, str]) -> str:
    while article in merged:
        article = merged[article]
    return article


_OWNER = select(keys.c.article_id).where(keys.c.key == bindparam("the_key"))


def claim(conn: Connection, now: datetime, article: str, key: str, url: str | None = None) -> str:
    """Let ``key`` be a key of ``article``, which is held; return the article that has it now.

    If another has it, the younger of the two is merged into the elder, which is read at ``url``
    from then on, if that is given.
    """
    if put_new(conn, keys, [{"key": key, "article_id": article}]):
        return article
    owner = hold(conn, conn.execute(_OWNER, {"the_key": key}).scalar_one())
    return article if owner == article else join(conn, now, article, owner, url)


def join(conn: Connection, now: datetime, one: str, other: str, url: str | None = None) -> str:
    """Merge the younger of two articles, which are held, into the elder; return the elder.

    Whoever lists an article first under an address that only leads to it must not decide where it
    is read for good: ``url`` is where it was proved to be.
    """
    found = conn.execute(
        select(articles)
        .where(articles.c.id.in_((one, other)))
        .order_by(articles.c.first_seen, articles.c.id)
    ).all()
    elder, younger = found[0], found[1]
    _hand_over(conn, elder.id, younger.id)
    if url is not None:
        moved = {"url": url, "validators": None}
        conn.execute(update(articles).where(articles.c.id == elder.id).values(moved))
    if elder.fetched_at is None and younger.fetched_at is not None:
        _adopt(conn, elder, younger, url)
    rings.copy(conn, younger.id, elder.id)
    changes.copy_paragraphs(conn, younger.id, elder.id)
    _hand_over_work(conn, now, elder, younger, url or elder.url)
    traces.write(conn, [_line(now, elder, younger)])
    return str(elder.id)


def _line(now: datetime, elder: Row[Any], younger: Row[Any]) -> TraceLine:
    return TraceLine(
        stage="read",
        decision=f"merged into {elder.id}",
        because=f"{younger.url or younger.id} is the page of {elder.url or elder.id}"[:500],
        article=younger.id,
        at=now,
    )


def _hand_over(conn: Connection, elder: str, younger: str) -> None:
    for table, column in ((entries, entries.c.article_id), (keys, keys.c.article_id)):
        conn.execute(update(table).where(column == younger).values({column: elder}))
    conn.execute(
        update(articles)
        .where((articles.c.id == younger) | (articles.c.merged_into == younger))
        .values(merged_into=elder)
    )


def _adopt(conn: Connection, elder: Row[Any], younger: Row[Any], url: str | None) -> None:
    """An elder whose page was never read takes the younger's text; it is matched again with it."""
    values = {name: getattr(younger, name) for name in _CONTENT}
    values["url"] = url or elder.url or younger.url
    conn.execute(update(articles).where(articles.c.id == elder.id).values(values))


_RINGS = select(entries.c.id).where(
    entries.c.article_id == bindparam("the_id"), entries.c.rings.is_(True)
)


def _hand_over_work(
    conn: Connection, now: datetime, elder: Row[Any], younger: Row[Any], url: str | None
) -> None:
    page = work.again(conn, "page", younger.id)
    ringing = work.again(conn, "ring", younger.id)
    for kind in ("page", "ring"):
        work.cancel(conn, kind, younger.id)
    if page is not None and page.at > now:
        page = None  # it was only to be read again some day; the elder has its own such day
    if page is not None or conn.execute(_RINGS.limit(1), {"the_id": elder.id}).first():
        stream = page.stream if page is not None else "pages:warm"
        traceparent = page.traceparent if page is not None else None
        host = host_of(url) if url else None
        want = work.Ask(
            kind="page", id=elder.id, stream=stream, at=now, traceparent=traceparent, host=host
        )
        work.ask(conn, now, want)
    if ringing is not None and elder.settled_at is None:
        work.ask(conn, now, structs.replace(ringing, id=elder.id))
