"""The database looked after from the command line: checked, copied, put back, made small."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from monitor.settings import Settings, database_address, read_address
from workers.broker import DataDirLock
from workers.errors import TocsinError
from workers.model.upkeep import BackupMade, Checked, Restored, TableCopied
from workers.store import backups, copying, examine, mark_restored, migrate

__all__ = [
    "backup_database",
    "check_database",
    "copy_database",
    "migrate_database",
    "restore_database",
    "vacuum_database",
]

Progress = Callable[[str, int, int], None]


def _existing(address: Path | str) -> Path | str:
    if isinstance(address, Path) and not address.is_file():
        raise TocsinError(f"there is no database yet: {address} (`tocsin run` makes it)")
    return address


@contextmanager
def _nobody_else(settings: Settings, *addresses: Path | str) -> Iterator[None]:
    """Make sure that no daemon runs on the data folder, or on a database that is served.

    Raises:
        TocsinError: one does.
    """
    lock = DataDirLock(settings.data_dir)
    lock.acquire()
    try:
        for address in addresses:
            if isinstance(address, str) and (number := copying.others(address)):
                raise TocsinError(
                    f"the database is in use: {copying.shown(address)}: by {number} connections "
                    "of Tocsin: stop every `tocsin run` on it, on all machines"
                )
        yield
    finally:
        lock.release()


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
    return examine(_existing(database_address(settings)), now)


def backup_database(
    settings: Settings, target: Path | None, now: datetime, progress: Progress
) -> BackupMade:
    """Copy the database beside a running daemon, to a SQLite file that is not there yet.

    ``target`` may be a folder; None is ``backups`` in the data folder.

    Raises:
        TocsinError: there is no database, or no such file can be made.
    """
    where = target or settings.data_dir / "backups"
    if target is None or where.is_dir():
        where /= f"tocsin-{backups.stamp(now)}.db"
    address = _existing(database_address(settings))
    if isinstance(address, Path):
        return backups.backup(address, where)
    return backups.portable(address, where, progress)


def restore_database(
    settings: Settings, source: Path | None, now: datetime, progress: Progress
) -> Restored:
    """Let a backup take the database's place; of PostgreSQL that of an empty database.

    Without a ``source`` the database was put back by other means, and is only marked as restored.

    Raises:
        TocsinError: a daemon runs, or the backup is none that this version can use.
    """
    address = database_address(settings)
    with _nobody_else(settings, address):
        if source is None:
            return mark_restored(_existing(address))
        if isinstance(address, Path):
            return backups.restore(address, source, now)
        return backups.restore_into(address, source, progress)


def vacuum_database(settings: Settings) -> tuple[int, int]:
    """Give back the room of what was removed; return the bytes before and after.

    Raises:
        TocsinError: there is no database, or it is a file and a daemon runs.
    """
    address = _existing(database_address(settings))
    if isinstance(address, str):
        return backups.vacuum_served(address)
    with _nobody_else(settings):
        return backups.vacuum(address)


def copy_database(settings: Settings, to: str, progress: Progress) -> list[TableCopied]:
    """Copy the database to the empty one at ``to``; return what was copied.

    Raises:
        TocsinError: a daemon runs, there is no database, or the other one is not empty.
    """
    source = _existing(database_address(settings))
    try:
        target = read_address(to, settings.data_dir)
    except ValueError as error:
        raise TocsinError(
            "cannot read the address after --to: write postgresql://user@host/name, or "
            "sqlite:///path (a relative path is inside data_dir)"
        ) from error
    with _nobody_else(settings, source, target):
        return copying.copy(source, target, progress)
