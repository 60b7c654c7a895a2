"""What ties a process to its supervisor: neither outlives the other unheard.

A pair of sockets: the process says that it is ready, and sees the other end close when the
supervisor is gone. On Linux the kernel kills it then, even if its loop stands still.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable

from workers.model.base import Record

__all__ = ["READY", "Tether"]

READY = b"+"
PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""


class Tether(Record, frozen=True, kw_only=True):
    """One process's place among its siblings."""

    number: int
    """From 1."""
    of: int
    """How many there are."""
    channel: int
    """The file descriptor of its end."""
    first: bool = False
    """Whether it is the first one that a new supervisor starts."""

    @classmethod
    def parse(cls, text: str) -> "Tether":
        """Read what `shown` wrote.

        Raises:
            ValueError: it was written by somebody else.
        """
        number, of, channel, first = text.split("/")
        return cls(number=int(number), of=int(of), channel=int(channel), first=first == "first")

    def shown(self) -> str:
        """Return it as an argument of the command line."""
        return f"{self.number}/{self.of}/{self.channel}/{'first' if self.first else 'again'}"

    def fasten(self) -> None:
        """End with the supervisor from here on, however it ends. To be called on the main thread.

        SIGHUP, which ends a process that does not expect it, is ignored until the daemon does.
        """
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        if sys.platform.startswith("linux"):
            ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.set_blocking(self.channel, False)
        if self._is_cut():  # it ended before the kernel could be asked
            os._exit(1)

    def watch(self, cut: Callable[[], None]) -> None:
        """Call ``cut`` once the supervisor is gone. To be called in the event loop."""
        loop = asyncio.get_running_loop()

        def look() -> None:
            if self._is_cut():
                loop.remove_reader(self.channel)
                cut()

        loop.add_reader(self.channel, look)

    def say_ready(self) -> None:
        """Tell the supervisor that this process is at work."""
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.channel)) as channel:
            channel.send(READY)

    def _is_cut(self) -> bool:
        try:
            return not os.read(self.channel, 16)
        except BlockingIOError:
            return False
        except OSError:
            return True
