"""The store: every verb of the port, and those of the command line, each one transaction."""

import asyncio

from typing_extensions import override

from workers.clock import Clock
from workers.store.asking import Asking
from workers.store.dbtime import DatabaseTime
from workers.store.driver import BUSY_S, Address
from workers.store.given_up import GivenUp
from workers.store.keeping import Keeping
from workers.store.schema import prepare
from workers.store.stepping import StepStore
from workers.store.waiting import Waiting

__all__ = ["SqlStore", "open_store"]


async def open_store(
    address: Address,
    clock: Clock,
    *,
    read_only: bool = False,
    busy_s: float = BUSY_S,
    time: DatabaseTime | None = None,
) -> "SqlStore":
    """Open the database. A SQLite file is made or migrated, unless it is only read.

    Args:
        address: A SQLite file, or a ``postgresql://`` address.
        clock: This process's clock.
        read_only: Whether nothing may be written.
        busy_s: Seconds to wait for a lock that another process holds on the file.
        time: What the database's present is read from; None is the server's clock, or the steady
            one of a file.

    Raises:
        Unusable: the database is missing, not ours, of another version, or cannot be opened.
    """
    await asyncio.to_thread(prepare, address, read_only=read_only)
    return SqlStore(address, clock, read_only=read_only, busy_s=busy_s, time=time)


class SqlStore(StepStore, Asking, Waiting, GivenUp, Keeping):
    """One database, for the steps, the command line and health."""

    @property
    def many(self) -> bool:
        """Whether processes of several machines may share this database."""
        return isinstance(self.address, str)

    @override
    def __repr__(self) -> str:
        return f"SqlStore({self.name!r})"
