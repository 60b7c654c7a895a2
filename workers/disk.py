"""What must be on the disk before it is relied on."""

import os
from pathlib import Path

__all__ = ["settle"]


def settle(path: Path) -> None:
    """Wait until a file, or what a folder lists, is on the disk.

    Raises:
        OSError: it cannot be opened, or the disk does not take it.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
