"""Which Redis is accepted, and what is said of those that are not."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

import pytest
import redis
import structlog

from workers.broker import RedisBroker
from workers.broker.rights import ALSO, KEYS, NEEDED, grant
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
            writer.write(
                {b"PING": b"+PONG\r\n", b"INFO": info, b"EVALSHA": b"*0\r\n"}.get(
                    words[0], b"+OK\r\n"
                )
            )
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


async def test_a_policy_that_changes_later_is_told(server: object, raw: redis.Redis) -> None:
    """Set to evict while we work, Redis is unwell for whoever asks, until it is put right."""
    broker = broker_at(server.url)  # type: ignore[attr-defined]
    await broker.open()
    raw.config_set("maxmemory", 10**9)
    raw.config_set("maxmemory-policy", "volatile-ttl")
    try:
        with pytest.raises(Transient, match=r"maxmemory-policy is volatile-ttl \(set maxmem"):
            await broker.ping()
    finally:
        raw.config_set("maxmemory-policy", "noeviction")
    await broker.ping()
    await broker.close()


async def test_a_replica_is_refused(server: object, raw: redis.Redis, free_port: int) -> None:
    """It takes no writes: the error names its master."""
    raw.replicaof("127.0.0.1", str(free_port))
    try:
        with pytest.raises(TocsinError, match=rf"is a replica: .*127\.0\.0\.1:{free_port}"):
            await broker_at(server.url).open()  # type: ignore[attr-defined]
    finally:
        raw.replicaof("NO", "ONE")


@pytest.fixture
def user(raw: redis.Redis, server: object) -> Iterator[Callable[..., str]]:
    """Gives the user u these rights; returns the address it has."""

    def one(*rights: str) -> str:
        raw.execute_command("ACL", "SETUSER", "u", "reset", "on", ">pw", *rights)
        return f"{server.url}?username=u&password=pw"  # type: ignore[attr-defined]

    yield one
    raw.acl_deluser("u")


async def test_each_right_that_is_missing_is_named(user: Callable[..., str]) -> None:
    """A user who may do all but one thing is refused at the start, with that one's name."""
    rights = grant().split()
    for right in rights:
        url = user(KEYS, *rights, f"-{right.removeprefix('+')}")
        with pytest.raises(TocsinError, match=r"not allow all that is needed") as caught:
            await broker_at(url).open()
        assert f"(ACL SETUSER u {right};" in str(caught.value)
    broker = broker_at(user(KEYS, *rights))
    await broker.open()
    await broker.close()


async def test_keys_that_are_not_allowed(user: Callable[..., str]) -> None:
    """A user of other keys is told which ours are."""
    with pytest.raises(TocsinError, match=r"\(ACL SETUSER u ~{tocsin}:\*;"):
        await broker_at(user("~other:*", "+@all")).open()


async def test_a_login_that_is_refused(user: Callable[..., str], raw: redis.Redis) -> None:
    """A wrong password, and none where one is asked for, are told as such; neither is shown."""
    url = user(KEYS, "+@all")
    with pytest.raises(TocsinError, match="refuses the login") as caught:
        await broker_at(url.replace("=pw", "=wrongpw")).open()
    assert "wrongpw" not in str(caught.value)
    raw.config_set("requirepass", "secret")
    try:
        with pytest.raises(TocsinError, match="refuses the login"):
            await broker_at(url.partition("?")[0]).open()
    finally:
        raw.config_set("requirepass", "")


async def test_the_manual_names_all_rights(server: object, raw: redis.Redis) -> None:
    """The line that an operator copies is taken by the server, and holds what is asked for."""
    manual = (Path(__file__).parents[2] / "docs" / "running.md").read_text("utf-8")
    line = manual.partition("ACL SETUSER tocsin ")[2].partition("```")[0]
    words = line.replace("\\\n", " ").split()
    assert {KEYS, *grant().split(), *(f"+{name}" for name in ALSO)} <= set(words)
    raw.execute_command("ACL", "SETUSER", "tocsin", "reset", *words)
    url = f"{server.url}?username=tocsin&password=password"  # type: ignore[attr-defined]
    broker = broker_at(url)
    with structlog.testing.capture_logs() as logs:
        await broker.open()
    await broker.close()
    raw.acl_deluser("tocsin")
    assert [] == logs


def test_every_command_of_a_script_is_among_the_rights() -> None:
    """What scripts call is asked for before anything begins."""
    asked = {command.partition(" ")[0].upper() for command in NEEDED}
    for script in files("workers.broker").iterdir():
        if script.name.endswith(".lua"):
            text = script.read_text("utf-8")
            assert set(re.findall(r"redis\.p?call\(\s*'(\w+)'", text)) <= asked


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
