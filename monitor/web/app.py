"""The endpoints.

`/livez`, `/readyz`, `/healthz` and `/metrics` for monitoring; the control socket adds `/status`,
`/reload` and more for the command line, and `/journey` for a supervisor.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from aiohttp import web

from monitor.metrics import CONTENT_TYPE_LATEST
from monitor.web.hubs import TOKEN, Hubs, HubsAsked, hub_routes
from monitor.web.page import journey_page, leaving_page, left_page
from workers.alerts.leaving import LEAVE
from workers.clock import Clock, SystemClock

__all__ = ["Asked", "build_control", "build_public"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OK, UNAVAILABLE, BAD_REQUEST = 200, 503, 400
EVENT = "{event:art_[0-9a-f]{24}}"
LINK = "{token:[A-Za-z0-9_-]{1,2000}}"
CSP = "default-src 'none'; style-src 'unsafe-inline'"


class Asked(HubsAsked, Protocol):
    """What the endpoints ask the daemon."""

    async def live(self) -> Mapping[str, Any]:
        """Return ``{"status": "ok"}``, or ``failing`` with the loops that stand still."""
        ...

    async def ready(self) -> Mapping[str, Any]:
        """Return ``{"status": …, "checks": …}``."""
        ...

    async def healthy(self) -> Mapping[str, Any]:
        """Return the whole health report, with no processes beyond its own."""
        ...

    async def status(self) -> Mapping[str, Any]:
        """Return the whole health report, with all processes that share the work."""
        ...

    async def metrics(self) -> bytes:
        """Return the page that Prometheus scrapes."""
        ...

    async def why(self, event: str) -> Mapping[str, Any] | None:
        """Return ``{"title", "url", "steps", "left_out"}`` of an event, None if unknown."""
        ...

    async def leaving(self, token: str) -> Mapping[str, Any] | None:
        """Return ``{"sink", "recipient"}`` of a mail's link, None if we did not make it."""
        ...

    async def leave(self, token: str) -> bool:
        """Let the reader behind a mail's link leave; False if we did not make it."""
        ...

    async def poll_feeds(self, ids: Sequence[str], *, failing: bool) -> Mapping[str, Any]:
        """Let feeds be polled now: these, else all, or all that failed; return ``{"feeds"}``."""
        ...

    async def feed(self, feed: str, host: str) -> Mapping[str, Any]:
        """Return how a feed stands in Redis, and its host: ``{"standing", "budget"}``."""
        ...

    async def reload(self, *, yes: bool, watched: bool = False) -> Mapping[str, Any]:
        """Read the settings again; return ``{"ok", "difference", "problems"}``.

        ``watched``: by the rules for files that changed, not by the operator's word.
        """
        ...

    async def hindsight(self) -> Mapping[str, Any] | None:
        """Return what topics that were taken over last would have rung for; None if none is new.

        Waits for it some seconds: ``{"pending": true}`` if it takes longer.
        """
        ...


def _json(body: Mapping[str, Any], status: int = OK) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body) + b"\n",
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _status(body: Mapping[str, Any]) -> int:
    return UNAVAILABLE if body["status"] == "failing" else OK


def _endpoints(asked: Asked, token: Callable[[], tuple[str, ...]]) -> list[web.RouteDef]:
    """Return what every process serves, whatever its roles."""

    async def livez(_request: web.Request) -> web.Response:
        body = await asked.live()
        return _json(body, _status(body))

    async def readyz(_request: web.Request) -> web.Response:
        body = await asked.ready()
        return _json(body, _status(body))

    async def healthz(request: web.Request) -> web.Response:
        body = await asked.healthy()
        return _json(body if _may(request, token()) else {"status": body["status"]})

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(
            body=await asked.metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    return [
        web.get("/livez", livez),
        web.get("/readyz", readyz),
        web.get("/healthz", healthz),
        web.get("/metrics", metrics),
    ]


def _pages(asked: Asked, token: Callable[[], tuple[str, ...]]) -> list[web.RouteDef]:
    """Return what is for people with a browser."""

    async def why(request: web.Request) -> web.Response:
        if not _may(request, token()):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        told = await asked.why(request.match_info["event"])
        if told is None:
            raise web.HTTPNotFound(text="no such event\n")
        return _page(journey_page(told), CSP)

    async def leaving(request: web.Request) -> web.Response:
        who = await asked.leaving(request.match_info["token"])
        if who is None:
            raise web.HTTPNotFound(text="this link leads nowhere\n")
        return _page(leaving_page(who["sink"], who["recipient"]), f"{CSP}; form-action 'self'")

    async def leave(request: web.Request) -> web.Response:
        if not await asked.leave(request.match_info["token"]):
            raise web.HTTPNotFound(text="this link leads nowhere\n")
        return _page(left_page(), CSP)

    # No token is asked for: the link itself is the proof, and its reader has no other. Only POST
    # acts, because scanners of mail follow every link.
    return [
        web.get(f"/why/{EVENT}", why),
        web.get(f"/{LEAVE}/{LINK}", leaving),
        web.post(f"/{LEAVE}/{LINK}", leave),
    ]


def _page(html: str, policy: str) -> web.Response:
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(text=html, content_type="text/html", headers=headers)


def _may(request: web.Request, tokens: tuple[str, ...]) -> bool:
    """Say whether the request may see details: no token is configured, or it brings one."""
    if not tokens:
        return True
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    shown = given.strip().encode("utf-8", "surrogateescape")  # a header may be any bytes
    return any(hmac.compare_digest(shown, token.encode()) for token in tokens)


def build_public(
    asked: Asked,
    token: Callable[[], tuple[str, ...]],
    clock: Clock | None = None,
    *,
    pages: bool = True,
) -> web.Application:
    """Return the application for ``[web] listen``.

    ``token`` is empty where none is asked for. Without ``pages``: health and metrics alone.
    """
    app = web.Application(client_max_size=1 << 16)
    app.add_routes(_endpoints(asked, token))
    if pages:
        app.add_routes(_pages(asked, token))
        app.add_routes(hub_routes(Hubs(asked, clock or SystemClock())))
    return app


def build_control(asked: Asked, clock: Clock | None = None) -> web.Application:
    """Return the application for the control socket, which only this user can open."""
    app = web.Application(client_max_size=1 << 16)
    app.add_routes(_endpoints(asked, lambda: ()))
    app.add_routes(hub_routes(Hubs(asked, clock or SystemClock())))
    app.add_routes(_for_supervisors(asked))
    app.add_routes(_for_commands(asked))
    return app


def _for_supervisors(asked: Asked) -> list[web.RouteDef]:
    """Return what the process that serves the public asks those that do the work."""

    async def journey(request: web.Request) -> web.Response:
        return _json({"journey": await asked.why(request.match_info["event"])})

    async def hub(request: web.Request) -> web.Response:
        return _json({"known": await asked.hub_knows(request.match_info["token"])})

    async def leaving(request: web.Request) -> web.Response:
        return _json({"who": await asked.leaving(request.match_info["token"])})

    async def leave(request: web.Request) -> web.Response:
        return _json({"left": await asked.leave(request.match_info["token"])})

    return [
        web.get(f"/journey/{EVENT}", journey),
        web.get(f"/{LEAVE}/{LINK}", leaving),
        web.post(f"/{LEAVE}/{LINK}", leave),
        web.get(f"/hub/{TOKEN}", hub),
    ]


def _for_commands(asked: Asked) -> list[web.RouteDef]:
    """Return what the command line asks."""

    async def status(_request: web.Request) -> web.Response:
        return _json(await asked.status())

    async def reload(request: web.Request) -> web.Response:
        outcome = await asked.reload(
            yes=request.query.get("yes") == "1", watched=request.query.get("watched") == "1"
        )
        return _json(outcome, OK if outcome["ok"] else BAD_REQUEST)

    async def hindsight(_request: web.Request) -> web.Response:
        return _json({"would_have_rung": await asked.hindsight()})

    async def poll_feeds(request: web.Request) -> web.Response:
        ids, which = request.query.getall("id", []), request.query.get("which")
        if not ids and which not in {"all", "failing"}:
            return _json({"feeds": 0}, BAD_REQUEST)
        return _json(await asked.poll_feeds(ids, failing=which == "failing"))

    async def feed(request: web.Request) -> web.Response:
        return _json(await asked.feed(request.match_info["feed"], request.query.get("host", "")))

    return [
        web.get("/status", status),
        web.post("/reload", reload),
        web.get("/hindsight", hindsight),
        web.post("/feeds/poll", poll_feeds),
        web.get("/feeds/{feed:[A-Za-z0-9_]{1,64}}", feed),
    ]
