"""What lies in a stream, and whether it is one of ours."""

from typing import Any

from workers.broker.keys import stream_key
from workers.model.base import Record
from workers.model.leases import Message

__all__ = ["Entry", "entries_of_reply", "message_of"]

KIND_BYTES = 32
ID_BYTES = 256
FIELDS = 16
_PREFIX = stream_key("").encode()


class Entry(Record, frozen=True, kw_only=True):
    """A stream entry as it was read: anybody may have written it."""

    stream: str
    entry: bytes
    deaths: int = 0
    fields: tuple[bytes, ...]


def entries_of_reply(reply: Any) -> list[Entry]:  # noqa: ANN401 - as Redis answers
    """Return the entries of an XREADGROUP reply."""
    return [
        Entry(stream=key.removeprefix(_PREFIX).decode(), entry=entry, fields=tuple(fields or ()))
        for key, entries in reply or ()
        for entry, fields in entries
    ]


def message_of(entry: Entry) -> Message | None:
    """Return the id that an entry carries, None if it is none of ours."""
    fields = entry.fields
    if len(fields) > FIELDS:
        return None
    told = dict(zip(fields[::2], fields[1::2], strict=False))
    kind, id_ = _text(told.get(b"k"), KIND_BYTES), _text(told.get(b"i"), ID_BYTES)
    if not kind or not id_:
        return None
    return Message(
        stream=entry.stream, entry=entry.entry.decode(), kind=kind, id=id_, deaths=entry.deaths
    )


def _text(raw: bytes | None, most: int) -> str | None:
    if raw is None or len(raw) > most:
        return None
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
