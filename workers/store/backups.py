"""Backups: made beside a running daemon, and put back when none runs. Each is a SQLite file.

::

    backup    copy → PATH.partial → checked → PATH          refuses to overwrite
    restore   copy → tocsin.db.restoring → checked, migrated, open deliveries held
              old one → tocsin.db.replaced-<time>, new one in its place in one step

Of PostgreSQL a backup is one view of it, copied to such a file; it is restored into an empty one.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, text

from workers.disk import settle
from workers.model.upkeep import BackupMade, Restored
from workers.store import copying, held, incarnation
from workers.store.copying import Progress
from workers.store.postgres_driver import PostgresDriver
from workers.store.schema import prepare, schema_of
from workers.store.sqlite_driver import INCREMENTAL, SqliteDriver
from workers.store.versions import NOTHING, Unusable

__all__ = [
    "backup",
    "portable",
    "restore",
    "restore_into",
    "stamp",
    "vacuum",
    "vacuum_served",
]

BUSY_S = 5.0
"""Seconds to wait for whoever has the file locked."""
_SIDES = ("-wal", "-shm")


def stamp(now: datetime) -> str:
    """Return a moment as it stands in names of files: they sort by it."""
    return f"{now:%Y%m%dT%H%M%S}Z"


def backup(database: Path, target: Path) -> BackupMade:
    """Copy the database, whoever writes to it meanwhile; what is there already is never replaced.

    The copy is one moment's whole state, in one file that needs no other beside it.

    Raises:
        Unusable: there is no database, ``target`` exists or cannot be written, or the copy is not
            whole; then nothing is left behind.
    """
    with _told("make a backup", database):
        _need(database)
    if target.exists():
        raise Unusable(f"cannot make a backup: {target}: there is such a file: name another")
    partial = target.with_name(f"{target.name}.partial")
    with _told("make a backup", target), _gone_after(partial):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy(database, partial)
        schema = _verify(partial, target)
        size = partial.stat().st_size
        try:
            os.link(partial, target)
        except FileExistsError:
            raise Unusable(
                f"cannot make a backup: {target}: there is such a file: name another"
            ) from None
        partial.unlink()
        settle(target.parent)
    return BackupMade(path=str(target), schema=schema, bytes=size)


def restore(database: Path, source: Path, now: datetime) -> Restored:
    """Let a backup take the database's place. The caller has made sure that no daemon runs.

    Whatever ends this half way leaves a whole database there: the old one, or the restored one.

    Raises:
        Unusable: the backup is missing, damaged, another program's or a newer version's, or the
            database is in use; then everything is as it was.
    """
    with _told("restore", source):
        _need(source)
    if database.exists() and source.samefile(database):
        raise Unusable(f"cannot restore: {source}: it is the database itself: name a backup")
    fresh = database.with_name(f"{database.name}.restoring")
    with _told("restore", source), _gone_after(fresh):
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy(source, fresh)
        schema = _verify(fresh, source)
        _bring(fresh, source)
        number = _settle(fresh)
        replaced = _set_aside(database, now) if database.exists() else None
        fresh.replace(database)
        settle(database.parent)
    return Restored(
        path=str(source),
        schema=schema,
        replaced=None if replaced is None else str(replaced),
        held=number,
    )


def portable(database: str, target: Path, progress: Progress) -> BackupMade:
    """Copy a PostgreSQL database, as it is at one moment, to a file that is not there yet.

    Raises:
        Unusable: ``target`` exists or cannot be written, or the database is of another schema.
    """
    if target.exists():
        raise Unusable(f"cannot make a backup: {target}: there is such a file: name another")
    with _told("make a backup", target):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copying.copy(database, target, progress)
        size = target.stat().st_size
        schema = schema_of(target)
    return BackupMade(path=str(target), schema=schema, bytes=size)


def restore_into(database: str, source: Path, progress: Progress) -> Restored:
    """Copy a backup into an empty PostgreSQL database, and hold what was to be sent.

    Raises:
        Unusable: the backup is missing, damaged, another program's or a newer version's, or the
            database is not empty; then it is as it was.
    """
    held_now: list[int] = []
    with _told("restore", source), TemporaryDirectory(prefix="tocsin-") as folder:
        _need(source)
        fresh = Path(folder) / "restoring.db"
        _copy(source, fresh)
        schema = _verify(fresh, source)
        _bring(fresh, source)
        copying.copy(
            fresh,
            database,
            progress,
            lambda conn: held_now.append(held.hold_restored(conn)),
        )
    return Restored(path=str(source), schema=schema, replaced=None, held=sum(held_now))


def vacuum_served(database: str) -> tuple[int, int]:
    """Let PostgreSQL make room again, and look at its tables anew; return its bytes.

    Raises:
        Unusable: it cannot be reached, or does not let us.
    """
    prepare(database)
    driver = PostgresDriver(database, writes=True)
    with copying.told(database, "vacuum"):
        conn = driver.connect()
        try:
            size = text("SELECT pg_database_size(current_database())")
            conn.execute(text("SET statement_timeout = 0"))
            before = conn.execute(size).scalar_one()
            conn.execute(text("VACUUM (ANALYZE)"))
            after = conn.execute(size).scalar_one()
        finally:
            driver.disconnect(conn)
    return int(before), int(after)


def vacuum(database: Path) -> tuple[int, int]:
    """Write the file anew without its gaps; return its bytes before and after.

    Raises:
        Unusable: it is missing or in use, or there is no room for a second copy.
    """
    with _told("vacuum", database):
        _need(database)
        schema_of(database)
    with _told("vacuum", database), closing(_open(database)) as raw:
        _take(raw, database)
        raw.execute("COMMIT")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        before = database.stat().st_size
        raw.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")  # from now on it can shrink by itself
        raw.execute("VACUUM")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        raw.execute("PRAGMA optimize")
    return before, database.stat().st_size


def _need(path: Path) -> None:
    if not path.is_file():
        raise Unusable(f"there is no such file: {path}")
    if not path.stat().st_size:
        raise Unusable(f"not a Tocsin database: {path}: it is empty")


@contextmanager
def _told(what: str, path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise Unusable(
            f"cannot {what}: {path}: {error}: check the folder, its owner and the disk"
        ) from error


@contextmanager
def _gone_after(partial: Path) -> Iterator[None]:
    """Leave nothing half done behind, neither of now nor of an earlier time."""
    _unlink(partial)
    try:
        yield
    finally:
        with suppress(OSError):
            _unlink(partial)


def _unlink(path: Path) -> None:
    for side in ("", *_SIDES, "-journal"):
        path.with_name(path.name + side).unlink(missing_ok=True)


def _open(path: Path, *, mode: str = "rw") -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=BUSY_S
    )


def _copy(source: Path, target: Path) -> None:
    """Copy one moment's state: in one step, so that writers do not make it begin again."""
    old = os.umask(0o077)
    try:
        with closing(_readable(source)) as one, closing(sqlite3.connect(target)) as other:
            one.backup(other)
            other.execute("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        os.umask(old)
    settle(target)


def _readable(path: Path) -> sqlite3.Connection:
    """Open a file that may lie where nothing can be written."""
    raw = _open(path, mode="ro")
    try:
        raw.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        raw.close()
        if path.with_name(path.name + "-wal").exists():
            raise
        return _open(path, mode="ro&immutable=1")
    return raw


def _verify(copy: Path, named: Path) -> str:
    """Return the schema of a copy that is whole.

    Raises:
        Unusable: it is not.
    """
    with closing(_open(copy, mode="ro&immutable=1")) as raw:
        try:
            said = [str(row[0]) for row in raw.execute("PRAGMA integrity_check(1)")]
            broken = raw.execute("PRAGMA foreign_key_check").fetchone()
        except sqlite3.DatabaseError as error:
            said, broken = [str(error)], None
    if said != ["ok"] or broken is not None:
        why = said[0] if said != ["ok"] else f"a row of {broken[0]} refers to none of {broken[2]}"
        raise Unusable(f"the database is damaged: {named}: {why}: take another backup")
    try:
        found = schema_of(copy)
    except Unusable as error:
        raise Unusable(str(error).replace(str(copy), str(named))) from error
    if found == NOTHING:
        raise Unusable(f"not a Tocsin database: {named}: it has no tables")
    return found


def _bring(fresh: Path, source: Path) -> None:
    """Migrate the copy of an older backup; the copy of the copy that is made first goes again.

    Raises:
        Unusable: the backup is of a newer version.
    """
    _drop_copies_of(fresh)
    try:
        prepare(fresh)
    except Unusable as error:
        raise Unusable(str(error).replace(str(fresh), str(source))) from error
    _drop_copies_of(fresh)


def _drop_copies_of(fresh: Path) -> None:
    for copy in fresh.parent.glob(f"{fresh.name}.before-*"):
        copy.unlink()


def _settle(fresh: Path) -> int:
    """Hold what is to be sent, and make it another life of the database."""
    with closing(_open(fresh)) as raw:
        raw.execute("PRAGMA journal_mode = WAL").fetchall()
    driver = SqliteDriver(fresh, writes=True)
    conn = driver.connect()
    try:
        driver.begin(conn)
        number = _hold(conn)
        driver.commit(conn)
    finally:
        driver.disconnect(conn)
    with closing(_open(fresh)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return number


def _hold(conn: Connection) -> int:
    incarnation.renew(conn)
    return held.hold_restored(conn)


def _take(raw: sqlite3.Connection, database: Path) -> None:
    """Begin to be the only one who has the file open.

    Raises:
        Unusable: somebody else has it open.
    """
    raw.execute("PRAGMA locking_mode = EXCLUSIVE")
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if (error.sqlite_errorcode & 0xFF) not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise
        raise Unusable(
            f"the database is in use: {database}: stop the daemon and whoever else has it open"
        ) from error


def _set_aside(database: Path, now: datetime) -> Path:
    """Keep the database that is replaced, with its log, under another name."""
    aside = database.with_name(f"{database.name}.replaced-{stamp(now)}")
    try:
        with closing(_open(database)) as raw:
            _take(raw, database)
            raw.execute("COMMIT")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.DatabaseError as error:
        if not _is_damaged(error):
            raise
    try:
        os.link(database, aside)
    except OSError:  # a file system without links
        shutil.copy2(database, aside)
    for side in _SIDES:  # the log of the one must never lie beside the other
        with suppress(FileNotFoundError):
            database.with_name(database.name + side).rename(aside.with_name(aside.name + side))
    return aside


def _is_damaged(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
