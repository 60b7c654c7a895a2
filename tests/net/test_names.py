"""Names whose addresses change, or are several: only what is allowed is ever connected to."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from workers.errors import Permanent, Transient
from workers.model.net import Answer, Fetch
from workers.net import HttpFetcher
from workers.net.resolve import Resolver
from workers.options import NetOptions

Serve = Callable[..., asyncio.Future[str]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
FORBIDDEN = "127.9.9.9"
"""An address where somebody listens, and which is not allowed."""


class Told:
    """Answers each look-up of a name as it is told to: the next answer, the last one for ever."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self._answers = {f"{name}.example": told for name, told in answers.items()}
        self.asked: list[str] = []

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):  # noqa: ARG002
        self.asked.append(host)
        left = self._answers[host]
        found = left.pop(0) if len(left) > 1 else left[0]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            }
            for address in found
        ]

    async def close(self) -> None:
        """There is nothing to close."""


@pytest.fixture
async def forbidden() -> AsyncIterator[Callable[[int], Callable[[], int]]]:
    """Listen at the forbidden address, on some port; return how many came."""
    servers = []

    async def listen(port: int = 0) -> tuple[int, Callable[[], int]]:
        came = []

        async def count(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            came.append(1)
            writer.close()

        server = await asyncio.start_server(count, FORBIDDEN, port)
        servers.append(server)
        return server.sockets[0].getsockname()[1], lambda: len(came)

    yield listen
    for server in servers:
        server.close()


async def ask(url: str, names: Told) -> Answer:
    """Fetch with these names; only 127.0.0.1 is allowed."""
    made = HttpFetcher(
        NetOptions(allow=("127.0.0.1/32",), connect_s=2.0, read_s=2.0, total_s=3.0), names=names
    )
    try:
        return await made.get(Fetch(url=url, wire_bytes=99, body_bytes=99))
    finally:
        await made.close()


def port_of(base: str) -> int:
    """Return the port of a server's address."""
    return int(base.rpartition(":")[2])


async def replies(reply: bytes, serve: Serve) -> int:
    """Start a server that always says the same; return its port."""

    async def handle(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        await writer.drain()
        writer.close()

    return port_of(await serve(handle))


async def test_name_that_changes_between_hops(serve: Serve, forbidden) -> None:
    """A name that was allowed a moment ago is refused once it leads elsewhere."""
    secret, came = await forbidden()
    location = f"HTTP/1.1 302 F\r\nLocation: http://a.example:{secret}/\r\n\r\n"
    port = await replies(location.encode(), serve)
    names = Told(a=[["127.0.0.1"], [FORBIDDEN]])
    with pytest.raises(Permanent, match=f"forbidden address: {FORBIDDEN}"):
        await ask(f"http://a.example:{port}/", names)
    assert (["a.example"] * 2, 0) == (names.asked, came())


@pytest.mark.parametrize(
    "answers",
    [
        [FORBIDDEN, "127.0.0.1"],
        ["127.0.0.1", FORBIDDEN],
        ["::1", FORBIDDEN, "::ffff:127.9.9.9", "127.0.0.1"],
    ],
)
async def test_only_allowed_answers_are_tried(serve: Serve, forbidden, answers: list[str]) -> None:
    """Of several addresses of one name, those that are allowed are connected to, no others."""
    port = await replies(OK, serve)
    _, came = await forbidden(port)
    assert b"ok" == (await ask(f"http://a.example:{port}/", Told(a=[answers]))).body
    assert 0 == came()


@pytest.mark.parametrize("answers", [[FORBIDDEN], [FORBIDDEN, "10.0.0.1", "::1"]])
async def test_only_forbidden_answers(forbidden, answers: list[str]) -> None:
    """A name that leads only to forbidden addresses is blocked."""
    port, came = await forbidden()
    with pytest.raises(Permanent) as caught:
        await ask(f"http://a.example:{port}/", Told(a=[answers]))
    assert ("blocked", 0) == (caught.value.reason, came())


async def test_allowed_answer_that_is_down_counts(forbidden) -> None:
    """Where the allowed one of two addresses refuses the connection, trying again can help."""
    port, came = await forbidden()
    with pytest.raises(Transient) as caught:
        await ask(f"http://a.example:{port}/", Told(a=[[FORBIDDEN, "127.0.0.1"]]))
    assert ("connect", 0) == (caught.value.reason, came())


async def test_second_address_is_tried_soon(serve: Serve) -> None:
    """Where the first address of a name is dead, the next is connected to meanwhile."""
    port = await replies(OK, serve)
    assert b"ok" == (await ask(f"http://a.example:{port}/", Told(a=[["::1", "127.0.0.1"]]))).body


async def test_no_such_name(forbidden) -> None:
    """A name without addresses is told apart, and can come back."""
    port, _ = await forbidden()
    with pytest.raises(Transient) as caught:
        await ask(f"http://a.example:{port}/", Told(a=[[]]))
    assert "dns" == caught.value.reason


async def test_resolver_asks_the_system() -> None:
    """The system's resolver finds our own machine, and says so of names that there are not."""
    resolver = Resolver()
    found = await resolver.resolve("localhost", 80, socket.AF_INET)
    assert ["127.0.0.1"] == [one["host"] for one in found]
    with pytest.raises(socket.gaierror):
        await resolver.resolve("no-such-name.invalid", 80)
    with pytest.raises(UnicodeError):
        await resolver.resolve("a..b", 80)
