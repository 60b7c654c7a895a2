"""The synthetic entry behind the heartbeat: one row of work that goes from stream to stream."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from workers.model.beat import BEAT, BEAT_KIND, BEAT_STREAM
from workers.store import work
from workers.store.columns import seconds
from workers.store.sql import put_over
from workers.store.tables import meta
from workers.store.tables import work as works

__all__ = ["begin", "end", "hand_on"]

FIRST = "pages:hot"
_CALLED = "heartbeat_called_at"
SHARE = 0.5
"""Of a period that must have passed since the last call: what is left, a pass may take."""
_OPEN = (
    select(works.c.stream, works.c.next_at)
    .where(works.c.kind == BEAT_KIND, works.c.id == BEAT)
    .with_for_update()
)
_LAST = select(meta.c.value).where(meta.c.key == bindparam("the_key"))


def begin(conn: Connection, now: datetime) -> bool:
    """Ask for a pass, unless one is under way; return whether one begins."""
    row = conn.execute(_OPEN).one_or_none()
    if row is not None and row.next_at is not None:
        return False
    work.ask(conn, now, work.Ask(kind=BEAT_KIND, id=BEAT, stream=FIRST, at=now))
    return True


def hand_on(conn: Connection, now: datetime, source: str, target: str) -> bool:
    """Let it go on from one stream to the next; return whether it was there."""
    conn.execute(_OPEN)
    job = work.load(conn, now, BEAT_KIND, BEAT)
    if job is None or job.stream != source or not job.due:
        return False
    return work.conclude(conn, now, job, attempts=0, again_s=0.0, stream=target)


def end(conn: Connection, now: datetime, every_s: float) -> bool:
    """End a pass; return whether to call: not if somebody has, less than half a period ago."""
    conn.execute(_OPEN)
    job = work.load(conn, now, BEAT_KIND, BEAT)
    if job is None or job.stream != BEAT_STREAM or not job.due:
        return False
    if not work.conclude(conn, now, job, attempts=0):
        return False
    last = conn.execute(_LAST, {"the_key": _CALLED}).scalar()
    present = seconds(now)
    if last is not None and 0 <= present - _number(last) < SHARE * every_s:
        return False
    put_over(conn, meta, [{"key": _CALLED, "value": f"{present:.3f}"}])
    return True


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:  # somebody else wrote it: as if nobody had ever called
        return 0.0
