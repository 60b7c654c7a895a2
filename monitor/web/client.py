"""Asking a daemon over its control socket."""

from pathlib import Path
from typing import Any

import aiohttp
import msgspec

__all__ = ["ask"]

ASK_S = 20.0


async def ask(socket: Path, method: str, path: str) -> dict[str, Any] | None:
    """Return the daemon's answer (an object), None if no daemon answers there."""
    connector = aiohttp.UnixConnector(path=str(socket))
    timeout = aiohttp.ClientTimeout(total=ASK_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        try:
            answer = await session.request(method, f"http://tocsin{path}")
            told: dict[str, Any] = msgspec.json.decode(await answer.read())
        except (OSError, TimeoutError, aiohttp.ClientError, msgspec.DecodeError):
            return None
    return told
