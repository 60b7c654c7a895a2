"""The file and its schema: made, migrated, or refused in a sentence that says what to do."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import text

from workers.store import postgres_schema
from workers.store.driver import Address
from workers.store.sqlite_driver import INCREMENTAL, SqliteDriver
from workers.store.versions import (
    MIGRATIONS,
    NOTHING,
    SCHEMA,
    Unusable,
    accepted_newer,
    upgrade,
)

__all__ = [
    "APPLICATION",
    "MIGRATIONS",
    "SCHEMA",
    "Unusable",
    "migrate",
    "prepare",
    "schema_of",
]

APPLICATION = 0x746F6373
"""Stands in the file's header ("tocs"): whose file it is."""
COPIES = 2
"""Copies from before a migration that are kept."""
_HEADER = b"SQLite format 3\0"


def prepare(
    address: Address,
    *,
    read_only: bool = False,
    migrations: Path = MIGRATIONS,
    schema: str = SCHEMA,
) -> None:
    """Make sure that ``address`` is a Tocsin database that this version runs on.

    A missing or empty file becomes one, an older schema of a file is migrated after a copy was
    made beside it; with ``read_only`` neither. PostgreSQL is only looked at.

    Raises:
        Unusable: the database is missing, not ours, of another version, or cannot be opened.
    """
    if isinstance(address, str):
        postgres_schema.check(address, schema=schema)
        return
    with _told(address):
        found = _schema_of(address)
        if not _runs(address, found, schema, read_only=read_only):
            _bring(address, found, migrations, schema)


def schema_of(address: Address) -> str:
    """Return the schema of a database, `NOTHING` if it has no tables yet.

    Raises:
        Unusable: it is not ours, or cannot be opened.
    """
    if isinstance(address, str):
        return postgres_schema.schema_of(address)
    with _told(address):
        return _schema_of(address)


def migrate(
    address: Address, *, migrations: Path = MIGRATIONS, schema: str = SCHEMA
) -> tuple[str, str]:
    """Bring a database to this version's schema; return the schema before and after.

    Raises:
        Unusable: the database is not ours, of a newer version, or cannot be opened.
    """
    if isinstance(address, str):
        return postgres_schema.migrate(address, migrations, schema=schema)
    with _told(address):
        found = _schema_of(address)
        if _runs(address, found, schema, read_only=False):
            return found, found
        _bring(address, found, migrations, schema)
        return found, schema


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise Unusable(
            f"cannot open the database: {path}: {error}: check the folder, its owner and the disk"
        ) from error


def _bring(path: Path, found: str, migrations: Path, schema: str) -> None:
    if found != NOTHING:
        _copy(path, schema)
    _upgrade(path, migrations, schema)


def _schema_of(path: Path) -> str:
    """Return the file's schema, `NOTHING` if it is missing or empty.

    Raises:
        Unusable: it is something else.
    """
    if not path.exists() or path.stat().st_size == 0:
        return NOTHING
    with path.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            raise Unusable(_not_ours(path, "not an SQLite file"))
    with closing(_connect(path)) as raw:
        try:
            application = raw.execute("PRAGMA application_id").fetchone()[0]
            tables = {row[0] for row in raw.execute("SELECT name FROM sqlite_master")}
            if not tables:
                return NOTHING
            if application != APPLICATION or "alembic_version" not in tables:
                raise Unusable(_not_ours(path, "it has other tables"))
            return str(raw.execute("SELECT version_num FROM alembic_version").fetchone()[0])
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
                raise
            raise Unusable(_not_ours(path, "not an SQLite file")) from error


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)


def _not_ours(path: Path, why: str) -> str:
    return f"not a Tocsin database: {path}: {why}: move it away, or set data_dir to another folder"


def _runs(path: Path, found: str, schema: str, *, read_only: bool) -> bool:
    """Say whether this version runs on the schema as it is; False is to be migrated."""
    advice = f"run the newer version, or restore a copy ({path.name}.before-{found})"
    if found == schema or accepted_newer(str(path), found, schema, advice):
        return True
    if read_only and found == NOTHING:
        raise Unusable(f"there is no database: {path}: start `tocsin run` once, it makes one")
    if read_only and found < schema:
        raise Unusable(
            f"the database is of an older Tocsin: {path}: its schema is {found}, this version"
            f" needs {schema}: start `tocsin run` once, it migrates"
        )
    return False


def _copy(path: Path, schema: str) -> None:
    """Copy the database to ``<name>.before-<schema>``; keep the newest copies only."""
    target = path.with_name(f"{path.name}.before-{schema}")
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    with closing(_connect(path)) as source, closing(sqlite3.connect(partial)) as copy:
        source.backup(copy)
    partial.replace(target)
    copies = sorted(path.parent.glob(f"{path.name}.before-[0-9]*"))
    for old in [copy for copy in copies if copy.suffix != ".partial"][:-COPIES]:
        old.unlink()


def _upgrade(path: Path, migrations: Path, schema: str) -> None:
    """Run the migrations in one transaction, so that a crash leaves the old schema whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")  # of a new file: it can shrink
        raw.execute("PRAGMA journal_mode = WAL")
    driver = SqliteDriver(path, writes=True)
    conn = driver.connect()
    try:
        with conn.begin():  # commits at its end, once: Alembic sees that it is inside
            driver.begin(conn)
            upgrade(conn, migrations, schema)
            conn.execute(text(f"PRAGMA application_id = {APPLICATION}"))
    finally:
        driver.disconnect(conn)
