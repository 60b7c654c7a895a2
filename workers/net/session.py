"""Sessions: guarded sockets, no cookies, no proxies but the one that was named."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import aiohttp
from typing_extensions import override

from workers.net.guard import Network, guarded_sockets, networks
from workers.net.resolve import Names, Resolver
from workers.net.wire import CountingConnector

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver
    from aiohttp.connector import Connection

__all__ = ["Exactly", "guarded_session", "open_session"]

KEEP_ALIVE_S = 5.0
"""Longer than a redirect takes, shorter than servers keep: a stale one costs a second try."""
HEADERS_MOST = 128
HEADER_MOST = 16 << 10
"""Header lines of an answer, and bytes of each: policies and cookies of real sites need 10 KiB."""
READ_BUFFER = 1 << 16


class Exactly(str):
    """A header's value whose characters are bytes (ISO-8859-1): aiohttp would send UTF-8."""

    __slots__ = ()


class _Request(aiohttp.ClientRequest):
    """Sends what is `Exactly` so."""

    @override
    async def send(self, conn: "Connection") -> aiohttp.ClientResponse:
        values = [value for value in self.headers.values() if isinstance(value, Exactly)]
        protocol = conn.protocol
        if not values or protocol is None or protocol.transport is None:
            return await super().send(conn)
        real = protocol.transport
        protocol.transport = cast("asyncio.Transport", _Verbatim(real, values))
        try:  # without a body nothing waits in there, so nobody else sees the stand-in
            return await super().send(conn)
        finally:
            protocol.transport = real


class _Verbatim:
    """A transport that puts the bytes of some values where their UTF-8 was written."""

    def __init__(self, real: asyncio.BaseTransport, values: list[Exactly]) -> None:
        self._real = real
        self._values = values

    def write(self, data: bytes) -> None:
        for value in self._values:
            data = data.replace(value.encode(), value.encode("latin-1"), 1)
        cast("asyncio.WriteTransport", self._real).write(data)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a transport has
        return getattr(self._real, name)


def open_session(
    allow: Sequence[Network],
    timeout: aiohttp.ClientTimeout,
    *,
    guarded: bool = True,
    names: Names | None = None,
) -> aiohttp.ClientSession:
    """Return a session, to be made inside a running loop.

    Certificates are checked with aiohttp's own context, which is built once a process. Without
    ``guarded`` every address can be reached: only for a proxy that the operator named.
    ``names`` finds addresses; unless it is given, the system does.
    """
    connector = CountingConnector(
        limit=0,
        keepalive_timeout=KEEP_ALIVE_S,
        # aiohttp asks for the two verbs of Names, and never for a class
        resolver=cast("AbstractResolver", names or Resolver()),
        socket_factory=guarded_sockets(allow) if guarded else None,
    )
    return aiohttp.ClientSession(
        connector=connector,
        connector_owner=True,
        request_class=_Request,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout,
        trust_env=False,
        auto_decompress=False,
        read_bufsize=READ_BUFFER,
        max_line_size=HEADER_MOST,
        max_field_size=HEADER_MOST,
        max_headers=HEADERS_MOST,
    )


def guarded_session(
    allow: Sequence[str], connect_s: float, total_s: float
) -> aiohttp.ClientSession:
    """Return a session for a sink: only public addresses, and the networks in ``allow``.

    Redirects, statuses and body sizes are the sink's own business.

    Raises:
        ValueError: one of ``allow`` is no network.
    """
    timeout = aiohttp.ClientTimeout(
        total=total_s, connect=connect_s, sock_connect=connect_s, sock_read=total_s
    )
    session = open_session(networks(allow), timeout)
    session.headers["Accept-Encoding"] = "identity"  # answers are shown to people, not inflated
    return session
