"""Deliveries: made with what they tell, and loaded with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, Row, bindparam, select

from workers.model.alert import Alert, Content, Delivery, DeliveryJob, Summary
from workers.model.message import OperatorEvent, SummaryFacts
from workers.model.report import DeliveryLine
from workers.store import leavers, work
from workers.store.sql import Fixed, put_new
from workers.store.tables import alerts, held, messages, muted, rung, sinks
from workers.store.tables import deliveries as table

__all__ = ["disabled", "load", "make", "of_alert", "whole_alert"]


def make(conn: Connection, now: datetime, made: Sequence[Delivery]) -> None:
    """Store the deliveries of an alert or message; those that are there stay as they are.

    Each new one is asked for, but for those that are held because their sink is disabled. For
    recipients who left none is made.
    """
    made = leavers.staying(conn, made)
    if not made:
        return
    off = disabled(conn)
    made = [structs.replace(one, held=one.held or one.sink in off) for one in made]
    rows = [
        {
            "id": delivery.id,
            "alert_id": delivery.alert,
            "message_id": delivery.message,
            "sink": delivery.sink,
            "recipient": delivery.recipient,
            "topics": delivery.topics,
            "state": "held" if delivery.held else "open",
            "held_reason": "disabled" if delivery.held else None,
            "attempts": 0,
            "made_at": now,
        }
        for delivery in made
    ]
    new = [one for one, row in zip(made, rows, strict=True) if put_new(conn, table, [row])]
    wanted = [delivery for delivery in new if not delivery.held]
    work.ask_all(conn, now, [_ask(one.id, one.sink, now, one.traceparent) for one in wanted])


_OFF = Fixed(select(sinks.c.name).where(sinks.c.state == "disabled"))


def disabled(conn: Connection) -> frozenset[str]:
    """Return the names of the sinks that are disabled."""
    return frozenset(row[0] for row in _OFF.fetch(conn, {}))


def _ask(delivery: str, sink: str, now: datetime, traceparent: str | None = None) -> work.Ask:
    stream = f"sink:{sink}"
    return work.Ask(kind="delivery", id=delivery, stream=stream, at=now, traceparent=traceparent)


_LOAD = (
    select(table, alerts.c.body.label("alert"), messages.c.body.label("message"))
    .outerjoin(alerts, alerts.c.id == table.c.alert_id)
    .outerjoin(messages, messages.c.id == table.c.message_id)
    .where(table.c.id == bindparam("the_id"))
)
_RECEIPTS = select(rung.c.topic, rung.c.receipt, rung.c.page_receipt).where(
    rung.c.alert_id == bindparam("the_alert"), rung.c.event == bindparam("the_event")
)


def load(conn: Connection, now: datetime, delivery: str) -> DeliveryJob | None:
    """Return the delivery with what it tells, None if there is none."""
    row = conn.execute(_LOAD, {"the_id": delivery}).one_or_none()
    job = work.load(conn, now, "delivery", delivery)
    content = None if row is None else _content(conn, row)
    if row is None or job is None or content is None:
        return None
    return DeliveryJob(
        work=job,
        delivery=Delivery(
            id=row.id,
            alert=row.alert_id,
            message=row.message_id,
            sink=row.sink,
            recipient=row.recipient,
            topics=row.topics,
        ),
        content=content,
        state=row.state,
        made_at=row.made_at,
        now=now,
    )


def _content(conn: Connection, row: Row[Any]) -> Content | None:
    if row.alert is not None:
        return whole_alert(conn, row.alert)
    message: OperatorEvent | SummaryFacts | None = row.message
    if isinstance(message, SummaryFacts):
        return Summary(facts=message, items=_items(conn, message))
    return message  # an event; None where what it tells is no longer kept


MOST_ITEMS = 1000
"""Alerts of a summary that are loaded: more than a message has room for."""
_ITEMS = (
    select(alerts.c.body)
    .join(held, held.c.alert_id == alerts.c.id)
    .where(held.c.message_id == bindparam("the_message"))
    .order_by(held.c.at.desc(), held.c.alert_id)
    .limit(MOST_ITEMS)
)


_MUTED_ITEMS = (
    select(alerts.c.body)
    .join(muted, muted.c.alert_id == alerts.c.id)
    .where(muted.c.mute == bindparam("the_mute"))
    .order_by(muted.c.at.desc(), muted.c.alert_id)
    .limit(MOST_ITEMS)
)


def _items(conn: Connection, facts: SummaryFacts) -> tuple[Alert, ...]:
    if facts.muted is not None:
        bodies = conn.execute(_MUTED_ITEMS, {"the_mute": facts.muted.id}).scalars()
    else:
        bodies = conn.execute(_ITEMS, {"the_message": facts.id}).scalars()
    return tuple(_of_topic(body, facts.topic) for body in bodies)


def _of_topic(alert: Alert, name: str) -> Alert:
    topics = tuple(topic for topic in alert.topics if topic.name == name)
    severity = topics[0].severity if topics else alert.severity
    return structs.replace(alert, topics=topics, severity=severity)


def whole_alert(conn: Connection, body: Alert, *, page: bool = False) -> Alert:
    """Return an alert with its receipts; with ``page``, also what its page added to them later."""
    found = conn.execute(_RECEIPTS, {"the_alert": body.id, "the_event": body.event})
    receipts = {
        row.topic: (row.receipt or ()) + ((row.page_receipt or ()) if page else ())
        for row in found
    }
    topics = tuple(
        structs.replace(topic, clauses=receipts.get(topic.name, ())) for topic in body.topics
    )
    return structs.replace(body, topics=topics)


_OF_ALERT = (
    select(table)
    .where(table.c.alert_id == bindparam("the_alert"))
    .order_by(table.c.sink, table.c.recipient)
)


def of_alert(conn: Connection, _now: datetime, alert: str) -> list[DeliveryLine]:
    """Return the deliveries of an alert, by sink and recipient."""
    return [_line(row) for row in conn.execute(_OF_ALERT, {"the_alert": alert})]


def _line(row: Row[Any]) -> DeliveryLine:
    return DeliveryLine(
        id=row.id,
        sink=row.sink,
        recipient=row.recipient,
        topics=row.topics,
        state=row.state,
        attempts=row.attempts,
        last_answer=row.last_answer,
        last_at=row.last_at,
        held_reason=row.held_reason,
        made_at=row.made_at,
    )
