"""What lies in a stream, and whether it is one of ours."""

from typing import Any, get_args, get_type_hints

from workers.broker.keys import stream_key
from workers.model.article import Work
from workers.model.base import Record
from workers.model.leases import Message

__all__ = ["Entry", "entries_of_reply", "message_of"]

KINDS = frozenset(get_args(get_type_hints(Work)["kind"]))
"""What an id may be of: who works on another kind would take the id for something else."""
ID_BYTES = 256
PAIRS = 16
_PREFIX = stream_key("").encode()


class Entry(Record, frozen=True, kw_only=True):
    """A stream entry as it was read: anybody may have written it."""

    stream: str
    entry: bytes
    kind: bytes
    id: bytes
    deaths: int = 0


def entries_of_reply(reply: Any) -> list[Entry]:  # noqa: ANN401 - as Redis answers
    """Return the entries of an XREADGROUP reply. Unknown fields are another version's."""
    return [
        Entry(
            stream=key.removeprefix(_PREFIX).decode(),
            entry=entry,
            kind=_field(fields, b"k"),
            id=_field(fields, b"i"),
        )
        for key, entries in reply or ()
        for entry, fields in entries
    ]


def message_of(entry: Entry) -> Message | None:
    """Return the id that an entry carries, None if it is none of ours."""
    kind, id_ = _text(entry.kind), _text(entry.id)
    if kind is None or kind not in KINDS or not id_:
        return None
    return Message(
        stream=entry.stream, entry=entry.entry.decode(), kind=kind, id=id_, deaths=entry.deaths
    )


def _field(fields: list[bytes] | None, name: bytes) -> bytes:
    """Return the first value of that name among the first so many, b"" if there is none."""
    pairs = (fields or [])[: 2 * PAIRS]
    found = (value for key, value in zip(pairs[::2], pairs[1::2], strict=False) if key == name)
    return next(found, b"")


def _text(raw: bytes) -> str | None:
    if len(raw) > ID_BYTES:
        return None
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
