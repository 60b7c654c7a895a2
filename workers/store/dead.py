"""Dead letters: what could not be done, kept with its reason, until replayed or dropped."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, select, update

from workers.model.alert import DeadLine
from workers.model.article import Work
from workers.model.beat import BEAT_KIND
from workers.model.commit import DeadEntry
from workers.store import work
from workers.store.columns import pack
from workers.store.sql import Several, chunks, put_over
from workers.store.tables import alerts, articles, deliveries, messages, undone
from workers.store.tables import dead as table

__all__ = [
    "MOST",
    "abandon",
    "bury",
    "bury_id",
    "forget",
    "forget_all",
    "give_up",
    "keep",
    "keep_entries",
    "keep_entry",
]

MOST = 1000
"""Dead letters that one transaction makes."""
ANSWER_CHARACTERS, TITLE_CHARACTERS = 500, 500


def keep(conn: Connection, line: DeadLine, content: str | None = None) -> None:
    """Keep a dead letter; the newest of an id stands."""
    row = {
        "kind": line.kind,
        "id": line.id,
        "sink": line.sink,
        "reason": line.reason,
        "at": line.at,
        "attempts": line.attempts,
        "title": line.title,
        "last_answer": line.last_answer,
        "content": content,
    }
    put_over(conn, table, [row])


def keep_entries(conn: Connection, now: datetime, entries: Iterable[DeadEntry]) -> None:
    """Keep entries that could not be stored; one that was kept before stays as old as it was."""
    for entry in entries:
        id_ = entry.intent.entry.id
        before = conn.execute(
            select(table.c.at, table.c.attempts).where(_one("entry", id_))
        ).one_or_none()
        at, attempts = (now, 0) if before is None else (before.at, before.attempts)
        keep_entry(conn, entry, at=at, attempts=attempts + 1)


def keep_entry(conn: Connection, dead: DeadEntry, *, at: datetime, attempts: int) -> None:
    """Keep an entry that could not be stored, with all that a replay needs."""
    entry = dead.intent.entry
    line = DeadLine(
        id=entry.id,
        kind="entry",
        sink=None,
        reason=dead.reason,
        at=at,
        attempts=attempts,
        title=(entry.title or entry.url or entry.identity)[:TITLE_CHARACTERS],
        last_answer=dead.detail[:ANSWER_CHARACTERS],
    )
    keep(conn, line, pack(dead.intent))


def forget(conn: Connection, kind: str, id_: str) -> None:
    """Remove the dead letter of an id, if there is one."""
    conn.execute(delete(table).where(_one(kind, id_)))


def forget_all(conn: Connection, kind: str, ids: Iterable[str]) -> None:
    """Remove the dead letters of these ids."""
    for some in chunks(ids):
        _FORGET.run(conn, {"the_kind": kind}, some=some)


_FORGET = Several(
    lambda places: delete(table).where(
        table.c.kind == bindparam("the_kind"), table.c.id.in_(places("some", table.c.id.type))
    )
)


def _one(kind: str, id_: str) -> ColumnElement[bool]:
    return and_(table.c.kind == kind, table.c.id == id_)


def bury(conn: Connection, now: datetime, row: Work, reason: str, detail: str) -> None:
    """Make a dead letter of work as loaded; if it was asked for meanwhile, it comes again."""
    if work.conclude(conn, now, row, attempts=row.attempts + 1):
        _inter(conn, now, row, (reason, detail))


def bury_id(conn: Connection, now: datetime, which: tuple[str, str], why: tuple[str, str]) -> None:
    """Make a dead letter of a (kind, id) whatever its row says; a closed row makes none."""
    row = work.load(conn, now, *which)
    if row is not None and work.cancel(conn, *which):
        _inter(conn, now, row, why)


def _inter(conn: Connection, now: datetime, row: Work, why: tuple[str, str]) -> None:
    if row.kind == BEAT_KIND:
        return  # the next one begins anew
    reason, detail = why[0], why[1][:ANSWER_CHARACTERS] or None
    if row.kind == "delivery":
        told = _undelivered(conn, now, row.id, detail)
    else:
        told = (None, _article_title(conn, row.id))
    if told is None:
        return
    keep(
        conn,
        DeadLine(
            id=row.id,
            kind="delivery" if row.kind == "delivery" else "page",
            sink=told[0],
            reason=reason,
            at=now,
            attempts=row.attempts + 1,
            title=told[1],
            last_answer=detail,
        ),
    )


def _article_title(conn: Connection, id_: str) -> str:
    row = conn.execute(
        select(articles.c.title, articles.c.url).where(articles.c.id == id_)
    ).one_or_none()
    return (row.title or row.url or id_) if row is not None else id_


_TITLE = func.coalesce(alerts.c.title, messages.c.title, "").label("title")
"""What a delivery was to tell, in a line."""


def _undelivered(
    conn: Connection, now: datetime, id_: str, answer: str | None
) -> tuple[str | None, str] | None:
    """Set a delivery dead; return its sink and title, None if it was sent, or is unknown."""
    row = conn.execute(
        select(deliveries.c.sink, deliveries.c.state, _TITLE)
        .outerjoin(alerts, alerts.c.id == deliveries.c.alert_id)
        .outerjoin(messages, messages.c.id == deliveries.c.message_id)
        .where(deliveries.c.id == id_)
    ).one_or_none()
    if row is None or row.state == "sent":
        return None
    conn.execute(
        update(deliveries)
        .where(deliveries.c.id == id_)
        .values(state="dead", last_answer=answer, last_at=now)
    )
    return row.sink, row.title


NO_SUCH_SINK = "the sink is not in the config"


def abandon(conn: Connection, now: datetime, sinks: Collection[str]) -> int:
    """Make dead letters of undone deliveries to a sink that is none of these, `MOST` at most.

    Nobody would send them, and nobody would see that they wait. Put back into the config, the sink
    has them by a replay.
    """
    return give_up(conn, now, deliveries.c.sink.not_in(sinks), NO_SUCH_SINK)


def give_up(conn: Connection, now: datetime, which: ColumnElement[bool], why: str) -> int:
    """Make dead letters of undone deliveries that ``which`` says, `MOST` at most; return how many.

    ``why`` is for people; the reason is ``disabled``.
    """
    found = conn.execute(
        select(deliveries.c.id, deliveries.c.sink, deliveries.c.attempts, _TITLE)
        .outerjoin(alerts, alerts.c.id == deliveries.c.alert_id)
        .outerjoin(messages, messages.c.id == deliveries.c.message_id)
        .where(undone, which)
        .order_by(deliveries.c.made_at)
        .limit(MOST)
        .with_for_update(of=deliveries, key_share=True)  # what is sent meanwhile is not given up
    ).all()
    for row in found:
        work.cancel(conn, "delivery", row.id)
        conn.execute(
            update(deliveries)
            .where(deliveries.c.id == row.id)
            .values(state="dead", held_reason=None, last_answer=why, last_at=now)
        )
        line = DeadLine(
            id=row.id,
            kind="delivery",
            sink=row.sink,
            reason="disabled",
            at=now,
            attempts=row.attempts,
            title=row.title,
            last_answer=why,
        )
        keep(conn, line)
    return len(found)
