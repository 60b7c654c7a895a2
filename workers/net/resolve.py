"""Names to addresses, in threads of their own: a slow name server must not hold up parsing."""

import asyncio
import contextlib
import socket
from threading import Thread
from typing import Protocol

from aiohttp.abc import ResolveResult

__all__ = ["Names", "Resolver"]

LOOKUPS = 256
"""Lookups under way. Most take milliseconds; one that no name server answers takes up to half a
minute, which nobody can shorten, while whoever asked gave up after ten seconds: so there are four
for each request in flight."""
Found = list[tuple[int, str]]


class Names(Protocol):
    """What finds the addresses of a name; they are checked when a socket is made for them."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of ``host``.

        Raises:
            OSError: it has none.
        """
        ...

    async def close(self) -> None:
        """Ask no more."""
        ...


class Resolver:
    """The system's resolver, with the verbs that aiohttp asks for."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(LOOKUPS)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of ``host``.

        Raises:
            OSError: it has none.
            ValueError: it can be no name.
        """
        await self._free.acquire()
        found = await self._begin(host, port, family)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, address in found
        ]

    def _begin(self, host: str, port: int, family: int) -> asyncio.Future[Found]:
        """Look up in a thread that nobody waits for: one that hangs must not hold up our end."""
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Found] = loop.create_future()

        def tell(found: Found | Exception) -> None:
            self._free.release()
            if told.done():
                return
            if isinstance(found, Exception):
                told.set_exception(found)
            else:
                told.set_result(found)

        def look() -> None:
            found: Found | Exception
            try:
                found = _look_up(host, port, family)
            except Exception as error:  # noqa: BLE001 - it is the caller's
                found = error
            with contextlib.suppress(RuntimeError):  # the loop has been closed
                loop.call_soon_threadsafe(tell, found)

        try:
            Thread(target=look, name=f"dns:{host[:40]}", daemon=True).start()
        except RuntimeError as error:
            self._free.release()
            raise OSError(f"no thread to look a name up in: {error}") from error
        return told

    async def close(self) -> None:
        """Do nothing: lookups that are under way end by themselves."""


def _look_up(host: str, port: int, family: int) -> Found:
    """Ask the system, in a thread."""
    infos = socket.getaddrinfo(
        host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    found = []
    for kind, _, _, _, address in infos:
        if kind == socket.AF_INET6 and len(address) > 3 and address[3]:  # noqa: PLR2004
            name, _ = socket.getnameinfo(
                address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
            )  # keeps the zone
            found.append((int(kind), name))
        else:
            found.append((int(kind), str(address[0])))
    return found
