"""Dead letters as the operator sees them: listed, shown, tried again, dropped."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, true, update

from workers.errors import TocsinError
from workers.model.alert import DeadKind, DeadLetter, DeadLine
from workers.model.base import Record
from workers.model.commit import EntryIntent
from workers.store import work
from workers.store.dead import forget, keep_entry
from workers.store.listed import store_entries
from workers.store.tables import articles, deliveries, feeds
from workers.store.tables import dead as table
from workers.store.tables import work as works

__all__ = ["MOST", "After", "DeadWhich", "Round", "drop", "lines", "replay", "show", "since"]

MOST = 1000
"""Dead letters of one transaction, and of one part of a list."""
After = tuple[datetime, str, str]
"""Where a part of a list ended: time, kind and id of its last dead letter."""


class DeadWhich(Record, frozen=True, kw_only=True):
    """Which dead letters are meant: those that fit everything that is given."""

    ids: tuple[str, ...] | None = None
    kind: DeadKind | None = None
    sink: str | None = None
    reason: str | None = None
    since: datetime | None = None


class Round(Record, frozen=True, kw_only=True):
    """What one transaction over dead letters did."""

    done: int
    """Dropped, or tried again."""
    after: After | None
    """Where to go on, None at the end."""


def lines(
    conn: Connection, _now: datetime, which: DeadWhich, after: After | None = None
) -> list[DeadLine]:
    """Return dead letters, newest first, `MOST` at most: those ``after`` the last of a part."""
    return [_line(row) for row in _rows(conn, which, after)]


def _rows(conn: Connection, which: DeadWhich, after: After | None) -> Sequence[Row[Any]]:
    statement = select(table).where(_fits(which), _behind(after))
    return conn.execute(
        statement.order_by(table.c.at.desc(), table.c.kind, table.c.id).limit(MOST)
    ).all()


def _behind(after: After | None) -> ColumnElement[bool]:
    if after is None:
        return true()
    at, kind, id_ = after
    return or_(
        table.c.at < at,
        and_(table.c.at == at, table.c.kind > kind),
        and_(table.c.at == at, table.c.kind == kind, table.c.id > id_),
    )


def _next(rows: Sequence[Row[Any]]) -> After | None:
    return (rows[-1].at, rows[-1].kind, rows[-1].id) if len(rows) == MOST else None


def _fits(which: DeadWhich) -> ColumnElement[bool]:
    return and_(
        true(),
        *([table.c.id.in_(which.ids)] if which.ids is not None else []),
        *([table.c.kind == which.kind] if which.kind is not None else []),
        *([table.c.sink == which.sink] if which.sink is not None else []),
        *([table.c.reason == which.reason] if which.reason is not None else []),
        *([table.c.at >= which.since] if which.since is not None else []),
    )


def since(conn: Connection, _now: datetime, begin: datetime) -> dict[str, int]:
    """Return how many dead letters there are since ``begin``, by kind."""
    counts = select(table.c.kind, func.count()).where(table.c.at >= begin).group_by(table.c.kind)
    return {row[0]: row[1] for row in conn.execute(counts)}


_SHOWN = DeadLine.__struct_fields__


def _line(row: Row[Any]) -> DeadLine:
    return DeadLine(**{name: row._mapping[name] for name in _SHOWN})  # noqa: SLF001 - SQLAlchemy's public name for it


def show(conn: Connection, _now: datetime, prefix: str) -> list[DeadLetter]:
    """Return the dead letters with this id, or whose id begins so.

    Raises:
        TocsinError: several ids begin so.
    """
    found = conn.execute(select(table).where(table.c.id == prefix)).all()
    if not found and prefix:
        begins = table.c.id.startswith(prefix, autoescape=True)
        found = conn.execute(select(table).where(begins).order_by(table.c.id).limit(4)).all()
        if len({row.id for row in found}) > 1:
            raise TocsinError(
                f"several dead letters begin so: {prefix}: give more letters of the id"
            )
    return [
        DeadLetter(**{name: row._mapping[name] for name in (*_SHOWN, "content")})  # noqa: SLF001 - as above
        for row in found
    ]


def drop(conn: Connection, _now: datetime, which: DeadWhich, after: After | None = None) -> Round:
    """Remove dead letters for good, `MOST` at most."""
    found = _rows(conn, which, after)
    for row in found:
        forget(conn, row.kind, row.id)
    return Round(done=len(found), after=_next(found))


def replay(conn: Connection, now: datetime, which: DeadWhich, after: After | None = None) -> Round:
    """Ask again for what dead letters stand for, `MOST` at most, and remove them.

    A delivery that was sent, or a thing that is no longer kept, is not tried again. An entry that
    still cannot be stored stays a dead letter.
    """
    found = _rows(conn, which, after)
    again = sum(_again(conn, now, row) for row in found)
    return Round(done=again, after=_next(found))


def _again(conn: Connection, now: datetime, row: Row[Any]) -> bool:
    """Try one dead letter again; return whether there was anything to try."""
    forget(conn, row.kind, row.id)
    if row.kind == "entry":
        return _store_entry(conn, now, row)
    stream = _revived(conn, row)
    if stream is None:
        return False
    work.reopen(conn, now, work.Ask(kind=row.kind, id=row.id, stream=stream, at=now))
    return True


_INTENT = msgspec.json.Decoder(EntryIntent)


def _store_entry(conn: Connection, now: datetime, row: Row[Any]) -> bool:
    """Store an entry, and let its page be read: the reading matches it. Its feed must be there."""
    try:
        intent = _INTENT.decode(row.content or "")
    except msgspec.DecodeError as error:
        raise TocsinError(
            f"cannot replay a dead letter: {row.id}: its content is damaged: {error} "
            f"(`tocsin dead drop {row.id}` removes it)"
        ) from error
    if conn.execute(select(feeds.c.id).where(feeds.c.id == intent.entry.feed_id)).first() is None:
        return False
    failed = store_entries(conn, now, [intent])
    for one in failed:
        keep_entry(conn, one, at=row.at, attempts=row.attempts + 1)
    return not failed


def _revived(conn: Connection, row: Row[Any]) -> str | None:
    """Return the stream to try again in, None if there is nothing to try."""
    if row.kind == "delivery":
        revived = conn.execute(
            update(deliveries)
            .where(deliveries.c.id == row.id, deliveries.c.state == "dead")
            .values(state="open", attempts=0)
        ).rowcount
        return f"sink:{row.sink}" if revived else None
    known = conn.execute(select(articles.c.id).where(articles.c.id == row.id)).first()
    if known is None:
        return None
    stream = conn.execute(
        select(works.c.stream).where(works.c.kind == "page", works.c.id == row.id)
    ).scalar()
    return stream or "pages:warm"
