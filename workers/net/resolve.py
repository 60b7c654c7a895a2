"""Names to addresses, in threads of their own: a slow name server must not hold up parsing."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import ResolveResult

__all__ = ["Resolver"]

THREADS = 16
"""Lookups under way; most take milliseconds, the worst as long as the connect timeout."""


class Resolver:
    """The system's resolver, with the verbs that aiohttp asks for."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tocsin-dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of ``host``.

        Raises:
            OSError: it has none.
        """
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, host, port, family)
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

    async def close(self) -> None:
        """Forget lookups that have not begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int, family: int) -> list[tuple[int, str]]:
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
