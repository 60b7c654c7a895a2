"""The journey of an article, read in one view of the data; and what is known near an address."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, or_, select

from workers.model.alert import Alert, DeadLine
from workers.model.ids import paragraph_id
from workers.model.journey import (
    HeldAlert,
    Journey,
    Merged,
    MutedHit,
    Queued,
    RungLine,
    Sent,
    ToldAlert,
    Version,
)
from workers.store import articles, changes, sinks, traces
from workers.store.columns import moment, seconds
from workers.store.sql import chunks
from workers.store.tables import (
    accepted,
    alerts,
    dead,
    deliveries,
    entries,
    held,
    left,
    messages,
    muted,
    mutes,
    paragraphs,
    rung,
)
from workers.store.tables import articles as table
from workers.store.tables import work as works
from workers.store.work import PAGES, RANKS

__all__ = ["MOST", "accepted_as", "article_of", "of_article"]

MOST = 200
"""Of each kind of thing that is shown: the newest. A live page has a line of trace a minute."""


def of_article(conn: Connection, now: datetime, article: str) -> Journey | None:
    """Return the journey of an article, or of the one that it was merged into; None if unknown."""
    row = articles.by_id(conn, now, article)
    if row is None:
        return None
    merged = _merged(conn, row.id)
    trace, traced = traces.newest(conn, row.id, MOST)
    rang = _rung(conn, row.id)
    told, more = _alerts(conn, row.id, [one.id for one in merged], rang)
    ids = [one.id for one in told]
    sent = _deliveries(conn, now, ids)
    listed = _held(conn, ids)
    letters = [row.id, *(one.id for one in sent), *(one.delivery for one in listed)]
    return Journey(
        now=now,
        article=row,
        entries=articles.entries_of(conn, now, row.id)[-MOST:],
        entries_count=conn.execute(_ENTRIES, {"the_id": row.id}).scalar_one(),
        merged=merged,
        trace=trace,
        trace_count=traced,
        editions=tuple(changes.of_article(conn, now, row.id)),
        queued=_queued_pages(conn, now, row.id),
        dead=_dead(conn, filter(None, letters)),
        rung=rang,
        alerts=told,
        more_alerts=more,
        deliveries=sent,
        held=listed,
        muted=_muted(conn, ids),
        sinks=sinks.states(conn, now),
        left=frozenset((one.sink, one.recipient) for one in conn.execute(_LEFT)),
        versions=tuple(Version(number=one.number, at=one.at) for one in conn.execute(_VERSIONS)),
    )


_ENTRIES = (
    select(func.count()).select_from(entries).where(entries.c.article_id == bindparam("the_id"))
)
_LEFT = select(left.c.sink, left.c.recipient).limit(10_000)
_VERSIONS = select(accepted.c.number, accepted.c.at).order_by(accepted.c.number)
_MERGED = (
    select(table.c.id, table.c.url, table.c.first_seen)
    .where(table.c.merged_into == bindparam("the_id"))
    .order_by(table.c.first_seen, table.c.id)
    .limit(MOST)
)


def _merged(conn: Connection, article: str) -> tuple[Merged, ...]:
    return tuple(
        Merged(id=row.id, url=row.url, first_seen=row.first_seen)
        for row in conn.execute(_MERGED, {"the_id": article})
    )


# ── work ────────────────────────────────────────────────────────────────────────────────────────

_OPEN = select(works).where(
    works.c.kind.in_(("page", "ring")),
    works.c.id == bindparam("the_id"),
    works.c.next_at.is_not(None),
)


def _queued_pages(conn: Connection, now: datetime, article: str) -> tuple[Queued, ...]:
    return tuple(_queued(conn, now, row) for row in conn.execute(_OPEN, {"the_id": article}))


def _queued(conn: Connection, now: datetime, row: Row[Any]) -> Queued:
    at = moment(row.next_at)
    return Queued(
        kind=row.kind,
        id=row.id,
        stream=row.stream,
        at=at,
        attempts=row.attempts,
        asked_at=moment(row.asked_at),
        taken=row.relayed_at is not None,
        ahead=_ahead(conn, now, row) if row.kind == "page" and at <= now else None,
    )


def _ahead(conn: Connection, now: datetime, row: Row[Any]) -> int:
    """Return how many pages that are due go before this one."""
    rank = RANKS.get(row.stream, len(PAGES))
    better = works.c.stream.in_(PAGES[:rank])
    same = and_(works.c.stream == row.stream, works.c.next_at < row.next_at)
    due = and_(
        works.c.kind == "page",
        works.c.next_at <= seconds(now),
        or_(better, same) if rank else same,
    )
    parts = (works.c.relayed_at.is_(None), works.c.relayed_at.is_not(None))  # an index each
    return sum(
        conn.execute(select(func.count()).select_from(works).where(due, part)).scalar_one()
        for part in parts
    )


_DELIVERING = select(works).where(
    works.c.kind == "delivery",
    works.c.id.in_(bindparam("some", expanding=True)),
    works.c.next_at.is_not(None),
)


def _delivering(conn: Connection, now: datetime, ids: Iterable[str]) -> dict[str, Queued]:
    return {
        row.id: _queued(conn, now, row)
        for some in chunks(ids)
        for row in conn.execute(_DELIVERING, {"some": some})
    }


def _dead(conn: Connection, ids: Iterable[str]) -> tuple[DeadLine, ...]:
    fields = DeadLine.__struct_fields__
    columns = [dead.c[name] for name in fields]
    return tuple(
        DeadLine(**dict(zip(fields, row, strict=True)))
        for some in chunks(ids)
        for row in conn.execute(
            select(*columns).where(dead.c.kind.in_(("page", "delivery")), dead.c.id.in_(some))
        )
    )


# ── what rang, and who was told ─────────────────────────────────────────────────────────────────

_RUNG = (
    select(rung.c.topic, rung.c.alert_id, rung.c.at, rung.c.evidence)
    .where(rung.c.event == bindparam("the_event"))
    .order_by(rung.c.at, rung.c.topic)
    .limit(10 * MOST)
)


def _rung(conn: Connection, article: str) -> tuple[RungLine, ...]:
    return tuple(
        RungLine(topic=row.topic, alert=row.alert_id, at=row.at, evidence=row.evidence)
        for row in conn.execute(_RUNG, {"the_event": article})
    )


_PARAGRAPHS = (
    select(paragraphs.c.key)
    .where(paragraphs.c.article_id == bindparam("the_id"))
    .order_by(paragraphs.c.at.desc())
    .limit(10 * MOST)
)
_ALERTS: Select[Any] = select(alerts.c.body, alerts.c.url)


def _alerts(
    conn: Connection, article: str, younger: Sequence[str], rang: Sequence[RungLine]
) -> tuple[tuple[ToldAlert, ...], bool]:
    """Return the newest alerts of an article, by whatever name it had; say if there are more."""
    keys = conn.execute(_PARAGRAPHS, {"the_id": article}).scalars().all()
    names = [article, *younger]
    events = [*names, *(paragraph_id(name, key) for name in names for key in keys)]
    by_event = (alerts.c.event.in_(some) for some in chunks(events))
    by_id = (alerts.c.id.in_(some) for some in chunks(one.alert for one in rang))
    found: dict[str, ToldAlert] = {}
    for which in (*by_event, *by_id):
        for row in conn.execute(_ALERTS.where(which).order_by(alerts.c.at.desc()).limit(MOST + 1)):
            found[row.body.id] = _told(row.body, row.url)
    newest = sorted(found.values(), key=lambda one: (one.at, one.id))
    return tuple(newest[-MOST:]), len(newest) > MOST


def _told(body: Alert, url: str | None) -> ToldAlert:
    return ToldAlert(
        id=body.id,
        event=body.event,
        revision=body.revision,
        at=body.at,
        severity=body.severity,
        evidence=body.evidence,
        topics=body.topics,
        url=url,
    )


def _deliveries(conn: Connection, now: datetime, ids: Sequence[str]) -> tuple[Sent, ...]:
    rows = [
        row
        for some in chunks(ids)
        for row in conn.execute(
            select(deliveries)
            .where(deliveries.c.alert_id.in_(some))
            .order_by(deliveries.c.made_at.desc(), deliveries.c.id)
            .limit(5 * MOST)
        )
    ]
    waiting = _delivering(conn, now, (row.id for row in rows))
    return tuple(
        Sent(
            id=row.id,
            alert=row.alert_id,
            sink=row.sink,
            recipient=row.recipient,
            topics=row.topics,
            state=row.state,
            attempts=row.attempts,
            last_answer=row.last_answer,
            last_at=row.last_at,
            held_reason=row.held_reason,
            made_at=row.made_at,
            queued=waiting.get(row.id),
        )
        for row in sorted(rows, key=lambda row: (row.made_at, row.sink, row.recipient))
    )


_OF_LIST = and_(
    deliveries.c.message_id == held.c.message_id,
    deliveries.c.sink == held.c.sink,
    deliveries.c.recipient == held.c.recipient,
)
_FIRST = held.alias("first_held")


def _held(conn: Connection, ids: Sequence[str]) -> tuple[HeldAlert, ...]:
    first = (
        select(func.min(_FIRST.c.at))
        .where(
            _FIRST.c.sink == held.c.sink,
            _FIRST.c.recipient == held.c.recipient,
            _FIRST.c.topic == held.c.topic,
            _FIRST.c.message_id.is_(None),
        )
        .scalar_subquery()
        .label("first")
    )
    columns = (
        held,
        first,
        deliveries.c.id.label("delivery"),
        deliveries.c.state,
        deliveries.c.last_at,
        deliveries.c.last_answer,
    )
    return tuple(
        HeldAlert(
            alert=row.alert_id,
            sink=row.sink,
            recipient=row.recipient,
            topic=row.topic,
            at=row.at,
            first=moment(row.first) if isinstance(row.first, float) else (row.first or row.at),
            message=row.message_id,
            delivery=row.delivery,
            state=row.state,
            last_at=row.last_at,
            last_answer=row.last_answer,
        )
        for some in chunks(ids)
        for row in conn.execute(
            select(*columns)
            .outerjoin(deliveries, _OF_LIST)
            .where(held.c.alert_id.in_(some))
            .order_by(held.c.at, held.c.sink, held.c.recipient, held.c.topic)
            .limit(5 * MOST)
        )
    )


def _muted(conn: Connection, ids: Sequence[str]) -> tuple[MutedHit, ...]:
    columns = (muted.c.alert_id, muted.c.topic, muted.c.at)
    return tuple(
        MutedHit(
            alert=row.alert_id,
            topic=row.topic,
            at=row.at,
            until=row.until,
            because=row.because or "",
            told_at=row.told_at,
        )
        for some in chunks(ids)
        for row in conn.execute(
            select(*columns, mutes.c.until, mutes.c.because, mutes.c.told_at)
            .outerjoin(mutes, mutes.c.id == muted.c.mute)
            .where(muted.c.alert_id.in_(some))
            .order_by(muted.c.at, muted.c.topic)
            .limit(5 * MOST)
        )
    )


# ── by which names an article is asked for ──────────────────────────────────────────────────────

_ALERT_OF = select(alerts.c.body).where(alerts.c.id == bindparam("the_id"))
_DELIVERY_OF = select(deliveries.c.alert_id, deliveries.c.message_id).where(
    deliveries.c.id == bindparam("the_id")
)
_LIST_OF = (
    select(held.c.alert_id)
    .join(messages, messages.c.id == held.c.message_id)
    .where(held.c.message_id == bindparam("the_id"))
    .order_by(held.c.at.desc(), held.c.alert_id)
    .limit(2)
)


def article_of(conn: Connection, _now: datetime, id_: str) -> str | None:
    """Return the article that an alert, a delivery or a list of one alert tells of; None if none.

    An entry's id is its article's too.
    """
    kind = id_[:4]
    if kind == "art_":
        return conn.execute(select(table.c.id).where(table.c.id == id_)).scalar()
    if kind == "ent_":
        found = select(entries.c.article_id).where(entries.c.id == id_)
        return conn.execute(found).scalar()
    alert: str | None = id_
    if kind in {"del_", "sum_"}:
        alert = _alert_of(conn, id_)
    body = conn.execute(_ALERT_OF, {"the_id": alert}).scalar() if alert is not None else None
    return body.article.id if body is not None else None


def _alert_of(conn: Connection, id_: str) -> str | None:
    """Return the alert of a delivery, or of a list that has only one."""
    message = id_
    if id_.startswith("del_"):
        row = conn.execute(_DELIVERY_OF, {"the_id": id_}).one_or_none()
        if row is None or row.message_id is None:
            return None if row is None else row.alert_id
        message = row.message_id
    told = conn.execute(_LIST_OF, {"the_id": message}).scalars().all()
    return told[0] if len(told) == 1 else None


_ACCEPTED = select(accepted.c.content).where(accepted.c.number == bindparam("number"))


def accepted_as(conn: Connection, _now: datetime, number: int) -> str | None:
    """Return what was accepted under a number, None if it is no longer kept."""
    content: str | None = conn.execute(_ACCEPTED, {"number": number}).scalar()
    return content
