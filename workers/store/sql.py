"""The few places where dialects differ, and small shapes that every unit uses."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["CHUNK", "Insert", "Values", "chunks", "insert_for", "put_new", "put_over"]

T = TypeVar("T")
Values = Mapping[str, Any]
CHUNK = 500
"""Most values of one IN list: far below every dialect's limit of parameters."""

Insert = sqlite.Insert | postgresql.Insert
_INSERTS: dict[str, Callable[[Table], Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert_for(dialect: str, table: Table) -> Insert:
    """Return the INSERT of ``dialect`` that can say what happens on a conflict."""
    return _INSERTS[dialect](table)


@cache
def _insert_new(dialect: str, table: Table) -> Insert:
    return insert_for(dialect, table).on_conflict_do_nothing()


@cache
def _insert_over(dialect: str, table: Table) -> Insert:
    insert = insert_for(dialect, table)
    own = [column.name for column in table.primary_key.columns]
    changed = {
        column.name: insert.excluded[column.name]
        for column in table.columns
        if column.name not in own
    }
    return insert.on_conflict_do_update(index_elements=own, set_=changed)


def put_new(conn: Connection, table: Table, rows: Sequence[Values]) -> int:
    """Insert the rows that are not there yet, by any unique key; return how many were not."""
    if not rows:
        return 0
    return conn.execute(_insert_new(conn.dialect.name, table), list(rows)).rowcount


def put_over(conn: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert whole rows, or replace those with the same primary key."""
    if rows:
        conn.execute(_insert_over(conn.dialect.name, table), list(rows))


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """Yield the distinct values in lists that one statement can take."""
    rest = iter(dict.fromkeys(values))
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
