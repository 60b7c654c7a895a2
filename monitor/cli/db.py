"""The database looked after: ``tocsin db`` and its commands."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from monitor.cli.common import (
    FOUND,
    config_option,
    fail,
    json_option,
    load_settings,
    print_json,
    print_text,
    say,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.settings import Settings
    from workers.model.upkeep import Checked

__all__ = ["db"]

T = TypeVar("T")
PROGRESS_S = 2.0
"""Seconds between two lines about a large table."""
RELEASE = "tocsin held release --reason restore"
DROP = "tocsin held drop --reason restore"


class _Progress:
    """Tells on stderr how far a copy is: each table when it is done, a large one now and then."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, table: str, done: int, there: int) -> None:
        from workers.clock import SystemClock

        now = SystemClock().monotonic()
        if done < there and now < self._next:
            return
        self._next = now + PROGRESS_S
        if there:
            say(f"{table}: {done:,} of {there:,}")


def _done(config: str | None, work: "Callable[[Settings], T]") -> T:
    """Do it with the settings; exit 1 with the reason where it cannot be done."""
    from workers.errors import TocsinError

    settings = load_settings(config).settings
    try:
        return work(settings)
    except TocsinError as error:
        fail(str(error), FOUND)


@click.group()
def db() -> None:
    """Look after the database: migrate, check, back up, restore, make small, copy."""


@db.command()
@config_option
@json_option
def migrate(config: str | None, *, as_json: bool) -> None:
    """Bring the database to the schema of this version.

    SQLite is copied first, and a start does the same; PostgreSQL is migrated by this command only.
    """
    from monitor.daemon.database import migrate_database

    before, after = _done(config, migrate_database)
    if as_json:
        print_json({"from": before, "to": after})
    elif before == after:
        print_text(f"schema {after}: nothing to do")
    else:
        print_text(f"schema {before} \N{RIGHTWARDS ARROW} {after}")


@db.command()
@config_option
@json_option
def check(config: str | None, *, as_json: bool) -> None:
    """Check that the database is whole: its file, and what must hold between its rows.

    Writes nothing, and may run beside the daemon. Exit 1 if anything is wrong.
    """
    from monitor.daemon.database import check_database
    from workers.clock import SystemClock

    found = _done(config, lambda settings: check_database(settings, SystemClock().now()))
    if as_json:
        print_json(found)
    else:
        _print_checked(found)
    if not found.ok:
        raise SystemExit(FOUND)


def _print_checked(found: "Checked") -> None:
    print_text(f"{found.database}: schema {found.schema}")
    for one in found.checks:
        print_text(f"  {one.check}: {one.found or 'ok'}" + (f": {one.means}" if one.found else ""))
        for example in one.examples:
            print_text(f"      {example}")
    print_text("whole" if found.ok else "not whole")


@db.command()
@config_option
@json_option
@click.argument("path", type=click.Path(path_type=Path), required=False)
def backup(config: str | None, path: Path | None, *, as_json: bool) -> None:
    """Copy the database to PATH, while the daemon runs; nothing is ever overwritten.

    PATH is a file or a folder; without it the copy goes to the folder backups in the data folder.
    The copy is a SQLite file, whatever the database is.
    """
    from monitor.daemon.database import backup_database
    from workers.clock import SystemClock

    now, progress = SystemClock().now(), _Progress()
    made = _done(config, lambda settings: backup_database(settings, path, now, progress))
    if as_json:
        print_json(made)
    else:
        print_text(f"{made.path}: {made.bytes} bytes, schema {made.schema}, checked")


@db.command()
@config_option
@json_option
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--in-place", is_flag=True, help="It was put back already, by pg_restore or so.")
def restore(config: str | None, path: Path | None, *, in_place: bool, as_json: bool) -> None:
    """Let the backup at PATH take the database's place, while no daemon runs.

    A SQLite database that was there is kept beside it; a PostgreSQL database must be empty. What
    was to be sent is held, because it may have been sent since the backup was made: one of two
    commands releases or drops it.
    """
    if in_place == (path is not None):
        raise click.UsageError("say what to restore: PATH, or --in-place")
    from monitor.daemon.database import restore_database
    from workers.clock import SystemClock

    now, progress = SystemClock().now(), _Progress()
    done = _done(config, lambda settings: restore_database(settings, path, now, progress))
    if as_json:
        print_json({**_fields(done), "release": RELEASE, "drop": DROP})
        return
    print_text(f"restored: {done.path} (schema {done.schema})")
    if done.replaced is not None:
        print_text(f"the database that was there: {done.replaced}")
    print_text(f"held: {done.held} deliveries that were to be sent when the backup was made")
    if done.held:
        print_text(f"  send them:    {RELEASE}")
        print_text(f"  give them up: {DROP}")


def _fields(record: object) -> dict[str, object]:
    import msgspec

    found: dict[str, object] = msgspec.to_builtins(record)
    return found


@db.command()
@config_option
@json_option
def vacuum(config: str | None, *, as_json: bool) -> None:
    """Give back the disk space of what was removed.

    SQLite is written anew: that needs as much free space again, and no daemon may run. PostgreSQL
    is vacuumed and analysed while everything runs.
    """
    from monitor.daemon.database import vacuum_database

    before, after = _done(config, vacuum_database)
    if as_json:
        print_json({"before_bytes": before, "after_bytes": after})
    else:
        print_text(f"{before} bytes before, {after} after")


@db.command()
@config_option
@json_option
@click.option("--to", "target", required=True, help="postgresql://… or sqlite:///PATH; empty.")
def copy(config: str | None, target: str, *, as_json: bool) -> None:
    """Copy the whole database into an empty one, while no daemon runs.

    From SQLite to PostgreSQL, back, or to the same kind. It arrives whole, counted table by table,
    or not at all: then call it again. Set [database] url to the new address afterwards. A password
    is better left to PGPASSWORD or ~/.pgpass.
    """
    from monitor.daemon.database import copy_database

    tables = _done(config, lambda settings: copy_database(settings, target, _Progress()))
    rows = sum(table.rows for table in tables)
    if as_json:
        print_json({"rows": rows, "tables": {table.table: table.rows for table in tables}})
    else:
        print_text(f"copied {rows:,} rows of {len(tables)} tables, and counted them there")
