"""Retention: what is older than it is kept for goes, a little at a time; open work stays."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Table,
    and_,
    delete,
    exists,
    func,
    select,
    text,
    tuple_,
    update,
)

from workers.model.base import Record
from workers.model.upkeep import Room
from workers.options import KeepOptions
from workers.store.check import PRUNED
from workers.store.sql import put_over
from workers.store.sqlite_driver import INCREMENTAL
from workers.store.tables import (
    alerts,
    articles,
    dead,
    deliveries,
    editions,
    entries,
    events,
    held,
    host_lines,
    messages,
    meta,
    muted,
    mutes,
    paragraphs,
    rung,
    told,
    trace,
    undone,
)
from workers.store.tables import work as works

__all__ = [
    "Step",
    "Swept",
    "give_back",
    "oldest_contents",
    "oldest_texts",
    "room",
    "steps",
    "used_bytes",
]

MOST = 500
"""Rows of one transaction, so that the writer is soon free for others."""
UNLISTED = timedelta(days=30)
"""An identity is kept for so long after its feed has stopped listing it."""
TOLD = timedelta(days=400)
"""What a burst has let through: longer than any window that is of use."""
HOSTS = timedelta(days=30)
"""The memory of a host is kept for so long after a page of it was read."""
CLOSED = timedelta(days=30)
"""Closed work is kept for so long: nobody holds a turn of it any more."""


Swept = tuple[int, datetime | None]
"""How many rows a transaction went over, and from when on the next has to look."""


class Step(Record, frozen=True, kw_only=True):
    """One kind of thing to remove: called until it finds nothing more."""

    name: str
    run: Callable[[Connection, datetime], int]


def steps(keep: KeepOptions, now: datetime) -> tuple[Step, ...]:
    """Return what is to be removed now, in an order in which each step can free the next."""
    text_before = _before(now, keep.text_s)
    unlisted_before = None if text_before is None else min(text_before, now - UNLISTED)
    found = (
        ("receipts", _receipts, _before(now, keep.receipts_s)),
        ("alerts", _alerts, _before(now, keep.alerts_s)),
        ("mutes", _mutes, _before(now, keep.receipts_s)),
        ("messages", _messages, _before(now, keep.receipts_s)),
        ("events", _events, _before(now, keep.receipts_s)),
        ("told", _told, now - TOLD),
        ("dead", _dead, _before(now, keep.dead_s)),
        ("trace", _trace, text_before),
        ("entries", _entries, unlisted_before),
        ("editions", _editions, text_before),
        ("paragraphs", _paragraphs, text_before),
        ("texts", _texts, text_before),
        ("articles", _articles, unlisted_before),
        ("hosts", _hosts, now - HOSTS),
        ("work", _work, now - CLOSED),
    )
    return tuple(
        Step(name=name, run=_bound(function, before))
        for name, function, before in found
        if before is not None
    )


def _before(now: datetime, kept_s: float | None) -> datetime | None:
    return None if kept_s is None else now - timedelta(seconds=kept_s)


def _bound(
    function: Callable[[Connection, datetime], int], before: datetime
) -> Callable[[Connection, datetime], int]:
    return lambda conn, _now: function(conn, before)


def _delete(conn: Connection, table: Table, condition: ColumnElement[bool]) -> int:
    """Delete some of the rows; return how many."""
    key = table.primary_key.columns[0]
    some = select(key).where(condition).limit(MOST)
    return conn.execute(delete(table).where(key.in_(some), condition)).rowcount


def _receipts(conn: Connection, before: datetime) -> int:
    old = and_(rung.c.at < before, rung.c.receipt.is_not(None))
    some = select(rung.c.event).where(old).limit(MOST)
    return conn.execute(
        update(rung).where(rung.c.event.in_(some), old).values(receipt=None, page_receipt=None)
    ).rowcount


def _alerts(conn: Connection, before: datetime) -> int:
    """Alerts whose deliveries are all done; that their topics have rung stays known."""
    waiting = exists().where(deliveries.c.alert_id == alerts.c.id, undone)
    for_a_list = exists().where(held.c.alert_id == alerts.c.id, held.c.message_id.is_(None))
    for_a_mute = exists().where(
        muted.c.alert_id == alerts.c.id, muted.c.mute == mutes.c.id, mutes.c.told_at.is_(None)
    )
    old = select(alerts.c.id).where(alerts.c.at < before, ~waiting, ~for_a_list, ~for_a_mute)
    some = conn.execute(old.limit(MOST)).scalars().all()
    _delete_deliveries(conn, deliveries.c.alert_id.in_(some))
    conn.execute(delete(held).where(held.c.alert_id.in_(some)))
    if some:
        put_over(conn, meta, [{"key": PRUNED, "value": before.isoformat()}])
    return conn.execute(delete(alerts).where(alerts.c.id.in_(some))).rowcount


def _mutes(conn: Connection, before: datetime) -> int:
    """Mutes that were over long ago; that their hits were muted stays known with the alerts."""
    return _delete(conn, mutes, mutes.c.told_at < before)


def _messages(conn: Connection, before: datetime) -> int:
    """Events and lists whose deliveries are all done; the alerts of a list stay."""
    waiting = exists().where(deliveries.c.message_id == messages.c.id, undone)
    old = select(messages.c.id).where(messages.c.at < before, ~waiting)
    some = conn.execute(old.limit(MOST)).scalars().all()
    _delete_deliveries(conn, deliveries.c.message_id.in_(some))
    conn.execute(delete(held).where(held.c.message_id.in_(some)))
    return conn.execute(delete(messages).where(messages.c.id.in_(some))).rowcount


def _delete_deliveries(conn: Connection, which: ColumnElement[bool]) -> None:
    """Delete deliveries, with their work and their dead letters."""
    some = select(deliveries.c.id).where(which)
    conn.execute(delete(dead).where(dead.c.kind == "delivery", dead.c.id.in_(some)))
    conn.execute(delete(works).where(works.c.kind == "delivery", works.c.id.in_(some)))
    conn.execute(delete(deliveries).where(which))


def _events(conn: Connection, before: datetime) -> int:
    """Conditions that are long over."""
    some = select(events.c.id).where(events.c.ended_at < before).limit(MOST)
    return conn.execute(
        delete(events).where(events.c.id.in_(some), events.c.ended_at < before)
    ).rowcount


def _told(conn: Connection, before: datetime) -> int:
    some = select(told.c.alert_id).where(told.c.at < before).limit(MOST)
    return conn.execute(delete(told).where(told.c.alert_id.in_(some), told.c.at < before)).rowcount


def _dead(conn: Connection, before: datetime) -> int:
    old = dead.c.at < before
    some = select(dead.c.kind, dead.c.id).where(old).limit(MOST)
    return conn.execute(delete(dead).where(tuple_(dead.c.kind, dead.c.id).in_(some), old)).rowcount


def _trace(conn: Connection, before: datetime) -> int:
    return _delete(conn, trace, trace.c.at < before)


def _hosts(conn: Connection, before: datetime) -> int:
    return _delete(conn, host_lines, host_lines.c.noted_at < before)


def _entries(conn: Connection, before: datetime) -> int:
    """Identities that no feed lists any more, and that no open work needs."""
    return _delete(
        conn,
        entries,
        and_(
            entries.c.listed.is_(False),
            entries.c.last_listed < before,
            ~_open_work(entries.c.article_id),
        ),
    )


def _open_work(article: ColumnElement[Any]) -> ColumnElement[bool]:
    return exists().where(
        works.c.id == article, works.c.kind.in_(("page", "ring")), works.c.next_at.is_not(None)
    )


def _texts(conn: Connection, before: datetime) -> int:
    """Texts of pages that were read long ago."""
    old = and_(
        articles.c.text != "",
        articles.c.first_seen < before,  # before it was read: spares looking at all the younger
        func.coalesce(articles.c.fetched_at, articles.c.first_seen) < before,
        ~_open_work(articles.c.id),
    )
    some = select(articles.c.id).where(old).order_by(articles.c.first_seen).limit(MOST)
    return conn.execute(
        update(articles).where(articles.c.id.in_(some)).values(text="", zones=(), doubted=())
    ).rowcount


def _editions(conn: Connection, before: datetime) -> int:
    """What readings of pages changed, long ago."""
    some = (
        select(editions.c.article_id, editions.c.since).where(editions.c.at < before).limit(MOST)
    )
    gone = tuple_(editions.c.article_id, editions.c.since).in_(some)
    return conn.execute(delete(editions).where(gone)).rowcount


def _paragraphs(conn: Connection, before: datetime) -> int:
    """What was news on live pages, long ago."""
    some = (
        select(paragraphs.c.article_id, paragraphs.c.key)
        .where(paragraphs.c.at < before)
        .limit(MOST)
    )
    gone = tuple_(paragraphs.c.article_id, paragraphs.c.key).in_(some)
    return conn.execute(delete(paragraphs).where(gone)).rowcount


def oldest_texts(conn: Connection, _now: datetime, after: datetime | None) -> Swept:
    """Remove some of the oldest texts whatever their age: there is no room for them.

    Articles that were first seen before ``after`` have none any more.

    Returns:
        How many went, and where to go on.
    """
    with_text = and_(articles.c.text != "", ~_open_work(articles.c.id))
    if after is not None:
        with_text &= articles.c.first_seen >= after
    some = (
        select(articles.c.id, articles.c.first_seen)
        .where(with_text)
        .order_by(articles.c.first_seen)
        .limit(MOST)
    )
    found = conn.execute(some).all()
    ids = [row.id for row in found]
    conn.execute(
        update(articles).where(articles.c.id.in_(ids)).values(text="", zones=(), doubted=())
    )
    conn.execute(delete(editions).where(editions.c.article_id.in_(ids)))
    return len(found), found[-1].first_seen if found else after


def oldest_contents(conn: Connection, _now: datetime, after: datetime | None) -> Swept:
    """Remove some of the oldest texts that feeds gave with their entries: see `oldest_texts`.

    What was not read yet keeps its text, and a summary always stays.
    """
    with_text = and_(entries.c.content != "", ~_open_work(entries.c.article_id))
    if after is not None:
        with_text &= entries.c.seen >= after
    some = (
        select(entries.c.id, entries.c.seen).where(with_text).order_by(entries.c.seen).limit(MOST)
    )
    found = conn.execute(some).all()
    ids = [row.id for row in found]
    conn.execute(update(entries).where(entries.c.id.in_(ids)).values(content=""))
    return len(found), found[-1].seen if found else after


def _articles(conn: Connection, before: datetime) -> int:
    """Articles that nothing refers to any more."""
    other = articles.alias()
    return _delete(
        conn,
        articles,
        and_(
            articles.c.first_seen < before,
            ~exists().where(entries.c.article_id == articles.c.id),
            ~exists().where(rung.c.event == articles.c.id),
            ~exists(select(other.c.id).where(other.c.merged_into == articles.c.id)),
            ~_open_work(articles.c.id),
        ),
    )


def old_work(before: datetime) -> Delete:
    """Return the statement that removes some of the work that was closed long ago."""
    closed = and_(works.c.next_at.is_(None), works.c.asked_at < before.timestamp())
    some = select(works.c.kind, works.c.id).where(closed).limit(MOST)
    # Said twice, because what somebody asks for meanwhile is closed no more.
    return delete(works).where(tuple_(works.c.kind, works.c.id).in_(some), closed)


def _work(conn: Connection, before: datetime) -> int:
    return conn.execute(old_work(before)).rowcount


GIVEN_BACK = 1000
"""Pages of the file that one transaction gives back."""


def room(conn: Connection, _now: datetime) -> Room:
    """Return what of the file is free; of PostgreSQL nothing is known that would help."""
    if conn.dialect.name == "postgresql":
        return Room(free_bytes=0, returns=False)
    free = conn.execute(text("PRAGMA freelist_count")).scalar_one()
    size = conn.execute(text("PRAGMA page_size")).scalar_one()
    mode = conn.execute(text("PRAGMA auto_vacuum")).scalar_one()
    return Room(free_bytes=free * size, returns=mode == INCREMENTAL)


def give_back(conn: Connection, _now: datetime) -> None:
    """Give some free pages of the file back to the file system."""
    raw = conn.connection.driver_connection
    if conn.dialect.name == "sqlite" and raw is not None:  # each step is a page: fetch them all
        raw.execute(f"PRAGMA incremental_vacuum({GIVEN_BACK})").fetchall()


def used_bytes(conn: Connection, _now: datetime) -> int:
    """Return how many bytes of the database hold something, space to be used again left out."""
    if conn.dialect.name == "postgresql":
        return sum(_held_bytes(conn, table) for table in (articles, editions, entries))
    pages = conn.execute(text("PRAGMA page_count")).scalar_one()
    free = conn.execute(text("PRAGMA freelist_count")).scalar_one()
    size = conn.execute(text("PRAGMA page_size")).scalar_one()
    return int((pages - free) * size)


SAMPLE_BYTES = 32 << 20
"""What is read of a large table, apart from its long texts, to say what it holds."""


def _held_bytes(conn: Connection, table: Table) -> int:
    """Return what the rows of a table of PostgreSQL hold, of a large one by a sample.

    Its files do not shrink when texts go, so their size would ask for ever more to be removed.
    """
    size = conn.execute(text(f"SELECT pg_relation_size('{table.name}')")).scalar_one()
    percent = min(100.0, 100.0 * SAMPLE_BYTES / max(size, 1))
    sample = "" if percent >= 100 else f" TABLESAMPLE SYSTEM ({percent:.6f})"  # noqa: PLR2004 - per cent
    row = " + ".join(f"coalesce(pg_column_size({column.name}), 0)" for column in table.columns)
    sql = f"SELECT coalesce(sum({row}), 0) FROM {table.name}{sample}"  # noqa: S608 - names of ours
    return int(int(conn.execute(text(sql)).scalar_one()) * 100 / percent)
