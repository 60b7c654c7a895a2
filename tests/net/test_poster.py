"""Forms posted to hubs: the same guard and limits as a GET, whatever a hub answers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qs

import pytest

from workers.errors import Permanent, Transient
from workers.model.net import Form
from workers.net import HttpPoster
from workers.options import NetOptions

Serve = Callable[..., asyncio.Future[str]]


@pytest.fixture
async def poster() -> AsyncIterator[HttpPoster]:
    """A poster whose limits are short, with our own loopback opened, but not 127.9.0.0."""
    made = HttpPoster(NetOptions(allow=("127.0.0.0/16",), connect_s=2.0, read_s=0.4, total_s=0.8))
    yield made
    await made.close()


class Hub:
    """A raw server that answers each path with fixed bytes, and keeps the bodies it was sent."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.got: list[tuple[str, dict[str, list[str]]]] = []

    async def __call__(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        """Answer one request; its body is read by the length that it names."""
        path = head.split()[1].decode()
        self.got.append((path, {}))
        writer.write(self.answers.get(path[1:], "HTTP/1.1 404 No\r\n\r\n").encode())


class Reading:
    """A server that reads the form."""

    def __init__(self) -> None:
        self.forms: list[dict[str, list[str]]] = []
        self.base = ""

    async def start(self) -> str:
        """Listen; return the address."""
        self.server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self.base

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().partition("content-length: ")[2].split()[0])
        self.forms.append(parse_qs((await reader.readexactly(length)).decode()))
        if head.startswith("POST /moved "):
            writer.write(f"HTTP/1.1 307 Go\r\nLocation: {self.base}/hub\r\n\r\n".encode())
        else:
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nlater")
        await writer.drain()
        writer.close()


FIELDS = (("hub.mode", "subscribe"), ("hub.topic", "https://example.org/feed?a=1&b=2"))


async def test_a_form_arrives_also_by_307(poster: HttpPoster) -> None:
    """A form is sent encoded, and sent again whole where a 307 points."""
    hub = Reading()
    base = await hub.start()
    posted = await poster.post(Form(url=f"{base}/moved", fields=FIELDS))
    assert (202, f"{base}/hub", "later") == (posted.status, posted.url, posted.said)
    wanted = {"hub.mode": ["subscribe"], "hub.topic": ["https://example.org/feed?a=1&b=2"]}
    assert [wanted, wanted] == hub.forms
    hub.server.close()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("HTTP/1.1 303 See\r\nLocation: /hub\r\nContent-Length: 0\r\n\r\n", 303),
        ("HTTP/1.1 500 Oh\r\nContent-Length: 4\r\nRetry-After: 7\r\n\r\nbusy", 500),
        ("HTTP/1.1 202 Ok\r\n\r\n" + "x" * 100_000, 202),
    ],
)
async def test_other_answers_come_back(serve: Serve, poster: HttpPoster, answer, status) -> None:
    """What asks for another method, fails or never ends is an answer with its status."""
    base = await serve(Hub(hub=answer))
    posted = await poster.post(Form(url=f"{base}/hub", fields=FIELDS))
    assert status == posted.status
    assert len(posted.said) <= 300
    assert (7.0 if status == 500 else None) == posted.retry_after


@pytest.mark.parametrize(
    "target", ["http://127.9.0.1/", "http://[::ffff:10.0.0.1]/", "http://2130706433/", "ftp://h/"]
)
async def test_no_redirect_into_private_ranges(serve: Serve, poster: HttpPoster, target) -> None:
    """A hub cannot send us on to an address that nobody may connect to."""
    target = target.replace("2130706433", "167772161")  # 10.0.0.1
    base = await serve(
        Hub(hub=f"HTTP/1.1 308 Go\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n")
    )
    with pytest.raises(Permanent, match="blocked"):
        await poster.post(Form(url=f"{base}/hub", fields=FIELDS))


async def test_redirects_end(serve: Serve, poster: HttpPoster) -> None:
    """A hub that sends us round in circles is left after a few hops."""
    hub = Hub(hub="HTTP/1.1 307 Go\r\nLocation: /hub\r\nContent-Length: 0\r\n\r\n")
    base = await serve(hub)
    with pytest.raises(Transient, match="redirects"):
        await poster.post(Form(url=f"{base}/hub", fields=FIELDS))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "https://user:word@example.org/", "http://10.0.0.1/hub", "hub"]
)
async def test_what_is_no_hub(poster: HttpPoster, url) -> None:
    """An address that a document names is refused before anything is sent."""
    with pytest.raises(Permanent):
        await poster.post(Form(url=url, fields=FIELDS))
