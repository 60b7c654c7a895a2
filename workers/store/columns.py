"""How values lie in columns: moments as seconds, records as JSON, text without what breaks it."""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import Dialect, Double, Text
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

__all__ = [
    "KEY_BYTES",
    "Moment",
    "Packed",
    "Words",
    "bounded",
    "moment",
    "pack",
    "seconds",
    "storable",
]


KEY_BYTES = 2000
"""The longest key that is stored as it is."""
KEY_HEAD_BYTES = 1000


def seconds(at: datetime) -> float:
    """Return an aware moment as seconds since 1970."""
    return at.timestamp()


def moment(at: float) -> datetime:
    """Return seconds since 1970 as an aware moment in UTC."""
    return datetime.fromtimestamp(at, UTC)


def storable(text: str) -> str:
    """Return ``text`` as a database can hold it: lone surrogates written out, NUL replaced.

    Feeds may hold both; one such title must not fail the commit of a whole poll.
    """
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def bounded(key: str) -> str:
    """Return a storable ``key``, of a long one its beginning and its hash.

    PostgreSQL refuses rows of an index that are longer than 2,700 bytes, and a link may be 100 kB.
    """
    key = storable(key)
    raw = key.encode()
    if len(raw) <= KEY_BYTES:
        return key
    head = raw[:KEY_HEAD_BYTES].decode(errors="ignore")
    return f"{head}#{blake2b(raw, digest_size=16).hexdigest()}"


_encode = msgspec.json.Encoder().encode


def pack(value: object) -> str:
    """Return a record as JSON that a database can hold."""
    try:
        return _encode(value).decode()
    except UnicodeEncodeError:
        return _encode(_clean(msgspec.to_builtins(value))).decode()


def _clean(value: object) -> object:
    """Return plain data with every text in it made storable."""
    match value:
        case str():
            return storable(value)
        case dict():
            return {storable(str(key)): _clean(item) for key, item in value.items()}
        case list() | tuple():
            return [_clean(item) for item in value]
        case _:
            return value


class Words(TypeDecorator[str]):
    """Text from outside."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Make the text storable."""
        return None if value is None else self.lay(value)

    lay = staticmethod(storable)
    """Returns a value that is not None as it lies in a column of any dialect."""


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as seconds since 1970, so that SQL can add delays to it."""

    impl = Double
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> float | None:
        """Turn the moment into seconds."""
        return None if value is None else self.lay(value)

    lay = staticmethod(seconds)
    """Returns a value that is not None as it lies in a column of any dialect."""

    @override
    def process_result_value(self, value: float | None, dialect: Dialect) -> datetime | None:
        """Turn seconds into a moment."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


class Packed(TypeDecorator[Any]):
    """A value of a type that msgspec knows, as JSON text."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:  # noqa: ANN401 - any type that msgspec can decode
        super().__init__()
        self.kind = kind
        self.decode = msgspec.json.Decoder(kind).decode

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Encode the value."""
        return None if value is None else self.lay(value)

    lay = staticmethod(pack)
    """Returns a value that is not None as it lies in a column of any dialect."""

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Decode the value."""
        return None if value is None else self.decode(value)
