"""What rings: only topics that have not rung for the event, decided in the transaction itself."""

from collections.abc import Collection, Iterable
from datetime import datetime

from msgspec import structs
from sqlalchemy import Connection, bindparam, func, insert, select, update

from workers.alerts import compose
from workers.model.alert import Alert, Made, RingUnit
from workers.store import bursts, deliveries, mutes
from workers.store.sql import Fixed, put_new
from workers.store.tables import alerts, rung

__all__ = ["copy", "of_event", "ring"]

_TOPICS = Fixed(select(rung.c.topic).where(rung.c.event == bindparam("the_event")))
_LAST = select(func.max(alerts.c.revision)).where(alerts.c.event == bindparam("the_event"))
_INSERT = Fixed(
    insert(alerts),
    (
        "id",
        "event",
        "revision",
        "at",
        "severity",
        "evidence",
        "title",
        "url",
        "topics",
        "body",
    ),
)


def of_event(conn: Connection, event: str) -> frozenset[str]:
    """Return the topics that have rung for the event."""
    return frozenset(row[0] for row in _TOPICS.fetch(conn, {"the_event": event}))


def ring(
    conn: Connection, now: datetime, unit: RingUnit, *, hold: str | None = None
) -> Alert | None:
    """Make the alert of what is new in ``unit``, with its deliveries; None if nothing is.

    Topics that rang on the feed's text and match on the page get the page's receipt besides. What
    a muted topic rings is stored like any other, so that it rings once, but nobody is told.
    With a reason to ``hold`` it, the alert is told of in the next list of each of its topics.
    """
    already = of_event(conn, unit.event)
    if already and unit.evidence == "page":
        _add_page_receipts(conn, unit, already)
    if already.issuperset(topic.name for topic in unit.topics):
        return None
    made = compose(unit, already, _last_revision(conn, unit.event) + 1 if already else 1)
    if made is None:
        return None
    _store(conn, made)
    made = mutes.quieten(conn, now, made)
    if hold is not None:
        bursts.hold(conn, now, made, hold)
    else:
        deliveries.make(conn, now, bursts.within(conn, now, made, unit.burst).deliveries)
    return made.alert


def _last_revision(conn: Connection, event: str) -> int:
    return conn.execute(_LAST, {"the_event": event}).scalar() or 0


def _store(conn: Connection, made: Made) -> None:
    alert = made.alert
    bare = structs.replace(
        alert, topics=tuple(structs.replace(topic, clauses=()) for topic in alert.topics)
    )
    _INSERT.run(
        conn,
        {
            "id": alert.id,
            "event": alert.event,
            "revision": alert.revision,
            "at": alert.at,
            "severity": alert.severity,
            "evidence": alert.evidence,
            "title": alert.article.title,
            "url": alert.article.url,
            "topics": tuple(topic.name for topic in alert.topics),
            "body": bare,
        },
    )
    put_new(conn, rung, [_rung(alert, number) for number in range(len(alert.topics))])


def _rung(alert: Alert, number: int) -> dict[str, object]:
    topic = alert.topics[number]
    return {
        "event": alert.event,
        "topic": topic.name,
        "alert_id": alert.id,
        "at": alert.at,
        "evidence": alert.evidence,
        "receipt": topic.clauses,
    }


_first_ring = rung.alias("first_ring")
_ADD = Fixed(
    update(rung)
    .where(
        rung.c.topic == bindparam("the_topic"),
        rung.c.alert_id.in_(
            select(_first_ring.c.alert_id).where(
                _first_ring.c.event == bindparam("the_event"),
                _first_ring.c.topic == bindparam("the_topic"),
            )
        ),
        rung.c.evidence == "feed",
        rung.c.page_receipt.is_(None),
    )
    .values(page_receipt=bindparam("clauses", type_=rung.c.page_receipt.type))
)


def _add_page_receipts(conn: Connection, unit: RingUnit, already: Iterable[str]) -> None:
    names = frozenset(already)
    rows = [
        {"the_topic": topic.name, "the_event": unit.event, "clauses": topic.clauses}
        for topic in unit.topics
        if topic.name in names
    ]
    _ADD.run(conn, *rows)


_OF_EVENT = select(rung).where(rung.c.event == bindparam("the_event"))


def copy(
    conn: Connection, source: str, target: str, topics: Collection[str] | None = None
) -> None:
    """Let what has rung for one event (or these topics of it) have rung for another too."""
    rows = conn.execute(_OF_EVENT, {"the_event": source}).mappings()
    wanted = [row for row in rows if topics is None or row["topic"] in topics]
    put_new(conn, rung, [{**row, "event": target} for row in wanted])
