"""The effect of the rows: a file to which each effect appends one line, which is on the disk."""

import os
from pathlib import Path

__all__ = ["Ledger", "read_ledger"]


class Ledger:
    """Lines of ids, shared by processes: a short append to a file is one piece."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def write(self, id_: str) -> None:
        """Append ``id_`` and the pid of whoever writes it, and wait until it is stored."""
        os.write(self._file, f"{id_} {os.getpid()}\n".encode())
        os.fsync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def read_ledger(path: Path) -> list[tuple[str, int]]:
    """Return id and pid of each effect."""
    if not path.exists():
        return []
    words = (line.split() for line in path.read_text().splitlines())
    return [(id_, int(pid)) for id_, pid in words]
