"""A Valkey process: how it is started so that it ends with us, and how it is ended."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from workers.broker.places import Places

__all__ = ["LOG_BYTES", "is_ours", "last_words", "left_over", "program_version", "spawn"]

LOG_BYTES = 1 << 20
"""A longer log is begun anew at start."""
PR_SET_PDEATHSIG = 1
WORDS = 300


def _flags(places: Places) -> list[str]:
    """Return the options. Every write is on disk before it is answered; nothing is evicted."""
    return [
        "--port", "0",
        "--unixsocket", str(places.socket),
        "--unixsocketperm", "700",
        "--dir", str(places.folder),
        "--pidfile", str(places.pid),
        "--logfile", str(places.log),
        "--loglevel", "notice",
        "--appendonly", "yes",
        "--appendfsync", "always",
        "--aof-load-truncated", "yes",
        "--save", "",
        "--maxmemory-policy", "noeviction",
        "--daemonize", "no",
    ]  # fmt: skip


def spawn(program: Path, places: Places) -> subprocess.Popen[bytes]:
    """Start the server. To be called on the main thread: the kernel ends a child with its thread.

    A session of its own keeps Ctrl-C away from it, so that the daemon can drain first.
    """
    _trim_log(places.log)
    return subprocess.Popen(  # noqa: S603 - the program was found by us
        [str(program), *_flags(places)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_dies_with_parent(),  # noqa: PLW1509 - it calls the kernel and nothing else
    )


def _dies_with_parent() -> Callable[[], None] | None:
    """Return what the child does before it becomes the server; only Linux has it."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it ended before it could be asked
            os._exit(1)

    return ask


def _trim_log(log: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            os.truncate(log, 0)


def last_words(log: Path) -> str:
    """Return the end of the server's log, for an error's message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - WORDS))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return "it left no log"
    return lines[-1] if lines else "its log is empty"


def program_version(program: Path) -> str:
    """Return what the program says of its version, "unknown" if it says nothing."""
    try:
        said = subprocess.run(  # noqa: S603 - the program was found by us
            [str(program), "--version"], capture_output=True, timeout=5, check=False
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return next((word[2:] for word in said.split() if word.startswith("v=")), "unknown")


def is_ours(pid: int, places: Places) -> bool:
    """Say whether ``pid`` is a server on our socket, as far as this system tells."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return os.fsencode(places.socket) in line


def left_over(places: Places) -> int | None:
    """Return the pid of a server of ours that lives, though it may not answer; None if none does.

    It has to end before another starts: two on one append-only file would destroy it.
    """
    try:
        pid = int(places.pid.read_text("ascii")[:20])
    except (OSError, ValueError):
        return None
    return pid if is_ours(pid, places) else None
