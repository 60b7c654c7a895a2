"""Recipients who left: nothing is made for them until their sink is enabled again."""

from collections.abc import Sequence
from datetime import datetime
from secrets import token_hex

from sqlalchemy import Connection, bindparam, delete, select

from workers.model.alert import Delivery
from workers.model.message import Recipient
from workers.store.sql import Fixed, put_new
from workers.store.tables import left, meta

__all__ = ["key", "note", "returned", "staying"]

_KEY = "leave_key"
_VALUE = select(meta.c.value).where(meta.c.key == bindparam("the_key"))


def key(conn: Connection, _now: datetime) -> str:
    """Return what links are signed with, in hexadecimal; the first who asks makes it."""
    put_new(conn, meta, [{"key": _KEY, "value": token_hex(32)}])
    return str(conn.execute(_VALUE, {"the_key": _KEY}).scalar_one())


def note(conn: Connection, now: datetime, who: Recipient) -> bool:
    """Note that a recipient left; False if it had left before."""
    row = {"sink": who.sink, "recipient": who.recipient, "at": now}
    return bool(put_new(conn, left, [row]))


def returned(conn: Connection, _now: datetime, sink: str) -> int:
    """Let all who left ``sink`` be its recipients again; return how many."""
    return conn.execute(delete(left).where(left.c.sink == sink)).rowcount


_WHO_LEFT = Fixed(
    select(left.c.recipient).where(
        left.c.sink == bindparam("the_sink"), left.c.recipient == bindparam("the_recipient")
    )
)


def staying(conn: Connection, made: Sequence[Delivery]) -> list[Delivery]:
    """Return the deliveries whose recipient has not left."""
    return [one for one in made if not (one.recipient and _has_left(conn, one))]


def _has_left(conn: Connection, one: Delivery) -> bool:
    who = {"the_sink": one.sink, "the_recipient": one.recipient}
    return bool(_WHO_LEFT.fetch(conn, who))
