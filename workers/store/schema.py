"""The file and its schema: made, migrated, or refused in a sentence that says what to do."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, text

from workers.errors import TocsinError
from workers.store.driver import Driver

__all__ = ["APPLICATION", "MIGRATIONS", "SCHEMA", "Unusable", "prepare"]

MIGRATIONS = Path(__file__).with_name("migrations")
SCHEMA = "0002"
"""The newest schema that this version knows: the last of ``migrations/versions``."""
APPLICATION = 0x746F6373
"""Stands in the file's header ("tocs"): whose file it is."""
COPIES = 2
"""Copies from before a migration that are kept."""
NOTHING = "0000"
_HEADER = b"SQLite format 3\0"


class Unusable(TocsinError):
    """The database cannot be used: which file, why, and what to do."""


def prepare(
    path: Path, *, read_only: bool = False, migrations: Path = MIGRATIONS, schema: str = SCHEMA
) -> None:
    """Make sure that ``path`` is a Tocsin database of this version's schema.

    A missing or empty file becomes one, an older schema is migrated after a copy was made beside
    it; with ``read_only`` neither.

    Raises:
        Unusable: the file is missing (``read_only``), not ours, of a newer version, or cannot be
            opened.
    """
    try:
        found = _schema_of(path)
        _judge(path, found, schema, read_only=read_only)
        if found == schema:
            return
        if found != NOTHING:
            _copy(path, schema)
        _upgrade(path, migrations, schema)
    except (sqlite3.Error, OSError) as error:
        raise Unusable(
            f"cannot open the database: {path}: {error}: check the folder, its owner and the disk"
        ) from error


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


def _judge(path: Path, found: str, schema: str, *, read_only: bool) -> None:
    if found > schema:
        raise Unusable(
            f"the database is of a newer Tocsin: {path}: its schema is {found}, this version knows"
            f" {schema}: run the newer version, or restore a copy ({path.name}.before-{found})"
        )
    if read_only and found == NOTHING:
        raise Unusable(f"there is no database: {path}: start `tocsin run` once, it makes one")
    if read_only and found < schema:
        raise Unusable(
            f"the database is of an older Tocsin: {path}: its schema is {found}, this version"
            f" needs {schema}: start `tocsin run` once, it migrates"
        )


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
        raw.execute("PRAGMA journal_mode = WAL")
    driver = Driver(path, writes=True)
    conn = driver.connect()
    try:
        with conn.begin():  # commits at its end, once: Alembic sees that it is inside
            driver.begin(conn)
            _alembic(conn, migrations, schema)
            conn.execute(text(f"PRAGMA application_id = {APPLICATION}"))
    finally:
        driver.disconnect(conn)


def _alembic(conn: Connection, migrations: Path, schema: str) -> None:
    """Let Alembic bring the schema forward on this connection.

    Imported here because a start that finds its schema in order need not pay for it.
    """
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    command.upgrade(config, schema)
