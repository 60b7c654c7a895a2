"""A whole database copied into an empty one, of the same kind or the other: nobody loses history.

::

    source, one view ──► rows, a bounded number at a time ──► target, one transaction
                                                              counted, sequences set, COMMIT

The target has all of it, or nothing: a copy that was interrupted is begun again. A file gets its
name only when it is whole.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    Row,
    Table,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeDecorator

from workers.disk import settle
from workers.model.upkeep import TableCopied
from workers.store import incarnation
from workers.store.driver import Address
from workers.store.postgres_driver import PostgresDriver, shown
from workers.store.schema import migrate, prepare, schema_of
from workers.store.sqlite_driver import SqliteDriver
from workers.store.tables import articles, metadata
from workers.store.versions import NOTHING, SCHEMA, Unusable

__all__ = ["Progress", "copy", "others", "shown", "told"]

Progress = Callable[[str, int, int], None]
"""Called now and then with a table's name, the rows that are copied, and how many there are."""
FETCH = 50
"""Rows that are read at once: a row may hold a page's whole text."""
BATCH_BYTES = 4 << 20
"""Text of the rows that are written at once, about."""
BATCH = 1000
GONE_S = 2.0
"""Seconds within which the connections of a process that has ended are gone."""


def copy(
    source: Address,
    target: Address,
    progress: Progress,
    settle: Callable[[Connection], None] | None = None,
) -> list[TableCopied]:
    """Copy everything into a database that is empty, or is not there yet.

    Args:
        source: What is copied, as it is at one moment.
        target: Where to. Tables are made where there are none.
        progress: Told of how far it is.
        settle: What else is to be done in the copy, before it is committed.

    Raises:
        Unusable: the source is of another schema, the target is not empty, is the source, or
            cannot hold what is copied; then the target is as it was.
    """
    found = schema_of(source)
    if found != SCHEMA:
        raise Unusable(
            f"cannot copy: {_name(source)}: its schema is {found}, this version copies {SCHEMA}: "
            "run `tocsin db migrate`, or the version that it belongs to"
        )
    if _same(source, target):
        raise Unusable(f"cannot copy: {_name(source)}: it would be copied onto itself")
    with _whole(target) as place, _reading(source) as reader, _writing(place) as writer:
        done = [_table(reader, writer, table, progress) for table in metadata.sorted_tables]
        _merges(reader, writer)
        _sequences(writer)
        incarnation.renew(writer)
        if settle is not None:
            settle(writer)
    return done


def others(address: str) -> int:
    """Return how many connections other Tocsin processes have to a PostgreSQL database.

    The server notices a little later that a process has ended: such connections are waited for.
    """
    until = time.monotonic() + GONE_S
    while (number := _connections(address)) and time.monotonic() < until:
        time.sleep(GONE_S / 20)
    return number


def _connections(address: str) -> int:
    with told(address), _reading(address) as conn:
        return int(
            conn.execute(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tocsin' "
                    "AND datname = current_database() AND pid <> pg_backend_pid()"
                )
            ).scalar_one()
        )


def _name(address: Address) -> str:
    return shown(address) if isinstance(address, str) else str(address)


def _same(one: Address, other: Address) -> bool:
    if isinstance(one, Path) and isinstance(other, Path):
        return one.resolve() == other.resolve()
    return _name(one) == _name(other)


@contextmanager
def told(address: Address, what: str = "copy") -> Iterator[None]:
    """Tell of a database's errors in one sentence, whichever driver raised them."""
    try:
        yield
    except (SQLAlchemyError, psycopg.Error, sqlite3.Error, OSError) as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        raise Unusable(f"cannot {what}: {_name(address)}: {said}") from error


@contextmanager
def _whole(target: Address) -> Iterator[Address]:
    """Yield where to write; what is there at last is all of it, or what was there before."""
    if isinstance(target, str):
        if schema_of(target) == NOTHING:
            migrate(target)
        prepare(target)
        with told(target):
            yield target
        return
    if target.exists() and schema_of(target) != NOTHING:
        raise Unusable(
            f"cannot copy: {target}: there is a database: name a file that is not there"
        )
    partial = target.with_name(f"{target.name}.partial")
    with told(target):
        _remove(partial)
        try:
            prepare(partial)
            yield partial
            _finish(partial)
            partial.replace(target)
        finally:
            _remove(partial)


def _remove(path: Path) -> None:
    for side in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + side).unlink(missing_ok=True)


def _finish(path: Path) -> None:
    """Let the file be one alone, on the disk, and in the mode that the store works in."""
    path.chmod(0o600)
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        said = raw.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if said != "ok":
            raise Unusable(f"cannot copy: {path}: the copy is damaged: {said}: look at the disk")
        raw.execute("PRAGMA journal_mode = WAL").fetchall()
    settle(path)


@contextmanager
def _reading(source: Address) -> Iterator[Connection]:
    driver = _driver(source, writes=False)
    with told(source):
        conn = driver.connect()
    try:
        driver.begin(conn)
        _take_time(conn)
        yield conn
    finally:
        driver.disconnect(conn)


@contextmanager
def _writing(target: Address) -> Iterator[Connection]:
    driver = _driver(target, writes=True)
    conn = driver.connect()
    try:
        if (
            conn.dialect.name == "sqlite"
        ):  # the file is nobody's yet, and is thrown away if we fail
            conn.exec_driver_sql("PRAGMA journal_mode = OFF").all()
            conn.exec_driver_sql("PRAGMA synchronous = OFF").close()
        driver.begin(conn)
        _take_time(conn)
        _need_empty(conn, target)
        yield conn
        driver.commit(conn)
    finally:
        driver.disconnect(conn)


def _driver(address: Address, *, writes: bool) -> PostgresDriver | SqliteDriver:
    if isinstance(address, str):
        return PostgresDriver(address, writes=writes)
    return SqliteDriver(address, writes=writes)


def _take_time(conn: Connection) -> None:
    """Let this transaction take as long as it takes."""
    if conn.dialect.name == "postgresql":
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            conn.execute(text(f"SET LOCAL {name} = 0"))


def _need_empty(conn: Connection, target: Address) -> None:
    """Keep everybody out until the end, and make sure that nobody was in.

    Raises:
        Unusable: there is something already.
    """
    if conn.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        conn.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE NOWAIT"))
    for table in metadata.sorted_tables:
        if conn.execute(select(func.count()).select_from(table)).scalar_one():
            raise Unusable(
                f"cannot copy: {_name(target)}: its table {table.name} is not empty: "
                "name a new, empty database"
            )


def _plain(table: Table) -> Table:
    """Return the table with the types that its values lie in: they are moved, not read."""
    return Table(
        table.name,
        MetaData(),
        *(
            Column(
                column.name,
                column.type.impl_instance
                if isinstance(column.type, TypeDecorator)
                else column.type,
                primary_key=column.primary_key,
                autoincrement=False,
            )
            for column in table.columns
        ),
    )


def _table(
    reader: Connection, writer: Connection, table: Table, progress: Progress
) -> TableCopied:
    """Copy one table's rows; merged articles get what they were merged into later.

    Raises:
        Unusable: not as many came as went.
    """
    plain = _plain(table)
    there = reader.execute(select(func.count()).select_from(plain)).scalar_one()
    keep = {"merged_into": None} if table is articles else {}
    done = 0
    progress(table.name, 0, there)
    for rows in _batches(reader, plain):
        _put(writer, plain, [{**row._mapping, **keep} for row in rows])  # noqa: SLF001 - SQLAlchemy's public name for it
        done += len(rows)
        progress(table.name, done, there)
    came = writer.execute(select(func.count()).select_from(plain)).scalar_one()
    if not there == done == came:
        raise Unusable(f"cannot copy: {table.name}: of {there} rows {came} arrived")
    return TableCopied(table=table.name, rows=came)


def _put(writer: Connection, plain: Table, rows: list[dict[str, Any]]) -> None:
    """Write rows, to PostgreSQL by COPY: several times as quickly as by INSERT."""
    raw = writer.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        writer.execute(insert(plain), rows)
        return
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in plain.columns)
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(plain.name), names)
    with raw.cursor() as cursor, cursor.copy(into) as stream:
        for row in rows:
            stream.write_row([row[column.name] for column in plain.columns])


def _batches(reader: Connection, plain: Table) -> Iterator[list[Row[Any]]]:
    """Yield rows, so many at a time as the memory of a small machine holds easily."""
    batch: list[Row[Any]] = []
    size = 0
    found = reader.execution_options(yield_per=FETCH).execute(select(plain))
    for row in found:
        batch.append(row)
        size += sum(len(value) for value in row if isinstance(value, str))
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _merges(reader: Connection, writer: Connection) -> None:
    """Say what articles were merged into, now that all are there."""
    plain = _plain(articles)
    merged = select(plain.c.id, plain.c.merged_into).where(plain.c.merged_into.is_not(None))
    statement = (
        update(plain).where(plain.c.id == bindparam("one")).values(merged_into=bindparam("elder"))
    )
    for rows in reader.execution_options(yield_per=BATCH).execute(merged).partitions():
        writer.execute(statement, [{"one": row.id, "elder": row.merged_into} for row in rows])


def _sequences(writer: Connection) -> None:
    """Let numbers that PostgreSQL gives go on behind those that were copied."""
    if writer.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        for column in table.primary_key.columns:
            name = writer.execute(
                text("SELECT pg_get_serial_sequence(:table, :column)"),
                {"table": table.name, "column": column.name},
            ).scalar()
            if name is not None:
                last = writer.execute(select(func.max(column))).scalar() or 0
                writer.execute(
                    text("SELECT setval(:name, :next, false)"), {"name": name, "next": last + 1}
                )
