"""The archive: articles of a span of time, in pieces, and what rings of them afterwards.

Whoever looks back at a million articles must neither hold them in memory nor keep anybody
waiting: each piece is a read of its own, found by where the one before it ended.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import structs
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Double,
    Select,
    bindparam,
    exists,
    func,
    select,
    type_coerce,
)

from workers.model.alert import Alert, RingUnit, TraceLine
from workers.model.archive import Archived, Extent, Place
from workers.model.commit import Likeness
from workers.store import likeness, merge, rings, traces
from workers.store.articles import MOST_ENTRIES, article_of, entry_of, unit_of
from workers.store.columns import seconds
from workers.store.sql import chunks
from workers.store.tables import articles, entries, feeds, rung

if TYPE_CHECKING:
    from workers.model.feed import EntryRow

__all__ = ["extent", "pieces", "places", "ring", "rung_of"]

_seen = type_coerce(articles.c.first_seen, Double)
_old = exists().where(
    entries.c.article_id == articles.c.id,
    type_coerce(entries.c.published, Double) < bindparam("since", type_=Double()),
)
_ours = (articles.c.merged_into.is_(None), ~_old)
"""What was merged away is looked at in its elder. The earliest date that a feed gives counts."""


def _places(*where: ColumnElement[bool], newest: bool) -> Select[Any]:
    order = (_seen.desc(), articles.c.id.desc()) if newest else (_seen, articles.c.id)
    return (
        select(_seen, articles.c.id)
        .where(*where, *_ours)
        .order_by(*order)
        .limit(bindparam("most"))
    )


_at: BindParameter[float] = bindparam("at", type_=Double())
_id: BindParameter[str] = bindparam("the_id")
_end: BindParameter[float] = bindparam("the_end", type_=Double())
_ONWARD = _places(_seen >= _at, (_seen > _at) | (articles.c.id > _id), _seen <= _end, newest=False)
_BACK = _places(_seen <= _at, (_seen < _at) | (articles.c.id < _id), _seen >= _end, newest=True)


def places(  # noqa: PLR0913 - a span of time, and where to go on in it
    conn: Connection,
    _now: datetime,
    since: datetime,
    until: datetime,
    after: Place | None,
    most: int,
    *,
    newest: bool,
) -> list[Place]:
    """Return the next articles of a span of time, the oldest first, or the ``newest``.

    Articles that were published before it, as far as feeds say, are left out.

    Args:
        conn: The transaction.
        now: The present.
        since: Articles that were first seen, and published, earlier are left out.
        until: So are those that were first seen later.
        after: Where the look before this one ended, None at the beginning.
        most: How many at most.
        newest: Whether to go from the newest to the oldest.
    """
    begin, end = seconds(since), seconds(until)
    if newest:
        at, id_ = after or (end + 1e-3, "")
        statement, bound = _BACK, begin
    else:
        at, id_ = after or (begin, "")
        statement, bound = _ONWARD, end
    row = {"at": at, "the_id": id_, "the_end": bound, "since": begin, "most": most}
    return [(found[0], found[1]) for found in conn.execute(statement, row)]


_COUNT = (
    select(func.count())
    .select_from(articles)
    .where(_seen >= bindparam("since", type_=Double()), _seen <= _end, *_ours)
)
_OLDEST = select(func.min(articles.c.first_seen))


def extent(conn: Connection, _now: datetime, since: datetime, until: datetime) -> Extent:
    """Return how many articles there are of a span of time, and where the archive begins."""
    row = {"since": seconds(since), "the_end": seconds(until)}
    return Extent(
        articles=conn.execute(_COUNT, row).scalar_one(),
        oldest=conn.execute(_OLDEST).scalar(),
    )


_some: BindParameter[str] = bindparam("some", expanding=True)
_told = (
    select(func.sum(func.length(entries.c.content) + func.length(entries.c.summary)))
    .where(entries.c.article_id == articles.c.id)
    .scalar_subquery()
)
_SIZES = select(
    articles.c.id,
    func.length(articles.c.text) + func.length(articles.c.zones) + func.coalesce(_told, 0),
).where(articles.c.id.in_(_some))
_ARTICLES = select(articles).where(articles.c.id.in_(_some))
_ranked = (
    select(
        entries.c.id,
        func.row_number()
        .over(
            partition_by=entries.c.article_id,
            order_by=(entries.c.seen.desc(), entries.c.id.desc()),
        )
        .label("place"),
    )
    .where(entries.c.article_id.in_(_some))
    .subquery()
)
_ENTRIES: Select[Any] = (
    select(entries, feeds.c.name.label("feed"), feeds.c.url.label("feed_url"))
    .join(_ranked, _ranked.c.id == entries.c.id)
    .join(feeds, feeds.c.id == entries.c.feed_id)
    .where(_ranked.c.place <= MOST_ENTRIES)
    .order_by(entries.c.seen, entries.c.id)
)


def pieces(
    conn: Connection, _now: datetime, ids: Sequence[str], letters: int
) -> tuple[int, list[Archived]]:
    """Return the first of these articles, with their entries, until they have so many letters.

    Returns:
        How many of the ids are done with, at least one, and those of them that are still there.
    """
    sizes = {row[0]: row[1] for row in conn.execute(_SIZES, {"some": ids})}
    done, total = 0, 0
    for id_ in ids:
        total += sizes.get(id_, 0)
        if done and total > letters:
            break
        done += 1
    wanted = [id_ for id_ in ids[:done] if id_ in sizes]
    if not wanted:
        return done, []
    found = {row.id: article_of(row) for row in conn.execute(_ARTICLES, {"some": wanted})}
    listing: defaultdict[str, list[EntryRow]] = defaultdict(list)
    for row in conn.execute(_ENTRIES, {"some": wanted}):
        listing[row.article_id].append(entry_of(row))
    whole = [
        Archived(article=found[id_], entries=tuple(listing[id_])) for id_ in wanted if id_ in found
    ]
    return done, whole


_RUNG = select(rung.c.event).where(
    rung.c.topic == bindparam("the_topic"), rung.c.event.in_(bindparam("some", expanding=True))
)


def rung_of(
    conn: Connection, _now: datetime, topic: str, events: Collection[str]
) -> frozenset[str]:
    """Return those of the events for which the topic has rung."""
    return frozenset(
        event
        for some in chunks(events)
        for event in conn.execute(_RUNG, {"the_topic": topic, "some": some}).scalars()
    )


_THERE = select(articles.c.id).where(articles.c.id == bindparam("the_id"))


def ring(
    conn: Connection, now: datetime, unit: RingUnit, line: TraceLine, like: Likeness | None
) -> Alert | None:
    """Ring for an article as a reading of it would; None if all of it has rung, or it is gone.

    Args:
        conn: The transaction.
        now: The present.
        unit: What matched.
        line: What is noted if it rings.
        like: By what it may be another publisher's text that has rung.
    """
    article = merge.hold(conn, unit.event)
    if conn.execute(_THERE, {"the_id": article}).first() is None:
        return None
    own: RingUnit | None = unit_of(unit, article)
    if own is not None and like is not None:
        own = likeness.told_elsewhere(conn, now, article, like, own)
    if own is None or rings.of_event(conn, article).issuperset(one.name for one in own.topics):
        return None
    traces.write(conn, [structs.replace(line, article=article)])
    return rings.ring(conn, now, own)
