"""One real Valkey for the whole run, emptied between tests."""

import asyncio
import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import redis

from workers.broker import RedisBroker
from workers.broker.binary import find_binary
from workers.clock import SystemClock

LEASE_S = 0.4
Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
Make = Callable[..., Awaitable[RedisBroker]]


class Server:
    """A Valkey that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "v.sock"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *flags: str) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - the project's own server
            [
                str(find_binary()), "--port", "0", "--unixsocket", str(self.socket),
                "--dir", str(self.folder), "--save", "", "--appendonly", "yes",
                "--appendfsync", "always", *flags,
            ],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(redis.RedisError, OSError), self.client() as client:
                client.ping()
                return
            time.sleep(0.005)
        raise AssertionError("no Valkey")

    def client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), decode_responses=True)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def shared_server() -> Iterator[Server]:
    """Start the server of the whole run."""
    folder = Path(tempfile.mkdtemp(prefix="tv"))
    server = Server(folder)
    server.start("--appendonly", "no")
    yield server
    server.kill()
    shutil.rmtree(folder)


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that the test may kill."""
    folder = Path(tempfile.mkdtemp(prefix="tv"))
    server = Server(folder)
    server.start()
    yield server
    server.kill()
    shutil.rmtree(folder)


@pytest.fixture
def server(shared_server: Server) -> Server:
    """Return the emptied server."""
    with shared_server.client() as client:
        client.config_set("maxmemory", 0)
        client.flushall()
    return shared_server


@pytest.fixture
def raw(server: Server) -> Iterator[redis.Redis]:
    """A client of the test's own, to look and to meddle."""
    with server.client() as client:
        yield client


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Make opened brokers; they are closed at the end."""
    made: list[RedisBroker] = []

    async def one(server: Server, name: str, lease_s: float = LEASE_S) -> RedisBroker:
        broker = RedisBroker(
            server.url, lease_s=lease_s, clock=SystemClock(), consumer=name, breaker_first_s=0.1
        )
        made.append(broker)
        await broker.open()
        return broker

    yield one
    for broker in made:
        await broker.close()


@pytest.fixture
async def broker(server: Server, make: Make) -> RedisBroker:
    """Return a broker of its own consumer, a."""
    return await make(server, "a")


@pytest.fixture
async def other(server: Server, make: Make) -> RedisBroker:
    """Return another process's broker, b."""
    return await make(server, "b")


@pytest.fixture
def until() -> Until:
    """Wait for a predicate, ten seconds at most."""

    async def wait(predicate: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(10):
            while not await predicate():  # noqa: ASYNC110 - others change what is asked
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture
def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
