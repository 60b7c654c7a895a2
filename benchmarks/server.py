"""A Redis or Valkey for a benchmark, with the flags of our embedded one, and what it counted."""

import asyncio
import contextlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

from workers.broker.binary import find_binary

__all__ = ["Counted", "Server", "server", "xadds_per_s"]

START_S = 10.0
CLIENTS = 50
ENTRY = ("k", "delivery", "i", "del_" + 20 * "0")
"""An entry of ours: a kind and an id."""


@dataclass(frozen=True)
class Counted:
    """What a server has counted since it was started."""

    commands: int
    """Those that scripts ran too."""
    reads: int
    cpu_s: float

    def __sub__(self, other: "Counted") -> "Counted":
        """Return what was counted since ``other``."""
        return Counted(
            self.commands - other.commands, self.reads - other.reads, self.cpu_s - other.cpu_s
        )


@dataclass(frozen=True)
class Server:
    """A server on a port of loopback."""

    port: int
    binary: Path

    @property
    def url(self) -> str:
        """Return its address."""
        return f"redis://127.0.0.1:{self.port}"

    def client(self) -> "redis.Redis":
        """Return a client."""
        return redis.Redis(port=self.port, decode_responses=True)

    def empty(self) -> None:
        """Throw everything away."""
        with self.client() as client:
            client.flushall()

    def counted(self) -> Counted:
        """Return what it has counted so far."""
        with self.client() as client:
            stats, cpu = client.info("stats"), client.info("cpu")
            each = client.info("commandstats").values()
        return Counted(
            sum(one["calls"] for one in each),
            int(stats["total_reads_processed"]),
            cpu["used_cpu_user"] + cpu["used_cpu_sys"],
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """Start a server in a folder of its own; it ends with the block.

    Raises:
        RuntimeError: it does not answer.
    """
    folder, one = Path(tempfile.mkdtemp(prefix="tb")), Server(_free_port(), find_binary())
    process = subprocess.Popen(  # noqa: S603 - the project's own server
        [
            str(one.binary), "--bind", "127.0.0.1", "--port", str(one.port), "--dir", str(folder),
            "--appendonly", "yes", "--appendfsync", "always", "--save", "",
            "--maxmemory-policy", "noeviction",
        ],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(one)
        yield one
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def _wait_for(one: Server) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with contextlib.suppress(redis.RedisError), one.client() as client:
            client.ping()
            return
        time.sleep(0.02)
    raise RuntimeError(f"the server does not answer: {one.binary}")


def xadds_per_s(one: Server, count: int) -> tuple[float, str]:
    """Return how many bare XADDs a second it takes from 50 connections, and who asked.

    ``redis-benchmark`` (or ``valkey-benchmark``) asks where it is there, because it costs least;
    else a plain loop over sockets does.
    """
    for tool in ("redis-benchmark", "valkey-benchmark"):
        found = shutil.which(tool)
        if found is not None:
            return _by_tool(found, one, count), tool
    return asyncio.run(_by_sockets(one, count)), "asyncio sockets"


def _by_tool(tool: str, one: Server, count: int) -> float:
    words = [
        tool, "-p", str(one.port), "-c", str(CLIENTS), "-n", str(count), "--csv",
        "XADD", "bare", "*", *ENTRY,
    ]  # fmt: skip
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout  # noqa: S603
    rates = re.findall(r'^"XADD[^"]*","([0-9.]+)"', said, re.MULTILINE)
    return float(rates[-1])


async def _by_sockets(one: Server, count: int) -> float:
    words = ("XADD", "bare", "*", *ENTRY)
    ask = f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)

    async def client(times: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", one.port)
        for _ in range(times):
            writer.write(ask.encode())
            await reader.readuntil(b"\r\n")
            await reader.readuntil(b"\r\n")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client(count // CLIENTS) for _ in range(CLIENTS)))
    return count // CLIENTS * CLIENTS / (time.perf_counter() - began)
