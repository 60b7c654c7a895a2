"""A database that was put back by other means: by pg_restore, or from a snapshot of its disk."""

from workers.model.upkeep import Restored
from workers.store import copying, held, incarnation
from workers.store.driver import Address
from workers.store.postgres_driver import PostgresDriver
from workers.store.schema import prepare, schema_of
from workers.store.sqlite_driver import SqliteDriver

__all__ = ["mark_restored"]


def mark_restored(address: Address) -> Restored:
    """Hold what was to be sent, and make it another life of the database.

    Raises:
        Unusable: there is no such database, or it is of another schema, or cannot be written.
    """
    prepare(address)
    driver: PostgresDriver | SqliteDriver = (
        PostgresDriver(address, writes=True)
        if isinstance(address, str)
        else SqliteDriver(address, writes=True)
    )
    with copying.told(address, "restore"):
        conn = driver.connect()
        try:
            driver.begin(conn)
            incarnation.renew(conn)
            number = held.hold_restored(conn)
            driver.commit(conn)
        finally:
            driver.disconnect(conn)
    return Restored(path=driver.name, schema=schema_of(address), replaced=None, held=number)
