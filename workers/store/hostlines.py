"""The memory of hosts: which lines their pages have in common, kept in one row a host."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from workers.model.article import HostLines
from workers.store.columns import bounded
from workers.store.sql import Fixed, lock, put_over
from workers.store.tables import host_lines as table

__all__ = ["known", "note"]

_DAY_S = 86_400
_THIS = select(table.c.lines).where(table.c.host == bindparam("the_host"))
_LOAD = Fixed(_THIS)
_HOLD = _THIS.with_for_update()


def known(conn: Connection, now: datetime, host: str) -> frozenset[int]:
    """Return hashes of the lines that stand in several stories of a host."""
    from workers.pages.memory import known_lines  # noqa: PLC0415 - it comes with an HTML parser

    return known_lines(_loaded(conn, bounded(host)), _day(now))


def note(conn: Connection, now: datetime, page: HostLines) -> None:
    """Add the lines of a page to what is known of its host."""
    from workers.pages.memory import noted  # noqa: PLC0415 - as above

    host = bounded(page.host)
    lock(conn, _HOLD, {"the_host": host})
    lines = noted(_loaded(conn, host), page, _day(now))
    put_over(conn, table, [{"host": host, "lines": lines, "noted_at": now}])


def _loaded(conn: Connection, host: str) -> bytes | None:
    found = _LOAD.fetch(conn, {"the_host": host})
    return bytes(found[0][0]) if found else None


def _day(now: datetime) -> int:
    return int(now.timestamp() // _DAY_S)
