"""A hostile world: feeds, pages and receivers at their worst, beside others that are well."""

import asyncio
import gzip
import json
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
from aiohttp import web
from aiosmtpd.controller import UnthreadedController

pytestmark = [pytest.mark.whole, pytest.mark.timeout(120)]

MIB = 1 << 20
GROWTH = 400 * MIB
"""By how much the daemon's own process may grow."""
HOSTILE_FEEDS = {
    "html": "a page for people",
    "empty": "empty document",
    "junk": "not a feed",
    "big": "tooLarge",
    "endless": "tooLarge",
    "bomb": "tooLarge",
    "cut": "the body was cut off",
    "refused": "HTTP 403",
    "loop": "redirects",
    "private": "forbidden address",
    "bounce": "forbidden address",
    "silent": "no answer in time",
}
"""Path of each feed, and what its last error must tell."""
HOSTILE_PAGES = {
    "big": "tooLarge",
    "line": "tooLarge",
    "endless": "tooLarge",
    "bomb": "tooLarge",
    "busy": "it ran for over 4 s",
    "private": "forbidden address",
    "bounce": "forbidden address",
    "gone": "HTTP 410",
    "binary": "not a page: application/pdf",
    "deep": "nested too deeply",
    "silent": "its page was not read",
}
"""Path of each page, and what `tocsin why` must tell of it."""
TOPICS = """
[[topics]]
name = "siren"
query = "siren"
[[topics]]
name = "harbour"
query = "harbour"
sinks = ["well"]
[[topics]]
name = "umlaut"
query = "Überschwemmung"
sinks = ["well"]
"""
TEXT = "<p>" + "The harbour was quiet this morning, and the pilots waited for the tide. " * 20


def feed(items: str) -> bytes:
    """Return a feed of these items."""
    return f"<rss version='2.0'><channel><title>A feed</title>{items}</channel></rss>".encode()


def item(title: str, link: str) -> str:
    """Return an item of a feed."""
    return f"<item><guid>{link}</guid><title>{title}</title><link>{link}</link></item>"


async def _stream(request: web.Request, part: bytes, mebibytes: int) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/html"})
    await response.prepare(request)
    with suppress(ConnectionError):  # who is asked for too much hangs up
        for _ in range(mebibytes * MIB // len(part)):
            await response.write(part)
    return response


def _bomb(head: bytes) -> bytes:
    return gzip.compress(head + b" " * (100 * MIB), compresslevel=1)


class World:
    """One server that is well in part and hostile in part, and one at an address not allowed."""

    def __init__(self) -> None:
        self.news = False
        self.hits: Counter[str] = Counter()
        self.waiting: Counter[str] = Counter()
        """Requests that are being held, by path."""
        self.sent: dict[str, list[str]] = {}
        """webhook-id of each request, by receiver."""
        self.forbidden = 0
        """Connections at the address that is not allowed."""
        self.end = asyncio.Event()
        self.bombs: dict[str, bytes] = {}
        self.base = self.private = ""

    async def start(self) -> list[web.AppRunner | asyncio.Server]:
        self.bombs = {
            "feed": await asyncio.to_thread(_bomb, b"<rss version='2.0'><channel>"),
            "page": await asyncio.to_thread(_bomb, b"<html><body><p>"),
        }
        app = web.Application()
        app.router.add_get("/feed/{name}", self._feed)
        app.router.add_get("/page/{name}", self._page)
        app.router.add_post("/hook/{name}", self._hook)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        server = await asyncio.start_server(self._forbidden, "127.0.0.2", 0)
        self.private = f"http://127.0.0.2:{server.sockets[0].getsockname()[1]}"
        return [runner, server]

    async def _forbidden(
        self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.forbidden += 1
        writer.close()

    async def _hold(self, path: str) -> web.Response:
        """Never answer, until the end."""
        self.waiting[path] += 1
        try:
            await self.end.wait()
        finally:
            self.waiting[path] -= 1
        return web.Response()

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.hits[request.path] += 1
        if name == "silent":
            return await self._hold(request.path)
        if name == "endless":
            return await _stream(request, b"<rss><channel>" + b"<item/>" * 10_000, 1 << 20)
        if name in {"bounce", "loop"}:
            raise web.HTTPFound(f"{self.private}/feed" if name == "bounce" else request.path)
        if name == "cut":
            response = web.StreamResponse(headers={"Content-Length": "100000"})
            await response.prepare(request)
            await response.write(feed(item("Half", "/half")))
            assert request.transport is not None
            request.transport.close()
            return response
        return self._plain_feed(name)

    def _plain_feed(self, name: str) -> web.Response:
        gzipped = {"Content-Encoding": "gzip"} if name == "bomb" else None
        bodies: dict[str, Callable[[], bytes]] = {
            "html": lambda: b"<!doctype html><html><body><h1>Sign in</h1></body></html>",
            "empty": lambda: b"",
            "junk": lambda: bytes(range(256)) * 40,
            "big": lambda: feed("<item/>" * (50 * MIB // 7)),
            "bomb": lambda: self.bombs["feed"],
            "well": lambda: feed("".join(self._well())),
            "latin": lambda: feed(self._latin()).decode().encode("latin-1"),
        }
        status = 403 if name == "refused" else 200
        made = bodies.get(name, bytes)()
        return web.Response(status=status, body=made, headers=gzipped)

    def _well(self) -> list[str]:
        items = [item("Old news", f"{self.base}/page/old")]
        if self.news:
            items += [item(f"The harbour: {name}", self.page(name)) for name in HOSTILE_PAGES]
            items += [item("A siren at the harbour", self.page("siren"))]
            items += [f"<item><link>{self.base}/page/nobody</link></item>"]
        return items

    def _latin(self) -> str:
        if not self.news:
            return item("Nichts", f"{self.base}/page/nothing")
        return item("Überschwemmung in Düsseldorf", f"{self.base}/page/latin")

    def page(self, name: str) -> str:
        return f"{self.private}/page" if name == "private" else f"{self.base}/page/{name}"

    async def _page(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.hits[request.path] += 1
        if name == "silent":
            return await self._hold(request.path)
        if name in {"big", "endless"}:
            paragraphs = b"<p>A long story of the harbour.</p>" * 10_000
            return await _stream(request, paragraphs, 100 if name == "big" else 1 << 20)
        if name == "bounce":
            raise web.HTTPFound(f"{self.private}/page")
        return self._plain_page(name)

    def _plain_page(self, name: str) -> web.Response:
        kind = "application/pdf" if name == "binary" else "text/html"
        gzipped = {"Content-Encoding": "gzip"} if name == "bomb" else {}
        status = {"gone": 410, "nobody": 404, "latin": 404}.get(name, 200)
        many = " ".join(f"a{number}=1" for number in range(7900))
        bodies = {
            "line": b"<html><body><p>" + b"harbour " * (10 * MIB // 8),
            "deep": b"<html><body>" + b"<div>" * 10_000 + TEXT.encode(),
            "busy": ("<html><body>" + f"<p {many}>harbour</p>" * 90 + TEXT).encode(),
            "bomb": self.bombs["page"],
            "binary": b"%PDF-1.7\n" + bytes(range(256)) * 400,
        }
        usual = f"<html lang=en><title>A siren</title><body><article>{TEXT}</article>".encode()
        headers = {"Content-Type": kind, **gzipped}
        return web.Response(status=status, body=bodies.get(name, usual), headers=headers)

    async def _hook(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        ids = self.sent.setdefault(name, [])
        ids.append(request.headers["webhook-id"])
        if name == "hanging":
            return await self._hold(request.path)
        if name == "endless":
            return await _stream(request, b"taken, and by the way " * 1000, 1 << 20)
        if name == "refusing":
            return web.Response(status=400, text="no such field: siren")
        return web.Response(status=500 if len(ids) < 2 else 200, text="as it goes")


class Post:
    """A mail relay that knows one recipient, and refuses all others."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options) -> str:  # noqa: N802
        if not address.startswith("desk@"):
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802
        self.kept.extend(envelope.rcpt_tos)
        return "250 kept"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """The hostile world, running."""
    one = World()
    runner, server = await one.start()
    yield one
    one.end.set()
    server.close()
    await runner.cleanup()


@pytest.fixture
async def post() -> AsyncIterator[tuple[str, Post]]:
    """The choosy relay, running: its address and itself."""
    one = Post()
    loop = asyncio.get_running_loop()
    controller = UnthreadedController(one, hostname="127.0.0.1", port=0, loop=loop)
    controller.server = await controller._create_server()
    yield f"smtp://127.0.0.1:{controller.server.sockets[0].getsockname()[1]}", one
    controller.server.close()
    await controller.server.wait_closed()


def _sinks(world: World, well: str, secret: str, relay: str) -> str:
    hooks = {name: f"{world.base}/hook/{name}" for name in ("hanging", "flapping", "refusing")}
    hooks |= {"endless": f"{world.base}/hook/endless", "well": well}
    opened = 'allow = ["127.0.0.1/32"]\n'
    told = [
        f'[sinks.{name}]\ntype = "webhook"\nurl = "{url}"\nsecret = "{secret}"\n{opened}'
        for name, url in hooks.items()
    ]
    return "\n".join(
        [
            *told,
            f'[sinks.inside]\ntype = "webhook"\nurl = "{world.private}/hook"\n',
            f"""
[sinks.post]
type = "email"
smtp = "{relay}"
from = "tocsin@example.org"
to = ["desk@example.org", "gone@example.org"]
""",
        ]
    )


async def _lines(tocsin, *words: str) -> list[dict[str, object]]:
    code, out, err = await tocsin.ask(*words, "--json")
    assert 0 == code, err
    return [json.loads(line) for line in out.splitlines()]


async def test_a_hostile_world_harms_only_itself(tocsin, world, post, receiver, until, secret):
    """What is bad is bounded and named; feeds, pages and receivers that are well go on."""
    relay, mail = post
    names = [*HOSTILE_FEEDS, "latin", "well"]
    urls = {name: f"{world.base}/feed/{name}" for name in names} | {
        "private": f"{world.private}/feed"
    }
    tocsin.write(
        [(name, urls[name], ()) for name in names],
        _sinks(world, receiver.url, secret, relay),
        more='[pages]\ntimeout = "4s"\n',
        allow="127.0.0.1/32",
    )
    (tocsin.folder / "topics.toml").write_text(TOPICS)
    await tocsin.start()
    before, _ = tocsin.memory
    await until(lambda: world.hits["/feed/well"] and world.hits["/feed/latin"], "the baseline")
    world.news = True
    await _alerts(world, receiver, until)
    await _receivers(tocsin, world, mail, until)
    await _told(tocsin, world, until)

    assert 0 == world.forbidden
    _, most = tocsin.memory
    assert most - before < GROWTH
    health = json.loads((await tocsin.get("/healthz"))[1])
    assert "ok" == health["checks"]["database"]["status"]
    tocsin.process.send_signal(signal.SIGTERM)
    await until(lambda: '"event": "stopping"' in tocsin.log, "it hears that it shall stop")
    assert 0 == await tocsin.kill(signal.SIGTERM), tocsin.log[-2000:]


async def _alerts(world: World, receiver, until: Callable[..., Awaitable[None]]) -> None:
    """All that is due arrives where all is well, while the rest still hangs."""
    await until(lambda: ("siren", world.page("siren")) in receiver.rung, "the page that is well")
    assert world.waiting["/page/silent"]
    await until(lambda: world.waiting["/hook/hanging"], "the hanging receiver is asked")
    wanted = {("harbour", world.page(name)) for name in [*HOSTILE_PAGES, "siren"]}
    wanted |= {("siren", world.page("siren")), ("umlaut", f"{world.base}/page/latin")}
    await until(lambda: wanted <= set(receiver.rung), "all pages ring, if only by their feed")
    assert world.waiting["/feed/silent"] + world.hits["/feed/silent"] > 0

    told = {
        body["data"]["article"]["url"]: body["data"]
        for body in receiver.messages.values()
        if body["type"] == "alert.created"
    }
    assert sorted(wanted) == sorted(receiver.rung)
    latin = told[f"{world.base}/page/latin"]["article"]
    assert "Überschwemmung in Düsseldorf" == latin["title"]
    by_feed = set(HOSTILE_PAGES) - {"deep"}
    assert {"feed"} == {told[world.page(name)]["evidence"] for name in by_feed}
    assert "page" == told[world.page("siren")]["evidence"]


async def _receivers(tocsin, world: World, mail: Post, until: Callable[..., Awaitable[None]]):
    """Each receiver has its own state, and who recovers gets what is due under the same id."""
    await until(lambda: len(world.sent.get("flapping", ())) >= 2, "the flapping one is told again")

    async def states() -> dict[str, str]:
        lines = await _lines(tocsin, "alerts", "list", "--topic", "siren")
        return lines[0]["deliveries"]

    async def settled() -> bool:
        return (await states())["flapping"] == "sent"

    await until(settled, "the flapping one has it")
    assert 1 == len(set(world.sent["flapping"]))
    found = await states()
    assert found.pop("hanging") in {"open", "retry"}
    well = dict.fromkeys(("well", "flapping", "endless"), "sent")
    assert {**well, **dict.fromkeys(("refusing", "inside", "post"), "retry")} == found
    assert ["desk@example.org"] == mail.kept
    lines = await _lines(tocsin, "alerts", "list", "--topic", "siren")
    [shown] = await _lines(tocsin, "alerts", "show", str(lines[0]["alert"]))
    answers = {(one["sink"], one["recipient"]): one["last_answer"] for one in shown["deliveries"]}
    assert "no such field: siren" in answers["refusing", ""]
    assert "the sink's option allow opens it" in answers["inside", ""]
    assert "nobody of that name" in answers["post", "gone@example.org"]
    assert len(answers["endless", ""]) <= 500


async def _told(tocsin, world: World, until: Callable[..., Awaitable[None]]) -> None:
    """Everything that went wrong is told where people look."""
    feeds: dict[str, dict[str, object]] = {}

    async def all_failed() -> bool:
        feeds.update({str(line["name"]): line for line in await _lines(tocsin, "feeds", "list")})
        return all(feeds[name]["last_error"] for name in HOSTILE_FEEDS)

    await until(all_failed, "each hostile feed has an error")
    wrong = {
        name: feeds[name]["last_error"]
        for name, told in HOSTILE_FEEDS.items()
        if told not in str(feeds[name]["last_error"]) or feeds[name]["state"] != "failing"
    }
    assert {} == wrong
    assert {"ok"} == {feeds[name]["state"] for name in ("well", "latin")}
    for name in HOSTILE_FEEDS:
        assert f'"feed": "{name}"' in tocsin.log

    [dead] = await _lines(tocsin, "dead", "list")
    assert ("page", "notFound: HTTP 404") == (dead["kind"], dead["reason"])
    steps = {}
    for name in HOSTILE_PAGES:
        [why] = await _lines(tocsin, "why", world.page(name))
        steps[name] = str(why["steps"])
    assert {} == {
        name: steps[name] for name, words in HOSTILE_PAGES.items() if words not in steps[name]
    }
