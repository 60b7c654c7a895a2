"""What each row is given: its ground, and the table that tells how it went."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chaos.ground import Ground, Tally
from chaos.house import House
from chaos.news import Publisher, Receiver
from chaos.servers import RedisServer, redis_binary
from chaos.setups import ALL, Setup, named, parameters
from chaos.table import printed


@pytest.fixture(params=parameters(ALL), ids=named)
def setup(request: pytest.FixtureRequest) -> Setup:
    """Database, Redis and number of processes."""
    return request.param


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """How often a row does its worst: once among the usual tests, which must be quick."""
    return 1 if request.config.option.markexpr == "not thorough" else 3


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name, for sockets too."""
    made = Path(tempfile.mkdtemp(prefix="tc"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def server(setup: Setup, folder: Path) -> Iterator[RedisServer]:
    """A server of the row's own, running."""
    binary = redis_binary(setup.redis)
    if binary is None:
        needed = "redis" in os.environ.get("TOCSIN_TESTS_NEED", "").split()
        (pytest.fail if needed else pytest.skip)("redis-server is not on the PATH")
    (folder / "redis").mkdir()
    one = RedisServer(binary, folder / "redis")
    one.start()
    yield one
    one.end()


@pytest.fixture
def database(setup: Setup, folder: Path, request: pytest.FixtureRequest) -> str:
    """Where the row's database is."""
    if setup.database == "postgresql":
        return request.getfixturevalue("postgres").url()
    place = folder / "d0" / "data"  # where a whole daemon has it
    place.mkdir(parents=True)
    return str(place / "tocsin.db")


@pytest.fixture
async def ground(
    setup: Setup, folder: Path, server: RedisServer, database: str
) -> AsyncIterator[Ground]:
    """A ground with nothing on it."""
    one = await Ground.made(setup, folder, database, server)
    yield one
    await one.close()


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    """A publisher, answering."""
    one = Publisher(feeds=2)
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def receiver(folder: Path) -> AsyncIterator[Receiver]:
    """Receivers, answering."""
    one = Receiver(folder)
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
def house(
    setup: Setup,
    folder: Path,
    server: RedisServer,
    database: str,
    publisher: Publisher,
    receiver: Receiver,
) -> Iterator[House]:
    """An installation on the row's own Redis, not started yet."""
    where = database if "://" in database else "embedded"
    one = House(setup, folder, where, server.url, publisher, receiver)
    yield one
    one.close()


@pytest.fixture
def own_house(
    setup: Setup, folder: Path, publisher: Publisher, receiver: Receiver
) -> Iterator[House]:
    """An installation with its own embedded Valkey and SQLite, not started yet."""
    one = House(setup, folder, "embedded", "embedded", publisher, receiver)
    yield one
    one.close()


@pytest.fixture
def tally(request: pytest.FixtureRequest, setup: Setup, record_property) -> Tally:
    """Takes down how the row went. The row's number stands in the test's name."""
    number = request.node.name.removeprefix("test_row_").partition("_")[0]
    return Tally(row=number, setup=setup, told=record_property)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, with rows that failed and rows that were skipped."""
    reports = [
        report
        for outcome in ("passed", "failed", "skipped", "error")
        for report in terminalreporter.stats.get(outcome, ())
        if "/chaos/" in getattr(report, "nodeid", "")
    ]
    for line in printed(reports):
        terminalreporter.write_line(line)
