"""Which schemas this version runs on, and the migrations that lead to its own."""

from pathlib import Path

import structlog
from sqlalchemy import Connection

from workers.errors import TocsinError

__all__ = ["MIGRATIONS", "NOTHING", "SCHEMA", "Unusable", "accepted_newer", "upgrade"]

MIGRATIONS = Path(__file__).with_name("migrations")
SCHEMA = "0005"
"""The newest schema that this version knows: the last of ``migrations/versions``."""
NOTHING = "0000"
"""The schema of a database without tables."""
_log = structlog.get_logger()


class Unusable(TocsinError):
    """The database cannot be used: which, why, and what to do."""


def accepted_newer(name: str, found: str, schema: str, advice: str) -> bool:
    """Say whether a database's schema is the one after ours, on which this version runs too.

    Migrations only add, so that two versions can stand side by side while one replaces the other.

    Args:
        name: Which database.
        found: Its schema.
        schema: This version's.
        advice: What to do if it is newer still.

    Raises:
        Unusable: the schema is newer still, or is none of ours.
    """
    if not found.isdecimal():
        raise Unusable(f"not a Tocsin database: {name}: its schema is called {found[:40]!r}")
    ahead = int(found) - int(schema)
    if ahead > 1:
        raise Unusable(
            f"the database is of a newer Tocsin: {name}: its schema is {found}, this version runs"
            f" on {schema} and {int(schema) + 1:04}: {advice}"
        )
    if ahead == 1:
        _log.warning("database_newer", database=name, schema=found, known=schema)
    return ahead == 1


def upgrade(conn: Connection, migrations: Path, schema: str) -> None:
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
