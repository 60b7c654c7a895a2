"""The storm guard: how many alerts of a topic a sink is sent, and what becomes of the rest.

Decided in the transaction that makes an alert's deliveries. The row of ``bursts`` is the lock by
which two processes that ring at once take turns; ``told`` says when what was let through; ``held``
has what was not, until a list tells of it, and afterwards which list that was.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, Row, Select, bindparam, delete, func, select, update

from workers.alerts import highest, title_of_list
from workers.model.alert import Alert, Delivery, Made, TraceLine
from workers.model.ids import delivery_id, summary_id
from workers.model.message import SummaryFacts
from workers.model.rate import Rate
from workers.model.report import Burst
from workers.store import deliveries, traces
from workers.store.columns import seconds
from workers.store.sql import Fixed, Insert, chunks, insert_for, put_new
from workers.store.tables import bursts, held, messages, told

__all__ = [
    "MOST",
    "MOST_SOURCES",
    "hold",
    "store_facts",
    "summarize",
    "summarize_all",
    "waiting",
    "within",
]

MOST = 10_000
"""Alerts of one list; what is beyond goes into the next one."""
MOST_LISTS = 50
"""Lists of one transaction."""
MOST_SOURCES = 20
PRUNE_EVERY = 32
"""What has left the window is removed at one alert in so many: it costs only room."""
Pair = tuple[str, str]
"""Names of a sink and a topic."""


def within(conn: Connection, now: datetime, made: Made, burst: Rate | None) -> Made:
    """Return the alert with the deliveries that its bursts let through; hold the others.

    Each topic is decided for each sink: an alert goes on with its other topics.

    Args:
        conn: The transaction in which the alert is stored.
        now: The present.
        made: The alert, stored already, with the deliveries it is to have.
        burst: None lets everything through.
    """
    if burst is None or not made.deliveries:
        return made
    pairs = sorted({(one.sink, topic) for one in made.deliveries for topic in one.topics})
    beyond = {pair for pair in pairs if not _lets_through(conn, now, pair, made.alert.id, burst)}
    if not beyond:
        return made
    _hold(conn, now, made, beyond, "more alerts on the topic than [alerts] burst sends at once")
    kept = [structs.replace(one, topics=_topics(one, beyond)) for one in made.deliveries]
    return structs.replace(made, deliveries=tuple(one for one in kept if one.topics))


def hold(conn: Connection, now: datetime, made: Made, because: str) -> None:
    """Hold an alert for the next lists of its topics, whatever their bursts would let through."""
    _hold(
        conn,
        now,
        made,
        {(one.sink, name) for one in made.deliveries for name in one.topics},
        because,
    )


def _topics(delivery: Delivery, beyond: Collection[Pair]) -> tuple[str, ...]:
    return tuple(name for name in delivery.topics if (delivery.sink, name) not in beyond)


def _lock_statement(dialect: str) -> Insert:
    insert = insert_for(dialect, bursts)
    return insert.on_conflict_do_update(
        index_elements=["sink", "topic"], set_={"number": bursts.c.number + 1}
    )


_LOCK = Fixed(_lock_statement, ("sink", "topic", "number"))
_of_pair = (told.c.sink == bindparam("the_sink")) & (told.c.topic == bindparam("the_topic"))
_RECENT = Fixed(
    select(func.count())
    .select_from(told)
    .where(_of_pair, told.c.at > bindparam("since", type_=told.c.at.type))
)
_PRUNE = Fixed(delete(told).where(_of_pair, told.c.at <= bindparam("since", type_=told.c.at.type)))


def _lets_through(conn: Connection, now: datetime, pair: Pair, alert: str, burst: Rate) -> bool:
    """Say whether the sink may be sent one more alert of the topic now, and count it if so."""
    sink, topic = pair
    _LOCK.run(conn, {"sink": sink, "topic": topic, "number": 1})
    since = now - timedelta(seconds=burst.per_s)
    which = {"the_sink": sink, "the_topic": topic, "since": since}
    if hash(alert) % PRUNE_EVERY == 0:
        _PRUNE.run(conn, which)
    if _RECENT.fetch(conn, which)[0][0] >= burst.count:
        return False
    put_new(conn, told, [{"sink": sink, "topic": topic, "at": now, "alert_id": alert}])
    return True


def _hold(
    conn: Connection, now: datetime, made: Made, beyond: Collection[Pair], because: str
) -> None:
    alert = made.alert
    severities = {topic.name: topic.severity for topic in alert.topics}
    source = alert.entries[0].feed if alert.entries else ""
    rows = [
        {
            "alert_id": alert.id,
            "sink": one.sink,
            "recipient": one.recipient,
            "topic": name,
            "severity": severities[name],
            "source": source,
            "at": now,
        }
        for one in made.deliveries
        for name in one.topics
        if (one.sink, name) in beyond
    ]
    put_new(conn, held, rows)
    traces.write(conn, [_line(alert, now, pair, because) for pair in sorted(beyond)])


def _line(alert: Alert, now: datetime, pair: Pair, because: str) -> TraceLine:
    return TraceLine(
        stage="ring",
        decision=f"{pair[0]}: held for a list: {pair[1]}",
        because=because,
        article=alert.article.id,
        topic=pair[1],
        at=now,
    )


# ── lists ───────────────────────────────────────────────────────────────────────────────────────

_waits = held.c.message_id.is_(None)
_GROUPS: Select[Any] = (
    select(held.c.sink, held.c.recipient, held.c.topic)
    .where(_waits)
    .group_by(held.c.sink, held.c.recipient, held.c.topic)
    .having(func.min(held.c.at) <= bindparam("before", type_=held.c.at.type))
    .limit(MOST_LISTS)
)


def summarize(conn: Connection, now: datetime, after_s: float, off: Collection[str]) -> int:
    """Make a list of what is held for each recipient and topic, once its first is that old.

    Args:
        conn: The transaction.
        now: The present.
        after_s: Seconds that what is held waits for more.
        off: Names of sinks that are disabled: their lists wait until they are enabled.

    Returns:
        How many lists were made, `MOST_LISTS` at most.
    """
    before = now - timedelta(seconds=after_s)
    lists = alerts = 0
    for group in conn.execute(_GROUPS, {"before": before}).all():
        told_of = _list(conn, now, group, off)
        lists, alerts = lists + bool(told_of), alerts + told_of
        if alerts >= MOST:  # others are waiting for the database
            break
    return lists


_EVER = datetime.max.replace(tzinfo=UTC)


def summarize_all(conn: Connection) -> None:
    """Make lists of all that is held, each as of its last alert, whatever sinks are disabled."""
    while groups := conn.execute(_GROUPS, {"before": _EVER}).all():
        for group in groups:
            _list(conn, None, group, ())


_ROWS: Select[Any] = (
    select(held.c.alert_id, held.c.severity, held.c.source, held.c.at)
    .where(
        _waits,
        held.c.sink == bindparam("the_sink"),
        held.c.recipient == bindparam("the_recipient"),
        held.c.topic == bindparam("the_topic"),
    )
    .order_by(held.c.at, held.c.alert_id)
    .limit(bindparam("most"))
    .with_for_update()  # who else makes this list waits, and then finds nothing that waits
)


def _list(conn: Connection, now: datetime | None, group: Row[Any], off: Collection[str]) -> int:
    """Make one list; return how many alerts it tells of, 0 if another process was faster.

    Without a ``now`` it is made as of the last of them.
    """
    which = {"the_sink": group.sink, "the_recipient": group.recipient, "the_topic": group.topic}
    rows = conn.execute(_ROWS, {**which, "most": MOST}).all()
    if not rows:
        return 0
    at = now or rows[-1].at
    facts = _facts(at, group, rows)
    store_facts(conn, at, facts)
    for some in chunks(row.alert_id for row in rows):
        conn.execute(_LISTED, {**which, "some": some, "message": facts.id})
    made = Delivery(
        id=delivery_id(facts.id, group.sink, group.recipient),
        message=facts.id,
        sink=group.sink,
        recipient=group.recipient,
        topics=(group.topic,),
        held=group.sink in off,
    )
    deliveries.make(conn, at, [made])
    return len(rows)


_LISTED = (
    update(held)
    .where(
        held.c.sink == bindparam("the_sink"),
        held.c.recipient == bindparam("the_recipient"),
        held.c.topic == bindparam("the_topic"),
        held.c.alert_id.in_(bindparam("some", expanding=True)),
    )
    .values(message_id=bindparam("message"))
)


def _facts(now: datetime, group: Row[Any], rows: Sequence[Row[Any]]) -> SummaryFacts:
    sources = Counter(row.source for row in rows if row.source)
    return SummaryFacts(
        id=summary_id(group.sink, group.recipient, group.topic, rows[0].alert_id),
        topic=group.topic,
        severity=highest(row.severity for row in rows),
        count=len(rows),
        sources=tuple(name for name, _ in sources.most_common(MOST_SOURCES)),
        first=rows[0].at,
        last=rows[-1].at,
        at=now,
    )


def store_facts(conn: Connection, now: datetime, facts: SummaryFacts) -> None:
    """Store what a list says of its alerts, for the deliveries that are made with it."""
    row = {
        "id": facts.id,
        "kind": "summary.created",
        "at": now,
        "severity": facts.severity,
        "title": title_of_list(facts),
        "body": facts,
    }
    put_new(conn, messages, [row])


_WAITING: Select[Any] = (
    select(held.c.sink, func.count().label("held"), func.min(held.c.at).label("first"))
    .where(_waits)
    .group_by(held.c.sink)
)


def waiting(conn: Connection, now: datetime) -> dict[str, Burst]:
    """Return what is held for its list, by sink."""
    present = seconds(now)
    return {
        row.sink: Burst(held=row.held, first_s=max(0.0, present - seconds(row.first)))
        for row in conn.execute(_WAITING)
    }
