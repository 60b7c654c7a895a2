"""The newswire's own hub: WebSub as the recommendation has it, for one publisher's feed."""

import asyncio
import hmac
from collections.abc import Callable, Coroutine
from secrets import token_urlsafe
from typing import Any

import aiohttp
from aiohttp import web

from workers.clock import Clock
from workers.model.base import Record

__all__ = ["WireHub"]

LOOK_S = 0.05
RETRY_S = 0.5
PATIENCE_S = 10.0
TOO_FEW, ACCEPTED, MULTIPLE = 400, 202, 300


class _Subscriber(Record, frozen=True, kw_only=True):
    callback: str
    topic: str
    secret: str
    known: bytes
    """The document that was pushed last, or was there at the beginning."""


class WireHub:
    """Takes subscriptions, verifies them, and pushes each topic's document when it changes.

    ``document`` returns what a topic's address lists now, None for what is no topic of ours.
    """

    def __init__(self, document: Callable[[str], bytes | None], clock: Clock) -> None:
        self.url = ""
        """Its own address."""
        self._pushing = False
        self.pushes = 0
        """Documents that subscribers have taken."""
        self._document = document
        self._clock = clock
        self._subscribers: dict[str, _Subscriber] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._http: aiohttp.ClientSession | None = None

    @property
    def topics(self) -> frozenset[str]:
        """Return the topics that somebody has subscribed to."""
        return frozenset(one.topic for one in self._subscribers.values())

    def _asking(self) -> aiohttp.ClientSession:
        if self._http is None:
            timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
            self._http = aiohttp.ClientSession(timeout=timeout)
        return self._http

    async def stop(self) -> None:
        """Push no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    async def take(self, request: web.Request) -> web.Response:
        """Take a request to subscribe, or to push no more; both are verified afterwards."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        topic = form.get("hub.topic", "")
        document = self._document(topic)
        if document is None or form.get("hub.mode") not in {"subscribe", "unsubscribe"}:
            return web.Response(status=TOO_FEW, text="no such topic, or no such mode\n")
        one = _Subscriber(
            callback=form.get("hub.callback", ""),
            topic=topic,
            secret=form.get("hub.secret", ""),
            known=document,
        )
        self._spawn(self._verify(one, form["hub.mode"], form.get("hub.lease_seconds", "864000")))
        return web.Response(status=ACCEPTED, text="to be verified\n")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _verify(self, one: _Subscriber, mode: str, lease: str) -> None:
        challenge = token_urlsafe(16)
        asked = {"mode": mode, "topic": one.topic, "challenge": challenge, "lease_seconds": lease}
        query = {f"hub.{name}": value for name, value in asked.items()}
        try:
            async with self._asking().get(one.callback, params=query) as answer:
                meant = answer.status < MULTIPLE and await answer.text() == challenge
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return
        if meant and mode == "subscribe":
            if not self._pushing:
                self._pushing = True
                self._spawn(self._run())
            self._subscribers[one.callback] = one
        elif meant:
            self._subscribers.pop(one.callback, None)

    async def _run(self) -> None:
        """Push what has changed, again and again until it is taken."""
        while True:
            await self._clock.sleep(LOOK_S)
            for one in list(self._subscribers.values()):
                document = self._document(one.topic)
                if document is None or document == one.known:
                    continue
                if await self._push(one, document):
                    self.pushes += 1
                    self._subscribers[one.callback] = _Subscriber(
                        callback=one.callback, topic=one.topic, secret=one.secret, known=document
                    )
                else:
                    await self._clock.sleep(RETRY_S)

    async def _push(self, one: _Subscriber, document: bytes) -> bool:
        digest = hmac.digest(one.secret.encode(), document, "sha256").hex()
        headers = {
            "Content-Type": "application/rss+xml",
            "Link": f'<{self.url}>; rel="hub", <{one.topic}>; rel="self"',
            "X-Hub-Signature": f"sha256={digest}",
        }
        try:
            async with self._asking().post(one.callback, data=document, headers=headers) as answer:
                return answer.status < MULTIPLE
        except (aiohttp.ClientError, TimeoutError):
            return False
