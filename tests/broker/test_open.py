"""Which Redis is accepted, and what is said of those that are not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import redis
import structlog

from workers.broker import RedisBroker
from workers.clock import SystemClock
from workers.errors import TocsinError, Transient
from workers.model.redis_address import RedisAddress


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
        ("http://h", r"http is not supported \(write \"embedded\", redis://"),
        ("localhost:6379", "localhost is not supported"),
        ("", "no scheme is not supported"),
        ("redis://[::1", "Invalid IPv6"),
        ("redis://h?socket_timeout=1", "unknown option socket_timeout"),
        ("redis://h?decode_responses=true", "unknown option"),
        ("redis://h?ssl_ca_certs=/ca.pem", r"\(options of TLS go with rediss://\)"),
        ("redis://h?db=1&db=2", "option db stands there twice"),
        ("redis://h:99999999", "bad port or host"),
        ("redis://h:0", "bad port or host"),
        ("redis://", "bad port or host"),
        ("redis://a,b", r"several hosts \(write redis\+sentinel://"),
        ("redis://h/one", "database 'one'"),
        ("redis://h/0/1", "path '/0/1'"),
        ("redis://h/99999999999", "database '99999999999'"),
        ("redis://user@h", "a user without a password"),
        ("unix://", "no path"),
        ("unix://host/sock", "no path"),
        ("redis+sentinel://a,b", r"no service \(write redis\+sentinel://host,host/service"),
        ("redis+sentinel://a/main/0/1", "no service"),
        ("redis+sentinel://a,/main", "bad port or host"),
        ("redis+cluster://a,b/1", r"path '/1' \(a cluster has database 0 only\)"),
        ("redis+cluster://a?db=0", "unknown option db"),
        ("redis+cluster://" + ",".join(["a"] * 101), "101 hosts"),
        ("rediss://h?ssl_ca_certs=ca.pem", "ssl_ca_certs is no absolute path"),
        ("rediss://h?ssl_keyfile=/k", "ssl_keyfile without ssl_certfile"),
        ("rediss://h?ssl_cert_reqs=maybe", "write required, optional or none"),
        ("rediss://h?ssl_check_hostname=maybe", "write true or false"),
    ],
)
def test_addresses_that_are_refused(url: str, said: str) -> None:
    """An address that cannot work is refused before anything connects, with what can."""
    with pytest.raises(TocsinError, match=said):
        broker_at(url)


TLS = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}


@pytest.mark.parametrize(
    ("url", "shown", "means"),
    [
        (
            "redis://u:p@h:7/1",
            "redis://h:7",
            {"db": 1, "login": {"username": "u", "password": "p"}},
        ),
        ("redis://:p%40@h?db=3", "redis://h:6379", {"db": 3, "login": {"password": "p@"}}),
        ("rediss://h", "rediss://h:6379", {"tls": TLS}),
        ("redis://[::1]:7", "redis://[::1]:7", {"nodes": (("::1", 7),), "tls": None}),
        (
            "unix:///a/b%20c.sock?db=1&password=p@",
            "unix:///a/b%20c.sock",
            {"path": "/a/b c.sock", "db": 1, "login": {"password": "p@"}},
        ),
        (
            "redis+sentinel://u:p@@a,b:7/main/2?sentinel_password=p@",
            "redis+sentinel://a:26379,b:7/main",
            {"service": "main", "db": 2, "sentinel_login": {"password": "p@"}},
        ),
        (
            "rediss+cluster://u:p@@a,b:7",
            "rediss+cluster://a:6379,b:7",
            {"nodes": (("a", 6379), ("b", 7)), "tls": TLS},
        ),
    ],
)
def test_what_an_address_means(url: str, shown: str, means: dict[str, object]) -> None:
    """Each form is read, and what is shown of it has no user and no password."""
    address = RedisAddress.parse(url)
    assert shown == address.shown
    assert means == {name: getattr(address, name) for name in means}
    assert "p@" not in repr(address)


async def test_a_certificate_that_is_not_there(free_port: int) -> None:
    """A file that the address names and nobody can read is told before anything connects."""
    with pytest.raises(TocsinError, match=r"/none/ca\.pem cannot be read"):
        await broker_at(f"rediss://127.0.0.1:{free_port}?ssl_ca_certs=/none/ca.pem").open()
