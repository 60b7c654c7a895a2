"""Sessions: guarded sockets, no cookies, no proxies but the one that was named."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import aiohttp

from workers.net.guard import Network, guarded_sockets, networks
from workers.net.resolve import Resolver

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

__all__ = ["guarded_session", "open_session"]

KEEP_ALIVE_S = 5.0
"""Longer than a redirect takes, shorter than servers keep: a stale one costs a second try."""
HEADERS_MOST = 128
HEADER_MOST = 8190
"""Header lines of an answer, and bytes of each; aiohttp's own figures, held on purpose."""
READ_BUFFER = 1 << 16


def open_session(
    allow: Sequence[Network], timeout: aiohttp.ClientTimeout, *, guarded: bool = True
) -> aiohttp.ClientSession:
    """Return a session, to be made inside a running loop.

    Certificates are checked with aiohttp's own context, which is built once a process. Without
    ``guarded`` every address can be reached: only for a proxy that the operator named.
    """
    connector = aiohttp.TCPConnector(
        limit=0,
        keepalive_timeout=KEEP_ALIVE_S,
        # aiohttp asks for the two verbs that Resolver has, and never for its class
        resolver=cast("AbstractResolver", Resolver()),
        socket_factory=guarded_sockets(allow) if guarded else None,
    )
    return aiohttp.ClientSession(
        connector=connector,
        connector_owner=True,
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
