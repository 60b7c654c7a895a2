"""Articles: loaded with all that a reading needs, stored with all that it decided."""

from datetime import datetime
from typing import Any, Literal

from msgspec import structs
from sqlalchemy import Connection, Row, Select, bindparam, select, update

from workers.model.alert import RingUnit
from workers.model.article import ArticleRow, PageJob
from workers.model.commit import ArticleCommit
from workers.model.feed import EntryRow
from workers.store import changes, dead, hostlines, likeness, merge, rings, traces, work
from workers.store.columns import bounded
from workers.store.sql import Fixed, lock
from workers.store.tables import articles, entries, feeds, keys

__all__ = [
    "MOST_ENTRIES",
    "article_of",
    "by_id",
    "by_key",
    "commit",
    "entries_of",
    "entry_of",
    "load",
    "unit_of",
]

MOST_ENTRIES = 200
"""Newest entries that are loaded with an article: a page that a whole site links to has more."""
_IDENTITY = frozenset({"id", "url", "first_seen", "topics_version"})
_UNLOADED = frozenset({"merged_into"})

_LOAD = select(articles).where(articles.c.id == bindparam("the_id"))
_ENTRIES: Select[Any] = (
    select(entries, feeds.c.name.label("feed"), feeds.c.url.label("feed_url"))
    .join(feeds, feeds.c.id == entries.c.feed_id)
    .where(entries.c.article_id == bindparam("the_id"))
    .order_by(entries.c.seen.desc(), entries.c.id.desc())
    .limit(MOST_ENTRIES)
)
_ENTRY_FIELDS = EntryRow.__struct_fields__


def load(
    conn: Connection, now: datetime, kind: Literal["page", "ring"], id_: str
) -> PageJob | None:
    """Return the work with its article and entries, following merges; None if there is none.

    The work is that of the id as asked: of an article that was merged away it is closed, and the
    elder's own is open.
    """
    job = work.load(conn, now, kind, id_)
    if job is None:
        return None
    article = by_id(conn, now, id_)
    if article is None:
        return None
    return PageJob(
        work=job,
        article=article,
        entries=entries_of(conn, now, article.id),
        rung=rings.of_event(conn, article.id),
    )


def by_id(conn: Connection, _now: datetime, id_: str) -> ArticleRow | None:
    """Return the article, or the one that it was merged into; None if there is none."""
    row = conn.execute(_LOAD, {"the_id": merge.root(conn, id_)}).one_or_none()
    return None if row is None else article_of(row)


def article_of(row: Row[Any]) -> ArticleRow:
    """Return a row of articles as the steps know it."""
    return ArticleRow(
        **{name: value for name, value in row._mapping.items() if name not in _UNLOADED}  # noqa: SLF001 - SQLAlchemy's public name for it
    )


_BY_KEY = select(keys.c.article_id).where(keys.c.key == bindparam("the_key"))


def by_key(conn: Connection, _now: datetime, key: str) -> str | None:
    """Return the id of the article that is known by ``key``, None if there is none."""
    found: str | None = conn.execute(_BY_KEY, {"the_key": bounded(key)}).scalar()
    return None if found is None else merge.root(conn, found)


def entries_of(conn: Connection, _now: datetime, article: str) -> tuple[EntryRow, ...]:
    """Return the article's entries, oldest first; of very many the newest."""
    rows = conn.execute(_ENTRIES, {"the_id": article}).all()
    return tuple(map(entry_of, reversed(rows)))


def entry_of(row: Row[Any]) -> EntryRow:
    """Return a row of entries, with name and address of its feed, as the steps know it."""
    return EntryRow(**{name: row._mapping[name] for name in _ENTRY_FIELDS})  # noqa: SLF001 - as above


def commit(
    conn: Connection, now: datetime, reading: ArticleCommit, *, keep_text: bool = True
) -> None:
    """Store a reading: text, keys, what rings for the first time, and how its work goes on.

    Without ``keep_text`` all that was found is stored, but not what it was found in.
    """
    if reading.full_text is not None:  # first of all: feeds are held before articles
        _count_full_text(conn, merge.root(conn, reading.work.id), got=reading.full_text)
    article = merge.hold(conn, reading.work.id)
    if reading.article is not None:
        bare = {} if keep_text else {"text": "", "zones": (), "doubted": ()}
        _store(conn, article, structs.replace(reading.article, **bare))
    if reading.topics_version is not None:
        _STAMP.run(conn, {"the_id": article, "number": reading.topics_version})
    for key in dict.fromkeys(map(bounded, reading.keys)):
        url = reading.likeness.own.url if reading.likeness is not None else None
        article = merge.claim(conn, now, article, key, url)
    if reading.keys and reading.likeness is not None and reading.likeness.moved:
        _MOVE.run(conn, {"the_id": article, "found_at": reading.likeness.own.url})
    if reading.likeness is not None:
        article = likeness.recognise(conn, now, article, reading.likeness)
    traces.write(conn, reading.trace)  # before what follows from it, which writes lines of its own
    if reading.edition is not None and keep_text:
        changes.keep(conn, merge.root(conn, reading.work.id), reading.edition)
    _ring(conn, now, reading, article)
    kept = work.conclude(
        conn,
        now,
        reading.work,
        attempts=reading.attempts,
        again_s=reading.again_s,
        stream=reading.stream,
    )
    if reading.dead is not None and kept:
        dead.keep(conn, reading.dead)
    if reading.lines is not None:  # last of all: of a host one reading ends after the other
        hostlines.note(conn, now, reading.lines)


def _ring(conn: Connection, now: datetime, reading: ArticleCommit, article: str) -> None:
    """Ring for the article, and for what is news by itself on its live page."""
    told: frozenset[str] = frozenset()
    unit: RingUnit | None
    traceparent = reading.work.traceparent
    if reading.ring is not None:
        unit = unit_of(structs.replace(reading.ring, traceparent=traceparent), article)
        if reading.likeness is not None:
            unit = likeness.told_elsewhere(conn, now, article, reading.likeness, unit)
        alert = rings.ring(conn, now, unit) if unit is not None else None
        told = frozenset(topic.name for topic in alert.topics) if alert else told
    added = [
        structs.replace(one, unit=structs.replace(one.unit, traceparent=traceparent))
        for one in reading.added
    ]
    changes.ring_added(conn, now, article, added, told)
    changes.note_removed(conn, now, article, reading.removed)


def unit_of(unit: RingUnit, article: str) -> RingUnit:
    """Return what rings as the event of its article as it is now, after merges."""
    if unit.event == article:
        return unit
    return structs.replace(unit, event=article, article=structs.replace(unit.article, id=article))


_MOVE = Fixed(
    update(articles)
    .where(articles.c.id == bindparam("the_id"))
    .values(url=bindparam("found_at", type_=articles.c.url.type))
)
"""From then on it is asked for where it was proved to be, not where a link led there from."""
_STORED = [name for name in ArticleRow.__struct_fields__ if name not in _IDENTITY]
_STORE = Fixed(
    update(articles)
    .where(articles.c.id == bindparam("the_id"))
    .values({name: bindparam(f"to_{name}", type_=articles.c[name].type) for name in _STORED})
)


_STAMP = Fixed(
    update(articles)
    .where(articles.c.id == bindparam("the_id"))
    .values(topics_version=bindparam("number"))
)


def _store(conn: Connection, article: str, row: ArticleRow) -> None:
    """Store what was read; of an article that was merged away it is the elder that is read anew.

    The elder has got this one's work, so its own reading will have both articles' entries.
    """
    if row.id == article:
        values = {f"to_{name}": getattr(row, name) for name in _STORED}
        _STORE.run(conn, {"the_id": article, **values})


_LISTING = select(entries.c.feed_id).where(entries.c.article_id == bindparam("the_id")).distinct()
_HOLD_FEEDS = (
    select(feeds.c.id)
    .where(feeds.c.id.in_(_LISTING))
    .order_by(feeds.c.id)
    .with_for_update(key_share=True)
)
_COUNT = Fixed(
    update(feeds)
    .where(feeds.c.id.in_(_LISTING))
    .values(
        pages_got=feeds.c.pages_got + bindparam("got"),
        pages_tried=feeds.c.pages_tried + 1,
    )
)


def _count_full_text(conn: Connection, article: str, *, got: bool) -> None:
    """Count for each feed that lists the article whether its page had text."""
    lock(conn, _HOLD_FEEDS, {"the_id": article})
    _COUNT.run(conn, {"the_id": article, "got": int(got)})
