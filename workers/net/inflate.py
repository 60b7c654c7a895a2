"""Content-Encoding, undone within limits while the bytes arrive, a small piece at a time.

Every layer gives out pieces of at most `STEP` bytes, and only when it is asked for the next one:
between two of them whoever reads may wait, let others have a turn, or stop. Compressed bytes can
take long to mean nothing, so there are empty pieces, too: one for each `SLICE` of a layer.
"""

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression.zstd import DecompressionParameter, ZstdDecompressor, ZstdError
else:
    from backports.zstd import DecompressionParameter, ZstdDecompressor, ZstdError

__all__ = ["STEP", "BadEncoding", "Body", "Inflater", "TooMuch", "inflated", "inflater"]

STEP = 1 << 18
"""Bytes given out at a time: a millisecond's work."""
SLICE = 1 << 13
"""Bytes that an inner layer is given at a time: the worst of them take some milliseconds."""
LAYERS = 2
"""Encodings around one body: some servers compress a file that is compressed already."""
MEMBERS = 1024
"""Members of gzip, or frames of zstd, in one body: to begin one costs more than its bytes do."""
ZSTD_WINDOW = 23
"""8 MiB as a power of two: what RFC 9659 allows on the web; the library's own limit is 128 MiB."""
_NOTHING = frozenset(
    {"", "identity", "none", "binary", "7bit", "8bit", "utf-8", "utf8", "iso-8859-1", "plain"}
)
"""What servers write who mean that there is no encoding, or mistake it for a charset."""
_GZIP = b"\x1f\x8b\x08"
_ZSTD = b"\x28\xb5\x2f\xfd"
_SKIPPED = b"\x2a\x4d\x18"  # after a byte of 0x50 to 0x5f: a frame of zstd that holds no data
_ANY_GZIP = 16 + zlib.MAX_WBITS


class BadEncoding(ValueError):
    """The bytes are not what their encoding says, or nobody knows that encoding."""


class TooMuch(ValueError):
    """More than the limit came in or out; ``how`` says which, as sent or inflated."""

    def __init__(self, how: str, limit: int) -> None:
        small = limit < 1 << 20
        told = f"{limit / 1024:.4g} KiB" if small else f"{limit / (1 << 20):.4g} MiB"
        super().__init__(f"larger than its limit: {told} {how}")


class Inflater(Protocol):
    """Takes what arrives, and gives out what that means."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` adds, in pieces of at most `STEP` bytes; to be asked to the end.

        Raises:
            BadEncoding: the bytes make no sense.
        """
        ...

    def finish(self) -> bytes:
        """Return what was held back, because no more will come.

        Raises:
            BadEncoding: the end is missing.
        """
        ...


class _Members:
    """Counts how often a body begins anew."""

    def __init__(self) -> None:
        self._left = MEMBERS

    def begin(self) -> None:
        """Begin another one.

        Raises:
            BadEncoding: there are too many.
        """
        self._left -= 1
        if self._left < 0:
            raise BadEncoding(f"more than {MEMBERS} compressed parts in a row")


class _Zlib:
    """Gzip (members in a row included), zlib, and raw deflate."""

    def __init__(self, bits: int) -> None:
        self._members = _Members()
        self._bits = bits
        self._stream = zlib.decompressobj(bits)
        self._head = b""
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        full = False
        while data or full:  # full: more may be left inside, though every byte of data is taken
            part, data = self._some(data)
            full = len(part) == STEP
            if part:
                yield part

    def _some(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what comes out of one member, and the bytes that it left."""
        if self._stream.eof:
            if self._bits != _ANY_GZIP or not data.startswith(_GZIP[:1]):
                return b"", b""  # padding after the end says nothing
            self._members.begin()
            self._stream = zlib.decompressobj(self._bits)
        try:
            part = self._stream.decompress(data, STEP)
        except zlib.error as error:
            if len(self._head) > 1 or self._bits != zlib.MAX_WBITS:
                raise BadEncoding(f"bad compressed data: {error}") from error
            self._bits = -zlib.MAX_WBITS  # "deflate" is meant to be zlib, and often is not
            self._stream = zlib.decompressobj(self._bits)
            return self._some(self._head + data)
        if len(self._head) <= 1:  # zlib's own header has two bytes
            self._head += data[:2]
        self._begun = True
        return part, self._stream.unconsumed_tail or self._stream.unused_data

    def finish(self) -> bytes:
        if self._begun and not self._stream.eof:
            raise BadEncoding("compressed data ends too early")
        return b""


class _Brotli:
    _MOST = STEP // 4
    """The library gives out up to twice of what it is asked for."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._begun = self._begun or bool(data)
        while not self._stream.is_finished():  # what comes after the end says nothing
            try:
                part: bytes = self._stream.process(data, output_buffer_limit=self._MOST)
            except brotli.error as error:
                raise BadEncoding(f"bad compressed data: {error}") from error
            data = b""
            if part:
                yield part
            if len(part) < self._MOST and self._stream.can_accept_more_data():
                return

    def finish(self) -> bytes:
        if self._begun and not self._stream.is_finished():
            raise BadEncoding("compressed data ends too early")
        return b""


class _Zstd:
    """Zstandard, frames in a row included. It is not asked for, but some servers send it."""

    def __init__(self) -> None:
        self._members = _Members()
        self._stream = self._new()
        self._begun = False

    @staticmethod
    def _new() -> ZstdDecompressor:
        return ZstdDecompressor(options={DecompressionParameter.window_log_max: ZSTD_WINDOW})

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._begun = self._begun or bool(data)
        while data or not (self._stream.needs_input or self._stream.eof):
            if self._stream.eof:
                if not _begins_frame(data):
                    return  # padding after the end says nothing
                self._members.begin()
                self._stream = self._new()
            try:
                part = self._stream.decompress(data, STEP)
            except ZstdError as error:
                raise BadEncoding(f"bad compressed data: {error}") from error
            data = self._stream.unused_data if self._stream.eof else b""
            if part:
                yield part

    def finish(self) -> bytes:
        if self._begun and not self._stream.eof:
            raise BadEncoding("compressed data ends too early")
        return b""


def _begins_frame(data: bytes) -> bool:
    """Say whether a frame may begin here; what is too short to tell may."""
    skipped = data[0] >> 4 == 5 and _SKIPPED.startswith(data[1:4])  # noqa: PLR2004 - see there
    return skipped or _ZSTD.startswith(data[:4])


class _Sniffing:
    """What the first bytes say: servers name an encoding and send none, or another, or name none.

    No text begins as gzip or zstd does. ``named`` is what else it may be; None is plain.
    """

    def __init__(self, named: Callable[[], Inflater] | None = None) -> None:
        self._named = named
        self._held = b""
        self._inner: Inflater | None = None
        self._decided = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        if not self._decided:
            data = self._held + data
            self._held = b""
            if any(len(data) < len(magic) and magic.startswith(data) for magic in (_GZIP, _ZSTD)):
                self._held = data
                return
            self._decide(data)
        if self._inner is not None:
            yield from self._inner.feed(data)
            return
        for at in range(0, len(data), STEP):
            yield data[at : at + STEP]

    def _decide(self, data: bytes) -> None:
        self._decided = True
        if data.startswith(_GZIP):
            self._inner = _Zlib(_ANY_GZIP)
        elif data.startswith(_ZSTD):
            self._inner = _Zstd()
        elif self._named is not None:
            self._inner = self._named()

    def finish(self) -> bytes:
        if self._held and self._named is not None:
            raise BadEncoding("compressed data ends too early")
        return self._inner.finish() if self._inner is not None else self._held


class Body:
    """A body in the making: its layers, the outermost first, and one limit for each of them."""

    def __init__(self, layers: list[Inflater], limit: int) -> None:
        self._layers = layers
        self._limit = limit
        self._rooms = [limit] * len(layers)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` adds to the body, in pieces of at most `STEP` bytes; some are empty.

        Raises:
            TooMuch: the body, or a layer of it, is larger than the limit.
            BadEncoding: the bytes make no sense.
        """
        yield from self._through(0, data)

    def _through(self, index: int, data: bytes) -> Iterator[bytes]:
        """Pass ``data`` through this layer and those after it, each piece before the next."""
        if index == len(self._layers):
            yield data
            return
        for at in range(0, len(data), SLICE):
            for piece in self._layers[index].feed(data[at : at + SLICE]):
                self._rooms[index] -= len(piece)
                if self._rooms[index] < 0:
                    raise TooMuch("inflated", self._limit)
                yield from self._through(index + 1, piece)
            yield b""

    def finish(self) -> Iterator[bytes]:
        """Yield the last bytes of the body.

        Raises:
            TooMuch: as for `feed`.
            BadEncoding: the end is missing.
        """
        for index, layer in enumerate(self._layers, 1):
            if last := layer.finish():
                yield from self._through(index, last)


def inflater(encoding: str, limit: int) -> Body:
    """Return what undoes a Content-Encoding header, giving out at most ``limit`` bytes.

    Raises:
        BadEncoding: an encoding that nobody knows, or too many of them.
    """
    names = [name.strip().lower() for name in encoding[:1000].split(",")]
    layers: list[Inflater] = []
    for name in reversed([name for name in names if name not in _NOTHING]):
        if len(layers) >= LAYERS:
            raise BadEncoding(f"more than {LAYERS} content encodings")
        layers.append(_layer(name))
    return Body([*layers, _Sniffing()], limit)


def _layer(name: str) -> Inflater:
    if name in {"gzip", "x-gzip"}:
        return _Sniffing()
    if name == "deflate":
        return _Sniffing(lambda: _Zlib(zlib.MAX_WBITS))
    if name == "br":
        return _Sniffing(_Brotli)
    if name == "zstd":
        return _Sniffing(_Zstd)
    raise BadEncoding(f"unknown content encoding: {name[:40]}")


def inflated(body: bytes, encoding: str, limit: int) -> bytes:
    """Return a whole body as it was before its encoding, at most ``limit`` bytes of it.

    Raises:
        TooMuch: the body, or a layer of it, is larger than the limit.
        BadEncoding: the bytes make no sense, or nobody knows the encoding.
    """
    made = inflater(encoding, limit)
    return b"".join((*made.feed(body), *made.finish()))
