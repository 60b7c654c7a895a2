"""Valkey's append-only files when they cannot be read: put aside, SQL can fill Redis again."""

import re
import shutil
from pathlib import Path

from workers.broker.child import LOG_BYTES
from workers.broker.places import Places

__all__ = ["log_end", "put_aside", "why_unreadable"]

FOLDER = "appendonlydir"
ASIDE = FOLDER + ".broken"
"""The last one that could not be read is kept, for whoever wants to know why."""
WORDS = 300
READ_BYTES = 64 * 1024
_UNREADABLE = re.compile(
    r"reading the append only file|Internal error in RDB|RDB checksum|RDB format version"
    r"|Short read or OOM loading|AOF manifest|Unable to obtain the AOF file"
)
"""What servers say of files that were torn, overwritten, lost in part, or are a newer one's."""


def log_end(places: Places) -> int:
    """Return how long the server's log is, to know later what was said since."""
    try:
        size = places.log.stat().st_size
    except OSError:
        return 0
    return size if size <= LOG_BYTES else 0  # a longer one is begun anew


def why_unreadable(places: Places, since: int) -> str | None:
    """Return what the server said of a file that it cannot read, None if it ended otherwise.

    ``since`` is where its log ended before it was started. A full disk is another cause.
    """
    try:
        with places.log.open("rb") as log:
            log.seek(since)
            said = log.read(READ_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    if "No space left" in said or not (places.folder / FOLDER).is_dir():
        return None
    lines = [line for line in said.splitlines() if _UNREADABLE.search(line)]
    return lines[-1][:WORDS] if lines else None


def put_aside(places: Places) -> Path:
    """Move the append-only files away; return where they are. The ones before them are removed.

    Raises:
        OSError: they cannot be moved.
    """
    aside = places.folder / ASIDE
    shutil.rmtree(aside, ignore_errors=True)
    return (places.folder / FOLDER).rename(aside)
