"""Files that are written whole or not at all, whatever happens meanwhile."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workers.disk import settle

__all__ = ["Locked", "alone", "write_whole"]

_PATIENCE_S = 10.0
_MODE = 0o666


class Locked(OSError):
    """Somebody else has held a folder for too long."""


def write_whole(path: Path, raw: bytes, like: Path | None = None) -> None:
    """Put a file in the place of what is there: on disk before it is seen, never in part.

    Args:
        path: Where to; of a link, what it points to.
        raw: What to write.
        like: Whose owner and mode a new file gets; unset, those that any new file gets.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    place = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    try:
        with open(handle, "wb") as stream:  # noqa: PTH123 - a descriptor
            stream.write(raw)
            stream.flush()
            _be_like(handle, place if place.exists() else like)
            os.fsync(handle)
        os.replace(name, place)  # noqa: PTH105 - names, not paths
    except BaseException:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108 - as above
        raise
    settle(place.parent)


def _be_like(handle: int, other: Path | None) -> None:
    """Give a file the mode, and where we may the owner, of another one."""
    if other is None:
        mask = os.umask(0o077)
        os.umask(mask)
        os.fchmod(handle, _MODE & ~mask)
        return
    stat = other.stat()
    os.fchmod(handle, stat.st_mode & _MODE)
    with suppress(PermissionError):
        os.fchown(handle, stat.st_uid, stat.st_gid)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder for oneself, among all who ask in this way.

    Raises:
        Locked: another one has held it for too long.
        OSError: it cannot be opened.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)  # which gives the lock back


def _lock(handle: int, folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                told = f"another `tocsin feeds` command is writing in {folder}"
                raise Locked(error.errno, told) from error
            time.sleep(0.05)
        else:
            return
