"""Which life of the database this is: Redis marks by it whose work it carries.

A database that was restored or copied is another one: what Redis holds for the former is void.
"""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, bindparam, select

from workers.store.sql import put_new, put_over
from workers.store.tables import meta

__all__ = ["current", "renew"]

_KEY = "incarnation"
_VALUE = select(meta.c.value).where(meta.c.key == bindparam("the_key"))


def current(conn: Connection, _now: datetime) -> str:
    """Return the name of this life of the database; the first who asks gives it one."""
    found: str | None = conn.execute(_VALUE, {"the_key": _KEY}).scalar()
    if found is not None:
        return found
    put_new(conn, meta, [{"key": _KEY, "value": uuid4().hex}])
    return str(conn.execute(_VALUE, {"the_key": _KEY}).scalar_one())


def renew(conn: Connection) -> None:
    """Let this be another life: Redis knows nothing of it."""
    put_over(conn, meta, [{"key": _KEY, "value": uuid4().hex}])
