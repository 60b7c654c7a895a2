"""A program run once: told on its standard input, heard to a limit, ended with its children.

It gets few of our environment's variables: secrets may lie in the others.
"""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress

from typing_extensions import override

from workers.model.base import Record
from workers.sinks.program.options import ProgramOptions

__all__ = ["Ended", "run"]

PASSED_ON = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER")
REST_S = 0.5
"""How long the rest of its output is waited for: a child that it left may keep the pipes open."""


class Ended(Record, frozen=True, kw_only=True):
    """How a program ended, and what it said."""

    status: int | None
    """Its exit status, negative for the signal that ended it; None: it was killed by us."""
    said: bytes
    """The beginning of what it wrote, standard error first."""


class _Heard(asyncio.SubprocessProtocol):
    """What a program writes, kept to a limit; and when it has ended."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = {2: bytearray(), 1: bytearray()}
        self._open = set(self._kept)
        self.exited = asyncio.Event()
        self.silent = asyncio.Event()

    @property
    def said(self) -> bytes:
        """What was kept, standard error first."""
        return b"\n".join(self._kept.values())[: self._most]

    @override
    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Keep the beginning; the rest is read and thrown away."""
        kept = self._kept[fd]
        kept += data[: max(0, self._most - len(kept))]

    @override
    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Note that nothing more comes from there."""
        self._open.discard(fd)
        if not self._open:
            self.silent.set()

    @override
    def process_exited(self) -> None:
        """Note its end, whoever else may hold its pipes."""
        self.exited.set()


_Started = tuple[asyncio.SubprocessTransport, _Heard]


async def run(options: ProgramOptions, told: bytes, facts: Mapping[str, str]) -> Ended:
    """Run the program with ``told`` on its standard input.

    ``facts`` become environment variables. A program that does not read its input is no failure.

    Raises:
        OSError: it cannot be started.
    """
    transport, heard = await _start(options, facts)
    try:
        _tell(transport, told)
        async with asyncio.timeout(options.timeout_s):
            await heard.exited.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(REST_S):
                await heard.silent.wait()
        return Ended(status=transport.get_returncode(), said=heard.said)
    except TimeoutError:
        _end(transport)
        with suppress(TimeoutError):  # so that nobody goes on before it is buried
            async with asyncio.timeout(REST_S):
                await heard.exited.wait()
        return Ended(status=None, said=heard.said)
    finally:
        _end(transport)


async def _start(options: ProgramOptions, facts: Mapping[str, str]) -> _Started:
    """Start the program; if cancelled meanwhile, it is ended as soon as it has started.

    It is shielded because asyncio, cancelled while it connects the pipes, may wait for ever.
    """
    loop = asyncio.get_running_loop()
    starting = asyncio.ensure_future(
        loop.subprocess_exec(
            lambda: _Heard(options.answer_bytes),
            *options.command,
            cwd=options.folder,
            env={**{name: os.environ[name] for name in PASSED_ON if name in os.environ}, **facts},
            start_new_session=True,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        starting.add_done_callback(_end_started)
        raise


def _end_started(started: asyncio.Future[_Started]) -> None:
    if not started.cancelled() and started.exception() is None:
        _end(started.result()[0])


def _end(transport: asyncio.SubprocessTransport) -> None:
    """Kill what is left of it and of what it started."""
    with suppress(ProcessLookupError, PermissionError):  # nothing is left of its session
        os.killpg(transport.get_pid(), signal.SIGKILL)
    transport.close()


def _tell(transport: asyncio.SubprocessTransport, told: bytes) -> None:
    """Write the message, and that it ends there; the loop goes on writing while it is read."""
    pipe = transport.get_pipe_transport(0)
    if isinstance(pipe, asyncio.WriteTransport):
        pipe.write(told)
        pipe.write_eof()
