"""The database looked after from the command line: checked, copied, put back, made small."""

from datetime import datetime
from pathlib import Path

from monitor.settings import Settings, database_address
from workers.broker import DataDirLock
from workers.errors import TocsinError
from workers.model.upkeep import BackupMade, Checked, Restored
from workers.store import backups, examine, migrate

__all__ = [
    "backup_database",
    "check_database",
    "migrate_database",
    "restore_database",
    "vacuum_database",
]


def _file(settings: Settings, what: str) -> Path:
    """Return the SQLite file of the settings, which need not be there.

    Raises:
        TocsinError: the database is not a file.
    """
    address = database_address(settings)
    if isinstance(address, str):
        raise TocsinError(f"cannot {what}: the database is PostgreSQL: use pg_dump and pg_restore")
    return address


def _existing(address: Path) -> Path:
    if not address.is_file():
        raise TocsinError(f"there is no database yet: {address} (`tocsin run` makes it)")
    return address


def migrate_database(settings: Settings) -> tuple[str, str]:
    """Bring the database to this version's schema; return the schema before and after.

    Raises:
        TocsinError: it is not ours, of a newer version, or in use by a daemon.
    """
    return migrate(database_address(settings))


def check_database(settings: Settings, now: datetime) -> Checked:
    """Check the database, whoever uses it meanwhile.

    Raises:
        TocsinError: there is none, or it is not ours.
    """
    address = database_address(settings)
    return examine(address if isinstance(address, str) else _existing(address), now)


def backup_database(settings: Settings, target: Path | None, now: datetime) -> BackupMade:
    """Copy the database beside a running daemon, to a file that is not there yet.

    ``target`` may be a folder; None is ``backups`` in the data folder.

    Raises:
        TocsinError: there is no database, or no such file can be made.
    """
    where = target or settings.data_dir / "backups"
    if target is None or where.is_dir():
        where /= f"tocsin-{backups.stamp(now)}.db"
    return backups.backup(_existing(_file(settings, "make a backup")), where)


def restore_database(settings: Settings, source: Path, now: datetime) -> Restored:
    """Let a backup take the database's place.

    Raises:
        TocsinError: a daemon runs, or the backup is none that this version can use.
    """
    path = _file(settings, "restore")
    lock = DataDirLock(settings.data_dir)
    lock.acquire()
    try:
        return backups.restore(path, source, now)
    finally:
        lock.release()


def vacuum_database(settings: Settings) -> tuple[int, int]:
    """Give back the room of what was removed; return the bytes before and after.

    Raises:
        TocsinError: there is no database, or a daemon runs.
    """
    path = _existing(_file(settings, "vacuum"))
    lock = DataDirLock(settings.data_dir)
    lock.acquire()
    try:
        return backups.vacuum(path)
    finally:
        lock.release()
