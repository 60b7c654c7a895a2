"""The endpoints, over real HTTP."""

import asyncio
import socket
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from monitor.web.app import build_control, build_public
from monitor.web.client import ask
from monitor.web.serve import CannotListen, serve
from workers.model.websub import HubAnswer

NO_TOKEN: tuple[str, ...] = ()
EVENT = "art_" + 24 * "0"


class Asked:
    """A daemon that answers as it is told."""

    def __init__(self) -> None:
        self.health = "ok"
        self.reloads: list[bool] = []
        self.left: list[str] = []

    async def live(self):
        return {"status": self.health, "still": []}

    async def ready(self):
        return {"status": self.health, "checks": {}}

    async def healthy(self):
        return {"status": self.health, "version": "1"}

    async def status(self):
        return {"status": self.health, "version": "1", "processes": []}

    async def metrics(self):
        return b"# HELP x\n"

    async def why(self, event):
        if event != EVENT:
            return None
        step = {"at": datetime(2026, 3, 2, tzinfo=UTC), "stage": "read", "decision": "<b>",
                "because": "a & b"}  # fmt: skip
        return {"title": "<script>", "url": "javascript:alert(1)", "steps": [step]}

    async def leaving(self, token):
        return {"sink": "desk", "recipient": "<b>@example.org"} if token == "good" else None

    async def leave(self, token):
        self.left.append(token)
        return token == "good"

    async def reload(self, *, yes, watched=False):
        self.reloads.append((yes, watched))
        return {"ok": self.health == "ok", "difference": "", "problems": []}

    async def hindsight(self):
        return {"articles": 3}


@pytest.fixture
def asked() -> Asked:
    """A daemon's answers."""
    return Asked()


@pytest.fixture
async def public(asked):
    """Serves the public endpoints with tokens; returns a function that asks them."""
    opened = []

    async def start(*tokens: str):
        served = await serve(build_public(asked, lambda: tokens), "127.0.0.1:0")
        session = aiohttp.ClientSession()
        opened.append((served, session))

        async def get(path: str, **headers: str):
            async with session.get(served.address + path, headers=headers) as answer:
                raw = await answer.read()
                told = await answer.json() if answer.content_type.endswith("json") else raw
                return answer.status, told

        return get

    yield start
    for served, session in opened:
        await session.close()
        await served.close()


@pytest.mark.parametrize(
    ("status", "expected"), [("ok", 200), ("degraded", 200), ("failing", 503)]
)
async def test_statuses(public, asked, status, expected):
    """Live and ready answer 503 only where they fail; health always answers."""
    asked.health = status
    get = await public()
    codes = [(await get(path))[0] for path in ("/livez", "/readyz", "/healthz")]
    assert [expected, expected, 200] == codes


async def test_only_health_asks_for_the_token(public):
    """Without the token /healthz tells the status alone; the others need none."""
    get = await public("right", "older")
    assert (200, {"status": "ok"}) == await get("/healthz")
    assert [200] * 3 == [(await get(path))[0] for path in ("/livez", "/readyz", "/metrics")]
    for token in ("right", "older"):
        told = await get("/healthz", Authorization=f"Bearer {token}")
        assert (200, {"status": "ok", "version": "1"}) == told


@pytest.mark.parametrize(
    "given", ["Bearer wrong", "Bearer ", "right", "Basic right", "Bearer right2", "Bearer é\udcff"]
)
async def test_wrong_tokens(public, given):
    """Whatever is no token of ours, of whatever bytes, gets the status alone."""
    get = await public("right")
    host = await _address(get)
    reader, writer = await asyncio.open_connection(*host)
    header = given.encode("utf-8", "surrogateescape")
    writer.write(
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: "
        + header
        + b"\r\n\r\n"
    )
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200")
    assert b'{"status":"ok"}' in answer


async def _address(get) -> tuple[str, int]:
    served = next(
        cell.cell_contents for cell in get.__closure__ if hasattr(cell.cell_contents, "address")
    )
    host, _, port = served.address.removeprefix("http://").rpartition(":")
    return host, int(port)


async def test_the_public_side_takes_no_commands(public, asked):
    """Status and reload are there on the control socket only."""
    get = await public()
    assert 404 == (await get("/status"))[0]
    assert 404 == (await get("/reload"))[0]
    assert [] == asked.reloads


async def test_control(asked, tmp_path: Path):
    """The control socket is for this user alone, tells the status, and reloads."""
    path = tmp_path / "control.sock"
    served = await serve(build_control(asked), f"unix:{path}")
    assert 0o600 == path.stat().st_mode & 0o777
    told = {"status": "ok", "version": "1", "processes": []}
    assert told == await ask(path, "GET", "/status")
    journey = (await ask(path, "GET", f"/journey/{EVENT}"))["journey"]
    assert ("<script>", "2026-03-02T00:00:00Z") == (journey["title"], journey["steps"][0]["at"])
    assert {"journey": None} == await ask(path, "GET", "/journey/art_" + 24 * "1")
    assert (await ask(path, "POST", "/reload"))["ok"]
    assert (await ask(path, "POST", "/reload?yes=1"))["ok"]
    assert (await ask(path, "POST", "/reload?watched=1"))["ok"]
    assert [(False, False), (True, False), (False, True)] == asked.reloads
    assert {"would_have_rung": {"articles": 3}} == await ask(path, "GET", "/hindsight")
    await served.close()


async def test_nobody_there(tmp_path: Path):
    """A socket that is missing, or left behind, is nobody: no error."""
    assert await ask(tmp_path / "none.sock", "GET", "/status") is None
    left = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(left))
    assert await ask(left, "GET", "/status") is None


async def test_a_taken_port_says_so(asked):
    """A port that is taken is an error that says what to change, or the next one is served."""
    first = await serve(build_public(asked, tuple), "127.0.0.1:0")
    taken = first.address.removeprefix("http://")
    with pytest.raises(CannotListen, match=r"\[web\] listen"):
        await serve(build_public(asked, tuple), taken)
    second = await serve(build_public(asked, tuple), taken, next_free=True)
    assert first.address != second.address
    await second.close()
    await first.close()


async def test_not_our_address(asked):
    """An address of another machine cannot be served."""
    with pytest.raises(CannotListen, match=r"192\.0\.2\.1"):
        await serve(build_public(asked, tuple), "192.0.2.1:8080")


async def test_what_alerts_link_to(public):
    """The journey of an event is a page in which nothing from outside is markup."""
    get = await public()
    status, raw = await get(f"/why/{EVENT}")
    page = raw.decode()
    assert 200 == status
    assert "<script>" not in page
    assert "javascript:" not in page
    assert '<dd dir="auto">&lt;b&gt;<br><small>a &amp; b</small>' in page
    assert 404 == (await get("/why/art_" + 24 * "1"))[0]
    assert 404 == (await get("/why/../etc"))[0]


async def test_the_journey_asks_for_the_token(public):
    """Where a token is set, the page behind an alert's link needs it."""
    get = await public("secret")
    assert 401 == (await get(f"/why/{EVENT}"))[0]
    assert 200 == (await get(f"/why/{EVENT}", Authorization="Bearer secret"))[0]


async def test_a_reader_leaves_by_a_page_that_asks(asked, public):
    """Following the link asks, only POST acts, and neither needs the operator's token."""
    get = await public("secret")
    status, raw = await get("/leave/good")
    assert (200, True) == (status, b"&lt;b&gt;@example.org" in raw)
    assert b'<form method="post">' in raw
    assert [] == asked.left
    assert 404 == (await get("/leave/bad"))[0]
    assert 404 == (await get("/leave/.."))[0]


async def test_a_mail_program_leaves_with_one_click(asked):
    """RFC 8058: a POST to the link of the header is enough."""
    served = await serve(build_public(asked, lambda: ("secret",)), "127.0.0.1:0")
    body = {"List-Unsubscribe": "One-Click"}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{served.address}/leave/good", data=body) as answer:
            assert 200 == answer.status
        async with session.post(f"{served.address}/leave/bad", data=body) as answer:
            assert 404 == answer.status
    assert ["good", "bad"] == asked.left
    await served.close()


# What hubs push.

PATHS = ["a" * 64, "b" * 64, "c" * 64]


class Held(Asked):
    """A daemon that reads bodies, and counts how many at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now: list[str] = []
        self.most = 0

    async def hub_pushes(self, request, read):
        self.now.append(request.token)
        self.most = max(self.most, self.now.count(request.token))
        body = await read(1000)
        self.now.remove(request.token)
        return HubAnswer(status=413 if body is None else 200, retry_after_s=7)


async def test_a_slow_hub_keeps_nobody_out(monkeypatch):
    """Of four places one path has two, so that others are heard; who waits long comes again."""
    monkeypatch.setattr("monitor.web.hubs.WAIT_S", 0.3)
    held = Held()
    served = await serve(build_public(held, lambda: NO_TOKEN), "127.0.0.1:0")
    slow = asyncio.Event()

    async def dribble():
        yield b"x"
        await slow.wait()

    async with aiohttp.ClientSession(served.address) as session:

        async def push(token: str, data) -> tuple[int, str | None]:
            async with session.post(f"/websub/{token}", data=data) as answer:
                return answer.status, answer.headers.get("Retry-After")

        stuck = [asyncio.create_task(push(PATHS[0], dribble())) for _ in range(3)]
        done, waiting = await asyncio.wait(stuck, return_when=asyncio.FIRST_COMPLETED)
        assert [(503, "30")] == [task.result() for task in done]
        assert (200, "7") == await push(PATHS[1], b"news")
        assert (413, "7") == await push(PATHS[2], b"x" * 2000)
        slow.set()
        assert {(200, "7")} == set(await asyncio.gather(*waiting))
        assert 2 == held.most
    await served.close()


async def test_a_body_that_never_ends_in_time(monkeypatch):
    """A body that dribbles is cut off, and answered 408."""
    monkeypatch.setattr("monitor.web.hubs.BODY_S", 0.1)
    served = await serve(build_public(Held(), lambda: NO_TOKEN), "127.0.0.1:0")

    async def dribble():
        yield b"x"
        await asyncio.sleep(30)

    async with (
        aiohttp.ClientSession(served.address) as session,
        session.post(f"/websub/{PATHS[0]}", data=dribble()) as answer,
    ):
        assert 408 == answer.status
    await served.close()
