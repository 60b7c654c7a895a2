"""The data folder: ours and nobody else's, one daemon at a time."""

import fcntl
import os
from pathlib import Path

from workers.errors import TocsinError

__all__ = ["MARKER", "DataDirLock", "FileLock", "claim_folder"]

MARKER = "tocsin.dir"
"""An empty file by which we know a folder of ours."""
LOCK = "tocsin.lock"
HARMLESS = frozenset({"lost+found", ".DS_Store"})
"""What a fresh disk may hold."""


def claim_folder(folder: Path) -> None:
    """Make ``folder`` ours: make it where it is missing, mark it where it is empty.

    Raises:
        TocsinError: it holds somebody else's files, or cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        marker = folder / MARKER
        if marker.exists():
            return
        foreign = sorted({path.name for path in folder.iterdir()} - HARMLESS)
        if foreign:
            raise TocsinError(
                f"not a data folder of Tocsin: {folder}: it holds {foreign[0]!r} and no {MARKER} "
                f"(name an empty folder, or make an empty file {MARKER} in it if it is yours)"
            )
        marker.touch(mode=0o600)
    except OSError as error:
        raise TocsinError(f"data folder cannot be used: {folder}: {error.strerror}") from error


class FileLock:
    """An advisory lock that the kernel frees when its holder ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Say whether this object holds the lock."""
        return self._file is not None

    def acquire(self) -> bool:
        """Take the lock, or return False at once. Writes our pid into the file.

        Raises:
            TocsinError: the file cannot be locked at all.
        """
        if self._file is not None:
            return True
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise TocsinError(f"cannot lock: {self._path}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        except OSError as error:
            os.close(file)
            raise TocsinError(
                f"cannot lock: {self._path}: {error.strerror} (use a local file system)"
            ) from error
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file
        return True

    def holder(self) -> int | None:
        """Return the pid that the file names, None if it names none."""
        try:
            return int(self._path.read_text("ascii")[:20])
        except (OSError, ValueError):
            return None

    def release(self) -> None:
        """Let go. The file stays, else two could each lock one of the same name."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class DataDirLock:
    """Keeps a second daemon off the data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir
        self._lock = FileLock(data_dir / LOCK)

    def acquire(self) -> None:
        """Make the folder ours, and be the only daemon on it.

        Raises:
            TocsinError: it is somebody else's, or another daemon runs on it.
        """
        claim_folder(self._folder)
        if not self._lock.acquire():
            raise TocsinError(
                f"data folder is in use: {self._folder}: by process {self._lock.holder()} "
                "(stop it, or give this one a data_dir of its own)"
            )

    def release(self) -> None:
        """Let another daemon have it."""
        self._lock.release()
