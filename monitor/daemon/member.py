"""One process of a supervisor, as the supervisor sees it."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from monitor.daemon.notify import ADDRESSED_TO_US
from monitor.daemon.tether import READY, Tether

__all__ = ["Member"]


class Member:
    """A process that is run again and again; between two runs it has none."""

    def __init__(self, number: int, of: int, command: Sequence[str], control: Path) -> None:
        self.number = number
        self.control = control
        """The socket by which it is asked."""
        self.ready = asyncio.Event()
        """Set while it is at work."""
        self.pid: int | None = None
        self._of = of
        self._command = tuple(command)
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, *, first: bool = False) -> int:
        """Start it and wait for its end; return its exit code, negative for a signal.

        A session of its own keeps Ctrl-C away from it: the supervisor says when to stop.

        Raises:
            OSError: it cannot be started.
        """
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.settimeout(0.0)
            tether = Tether(number=self.number, of=self._of, channel=theirs.fileno(), first=first)
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                "--child",
                tether.shown(),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                env={k: v for k, v in os.environ.items() if k not in ADDRESSED_TO_US},
            )
            theirs.close()
            self.pid = self._process.pid
            hearing = asyncio.create_task(self._hear(ours), name=f"process:{self.number}:ready")
            try:
                return await self._process.wait()
            finally:
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)
                self.ready.clear()
                self.pid = None

    async def _hear(self, channel: socket.socket) -> None:
        if await asyncio.get_running_loop().sock_recv(channel, 1) == READY:
            self.ready.set()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self.pid is not None and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)
