"""Whose turn it is to write a SQLite file, among several processes.

SQLite lets whoever asks at the right moment write: a process that writes one transaction after the
other leaves gaps of microseconds, and the others, who look ten times a second, miss them for
seconds. So there is a turnstile: whoever is next waits inside for the turn, and whoever has just
written has to queue up outside, behind it. ::

    outside ──► next (one) ──► turn (one, who writes)

It is a courtesy, no lock that anything rests on: SQLite's own lock still decides. Whoever is kept
waiting for long, because somebody froze inside, goes around it for a while.
"""

import errno
import fcntl
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["Turn"]

WAIT_S = 2.0
"""Longer than this nobody waits at the turnstile."""
AROUND_S = 10.0
"""For so long it is then gone around."""
LOOK_S = 0.001


class Turn:
    """One process's way through the turnstile of a file. For a single thread."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self._next = _Gate(path.with_name(f"{path.name}-next"))
        self._turn = _Gate(path.with_name(f"{path.name}-turn"))
        self._now = now
        self._around_until = 0.0

    def take(self) -> None:
        """Wait for the turn, for a while at most."""
        if self._now() < self._around_until:
            return
        until = self._now() + WAIT_S
        if not self._wait(self._next, until):
            return
        self._wait(self._turn, until)
        self._next.leave()

    def give(self) -> None:
        """Let the next one have it, if we had it."""
        self._turn.leave()

    def close(self) -> None:
        """Let go of everything."""
        for gate in (self._turn, self._next):
            gate.close()

    def _wait(self, gate: "_Gate", until: float) -> bool:
        while not gate.enter():
            if self._now() >= until:
                self._around_until = self._now() + AROUND_S
                return False
            time.sleep(random.uniform(LOOK_S, 3 * LOOK_S))  # noqa: S311 - no secret
        return True


class _Gate:
    """A file that one process at a time can lock; the kernel frees it when that one ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._inside = False
        self._broken = False

    def enter(self) -> bool:
        """Lock it and return True, or False where another has it. A broken gate stands open."""
        if self._broken or self._inside:
            return True
        try:
            if self._file is None:
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
                self._file = os.open(self._path, flags, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in {errno.EWOULDBLOCK, errno.EINTR}:
                return False
            self._broken = True  # a folder that takes no file: SQLite says what is the matter
            return True
        self._inside = True
        return True

    def leave(self) -> None:
        """Free it, if we have it."""
        if self._inside and self._file is not None:
            self._inside = False
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Free it and close the file; a broken gate is tried again."""
        self._inside = self._broken = False
        if self._file is not None:
            os.close(self._file)
            self._file = None
