"""Where hubs speak to us: the path of each subscription, which only its hub knows.

No token is asked for, because the path is one; a path that we did not make is answered after one
hash, whatever is on it. Bodies are bounded in size, time and number.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from aiohttp import web

from workers.clock import Clock
from workers.feeds.websub import PATH
from workers.model.websub import HubAnswer, HubRequest

__all__ = ["TOKEN", "Hubs", "HubsAsked", "Read", "hub_routes"]

TOKEN = "{token:[0-9a-f]{64}}"  # noqa: S105 - a pattern
AT_ONCE, ON_ONE_PATH = 4, 2
"""Bodies in memory at once: each may be as large as a feed, and one slow hub must not keep others
out."""
WAIT_S = 10.0
BODY_S = 30.0
"""A body must be here in so long."""
MOST_A_MINUTE = 60
"""Requests on one path, more than which no publisher has news for."""
KNOWN_PATHS = 10_000
NOTED = ("content-type", "content-encoding", "x-hub-signature", "link")
NOT_FOUND, TOO_LATE, TOO_LARGE, TOO_MANY, BUSY = 404, 408, 413, 429, 503

Read = Callable[[int], Awaitable[bytes | None]]
"""Reads the body, at most so many bytes of it: None if there are more."""


class HubsAsked(Protocol):
    """What the endpoint asks the daemon."""

    async def hub_knows(self, token: str) -> bool:
        """Say whether a path is one of ours."""
        ...

    async def hub_asks(self, request: HubRequest) -> HubAnswer:
        """Answer a hub's question."""
        ...

    async def hub_pushes(self, request: HubRequest, read: Read) -> HubAnswer:
        """Take what a hub sends; its body is read only if it comes on a path of ours."""
        ...


class TooLate(Exception):
    """The body did not come in time."""


class Crowded(Exception):
    """Too many bodies are under way."""


@dataclass
class _Path:
    """A path, while something is under way on it."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(ON_ONE_PATH))
    users: int = 0


class Hubs:
    """Bounds on what hubs may ask of one server."""

    def __init__(self, asked: HubsAsked, clock: Clock) -> None:
        self._asked = asked
        self._clock = clock
        self._bodies = asyncio.Semaphore(AT_ONCE)
        self._paths: dict[str, _Path] = {}
        """Of paths on which something is under way."""
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    async def get(self, request: web.Request) -> web.Response:
        """Answer a hub's question."""
        token = request.match_info["token"]
        if self._too_many(token):
            return _respond(HubAnswer(status=TOO_MANY, retry_after_s=60))
        hub = HubRequest(token=token, query=dict(request.query))
        return _respond(await self._asked.hub_asks(hub))

    async def post(self, request: web.Request) -> web.Response:
        """Take what a hub sends."""
        token = request.match_info["token"]
        if self._too_many(token):
            return _respond(HubAnswer(status=TOO_MANY, retry_after_s=60))
        headers = {
            name: ", ".join(request.headers.getall(name))
            for name in NOTED
            if name in request.headers
        }
        hub = HubRequest(token=token, headers=headers)
        try:
            async with self._turn(token):
                read = partial(_read, request)
                return _respond(await self._asked.hub_pushes(hub, read))
        except Crowded:
            return _respond(HubAnswer(status=BUSY, retry_after_s=30))
        except TooLate:
            return _respond(HubAnswer(status=TOO_LATE))

    @asynccontextmanager
    async def _turn(self, token: str) -> AsyncIterator[None]:
        """Hold one of the places for bodies.

        Raises:
            Crowded: none has become free in time.
        """
        path = self._paths.setdefault(token, _Path())
        path.users += 1
        try:
            async with AsyncExitStack() as held:
                try:
                    async with asyncio.timeout(WAIT_S):
                        await held.enter_async_context(path.places)
                        await held.enter_async_context(self._bodies)
                except TimeoutError as error:
                    raise Crowded from error
                yield
        finally:
            path.users -= 1
            if not path.users:
                del self._paths[token]

    def _too_many(self, token: str) -> bool:
        """Count a request; say whether its path had too many in the last minute."""
        now = self._clock.monotonic()
        times = self._seen.setdefault(token, deque(maxlen=MOST_A_MINUTE))
        self._seen.move_to_end(token)
        if len(self._seen) > KNOWN_PATHS:
            self._seen.popitem(last=False)
        if len(times) == MOST_A_MINUTE and now - times[0] < 60.0:  # noqa: PLR2004 - a minute
            return True
        times.append(now)
        return False


async def _read(request: web.Request, most: int) -> bytes | None:
    if (request.content_length or 0) > most:
        return None
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.content.iter_any():
                parts.append(chunk)
                most -= len(chunk)
                if most < 0:
                    return None
    except TimeoutError as error:
        raise TooLate from error
    return b"".join(parts)


def _respond(answer: HubAnswer) -> web.Response:
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    if answer.retry_after_s is not None:
        headers["Retry-After"] = str(answer.retry_after_s)
    response = web.Response(
        text=answer.text, status=answer.status, content_type="text/plain", headers=headers
    )
    if answer.status in {TOO_LATE, TOO_LARGE, NOT_FOUND}:
        response.force_close()  # what is left of the body is not waited for
    return response


def hub_routes(hubs: Hubs) -> list[web.RouteDef]:
    """Return the routes."""
    path = f"/{PATH}/{TOKEN}"
    return [web.get(path, hubs.get, allow_head=False), web.post(path, hubs.post)]
