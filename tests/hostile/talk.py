"""How hostile servers talk: each reply is given one request, and writes what it likes."""

import asyncio
import itertools
import socket
import struct
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

__all__ = [
    "GOOD",
    "OK",
    "Case",
    "Ports",
    "Reply",
    "Talk",
    "document",
    "dribbles",
    "floods",
    "head",
    "item",
    "packed",
    "points",
    "resets",
    "rss",
    "says",
    "stalls",
]

OK = b"HTTP/1.1 200 OK\r\n"
FORBIDDEN = "127.9.9.9"
"""Where somebody listens whom nobody may connect to."""
SMALL = 1 << 20
MAKER = ThreadPoolExecutor(1)
"""Makes large documents, one after the other, so that others are answered meanwhile."""


@dataclass(frozen=True)
class Ports:
    """Where the servers of a run listen, by kind."""

    by: dict[str, int]

    def __getitem__(self, kind: str) -> int:
        return self.by[kind]


@dataclass(frozen=True)
class Talk:
    """One request."""

    head: bytes
    path: str
    writer: asyncio.StreamWriter
    ports: Ports


Reply = Callable[[Talk], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """A server that means harm, and what a poll of it must come to.

    ``want`` is a reason, or ``read N`` for a feed with so many entries; several where more than
    one is right. ``at`` is the kind of port, ``host`` the name that the feed's address has.
    """

    name: str
    reply: Reply
    want: tuple[str, ...]
    at: str = "http"
    host: str = "127.0.0.1"
    known: bool = False
    """The feed has been read before, and sends validators."""
    url: str = field(default="")
    """The whole address, where it is none of these."""


def item(name: object, more: str = "") -> str:
    """An item of RSS."""
    return f"<item><guid>{name}</guid><title>Title {name}</title>{more}</item>"


def rss(*items: str, start: str = "") -> bytes:
    """A feed of these items."""
    whole = "".join(items)
    return f'{start}<rss version="2.0"><channel><title>T</title>{whole}</channel></rss>'.encode()


GOOD = rss(item(1), item(2), item(3))


def head(status: str = "200 OK", *lines: str) -> bytes:
    """The head of an answer, without a length."""
    return "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *lines, "")).encode("latin-1")


def document(body: bytes | Callable[[], bytes], *lines: str, status: str = "200 OK") -> Reply:
    """Answer with a whole document; one that is made when it is asked for is kept if small."""
    kept = [body] if isinstance(body, bytes) else []

    async def reply(talk: Talk) -> None:
        loop = asyncio.get_running_loop()
        whole = kept[0] if kept else await loop.run_in_executor(MAKER, body)
        if not kept and len(whole) < SMALL:
            kept.append(whole)
        talk.writer.write(head(status, f"Content-Length: {len(whole)}", *lines))
        talk.writer.write(whole)
        await talk.writer.drain()

    return reply


def packed(encoding: str, make: Callable[[], bytes]) -> Reply:
    """Answer with a document that is made when asked for, under a content encoding."""
    return document(make, *([f"Content-Encoding: {encoding}"] if encoding else []))


def says(data: bytes) -> Reply:
    """Send these bytes, and close."""

    async def reply(talk: Talk) -> None:
        talk.writer.write(data)
        await talk.writer.drain()
        talk.writer.close()

    return reply


def stalls(data: bytes) -> Reply:
    """Send these bytes, then nothing, and keep the connection."""

    async def reply(talk: Talk) -> None:
        talk.writer.write(data)
        await talk.writer.drain()
        await asyncio.Event().wait()

    return reply


def floods(start: bytes, piece: bytes) -> Reply:
    """Send ``start``, then ``piece`` for ever, as fast as it is taken."""

    async def reply(talk: Talk) -> None:
        talk.writer.write(start)
        many = piece * max(1, 65_536 // len(piece))
        for _ in itertools.count():
            talk.writer.write(many)
            await talk.writer.drain()

    return reply


def dribbles(start: bytes, piece: bytes, every_s: float = 0.1) -> Reply:
    """Send ``start``, then ``piece`` just often enough to seem alive."""

    async def reply(talk: Talk) -> None:
        talk.writer.write(start)
        for _ in itertools.count():
            talk.writer.write(piece)
            await talk.writer.drain()
            await asyncio.sleep(every_s)

    return reply


def resets(data: bytes) -> Reply:
    """Send these bytes, then break the connection off."""

    async def reply(talk: Talk) -> None:
        talk.writer.write(data)
        await talk.writer.drain()
        await asyncio.sleep(0.05)
        sock = talk.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        talk.writer.transport.abort()

    return reply


def points(target: str, status: str = "302 Found", body: bytes = b"") -> Reply:
    """Redirect; in ``target`` stand {http} and {secret} for ports."""

    async def reply(talk: Talk) -> None:
        ports = {"http": talk.ports["http"], "secret": talk.ports["secret"]}
        where = target.format(**ports).encode("utf-8", "surrogateescape")
        length = b"Content-Length: %d\r\n\r\n" % len(body)
        talk.writer.write(f"HTTP/1.1 {status}\r\nLocation: ".encode() + where + b"\r\n" + length)
        talk.writer.write(body)
        await talk.writer.drain()

    return reply
