"""The names of the cases, as a resolver of aiohttp's; only the standard library is used here."""

import asyncio
import socket

from hostile.talk import FORBIDDEN

__all__ = ["Names"]


class Names:
    """The names of the cases; each look-up may find something else."""

    def __init__(self) -> None:
        self._changing = 0

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):  # noqa: ARG002
        if host == "silent.example":
            await asyncio.Event().wait()
        self._changing += 1
        found = {
            "inside.example": [FORBIDDEN],
            "mixed.example": [FORBIDDEN, "127.0.0.1"],
            "all.example": [FORBIDDEN, "10.0.0.1", "::1"],
            "changing.example": [FORBIDDEN if self._changing % 2 else "::1"],
            "localhost": ["127.0.0.1", "::1"] if port == 0 else ["::1"],
        }.get(host) or await _system(host, port)
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in found
        ]

    async def close(self) -> None:
        """There is nothing to close."""


async def _system(host: str, port: int) -> list[str]:
    """Ask the system, which also knows numbers in odd writings; nothing of ours is out there."""
    if host.endswith(".example"):
        raise socket.gaierror(socket.EAI_NONAME, "no such name")
    found = await asyncio.to_thread(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    return [address[0] for *_, address in found]
