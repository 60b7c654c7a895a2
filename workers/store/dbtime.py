"""The database's present: what ``next_at``, ``relayed_at`` and ``next_poll_at`` are written in.

A process's clock may be set, by an hour or by years. Work must then neither be late nor come
twice, and several processes must agree. So the present is a clock that nobody can set, plus an
offset that all who share the database agree on: PostgreSQL's own clock, or what lies in ``meta``.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Protocol

import structlog
from sqlalchemy import Connection, bindparam, select, text, update

from workers.clock import Clock, SystemClock
from workers.store.columns import moment
from workers.store.sql import Fixed, put_over
from workers.store.tables import feeds, held, meta, mutes, sinks, subscriptions, told, work

__all__ = ["DatabaseTime", "ProcessTime", "ServerTime", "SteadyTime"]

STEP_S = 1.0
"""A clock that is off by more has been set; less is drift, or the noise of two readings."""
LEARN_S = 10.0
"""How long an offset to the server's clock is good for."""
READ_S = 0.05
"""Two clocks count as read at once if no more passes between; else they are read again."""
READS = 5
BOOT = Path("/proc/sys/kernel/random/boot_id")
_log = structlog.get_logger()


class DatabaseTime(Protocol):
    """What time it is for all who share a database."""

    def now(self, conn: Connection) -> datetime:
        """Return the present moment, asked inside a transaction."""
        ...

    def begin(self, conn: Connection) -> None:
        """Look after the time at the beginning of a transaction that writes."""
        ...

    def committed(self) -> None:
        """Hear that the transaction is stored."""
        ...


class ProcessTime:
    """The process's own clock, whatever anybody sets it to."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self, _conn: Connection) -> datetime:
        """Return what the clock says."""
        return self._clock.now()

    def begin(self, conn: Connection) -> None:
        """Do nothing."""

    def committed(self) -> None:
        """Do nothing."""


class ServerTime:
    """PostgreSQL's clock, asked every ten seconds and of each new connection."""

    def __init__(self, clock: Clock) -> None:
        self._steady = _steady(clock)
        self._guard = Lock()
        self._offset: float | None = None
        self._learned = 0.0

    def now(self, conn: Connection) -> datetime:
        """Return what the server's clock shows."""
        present = self._steady()
        if (
            self._offset is None
            or present - self._learned > LEARN_S
            or not conn.info.get("tocsin_time")
        ):
            self._learn(conn)
        return moment(self._steady() + (self._offset or 0.0))

    def _learn(self, conn: Connection) -> None:
        before = self._steady()
        at = conn.execute(_SERVER).scalar_one()
        after = self._steady()
        with self._guard:
            if self._offset is None or after - before < STEP_S:
                self._offset = at - (before + after) / 2
            self._learned = after
        conn.info["tocsin_time"] = True

    def begin(self, conn: Connection) -> None:
        """Do nothing: `now` asks when it must."""

    def committed(self) -> None:
        """Do nothing."""


_SERVER = text("SELECT extract(epoch FROM clock_timestamp())::float8")


class SteadyTime:
    """A clock that runs from the machine's start, for all processes on a SQLite file.

    Its offset lies in ``meta``. When a process sees its clock being set, what is open is moved by
    as much, together with the offset: nothing comes sooner or later for it. Whoever sees the same
    later finds it done.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._steady = _steady(clock)
        self._boot = _boot_id()
        self._seen: float | None = None
        self._pending: float | None = None

    def now(self, conn: Connection) -> datetime:
        """Return the present moment."""
        offset = self._stored(conn)
        return self._clock.now() if offset is None else moment(self._steady() + offset)

    def begin(self, conn: Connection) -> None:
        """Move what is open if the clock was set since this process last looked."""
        own = self._own()
        if self._seen is not None and abs(own - self._seen) <= STEP_S:
            return
        self._pending = own
        stored = self._stored(conn)
        step = 0.0 if stored is None else own - stored
        if stored is not None and abs(step) <= STEP_S:
            return
        if stored is not None:
            _log.warning("clock_was_set", step_s=round(step, 3))
            _SHIFT_WORK.run(conn, {"step": step})
            _SHIFT_SINKS.run(conn, {"step": step})
            _SHIFT_FEEDS.run(conn, {"step": step})
            _SHIFT_HELD.run(conn, {"step": step})
            _SHIFT_TOLD.run(conn, {"step": step})
            _SHIFT_MUTES.run(conn, {"step": step})
            _SHIFT_SUBSCRIPTIONS.run(conn, {"step": step})
        put_over(conn, meta, [{"key": _KEY, "value": f"{self._boot} {own!r}"}])

    def committed(self) -> None:
        """Count what `begin` did as done."""
        if self._pending is not None:
            self._seen, self._pending = self._pending, None

    def _own(self) -> float:
        """Return what this process's clock is ahead of the steady one, both read at once."""
        own = 0.0
        for _ in range(READS):
            before = self._steady()
            own = self._clock.now().timestamp() - before
            if self._steady() - before < READ_S:
                break
        return own

    def _stored(self, conn: Connection) -> float | None:
        """Return the offset all agree on, None if there is none since the machine was started."""
        found = _STORED.fetch(conn, {"the_key": _KEY})
        if not found:
            return None
        boot, _, offset = str(found[0][0]).partition(" ")
        try:
            return float(offset) if boot == self._boot and boot else None
        except ValueError:
            return None


_KEY = "clock"
_STORED = Fixed(select(meta.c.value).where(meta.c.key == bindparam("the_key")))
_SHIFT_WORK = Fixed(
    update(work)
    .where(work.c.next_at.is_not(None))
    .values(
        next_at=work.c.next_at + bindparam("step"),
        relayed_at=work.c.relayed_at + bindparam("step"),
        asked_at=work.c.asked_at + bindparam("step"),
        first_at=work.c.first_at + bindparam("step", type_=work.c.next_at.type),
    )
)
_SHIFT_SINKS = Fixed(
    update(sinks)
    .where(sinks.c.failing_since.is_not(None))
    .values(
        {
            since: sinks.c[since] + bindparam("step", type_=work.c.next_at.type)
            for since in ("failing_since", "refused_since", "gone_since")
        }
    )
)
_SHIFT_FEEDS = Fixed(
    update(feeds)
    .where(feeds.c.next_poll_at.is_not(None))
    .values(next_poll_at=feeds.c.next_poll_at + bindparam("step", type_=work.c.next_at.type))
)
_SHIFT_HELD = Fixed(
    update(held)
    .where(held.c.message_id.is_(None))
    .values(at=held.c.at + bindparam("step", type_=work.c.next_at.type))
)
_SHIFT_TOLD = Fixed(
    update(told).values(at=told.c.at + bindparam("step", type_=work.c.next_at.type))
)
_SHIFT_MUTES = Fixed(
    update(mutes)
    .where(mutes.c.told_at.is_(None))
    .values(
        {
            name: mutes.c[name] + bindparam("step", type_=work.c.next_at.type)
            for name in ("since", "until")
        }
    )
)
_SHIFT_SUBSCRIPTIONS = Fixed(
    update(subscriptions).values(
        {
            name: subscriptions.c[name] + bindparam("step", type_=work.c.next_at.type)
            for name in ("next_at", "asked_at", "verified_at", "expires_at", "missed_at")
        }
    )
)


def _steady(clock: Clock) -> Callable[[], float]:
    """Return seconds that nobody can set and that all processes of a machine share."""
    return clock.boottime if isinstance(clock, SystemClock) else clock.monotonic


def _boot_id() -> str:
    """Return which start of the machine this is; "" if nobody says: then clocks are believed."""
    try:
        return BOOT.read_text().strip()
    except OSError:
        return ""
