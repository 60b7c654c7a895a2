"""A WebSub hub on loopback: by the W3C recommendation of 23 January 2018, or as it is told."""

import asyncio
import hmac
import secrets
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

LEASE_S = 864_000


@dataclass
class Held:
    """A subscription as the hub has it."""

    topic: str
    secret: str | None
    lease: str


@dataclass
class Hub:
    """Takes subscriptions, verifies intent, distributes with signatures, and retries.

    ``bad`` names what it does wrong; ``lease`` is what it grants instead of what was asked for.
    """

    bad: str = ""
    lease: str | None = None
    method: str = "sha256"
    url: str = ""
    requests: list[dict[str, str]] = field(default_factory=list)
    subscribers: dict[str, Held] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)
    """Statuses of what subscribers answered to questions."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> str:
        """Listen; return the hub's address."""
        app = web.Application()
        app.router.add_post("/hub", self._take)
        app.router.add_post("/old", self._moved)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hub"
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))
        return self.url

    async def stop(self) -> None:
        """Stop listening."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.close()
        await self._runner.cleanup()

    async def idle(self) -> None:
        """Wait until every question has been asked."""
        while self._tasks:
            await asyncio.gather(*list(self._tasks))

    async def _moved(self, _request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "/hub"})

    async def _take(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.requests.append(form)
        assert "application/x-www-form-urlencoded" == request.content_type
        assert len(form.get("hub.secret", "").encode()) < 200
        match self.bad:
            case "fails":
                return web.Response(status=500, text="busy")
            case "forbids":
                return web.Response(status=403, text="not\nfor you")
            case "private":
                return web.Response(status=308, headers={"Location": "http://10.0.0.1/hub"})
            case "silent":
                return web.Response(status=202)
        task = asyncio.create_task(self._verify(form))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return web.Response(status=202)

    async def _verify(self, form: dict[str, str]) -> None:
        """Ask the subscriber whether it meant it (5.3); denied is 5.2."""
        mode, topic, callback = (form[f"hub.{key}"] for key in ("mode", "topic", "callback"))
        if self.bad == "denies":
            await self.ask(callback, mode="denied", topic=topic, reason="we do not\nknow you")
            return
        lease = self.lease or form.get("hub.lease_seconds", str(LEASE_S))
        challenge = secrets.token_urlsafe(20)
        wrong = topic + "#x" if self.bad == "other_topic" else topic
        asked = {"mode": mode, "topic": wrong, "challenge": challenge}
        if mode == "subscribe":
            asked["lease_seconds"] = lease
        status, text, headers = await self.ask(callback, **asked)
        if 200 <= status < 300 and text == challenge:
            assert headers["Content-Type"].startswith("text/plain")
            assert "nosniff" == headers["X-Content-Type-Options"]
            if mode == "subscribe":
                self.subscribers[callback] = Held(topic, form.get("hub.secret"), lease)
            else:
                self.subscribers.pop(callback, None)

    async def ask(self, callback: str, **query: str) -> tuple[int, str, dict[str, str]]:
        """Ask a subscriber something; return status, body and headers."""
        named = {f"hub.{key}": value for key, value in query.items()}
        async with self._http.get(callback, params=named) as answer:
            self.answers.append(answer.status)
            return answer.status, await answer.text(), dict(answer.headers)

    async def distribute(
        self, topic: str, body: bytes, tries: int = 1, **headers: str
    ) -> list[int]:
        """Send to all subscribers of a topic (7), again where it was not taken; their answers."""
        found = []
        for callback, held in list(self.subscribers.items()):
            if held.topic == topic:
                found += await self.send(callback, topic, body, held.secret, tries, **headers)
        return found

    async def send(
        self, callback: str, topic: str, body, secret: str | None, tries: int = 1, **headers: str
    ) -> list[int]:
        """Send to one address; return what it answered each time."""
        named = {
            "Content-Type": "application/rss+xml",
            "Link": f'<{self.url}>; rel="hub", <{topic}>; rel="self"',
        }
        if secret is not None and isinstance(body, bytes):
            digest = hmac.new(secret.encode(), body, self.method).hexdigest()
            named["X-Hub-Signature"] = f"{self.method}={digest}"
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        named = {name: value for name, value in (named | given).items() if value}
        answers: list[int] = []
        for _ in range(tries):
            async with self._http.post(callback, data=body, headers=named) as answer:
                answers.append(answer.status)
            if 200 <= answers[-1] < 300:
                break
        return answers
