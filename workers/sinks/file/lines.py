"""A file of lines that only grows: shared by processes, rotated, never ending in half a line.

Everything here blocks, and is called from a worker thread.
"""

import contextlib
import fcntl
import os
import stat
import threading
from pathlib import Path

from workers.disk import settle

__all__ = ["Lines", "NotAFile"]

MOST_REOPENS = 100


class NotAFile(OSError):
    """The path leads to a folder, a pipe or a device: there is nothing to append to."""


class Lines:
    """Appends whole lines and returns only once they are on the disk.

    A lock on the file itself keeps other processes out of the middle of a line and of a rotation.
    Whoever finds that the path means another file by now (rotated by another process, or by
    logrotate) opens that one.
    """

    def __init__(self, path: Path, rotate_bytes: int | None, keep: int) -> None:
        self._path = path
        self._rotate_bytes = rotate_bytes
        self._keep = max(keep, 1)
        self._descriptor: int | None = None
        self._turn = threading.Lock()

    def append(self, line: bytes) -> None:
        """Write ``line`` (with its line feed) and wait until it is stored.

        Raises:
            NotAFile: the path is no regular file.
            OSError: what the system says; then nothing of the line stays.
        """
        with self._turn:
            descriptor = self._locked()
            try:
                if self._is_full(descriptor, len(line)):
                    self._rotate()
                    descriptor = self._locked()
                _append(descriptor, line)
            finally:
                if self._descriptor is not None:
                    fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file; the next line opens it again."""
        with self._turn:
            self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _locked(self) -> int:
        """Return the descriptor of the file that the path means now, locked."""
        for _ in range(MOST_REOPENS):
            descriptor = self._descriptor if self._descriptor is not None else self._open()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if self._is_current(descriptor):
                return descriptor
            self._close()
        raise OSError("the file is replaced faster than it can be opened")

    def _open(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(self._path, flags, 0o640)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise NotAFile("not a regular file")
        settle(self._path.parent)  # the name is to last as its content does
        self._descriptor = descriptor
        return descriptor

    def _is_current(self, descriptor: int) -> bool:
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(named, os.fstat(descriptor))

    def _is_full(self, descriptor: int, coming: int) -> bool:
        size = os.fstat(descriptor).st_size
        return self._rotate_bytes is not None and size > 0 and size + coming > self._rotate_bytes

    def _rotate(self) -> None:
        """Shift ``.1`` to ``.2`` and so on, the file itself to ``.1``. The lock is held."""
        for number in range(self._keep - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                self._numbered(number).replace(self._numbered(number + 1))
        self._path.replace(self._numbered(1))
        self._close()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def _append(descriptor: int, line: bytes) -> None:
    """Append ``line``, on a line of its own, wholly or not at all."""
    size = os.fstat(descriptor).st_size
    cut_off = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
    rest = memoryview(b"\n" + line if cut_off else line)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            os.ftruncate(descriptor, size)
        raise
