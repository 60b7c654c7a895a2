"""What is kept of a document's entries between two polls: 20 bytes each."""

from collections.abc import Iterable

from workers.model.base import Record

__all__ = ["Marks", "pack", "unpack"]

FORM = b"\x01"
FRAME, MARK, ID = 8, 8, 12
MOST = 10_000
"""Entries of the longest list that is believed to be ours."""
_PREFIX = "ent_"


class Marks(Record, frozen=True, kw_only=True):
    """The entries that a document listed, all of which are stored."""

    frame: bytes
    """What they were read with: see `workers.feeds.spans.Spans`."""
    entries: dict[bytes, str]
    """Mark → id of the entry as stored."""


def pack(frame: bytes, entries: Iterable[tuple[bytes, str]]) -> bytes:
    """Return the marks as they are kept; b"" if there are none."""
    rows = [mark + bytes.fromhex(id_.removeprefix(_PREFIX)) for mark, id_ in entries]
    return b"".join((FORM, frame, *rows)) if rows and len(frame) == FRAME else b""


def unpack(packed: bytes | None) -> Marks | None:
    """Return marks as they were kept; None if there are none, or if these are not ours."""
    if not packed or packed[:1] != FORM:
        return None
    first, size = 1 + FRAME, MARK + ID
    count, rest = divmod(len(packed) - first, size)
    if rest or not 0 < count <= MOST:
        return None
    digits = packed.hex()
    return Marks(
        frame=packed[1:first],
        entries={
            packed[at : at + MARK]: _PREFIX + digits[2 * (at + MARK) : 2 * (at + size)]
            for at in range(first, len(packed), size)
        },
    )
