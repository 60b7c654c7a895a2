"""The schema of a PostgreSQL database: looked at when it is opened, brought forward when asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from workers.store.postgres_driver import PostgresDriver
from workers.store.tables import metadata
from workers.store.versions import NOTHING, SCHEMA, Unusable, accepted_newer, upgrade

__all__ = ["check", "migrate", "schema_of"]

LEAST_SERVER = 13
_LOCK = 0x746F6373
"""The advisory lock of whoever migrates ("tocs")."""
_NEWER = "run the newer version, or restore a backup from before the migration"


def schema_of(address: str) -> str:
    """Return the schema of a database, `NOTHING` if there is none yet.

    Raises:
        Unusable: it cannot be reached, is no UTF-8, too old, or another program's.
    """
    with _looking(PostgresDriver(address, writes=False)) as (name, conn):
        return _found(name, conn)


def check(address: str, *, schema: str = SCHEMA) -> None:
    """Make sure that a database is one that this version runs on. Nothing is changed.

    Raises:
        Unusable: see `schema_of`; or its schema is missing, older, or more than one newer.
    """
    with _looking(PostgresDriver(address, writes=False)) as (name, conn):
        found = _found(name, conn)
    if found == schema or accepted_newer(name, found, schema, _NEWER):
        return
    if found == NOTHING:
        raise Unusable(f"there are no tables: {name}: run `tocsin db migrate`, it makes them")
    raise Unusable(
        f"the database is of an older Tocsin: {name}: its schema is {found}, this version needs"
        f" {schema}: run `tocsin db migrate`"
    )


def migrate(address: str, migrations: Path, *, schema: str = SCHEMA) -> tuple[str, str]:
    """Bring a database to this version's schema, in one transaction; return before and after.

    Who comes while another migrates waits for it, and finds nothing left to do.

    Raises:
        Unusable: see `schema_of`; or its schema is more than one newer, or may not be changed.
    """
    driver = PostgresDriver(address, writes=True)
    with _looking(driver) as (name, conn), conn.begin():
        driver.begin(conn)
        conn.execute(text("SELECT set_config('statement_timeout', '0', true)"))
        conn.execute(text("SELECT set_config('lock_timeout', '10min', true)"))
        conn.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        before = _found(name, conn)
        if before == schema or accepted_newer(name, before, schema, _NEWER):
            return before, before
        upgrade(conn, migrations, schema)
    return before, schema


@contextmanager
def _looking(driver: PostgresDriver) -> Iterator[tuple[str, Connection]]:
    """Connect to a server that is good enough, and tell what is wrong in one sentence.

    Raises:
        Unusable: that sentence.
    """
    try:
        conn = driver.connect()
        try:
            _judge_server(driver.name, conn)
            conn.rollback()  # SQLAlchemy counts a look as a beginning
            yield driver.name, conn
        finally:
            driver.disconnect(conn)
    except (DBAPIError, psycopg.Error) as error:
        raise Unusable(_why(driver.name, error)) from error


def _judge_server(name: str, conn: Connection) -> None:
    version = int(conn.execute(text("SHOW server_version_num")).scalar_one())
    if version < LEAST_SERVER * 10_000:
        raise Unusable(
            f"PostgreSQL is too old: {name}: it is {version // 10_000}, Tocsin needs"
            f" {LEAST_SERVER} or later"
        )
    encoding = conn.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise Unusable(
            f"the database cannot hold every text: {name}: its encoding is {encoding}: make one"
            " with `createdb --encoding=UTF8 --template=template0`"
        )


def _why(name: str, error: DBAPIError | psycopg.Error) -> str:
    origin = error.orig if isinstance(error, DBAPIError) else error
    said = " ".join(str(origin).split())
    code = origin.sqlstate if isinstance(origin, psycopg.Error) else None
    if "authentication failed" in said or "no password supplied" in said:
        advice = "check user and password in [database] url"
    elif "does not exist" in said and code is None:
        advice = "make it with createdb (or createuser), or correct [database] url"
    elif code == "42501":
        advice = "let the user own the database, or GRANT it CREATE on the schema"
    else:
        advice = "check [database] url, and that PostgreSQL runs there"
    return f"cannot use the database: {name}: {said}: {advice}"


def _found(name: str, conn: Connection) -> str:
    """Return the schema that a database has.

    Raises:
        Unusable: its tables are another program's.
    """
    rows = conn.execute(
        text("SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()")
    )
    there = set(rows.scalars())
    if "alembic_version" in there and "article_keys" in there:
        return str(conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    taken = sorted(there & {*metadata.tables, "alembic_version"})
    if taken:
        raise Unusable(
            f"not a Tocsin database: {name}: it has a table {taken[0]!r} of another program: give"
            " Tocsin a database of its own, or a schema of its own"
            " (?options=-csearch_path%3Dtocsin)"
        )
    return NOTHING
