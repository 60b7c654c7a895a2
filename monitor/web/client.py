"""Asking a daemon over its control socket."""

from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from workers.feeds.websub import PATH
from workers.model.websub import HubAnswer, HubRequest

__all__ = ["ask", "fetch", "pass_on"]

ASK_S = 20.0
_AUTO = ("Content-Type", "User-Agent", "Accept-Encoding")


async def ask(
    socket: Path, method: str, path: str, within_s: float = ASK_S
) -> dict[str, Any] | None:
    """Return the daemon's answer (an object), None if no daemon answers there in time."""
    raw = await fetch(socket, method, path, within_s)
    try:
        return None if raw is None else msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError:
        return None


async def pass_on(
    socket: Path, request: HubRequest, body: bytes | None, within_s: float
) -> HubAnswer | None:
    """Return what a daemon answers to a hub's request, None if no daemon answers in time."""
    timeout = aiohttp.ClientTimeout(total=within_s)
    connector = aiohttp.UnixConnector(path=str(socket))
    url = URL(f"http://tocsin/{PATH}/{request.token}").with_query(dict(request.query))
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        method = "GET" if body is None else "POST"
        try:
            answer = await session.request(
                method, url, data=body, headers=dict(request.headers), skip_auto_headers=_AUTO
            )
            after = answer.headers.get("Retry-After")
            return HubAnswer(
                status=answer.status,
                text=await answer.text("utf-8", "replace"),
                retry_after_s=int(after) if after and after.isdecimal() else None,
            )
        except (OSError, TimeoutError, aiohttp.ClientError):
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
