"""Commands that ask (or mend) the database beside the daemon, or without it."""

from typing import TYPE_CHECKING, TypeVar

from monitor.cli.common import FOUND, fail, load_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from monitor.daemon.build import SqlStore
    from monitor.settings import Settings

__all__ = ["ask_store"]

T = TypeVar("T")


async def ask_store(
    config: str | None,
    question: "Callable[[SqlStore], Awaitable[T]]",
    *,
    writes: bool = False,
    settings: "Settings | None" = None,
) -> T:
    """Open the database of the config, ask it, close it. It is never made.

    With ``settings`` these are gone by, and not read again.

    Exits 78 without a config, 1 without a database.
    """
    from monitor.daemon.build import read_store
    from workers.clock import SystemClock
    from workers.errors import TocsinError

    settings = settings if settings is not None else load_settings(config).settings
    try:
        store = await read_store(settings, SystemClock(), writes=writes)
    except TocsinError as error:
        fail(str(error), FOUND)
    try:
        return await question(store)
    except TocsinError as error:
        fail(str(error), FOUND)
    finally:
        await store.close()
