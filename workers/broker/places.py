"""Where the embedded Valkey keeps its things."""

import os
import stat
import tempfile
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

from workers.errors import TocsinError

__all__ = ["Places"]

LONGEST_SOCKET = 100
"""Bytes of a socket's path: kernels take 104 or 108."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """The files of one data folder's Valkey."""

    folder: Path
    """Its own folder: append-only files, log, pid."""
    socket: Path
    lock: Path

    @classmethod
    def of(cls, data_dir: Path) -> "Places":
        """Return the places for ``data_dir``. Makes nothing."""
        root = data_dir.resolve()
        return cls(folder=root / "valkey", socket=_socket(root), lock=root / "valkey.lock")

    @property
    def url(self) -> str:
        """The address by which redis-py finds it."""
        return f"unix://{quote(str(self.socket))}"

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.folder / "valkey.log"

    @property
    def pid(self) -> Path:
        """The server's pid file."""
        return self.folder / "valkey.pid"

    def make(self) -> None:
        """Make the folders, for nobody but us.

        Raises:
            TocsinError: a folder cannot be made, or the socket's belongs to somebody else.
        """
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            self.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            state = self.socket.parent.lstat()
        except OSError as error:
            raise TocsinError(
                f"Valkey has no place: {error.filename}: {error.strerror}"
            ) from error
        short = self.socket.parent != self.folder.parent
        if short and not _is_ours_alone(state):
            raise TocsinError(
                f"Valkey's socket would not be safe: {self.socket.parent}: it belongs to another "
                "user or is open to all (remove it, or name a shorter data_dir)"
            )


def _socket(root: Path) -> Path:
    """Return a path that is short enough, the same each time for the same folder."""
    usual = root / "valkey.sock"
    if len(os.fsencode(usual)) <= LONGEST_SOCKET:
        return usual
    name = "tocsin-" + blake2b(os.fsencode(root), digest_size=6).hexdigest()
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    folders = [Path(runtime) / name] if runtime else []
    folders += [Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}", Path("/tmp") / name]  # noqa: S108 - checked by `Places.make`
    short = [
        path
        for folder in folders
        if len(os.fsencode(path := folder / "valkey.sock")) <= LONGEST_SOCKET
    ]
    return short[0]


def _is_ours_alone(state: os.stat_result) -> bool:
    ours = stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid()
    return ours and not state.st_mode & 0o077
