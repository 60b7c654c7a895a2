"""What several rooms share: real servers, a site on loopback, a clock that stands, quiet logs."""

import asyncio
import contextlib
import fcntl
import gc
import logging
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import redis
import structlog
from aiohttp import web

from workers.broker.binary import find_binary
from workers.store.schema import migrate, prepare

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The tests start Tocsin as a process a hundred times: compiling it each time takes a minute.

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that those who share the tests end together."""
    items.sort(key=lambda item: not {"whole", "chaos", "hostile"} & set(item.path.parts))


def pytest_collection_finish() -> None:
    """Look no more for garbage among what was loaded: it stays to the end."""
    gc.collect()
    gc.freeze()


class SetClock:
    """Time that passes only by `advance`; sleeping lets it pass."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Valkey:
    """A server that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "v.sock"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - the project's own server
            [
                str(find_binary()), "--port", "0", "--unixsocket", str(self.socket),
                "--dir", str(self.folder), "--save", "", "--appendonly", "yes",
                "--appendfsync", "always",
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


@contextlib.contextmanager
def _running() -> Iterator[Valkey]:
    folder = Path(tempfile.mkdtemp(prefix="tw"))
    server = Valkey(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def valkey_of_the_run() -> Iterator[Valkey]:
    """The server of the whole run, started when it is first wanted."""
    with _running() as server:
        yield server


@pytest.fixture
def valkey(valkey_of_the_run: Valkey) -> Valkey:
    """The server of the whole run, emptied."""
    with valkey_of_the_run.client() as client:
        client.flushall()
    return valkey_of_the_run


@pytest.fixture
def own_valkey() -> Iterator[Valkey]:
    """A server that the test may kill."""
    with _running() as server:
        yield server


@pytest.fixture
def set_clock() -> SetClock:
    """A clock that stands until it is told otherwise."""
    return SetClock()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database without a row, made once, to be copied: its tables take a while."""
    path = tmp_path_factory.mktemp("new") / "tocsin.db"
    prepare(path)
    return path


# ── PostgreSQL ──────────────────────────────────────────────────────────────────────────────────

HBA = """
local all guarded scram-sha-256
local all all trust
host all guarded 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""
"""Whoever is called "guarded" needs a password."""


LARGE = 1 << 20
"""Bytes of a table that is not emptied row by row."""


class Postgres:
    """A server of the tests' own: on a socket, without care for the disk; it can be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.process: subprocess.Popen[bytes] | None = None
        self.more: tuple[str, ...] = ()
        """Further arguments of the next start."""
        self._emptying: psycopg.Connection | None = None
        self._as: dict[str, object] = {}
        if os.getuid() == 0:  # it refuses to run as root
            who = next(name for name in ("postgres", "nobody") if _is_user(name))
            entry = pwd.getpwnam(who)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
            self._as = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def url(self, database: str = "tocsin", user: str = "tocsin") -> str:
        """The address of a database, on the socket."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def make(self, cluster: Path) -> None:
        """Make the cluster as a copy of another."""
        subprocess.run(["cp", "-a", cluster, self.data], check=True)  # noqa: S603, S607 - as the PATH has it

    def make_anew(self) -> None:
        """Make the cluster, with the database migrated; it does not run when that is done."""
        subprocess.run(  # noqa: S603 - the tests' own server
            [  # noqa: S607 - as the PATH has it
                "initdb", "-D", str(self.data), "-U", "tocsin", "-A", "trust", "-E", "UTF8",
                "--locale=C", "--no-sync", "--wal-segsize=1",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            **self._as,
        )  # fmt: skip
        (self.data / "pg_hba.conf").write_text(HBA)
        self.start()
        self.ask("CREATE DATABASE tocsin", database="postgres")
        migrate(self.url())
        self.stop(signal.SIGINT)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = subprocess.Popen(  # noqa: S603 - the tests' own server
            [  # noqa: S607 - as the PATH has it
                "postgres", "-D", str(self.data), "-k", str(self.folder), "-h", "",
                "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "autovacuum=off",
                "-c", "shared_buffers=32MB", "-c", "deadlock_timeout=100ms", *self.more,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            **self._as,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(psycopg.Error):
                self.ask("SELECT 1", database="postgres")
                return
            time.sleep(0.02)
        raise AssertionError("no PostgreSQL")

    def ask(self, sql: str, database: str = "tocsin") -> list[tuple]:
        """Run a statement by itself; return its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as conn:
            cursor = conn.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> None:
        """Empty all tables, on a connection that stays: a new one has to learn them all first."""
        if self._emptying is None or self._emptying.closed:
            self._emptying = psycopg.connect(self.url(), autocommit=True)
        try:
            _empty(self._emptying)
        except psycopg.OperationalError:  # a test has cut it
            with psycopg.connect(self.url(), autocommit=True) as conn:
                _empty(conn)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it: SIGQUIT at once, as after a crash; SIGINT orderly, cutting connections."""
        assert self.process is not None
        if self._emptying is not None:
            self._emptying.close()
        self.process.send_signal(how)
        self.process.wait(30)


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of PostgreSQL with a migrated database, made by the first worker that wants it."""
    _needs("postgres", "initdb", "postgres")
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    made = shared / "cluster"
    with (shared / "cluster.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _make_cluster(made)
    return made


def _make_cluster(path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="tpg"))
    server = Postgres(folder)
    try:
        server.make_anew()
        shutil.move(server.data, path)
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop()
        shutil.rmtree(folder)


@contextlib.contextmanager
def _postgres_running(cluster: Path) -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="tpg"))
    server = Postgres(folder)
    try:
        server.make(cluster)
        server.start()
        yield server
    finally:
        if server.process is not None:
            server.stop()
        shutil.rmtree(folder)


def _needs(what: str, *programs: str) -> None:
    """Skip a test whose server is not installed; fail where `TOCSIN_TESTS_NEED` names it."""
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    message = f"{what} is not installed: {', '.join(missing)} not on the PATH"
    if what in os.environ.get("TOCSIN_TESTS_NEED", "").split():
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def postgres_of_the_run(cluster: Path) -> Iterator[Postgres]:
    """The server of the whole run, started when it is first wanted."""
    with _postgres_running(cluster) as server:
        yield server


def _empty(conn: psycopg.Connection) -> None:
    """Empty all tables. TRUNCATE takes a tenth of a second, which is only right for large ones."""
    listed = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    tables = [name for (name,) in listed if name != "alembic_version"]
    asked = " UNION ALL ".join(
        f"SELECT '{name}', pg_relation_size('{name}') WHERE EXISTS (SELECT FROM {name})"  # noqa: S608 - names of ours
        for name in tables
    )
    full = conn.execute(asked).fetchall()  # type: ignore[call-overload]
    if any(size > LARGE for _, size in full):
        conn.execute(f"TRUNCATE {', '.join(tables)}")  # type: ignore[arg-type]
        return
    conn.execute("SET session_replication_role = replica")  # foreign keys would ask for an order
    for name, _ in full:
        conn.execute(f"DELETE FROM {name}")  # type: ignore[arg-type]  # noqa: S608 - as above


@pytest.fixture
def postgres(postgres_of_the_run: Postgres) -> Postgres:
    """The server of the whole run, its database ``tocsin`` migrated and empty."""
    postgres_of_the_run.empty()
    return postgres_of_the_run


@pytest.fixture
def own_postgres(cluster: Path) -> Iterator[Postgres]:
    """A server with a database ``tocsin`` that the test may kill."""
    with _postgres_running(cluster) as server:
        yield server


Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Site:
    """A publisher, or a receiver, that answers as it is told."""

    url: str = ""
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and headers of each request."""
    bodies: list[bytes] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """What `hangs` waits for; opened at the end."""
    hanging: int = 0

    def put(
        self,
        path: str,
        body: str | bytes = "",
        status: int = 200,
        **headers: str,
    ) -> str:
        """Answer ``path`` so; return its address. A header's ``_`` stands for a hyphen."""
        raw = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def reply(_request: web.Request) -> web.StreamResponse:
            return web.Response(body=raw, status=status, headers=named)

        self.replies[path] = reply
        return self.url + path

    def hangs(self, path: str, text: str = "late") -> str:
        """Let ``path`` answer only once the gate is open."""

        async def reply(_request: web.Request) -> web.StreamResponse:
            self.hanging += 1
            await self.gate.wait()
            return web.Response(text=text)

        self.replies[path] = reply
        return self.url + path

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, dict(request.headers)))
        self.bodies.append(await request.read())
        reply = self.replies.get(request.path)
        return await reply(request) if reply else web.Response(status=404, text="not here")

    def times(self, path: str) -> int:
        """How often ``path`` was asked for."""
        return sum(1 for asked, _ in self.asked if asked == path)


@asynccontextmanager
async def _serving() -> AsyncIterator[Site]:
    one = Site()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", one.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield one
    one.gate.set()
    await runner.cleanup()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A server on loopback."""
    async with _serving() as one:
        yield one


@pytest.fixture
async def other_site() -> AsyncIterator[Site]:
    """Another publisher's server on loopback."""
    async with _serving() as one:
        yield one


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    """Waits for a fact, half a minute at most: a busy machine is no failure."""

    async def wait(fact: Callable[[], object | Awaitable[object]]) -> None:
        async with asyncio.timeout(30):
            while True:
                found = fact()
                if asyncio.iscoroutine(found):
                    found = await found
                if found:
                    return
                await asyncio.sleep(0.01)

    return wait


def _log_plainly() -> None:
    """Write as structlog does, but tracebacks as Python does: by rich each takes seconds."""
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            plain,
        ]
    )


_log_plainly()


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Whatever a test does to logging ends with it: the next one has other streams."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    _log_plainly()
    logging.captureWarnings(capture=False)
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(handler)
    root.setLevel(level)
