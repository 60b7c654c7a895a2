"""Topics that do not ring for a while.

Decided in the transaction that rings, so that a mute is in force for every process as soon as it
is stored. What a muted topic hits is stored as if it had rung; ``muted`` says nobody was told.

The row of ``mutes`` is the lock: whoever keeps a hit back holds it, and so does whoever ends the
mute, which is done in one transaction with the list of what was kept back. So each hit either is
on that list or rings, and the list is made once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, Row, Select, bindparam, case, func, select, update

from workers.alerts import highest
from workers.errors import TocsinError
from workers.model.alert import Delivery, Made, Recipient, TraceLine
from workers.model.ids import delivery_id, mute_summary_id
from workers.model.message import Muted, SummaryFacts
from workers.model.mute import MuteEnd, MuteLine
from workers.model.topic import Severity
from workers.store import bursts, deliveries, traces
from workers.store.sql import Fixed, Insert, Several, chunks, insert_for, put_new
from workers.store.tables import accepted, muted, mutes

__all__ = ["MOST", "end", "end_overdue", "lines", "mute", "of_alerts", "quieten", "unmute"]

MOST = 1000
"""Topics that are muted at once: all are shown wherever health is."""
Typed = Sequence[Any]

# ── by the operator ─────────────────────────────────────────────────────────────────────────────


def _mute_statement(dialect: str) -> Insert:
    insert = insert_for(dialect, mutes)
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["topic"],
        index_where=mutes.c.told_at.is_(None),
        set_={
            "until": new.until,
            "because": case((new.because != "", new.because), else_=mutes.c.because),
        },
    )


_MUTE = Fixed(
    _mute_statement, ("id", "topic", "since", "until", "because", "recipients", "told_at")
)
_MUTED = select(func.count()).where(mutes.c.told_at.is_(None))


def mute(conn: Connection, now: datetime, topic: str, for_s: float, because: str) -> MuteLine:
    """Let a topic not ring for ``for_s`` seconds from now; one that is muted has its end moved.

    Raises:
        TocsinError: too many are.
    """
    row = {
        "id": f"mut_{token_hex(12)}",
        "topic": topic,
        "since": now,
        "until": now + timedelta(seconds=for_s),
        "because": because,
        "recipients": (),
        "told_at": None,
    }
    _MUTE.run(conn, row)
    if conn.execute(_MUTED).scalar_one() > MOST:
        raise TocsinError(f"not muted: {topic}: {MOST} topics are (unmute some, or remove topics)")
    return _lines(conn, now, topic)[0]


_UNMUTE = Fixed(
    update(mutes)
    .where(
        mutes.c.topic == bindparam("the_topic"),
        mutes.c.told_at.is_(None),
        mutes.c.until > bindparam("present", type_=mutes.c.until.type),
    )
    .values(until=bindparam("present", type_=mutes.c.until.type))
)


def unmute(conn: Connection, now: datetime, topic: str) -> MuteLine | None:
    """Let a topic ring again; return its mute, whose end is still to be told.

    None if it is not muted.
    """
    if not _UNMUTE.run(conn, {"the_topic": topic, "present": now}):
        return None
    return _lines(conn, now, topic)[0]


_LINES: Select[Any] = (
    select(
        mutes.c.id,
        mutes.c.topic,
        mutes.c.since,
        mutes.c.until,
        mutes.c.because,
        select(func.count()).where(muted.c.mute == mutes.c.id).scalar_subquery().label("hits"),
    )
    .where(mutes.c.told_at.is_(None))
    .order_by(mutes.c.topic)
    .limit(MOST)
)


def lines(conn: Connection, now: datetime) -> list[MuteLine]:
    """Return the mutes of whose end nobody was told yet, by topic."""
    return _lines(conn, now, None)


def _lines(conn: Connection, now: datetime, topic: str | None) -> list[MuteLine]:
    some = _LINES if topic is None else _LINES.where(mutes.c.topic == topic)
    return [
        MuteLine(
            id=row.id,
            topic=row.topic,
            since=row.since,
            until=row.until,
            because=row.because,
            hits=row.hits,
            ended=row.until <= now,
        )
        for row in conn.execute(some)
    ]


# ── where it would ring ─────────────────────────────────────────────────────────────────────────

_IN_FORCE = Several(
    lambda places: (
        select(mutes.c.id, mutes.c.topic, mutes.c.until, mutes.c.because, mutes.c.recipients)
        .where(
            mutes.c.topic.in_(places("some", mutes.c.topic.type)),
            mutes.c.told_at.is_(None),
            mutes.c.until > bindparam("present", type_=mutes.c.until.type),
        )
        .order_by(mutes.c.topic)
        .with_for_update(key_share=True)
    )
)
_KNOW = Fixed(
    update(mutes)
    .where(mutes.c.id == bindparam("the_id"))
    .values(recipients=bindparam("known", type_=mutes.c.recipients.type))
)


def quieten(conn: Connection, now: datetime, made: Made) -> Made:
    """Return an alert, which is stored already, with the deliveries that mutes leave of it.

    It goes on with its other topics.
    """
    names = sorted({topic.name for topic in made.alert.topics})
    found = {
        row[1]: row
        for some in chunks(names)
        for row in _IN_FORCE.rows(conn, {"present": now}, some=some)
    }
    if not found:
        return made
    _keep_back(conn, now, made, found)
    kept = [
        structs.replace(one, topics=tuple(name for name in one.topics if name not in found))
        for one in made.deliveries
    ]
    return structs.replace(made, deliveries=tuple(one for one in kept if one.topics))


def _keep_back(conn: Connection, now: datetime, made: Made, found: dict[str, Typed]) -> None:
    alert = made.alert
    rows = [
        {
            "alert_id": alert.id,
            "topic": topic.name,
            "mute": found[topic.name][0],
            "severity": topic.severity,
            "source": alert.entries[0].feed if alert.entries else "",
            "at": now,
        }
        for topic in alert.topics
        if topic.name in found
    ]
    put_new(conn, muted, rows)
    for topic, (id_, _, until, because, known) in found.items():
        told = {
            Recipient(sink=one.sink, recipient=one.recipient)
            for one in made.deliveries
            if topic in one.topics
        }
        if not told.issubset(known):
            everybody = sorted(told.union(known), key=lambda to: (to.sink, to.recipient))
            _KNOW.run(conn, {"the_id": id_, "known": tuple(everybody)})
        traces.write(conn, [_line(made, now, topic, _why(until, because))])


def _why(until: datetime, because: str) -> str:
    return f"until {until:%Y-%m-%d %H:%M:%SZ}" + (f": {because}" if because else "")


def _line(made: Made, now: datetime, topic: str, because: str) -> TraceLine:
    return TraceLine(
        stage="ring",
        decision=f"muted: {topic}",
        because=because,
        article=made.alert.article.id,
        topic=topic,
        at=now,
    )


_OF_ALERTS = Several(
    lambda places: (
        select(muted.c.alert_id, muted.c.topic)
        .where(muted.c.alert_id.in_(places("some", muted.c.alert_id.type)))
        .order_by(muted.c.alert_id, muted.c.topic)
    )
)


def of_alerts(conn: Connection, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the topics of these alerts of which nobody was told; alerts without are missing."""
    found: dict[str, tuple[str, ...]] = {}
    for some in chunks(ids):
        for alert, topic in _OF_ALERTS.rows(conn, {}, some=some):
            found[alert] = (*found.get(alert, ()), topic)
    return found


# ── its end ─────────────────────────────────────────────────────────────────────────────────────

_OPEN: Select[Any] = (
    select(mutes)
    .where(mutes.c.id == bindparam("the_id"), mutes.c.told_at.is_(None))
    .with_for_update(key_share=True)
)
_TELL = update(mutes).where(mutes.c.id == bindparam("the_id"))
_NEWEST = select(func.max(accepted.c.number))


def end(conn: Connection, now: datetime, mute: str, to: MuteEnd) -> int | None:
    """Tell of the end of a mute that is over, or whose topic is gone; return how many hits it had.

    None if another process was faster, if it lasts, or if others know better whether its topic is
    gone.
    """
    row = conn.execute(_OPEN, {"the_id": mute}).one_or_none()
    if row is None or (to.known and row.until > now):
        return None
    if not to.known and to.version != (conn.execute(_NEWEST).scalar() or 0):
        return None
    told = to.to
    if not to.known:
        told = tuple(structs.replace(one, held=one.sink in to.off) for one in row.recipients)
    return _tell(conn, now, row, told, to.severity)


_OVERDUE = (
    select(mutes)
    .where(
        mutes.c.told_at.is_(None),
        mutes.c.until <= bindparam("present", type_=mutes.c.until.type),
    )
    .order_by(mutes.c.topic)
    .with_for_update(key_share=True)
)


def end_overdue(conn: Connection, now: datetime) -> None:
    """Tell whoever would have been told of their hits of all mutes that are over."""
    for row in conn.execute(_OVERDUE, {"present": now}).all():
        _tell(conn, now, row, row.recipients, "normal")


def _tell(
    conn: Connection,
    now: datetime,
    row: Row[Any],
    told: Sequence[Recipient],
    severity: Severity,
) -> int:
    """Make the list of what a mute kept back, and close it; return how many hits it had."""
    until = min(row.until, now)
    facts = _facts(conn, now, row, until, severity)
    if told:
        bursts.store_facts(conn, now, facts)
        made = [
            Delivery(
                id=delivery_id(facts.id, one.sink, one.recipient),
                message=facts.id,
                sink=one.sink,
                recipient=one.recipient,
                topics=(row.topic,),
                held=one.held,
            )
            for one in told
        ]
        deliveries.make(conn, now, made)
    conn.execute(_TELL.values(told_at=now, until=until), {"the_id": row.id})
    return facts.count


_of_mute = muted.c.mute == bindparam("the_mute")
_SUM = select(func.count(), func.min(muted.c.at), func.max(muted.c.at)).where(_of_mute)
_SEVERITIES = select(muted.c.severity).where(_of_mute).distinct()
_SOURCES = (
    select(muted.c.source)
    .where(_of_mute, muted.c.source != "")
    .group_by(muted.c.source)
    .order_by(func.count().desc(), muted.c.source)
    .limit(bursts.MOST_SOURCES)
)


def _facts(
    conn: Connection, now: datetime, row: Row[Any], until: datetime, severity: Severity
) -> SummaryFacts:
    which = {"the_mute": row.id}
    count, first, last = conn.execute(_SUM, which).one()
    severities = conn.execute(_SEVERITIES, which).scalars().all()
    return SummaryFacts(
        id=mute_summary_id(row.id),
        topic=row.topic,
        severity=highest(severities) if severities else severity,
        count=count,
        sources=tuple(conn.execute(_SOURCES, which).scalars()),
        first=first or row.since,
        last=last or until,
        at=now,
        muted=Muted(id=row.id, since=row.since, until=until, because=row.because),
    )
