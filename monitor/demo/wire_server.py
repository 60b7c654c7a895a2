"""The loopback server that plays the newswire."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from aiohttp import web

from monitor.demo.expect import ExpectedAlert
from monitor.demo.wire_hub import WireHub
from monitor.demo.wire_timeline import HUB, Newswire, Reply
from workers.clock import Clock
from workers.model.base import Record

__all__ = ["Hit", "NewswireServer"]

KEPT_HITS = 20_000
"""Requests remembered: a demo makes hundreds."""
NOTED = ("if-none-match", "if-modified-since", "user-agent", "accept-encoding")
KEPT_BY_304 = ("ETag", "Last-Modified")
STEP_S = 0.05
"""How often `NewswireServer.play_to_end` looks whether the end is reached."""


class Hit(Record, frozen=True, kw_only=True):
    """A request that was answered."""

    method: str
    path: str
    query: str
    at: datetime
    position: float
    """Where the timeline stood, in seconds."""
    status: int
    headers: dict[str, str]
    """Those of interest (conditional GET, who asks), names in lower case."""


class _Pace(Record, frozen=True, kw_only=True):
    """A timeline that runs."""

    since: float
    """The clock's monotonic seconds when it began to."""
    origin: float
    """Where it stood then."""
    speed: float
    """Timeline seconds a second."""


def _unchanged(asked: Mapping[str, str], answer: Mapping[str, str]) -> bool:
    """Say whether a conditional GET may be answered by 304 (RFC 9110, section 13.2.2)."""
    if tags := asked.get("If-None-Match"):
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return answer.get("ETag", "-").removeprefix("W/") in known
    since, changed = asked.get("If-Modified-Since"), answer.get("Last-Modified")
    if not since or not changed:
        return False
    try:
        return parsedate_to_datetime(changed) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):  # an unreadable date is as good as none, says the RFC
        return False


class NewswireServer:
    """Serves a newswire over HTTP, along a timeline that stands until it is moved or played.

    Feeds that name its hub are pushed by it to whoever subscribes. Besides the publishers'
    addresses it answers ``GET /_wire/state``, ``POST /_wire/advance?to=``
    and ``POST /_wire/play?seconds=``, so that another process can move the timeline.
    """

    def __init__(
        self, newswire: Newswire, clock: Clock, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        """Take the newswire, the time and the address; port 0 is any free one."""
        self.newswire = newswire
        self.hits: deque[Hit] = deque(maxlen=KEPT_HITS)
        self.base_url = ""
        self.started = clock.now()
        self._clock = clock
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self._reached = 0.0
        self._pace: _Pace | None = None
        self._unseen: set[str] = set()
        self._after_seen: float | None = None
        self.hub = WireHub(self._document, clock)

    async def start(self) -> str:
        """Listen, and return the base address (``http://host:port``).

        Raises:
            OSError: the port is taken.
        """
        app = web.Application()
        app.router.add_get("/_wire/state", self._tell)
        app.router.add_post("/_wire/advance", self._advance)
        app.router.add_post("/_wire/play", self._play)
        app.router.add_post(HUB, self.hub.take)
        app.router.add_get("/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self.started = self._clock.now()
        self.base_url = f"http://{self._host}:{self._runner.addresses[0][1]}"
        self.hub.url = self.base_url + HUB
        return self.base_url

    async def stop(self) -> None:
        """Stop listening; once stopped, again is no error."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await self.hub.stop()
            await runner.cleanup()

    # The timeline.

    @property
    def position(self) -> float:
        """Return where the timeline stands, in seconds."""
        if self._pace is None:
            return self._reached
        gone = self._clock.monotonic() - self._pace.since
        return min(self.newswire.end, self._pace.origin + gone * self._pace.speed)

    @property
    def unseen(self) -> frozenset[str]:
        """Return the feeds that `play_once_seen` still waits for: nobody asked for them yet."""
        return frozenset(self._unseen)

    def advance_to(self, t: float) -> None:
        """Put the timeline at ``t`` seconds, never back, and let it stand there."""
        self._reached = max(self.position, min(t, self.newswire.end))
        self._pace = None

    def play(self, seconds: float | None = None) -> None:
        """Let the timeline run from where it stands, the rest of it in ``seconds``.

        Without ``seconds`` it runs a second a second.
        """
        origin = self.position
        left = self.newswire.end - origin
        speed = left / seconds if seconds else 1.0
        self._pace = _Pace(since=self._clock.monotonic(), origin=origin, speed=speed)

    def play_once_seen(self, seconds: float | None = None) -> None:
        """Play as soon as each feed was asked for once: its backlog is then what it lists."""
        self._unseen = set(self.newswire.feeds) - self._seen()
        self._after_seen = seconds if seconds is not None else self.newswire.end - self.position
        self._begin_if_seen()

    async def play_to_end(self, seconds: float | None = None) -> None:
        """Play the rest, and return when the end is reached."""
        self.play(seconds)
        while self.position < self.newswire.end:
            await self._clock.sleep(STEP_S)

    def _seen(self) -> set[str]:
        good = (self.newswire.feed_at(hit.path) for hit in self.hits if hit.status < 300)  # noqa: PLR2004
        return {feed for feed in good if feed}

    def _begin_if_seen(self) -> None:
        if self._after_seen is not None and not self._unseen:
            seconds, self._after_seen = self._after_seen, None
            self.play(seconds)

    @property
    def subscribed(self) -> bool:
        """Whether somebody has asked the hub for every feed that names it."""
        pushed = {
            self.base_url + publisher.feed.path
            for publisher in self.newswire.publishers.values()
            if publisher.feed.pushed
        }
        return pushed <= self.hub.topics

    def _document(self, topic: str) -> bytes | None:
        """Return what a feed that names the hub lists now, None for any other address."""
        feed = self.newswire.feed_at(topic.removeprefix(self.base_url))
        if feed is None or not self.newswire.publishers[feed].feed.pushed:
            return None
        return self.newswire.body_of(feed, self.position, self.base_url, self.started)

    # What the newswire tells of itself.

    def feed_sources(self, base_url: str = "") -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """Return (name, address, tags) of each feed, here or at another ``base_url``."""
        return self.newswire.feed_sources(base_url or self.base_url)

    def expected(self, base_url: str = "") -> tuple[ExpectedAlert, ...]:
        """Return what must ring when the whole timeline is played, and nothing else may."""
        return self.newswire.expected(base_url or self.base_url)

    # Requests.

    async def _serve(self, request: web.Request) -> web.Response:
        position = self.position
        reply = self.newswire.answer(
            request.rel_url.raw_path, position, self.base_url, self.started
        )
        if reply.delay_s:
            await self._clock.sleep(reply.delay_s)
        response = self._respond(request, reply)
        self._note(request, position, response.status)
        return response

    @staticmethod
    def _respond(request: web.Request, reply: Reply) -> web.Response:
        headers = dict(reply.headers)
        if reply.status == 200 and _unchanged(request.headers, headers):  # noqa: PLR2004
            kept = {name: text for name, text in headers.items() if name in KEPT_BY_304}
            return web.Response(status=304, headers=kept)
        return web.Response(status=reply.status, headers=headers, body=reply.body)

    def _note(self, request: web.Request, position: float, status: int) -> None:
        self.hits.append(
            Hit(
                method=request.method,
                path=request.path,
                query=request.query_string,
                at=self._clock.now(),
                position=position,
                status=status,
                headers={name: request.headers[name] for name in NOTED if name in request.headers},
            )
        )
        self._unseen.discard(self.newswire.feed_at(request.path) or "")
        self._begin_if_seen()

    async def _tell(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "position": self.position,
                "end": self.newswire.end,
                "hits": len(self.hits),
                "unseen": sorted(self._unseen),
            }
        )

    async def _advance(self, request: web.Request) -> web.Response:
        try:
            self.advance_to(float(request.query["to"]))
        except (KeyError, ValueError) as error:
            raise web.HTTPBadRequest(text="say where to, in seconds: ?to=12.5") from error
        return await self._tell(request)

    async def _play(self, request: web.Request) -> web.Response:
        try:
            seconds = float(request.query["seconds"]) if "seconds" in request.query else None
        except ValueError as error:
            raise web.HTTPBadRequest(text="say how long, in seconds: ?seconds=20") from error
        self.play(seconds)
        return await self._tell(request)
