"""Asking a daemon over its control socket."""

from pathlib import Path
from typing import Any

import aiohttp
import msgspec

__all__ = ["ask", "fetch"]

ASK_S = 20.0


async def ask(
    socket: Path, method: str, path: str, within_s: float = ASK_S
) -> dict[str, Any] | None:
    """Return the daemon's answer (an object), None if no daemon answers there in time."""
    raw = await fetch(socket, method, path, within_s)
    try:
        return None if raw is None else msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError:
        return None


async def fetch(socket: Path, method: str, path: str, within_s: float = ASK_S) -> bytes | None:
    """Return the daemon's answer as it is, None if no daemon answers there in time."""
    connector = aiohttp.UnixConnector(path=str(socket))
    timeout = aiohttp.ClientTimeout(total=within_s)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        try:
            answer = await session.request(method, f"http://tocsin{path}")
            return await answer.read()
        except (OSError, TimeoutError, aiohttp.ClientError):
            return None
