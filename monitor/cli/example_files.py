"""Labelled articles in files of JSON lines: read, bounded, each bad line said and passed over."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from monitor.cli.topics_inputs import document_of

if TYPE_CHECKING:
    from typing import IO

    from workers.topics import Labelled

__all__ = ["Line", "labelled_of", "read_labelled"]

FILE_BYTES = 512 << 20
"""Of one file."""
LINE_BYTES = 4 << 20
"""Of one line; the longest real articles have 1 MB."""
MOST_LINES = 200_000
"""Of one file."""

Said = Callable[[int, str], None]
"""Is told the number of a line (0: of the file as a whole) and what is wrong with it."""


class Line(NamedTuple):
    """A labelled article, with where it stands."""

    number: int
    id: str
    labelled: "Labelled"


def read_labelled(path: Path, bad: Said) -> Iterator[Line]:
    """Yield the labelled articles of a file; what is wrong with a line is told, and passed over.

    The file is read a line at a time, so it may be larger than memory.
    """
    import msgspec

    decoder = msgspec.json.Decoder(dict[str, Any])
    for number, raw in _lines(path, bad):
        try:
            data = decoder.decode(raw)
            yield Line(number, str(data.get("id", number)), labelled_of(data))
        except (msgspec.MsgspecError, UnicodeError, TypeError, ValueError, LookupError) as error:
            bad(number, str(error))


def labelled_of(data: dict[str, Any]) -> "Labelled":
    """Return a line as a labelled article: one of ``topics match``, with ``match`` or ``topics``.

    Raises:
        ValueError: it has no label, or something in it has another shape.
    """
    from workers.topics import Labelled

    match, topics = data.get("match"), data.get("topics")
    if match is None and topics is None:
        raise ValueError('no label: write "match": true, "match": false or "topics": ["name"]')
    if match is not None and not isinstance(match, bool):
        raise ValueError("match is neither true nor false")
    if topics is not None and not (
        isinstance(topics, list) and all(isinstance(name, str) for name in topics)
    ):
        raise ValueError("topics is no list of names")
    names = None if topics is None else frozenset(topics)
    return Labelled(document=document_of(data), match=match, topics=names)


def _lines(path: Path, bad: Said) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not empty, with their numbers."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            bad(0, "is no file")
            return
        if found.st_size > FILE_BYTES:
            bad(0, f"is larger than {FILE_BYTES >> 20} MiB")
            return
        with path.open("rb") as stream:
            yield from _read(stream, bad)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        bad(0, f"cannot be read: {reason}")


def _read(stream: "IO[bytes]", bad: Said) -> Iterator[tuple[int, bytes]]:
    for number in range(1, MOST_LINES + 2):
        line = stream.readline(LINE_BYTES + 1)
        if not line:
            return
        if number > MOST_LINES:
            bad(0, f"has more than {MOST_LINES:,} lines: the rest is not read")
            return
        if len(line) > LINE_BYTES:
            bad(number, f"is longer than {LINE_BYTES >> 20} MiB")
            while line and not line.endswith(b"\n"):
                line = stream.readline(LINE_BYTES)
            continue
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if line.strip():
            yield number, line
