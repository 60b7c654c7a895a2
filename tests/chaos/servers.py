"""Servers that can be killed, filled, silenced and cut off."""

import asyncio
import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import redis

from workers.broker.binary import find_binary

__all__ = ["Proxy", "RedisServer", "redis_binary"]

START_S = 30.0


def redis_binary(kind: str) -> Path | None:
    """Return the program of ``valkey`` or ``redis``, None where it is not installed."""
    if kind == "valkey":
        return find_binary()
    found = shutil.which("redis-server")
    return Path(found) if found else None


class RedisServer:
    """A Valkey or a Redis that writes each command to its disk."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "r.sock"
        self.url = f"unix://{self.socket}"
        self._binary = binary
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it has read what it had written."""
        self._process = subprocess.Popen(  # noqa: S603 - the server that the product starts too
            [
                str(self._binary), "--port", "0", "--unixsocket", str(self.socket),
                "--dir", str(self.folder), "--save", "", "--appendonly", "yes",
                "--appendfsync", "always", "--maxmemory-policy", "noeviction",
            ],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with contextlib.suppress(redis.RedisError, OSError), self.client() as client:
                client.ping()
                return
            time.sleep(0.005)
        raise AssertionError("the server did not start")

    def client(self) -> redis.Redis:
        """Return a client of the row's own, to look and to meddle."""
        return redis.Redis(unix_socket_path=str(self.socket), decode_responses=True)

    def end(self, number: int = signal.SIGKILL) -> None:
        """Send a signal, and wait for the end."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(START_S)

    def forget(self) -> None:
        """Delete all that an ended server has written."""
        shutil.rmtree(self.folder / "appendonlydir")


class Proxy:
    """Stands between a client and a server on a unix socket, and can be told to misbehave."""

    def __init__(self, path: Path, behind: Path) -> None:
        self.url = f"unix://{path}"
        self.silenced = 0
        """Connections that went silent."""
        self.cut: list[bytes] = []
        """The commands whose reply was cut off."""
        self._path = path
        self._behind = behind
        self._gates: set[asyncio.Event] = set()
        self._wanted: list[bytes] = []
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_unix_server(self._serve, self._path)

    async def stop(self) -> None:
        """Cut all connections and listen no more."""
        if self._server is not None:
            self._server.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def silence(self) -> None:
        """Let every connection that is open now say nothing more; new ones are well."""
        self.silenced += len(self._gates)
        for gate in self._gates:
            gate.clear()
        self._gates = set()

    def cut_reply_of(self, *words: bytes) -> None:
        """Close a connection after the server applied a command with one of ``words``, once."""
        self._wanted += words

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):  # as if the server were down
            there, back = await asyncio.open_unix_connection(self._behind)
            await self._between(reader, writer, there, back)
            await _closed(back)
        await _closed(writer)
        self._running.discard(task)

    async def _between(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> None:
        """Hand on both ways until one of them ends."""
        gate, cutting = asyncio.Event(), asyncio.Event()
        gate.set()
        self._gates.add(gate)
        ways = [
            asyncio.create_task(_pump(reader, back, gate, self._note(cutting))),
            asyncio.create_task(_pump(there, writer, gate, lambda _: cutting.is_set())),
        ]
        with contextlib.suppress(asyncio.CancelledError):  # the row has ended
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        self._gates.discard(gate)

    def _note(self, cutting: asyncio.Event) -> Callable[[bytes], bool]:
        def look(chunk: bytes) -> bool:
            for word in self._wanted:
                if word in chunk:
                    self._wanted.remove(word)
                    self.cut.append(word)
                    cutting.set()
                    break
            return False

        return look


async def _pump(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    gate: asyncio.Event,
    ends: Callable[[bytes], bool],
) -> None:
    """Hand on what comes, until ``ends`` says so of a chunk: that one is not handed on."""
    with contextlib.suppress(OSError):
        while chunk := await source.read(1 << 16):
            await gate.wait()
            if ends(chunk):
                return
            sink.write(chunk)
            await sink.drain()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()
