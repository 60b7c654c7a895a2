"""Content-Encoding, undone within limits while the bytes arrive."""

import zlib
from typing import Protocol

import brotli

__all__ = ["BadEncoding", "Body", "Inflater", "TooMuch", "inflater"]

LAYERS = 2
"""Encodings around one body: some servers compress a file that is compressed already."""
_GZIP = b"\x1f\x8b\x08"
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

    def feed(self, data: bytes, room: int) -> bytes:
        """Return what ``data`` adds, at most ``room + 1`` bytes.

        Raises:
            BadEncoding: the bytes make no sense.
        """
        ...

    def finish(self) -> None:
        """Say that no more will come.

        Raises:
            BadEncoding: the end is missing.
        """
        ...


class _Gzip:
    """Gzip (members in a row included), zlib, and raw deflate."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._stream = zlib.decompressobj(bits)
        self._head = b""
        self._begun = False

    def feed(self, data: bytes, room: int) -> bytes:
        parts: list[bytes] = []
        while data and room >= 0:
            part, data = self._some(data, room + 1)
            parts.append(part)
            room -= len(part)
        return b"".join(parts)

    def _some(self, data: bytes, most: int) -> tuple[bytes, bytes]:
        """Return what comes out of one member, and the bytes that it left."""
        if self._stream.eof:
            if self._bits != _ANY_GZIP or not data.startswith(_GZIP[:1]):
                return b"", b""  # padding after the end says nothing
            self._stream = zlib.decompressobj(self._bits)
        try:
            part = self._stream.decompress(data, most)
        except zlib.error as error:
            if len(self._head) > 1 or self._bits != zlib.MAX_WBITS:
                raise BadEncoding(f"bad compressed data: {error}") from error
            self._bits = -zlib.MAX_WBITS  # "deflate" is meant to be zlib, and often is not
            self._stream = zlib.decompressobj(self._bits)
            return self._some(self._head + data, most)
        if len(self._head) <= 1:  # zlib's own header has two bytes
            self._head += data[:2]
        self._begun = True
        return part, self._stream.unconsumed_tail or self._stream.unused_data

    def finish(self) -> None:
        if self._begun and not self._stream.eof:
            raise BadEncoding("compressed data ends too early")


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._begun = False

    def feed(self, data: bytes, room: int) -> bytes:
        self._begun = self._begun or bool(data)
        parts: list[bytes] = []
        try:
            while room >= 0:
                part: bytes = self._stream.process(data, output_buffer_limit=room + 1)
                parts.append(part)
                room -= len(part)
                data = b""
                if self._stream.can_accept_more_data() or self._stream.is_finished():
                    break
        except brotli.error as error:
            raise BadEncoding(f"bad compressed data: {error}") from error
        return b"".join(parts)

    def finish(self) -> None:
        if self._begun and not self._stream.is_finished():
            raise BadEncoding("compressed data ends too early")


class _Sniffing:
    """Gzip or plain, as the first bytes say: servers name it and send none, or do not say."""

    def __init__(self) -> None:
        self._held = b""
        self._inner: _Gzip | None = None
        self._decided = False

    def feed(self, data: bytes, room: int) -> bytes:
        if not self._decided:
            data = self._held + data
            self._held = b""
            if len(data) < len(_GZIP) and _GZIP.startswith(data):
                self._held = data
                return b""
            self._decided = True
            self._inner = _Gzip(_ANY_GZIP) if data.startswith(_GZIP) else None
        return self._inner.feed(data, room) if self._inner else data

    def finish(self) -> None:
        if self._inner is not None:
            self._inner.finish()

    def rest(self) -> bytes:
        """Return what was held back while the first bytes were awaited."""
        held, self._held = self._held, b""
        return held


class Body:
    """A body in the making: its layers, the outermost first, and one limit for each of them."""

    def __init__(self, layers: list[Inflater], limit: int) -> None:
        self._layers = layers
        self._limit = limit
        self._rooms = [limit] * (len(layers) + 1)
        self._plain = _Sniffing()

    def feed(self, data: bytes) -> bytes:
        """Return what ``data`` adds to the body.

        Raises:
            TooMuch: the body, or a layer of it, is larger than the limit.
            BadEncoding: the bytes make no sense.
        """
        for index, layer in enumerate((*self._layers, self._plain)):
            data = layer.feed(data, self._rooms[index])
            self._rooms[index] -= len(data)
            if self._rooms[index] < 0:
                raise TooMuch("inflated", self._limit)
        return data

    def finish(self) -> bytes:
        """Return the last bytes of the body.

        Raises:
            BadEncoding: the end is missing.
        """
        for layer in (*self._layers, self._plain):
            layer.finish()
        return self._plain.rest()


def inflater(encoding: str, limit: int) -> Body:
    """Return what undoes a Content-Encoding header, giving out at most ``limit`` bytes.

    Raises:
        BadEncoding: an encoding that was not asked for, or too many of them.
    """
    names = [name.strip().lower() for name in encoding.split(",")]
    layers: list[Inflater] = []
    for name in reversed([name for name in names if name not in {"", "identity"}]):
        if len(layers) >= LAYERS:
            raise BadEncoding(f"more than {LAYERS} content encodings")
        layers.append(_layer(name))
    return Body(layers, limit)


def _layer(name: str) -> Inflater:
    if name in {"gzip", "x-gzip"}:
        return _Sniffing()
    if name == "deflate":
        return _Gzip(zlib.MAX_WBITS)
    if name == "br":
        return _Brotli()
    raise BadEncoding(f"unknown content encoding: {name[:40]}")
