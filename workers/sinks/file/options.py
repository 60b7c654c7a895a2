"""Where alerts are written."""

from workers.model.base import Record

__all__ = ["FileOptions"]


class FileOptions(Record, frozen=True, kw_only=True):
    """Where alerts are written."""

    path: str
    """The file; its folder is made."""
    rotate_bytes: int | None = 100 << 20
    """Beyond this size the file becomes ``<path>.1`` and a new one is begun; None: never."""
    keep: int = 5
    """Rotated files that are kept; at 100 MiB each that is some hundred thousand alerts."""
