"""What the commands that look after the database report."""

from datetime import datetime

from workers.model.base import Record

__all__ = ["BackupMade", "Checked", "Finding", "HeldLine", "Restored", "Room", "TableCopied"]


class Finding(Record, frozen=True, kw_only=True):
    """What one check of the database found."""

    check: str
    """Its name: a few words."""
    found: int
    """How many rows are wrong; 0 is well."""
    means: str
    """What is wrong with such rows, and what comes of it."""
    examples: tuple[str, ...] = ()
    """Ids of some of them, or what the database itself says."""


class Checked(Record, frozen=True, kw_only=True):
    """What all checks found."""

    database: str
    schema: str
    ok: bool
    checks: tuple[Finding, ...]


class HeldLine(Record, frozen=True, kw_only=True):
    """Deliveries that wait for somebody's word."""

    reason: str
    """``burst``, ``disabled`` or ``restore``."""
    sink: str
    deliveries: int
    since: datetime
    """When the oldest was made."""


class BackupMade(Record, frozen=True, kw_only=True):
    """A backup that was made, and found to be whole."""

    path: str
    schema: str
    bytes: int


class Restored(Record, frozen=True, kw_only=True):
    """A backup that took the database's place."""

    path: str
    """The backup."""
    schema: str
    """Of the backup; the database has the one of this version."""
    replaced: str | None
    """Where the database that was there lies now, None if there was none."""
    held: int
    """Deliveries that were open, and are held."""


class TableCopied(Record, frozen=True, kw_only=True):
    """A table that was copied whole."""

    table: str
    rows: int


class Room(Record, frozen=True, kw_only=True):
    """What of a database's file is free."""

    free_bytes: int
    """Pages that hold nothing: what is written next goes there."""
    returns: bool
    """Whether they can be given back to the file system while the daemon runs."""
