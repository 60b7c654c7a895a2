"""The fetcher against servers that mean harm: what `hostile` does not show, words and writings."""

import asyncio
import gzip
import itertools
from collections.abc import Callable

import pytest

from workers.errors import Permanent, Transient
from workers.model.net import Fetch
from workers.net import HttpFetcher
from workers.options import NetOptions

Serve = Callable[..., asyncio.Future[str]]
Get = Callable[[str], Fetch]
Handler = Callable[[bytes, asyncio.StreamWriter], asyncio.Future[None]]

OK = b"HTTP/1.1 200 OK\r\n"


def fixed(data: bytes) -> Handler:
    """Answer with these bytes, and then close."""

    async def handle(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return handle


def endless(start: bytes, piece: bytes) -> Handler:
    """Answer with ``start``, then ``piece`` for ever."""

    async def handle(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        for _ in itertools.count():
            writer.write(piece)
            await writer.drain()

    return handle


def packed(data: bytes, encoding: str) -> bytes:
    """Return an answer whose body is encoded."""
    return (
        OK + f"Content-Encoding: {encoding}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data
    )


BOMB = b"\0" * (8 << 20)
CASES: dict[str, Handler] = {
    "truncated": fixed(OK + b"Content-Length: 1000\r\n\r\nshort"),
    "50 MB announced": endless(OK + b"Content-Length: 50000000\r\n\r\n", b"x" * 65_536),
    "endless body": endless(OK + b"\r\n", b"x" * 65_536),
    "gzip bomb": fixed(packed(gzip.compress(BOMB), "gzip")),
    "endless interim answers": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "endless chunk extension": endless(
        OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 65_536
    ),
}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("truncated", "the body was cut off"),
        ("50 MB announced", "larger than its limit: 64 KiB as sent"),
        ("endless body", "larger than its limit: 64 KiB as sent"),
        ("gzip bomb", "larger than its limit: 64 KiB inflated"),
        ("endless interim answers", "larger than its limit: 256 KiB as sent"),
        ("endless chunk extension", "larger than its limit: 8 MiB as sent"),
    ],
)
async def test_failures_in_words(serve: Serve, name: str, words: str) -> None:
    """What is too large is told with the limit that it broke, what is cut off as that."""
    base = await serve(CASES[name])
    patient = HttpFetcher(NetOptions(allow=("127.0.0.0/8",), user_agent="Tocsin/test"))
    with pytest.raises(Transient) as caught:
        await patient.get(Fetch(url=f"{base}/a", wire_bytes=1 << 16, body_bytes=1 << 16))
    await patient.close()
    assert f"{base}: {words}" == caught.value.detail


async def test_endless_redirect_body_is_left(serve: Serve, fetcher: HttpFetcher, get: Get) -> None:
    """The body of a redirect is not waited for."""
    end = await serve(fixed(OK + b"Content-Length: 2\r\n\r\nok"))
    base = await serve(
        endless(f"HTTP/1.1 302 F\r\nLocation: {end}/\r\n\r\n".encode(), b"x" * 65_536)
    )
    assert b"ok" == (await fetcher.get(get(f"{base}/a"))).body


HOSTS = """
127.0.0.1 localhost LOCALHOST localhost. 127.0.0.1. 2130706433 0x7f000001 0X7F000001 0177.0.0.1
017700000001 127.1 127.0.1 0x7f.1 0177.0x0.1 00000177.0.0.1 [::1] [::ffff:127.0.0.1]
[0:0:0:0:0:ffff:7f00:1] [::127.0.0.1] [::7f00:1] [64:ff9b::127.0.0.1] [64:ff9b:1::7f00:1]
[2002:7f00:1::] [2001:0:7f00:1::] [fe80::1%25lo] [fe80::1%lo] [fec0::1] [ff02::1] [::] 0.0.0.0 0
169.254.169.254 2852039166 0xa9fea9fe 10.0.0.1 100.64.0.1 192.0.0.8 224.0.0.1 255.255.255.255
\uff11\uff12\uff17.0.0.1 \u2460\u2461\u2466.\u24ea.\u24ea.\u2460 127\u30020\u30020\u30021
\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54
\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3
8.8.8.8@127.0.0.1 8.8.8.8:80@127.0.0.1 127.0.0.1\\@127.0.0.1 a%40b@127.0.0.1
"""
"""Our own machine and its like, in all writings that some program takes for an address."""
NO_HOSTS = """
%31%32%37.0.0.1 127.0.0.1%2f@ 127.0.0.1%00.example.org [::1 ::1 [::1]] [127.0.0.1] [v1.a] a..b%
256.256.256.256.256.256 \u3164 xn-- - [::1%25] [fe80::1%2525lo%
"""


@pytest.mark.parametrize("host", HOSTS.split())
async def test_loopback_is_closed_by_default(get: Get, host: str) -> None:
    """Our own machine is reached only where the settings open it, whatever it is called."""
    made = HttpFetcher(NetOptions())
    try:
        with pytest.raises(Permanent) as caught:
            await made.get(get(f"http://{host}:1/"))
    finally:
        await made.close()
    assert "blocked" == caught.value.reason


@pytest.mark.parametrize("host", NO_HOSTS.split())
async def test_what_is_no_host_is_not_asked_for(get: Get, host: str) -> None:
    """A host that can be none is refused, not guessed at, and never connected to."""
    made = HttpFetcher(NetOptions(allow=("127.0.0.0/8",)))
    try:
        with pytest.raises((Permanent, Transient)) as caught:
            await made.get(get(f"http://{host}:1/"))
    finally:
        await made.close()
    assert caught.value.reason in {"clientError", "blocked", "dns"}


async def test_bad_bytes_in_headers_are_text(serve: Serve, fetcher: HttpFetcher, get: Get) -> None:
    """Header bytes that are no UTF-8 come back as text that can be stored."""
    base = await serve(fixed(OK + b"ETag: \xff\xfe\r\nContent-Length: 1\r\n\r\nx"))
    headers = (await fetcher.get(get(f"{base}/a"))).headers
    assert "\ufffd\ufffd" == headers["etag"]


async def test_secrets_are_not_told(fetcher: HttpFetcher, get: Get) -> None:
    """An error shows scheme and host of an address, never its path, query or password."""
    with pytest.raises(Transient) as caught:
        await fetcher.get(get("http://me:hunter2@127.0.0.1:1/token/abc?key=secret"))
    for secret in ("hunter2", "token", "secret", "me:"):
        assert secret not in str(caught.value)
