"""One real Valkey for the whole run, emptied between tests."""

import asyncio
import contextlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers.broker import RedisBroker
from workers.broker.binary import find_binary
from workers.clock import SystemClock

LEASE_S = 0.4
Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
Make = Callable[..., Awaitable[RedisBroker]]


PROGRAMS = ("valkey", "redis")


class Server:
    """A Valkey or Redis that can be killed and started again."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self.socket = folder / "v.sock"
        self.url = f"unix://{self.socket}"
        self.password: str | None = None
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *flags: str) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - the project's own server
            [
                str(self.program), *self.config(), "--port", str(self.port),
                "--unixsocket", str(self.socket), "--dir", str(self.folder), *flags,
            ],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(redis.RedisError, OSError), self.client() as client:
                client.ping()
                return
            time.sleep(0.005)
        raise AssertionError("no server")

    def config(self) -> list[str]:
        """Return what comes before the usual flags."""
        flags = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
        return [*flags, "--requirepass", self.password] if self.password else flags

    def client(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(self.socket),
            password=self.password,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
        )

    def forget_folder(self) -> None:
        """Take its folder away, so that it can store nothing."""
        shutil.rmtree(self.folder)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


class Watcher(Server):
    """A sentinel: it is configured by a file, which it writes itself."""

    def config(self) -> list[str]:
        file = self.folder / "sentinel.conf"
        file.touch()
        flags = [str(file), "--sentinel"]
        return [*flags, "--requirepass", self.password] if self.password else flags


def find_program(name: str) -> Path:
    """Return a server's program; without it the test is skipped."""
    if name == "valkey":
        return find_binary()
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("redis-server is not on the PATH: this is tested with Valkey only")
    return Path(found)


@pytest.fixture(scope="session", params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> Path:
    """Each of the servers that there are."""
    return find_program(request.param)


@pytest.fixture(scope="session")
def shared_server(program: Path) -> Iterator[Server]:
    """Start the server of the whole run."""
    folder = Path(tempfile.mkdtemp(prefix="tv"))
    server = Server(program, folder)
    server.start("--appendonly", "no")
    yield server
    server.kill()
    shutil.rmtree(folder)


@pytest.fixture
def servers(program: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers that the test may kill, each in a folder of its own."""
    made: list[Server] = []

    def one(kind: type[Server] = Server) -> Server:
        server = kind(program, Path(tempfile.mkdtemp(prefix="tv")))
        made.append(server)
        return server

    yield one
    for server in made:
        if server.process is not None:
            server.process.send_signal(signal.SIGCONT)
            server.kill()
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture
def watcher(servers: Callable[..., Server]) -> Server:
    """A sentinel that is not started yet."""
    return servers(Watcher)


@pytest.fixture
def own_server(servers: Callable[..., Server]) -> Server:
    """A server that the test may kill."""
    server = servers()
    server.start()
    return server


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
    """Wait for a predicate, half a minute at most."""

    async def wait(predicate: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(30):
            while not await predicate():  # noqa: ASYNC110 - others change what is asked
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture
def free_ports() -> Callable[[int], list[int]]:
    """Finds ports on which nobody listens, low enough for a cluster's second port."""

    def find(count: int) -> list[int]:
        found: list[int] = []
        while len(found) < count:
            port = random.randrange(20000, 30000)
            with socket.socket() as first, socket.socket() as second, contextlib.suppress(OSError):
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 10000))
                found.append(port)
        return found

    return find


@pytest.fixture
def free_port(free_ports: Callable[[int], list[int]]) -> int:
    """Return a port on which nobody listens."""
    return free_ports(1)[0]
