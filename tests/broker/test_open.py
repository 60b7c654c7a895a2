"""Which Redis is accepted, and what is said of those that are not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import redis
import structlog

from workers.broker import RedisBroker
from workers.broker.address import Address
from workers.clock import SystemClock
from workers.errors import TocsinError, Transient


def broker_at(url: str) -> RedisBroker:
    """Make a broker that is not opened."""
    return RedisBroker(url, lease_s=1, clock=SystemClock())


@asynccontextmanager
async def answering(info: bytes) -> AsyncIterator[str]:
    """Speak just enough of the protocol to be asked who one is."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            words = []
            for _ in range(int(line[1:])):
                await reader.readline()
                words.append((await reader.readline()).strip().upper())
            writer.write({b"PING": b"+PONG\r\n", b"INFO": info}.get(words[0], b"+OK\r\n"))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://:pass@127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    finally:
        server.close()


def bulk(text: str) -> bytes:
    """Write a text as the protocol does."""
    return f"${len(text)}\r\n{text}\r\n".encode()


async def test_an_old_redis_is_refused() -> None:
    """The error names the version and what to run; it shows no password."""
    async with answering(bulk("redis_version:6.2.14\r\n")) as url:
        with pytest.raises(TocsinError, match=r"it is 6\.2\.14 \(run Redis 7\.0") as caught:
            await broker_at(url).open()
    assert "pass" not in str(caught.value)


async def test_a_redis_that_tells_nothing_is_used() -> None:
    """Where INFO is forbidden a line in the log says that nothing was checked."""
    async with answering(b"-NOPERM this user has no permissions\r\n") as url:
        broker = broker_at(url)
        with structlog.testing.capture_logs() as logs:
            await broker.open()
        assert ["redis_not_checked"] == [line["event"] for line in logs]
        await broker.close()


async def test_a_redis_that_evicts_is_refused(server: object, raw: redis.Redis) -> None:
    """A memory limit with eviction would throw work away."""
    raw.config_set("maxmemory", 10**9)
    raw.config_set("maxmemory-policy", "allkeys-lru")
    url = server.url  # type: ignore[attr-defined]
    try:
        with pytest.raises(TocsinError, match="set maxmemory-policy noeviction"):
            await broker_at(url).open()
    finally:
        raw.config_set("maxmemory-policy", "noeviction")
    broker = broker_at(url)
    await broker.open()
    await broker.close()


async def test_nobody_there(free_port: int) -> None:
    """A Redis that is away at the start is `Transient`."""
    with pytest.raises(Transient) as caught:
        await broker_at(f"redis://u:secret@127.0.0.1:{free_port}").open()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis+sentinel://h/mymaster", "supported are redis://"),
        ("http://h", "not a Redis address: http"),
        ("localhost:6379", "not a Redis address"),
        ("", "no scheme"),
        ("redis://h?socket_timeout=1", "unknown option in the Redis address: socket_timeout"),
        ("redis://h?decode_responses=true", "unknown option"),
        ("redis://h:99999999", "bad port"),
        ("unix://", "no path"),
    ],
)
def test_addresses_that_are_refused(url: str, said: str) -> None:
    """An address that cannot work is refused before anything connects, with what can."""
    with pytest.raises(TocsinError, match=said):
        broker_at(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://u:p@h:7/1", "redis://h:7"),
        ("rediss://h", "rediss://h:6379"),
        ("unix:///a/b.sock?db=1&password=p", "unix:///a/b.sock"),
    ],
)
def test_addresses_show_no_secret(url: str, shown: str) -> None:
    """What is shown of an address has no user and no password."""
    address = Address.parse(url)
    assert (shown, url) == (address.shown, address.url)
    assert "p@" not in repr(address)
    assert "password" not in repr(address)


async def test_tls_addresses_are_accepted() -> None:
    """A TLS address makes a broker; nothing connects before it is opened."""
    broker = broker_at("rediss://h.example.org?ssl_cert_reqs=none")
    await broker._link.close()
