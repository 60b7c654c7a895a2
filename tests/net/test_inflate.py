"""Content encodings, honest and not."""

import gzip
import random
import sys
import zlib

import brotli
import pytest

from workers.net.inflate import SLICE, STEP, BadEncoding, TooMuch, inflater

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b"<rss>" + b"news " * 4000 + b"</rss>"
LIMIT = 100_000


def raw(data: bytes) -> bytes:
    """Deflate without zlib's frame."""
    made = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return made.compress(data) + made.flush()


def streamed(data: bytes, window: int) -> bytes:
    """Zstandard that asks whoever reads it for a window of two to this power."""
    made = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: window})
    return made.compress(data) + made.flush()


def read(encoding: str, data: bytes, step: int, limit: int = LIMIT) -> bytes:
    """Inflate ``data`` in pieces of ``step`` bytes."""
    body = inflater(encoding, limit)
    parts = [
        piece for at in range(0, len(data), step) for piece in body.feed(data[at : at + step])
    ]
    parts += body.finish()
    assert max(map(len, parts), default=0) <= STEP
    return b"".join(parts)


GOOD = {
    "plain": ("", TEXT),
    "identity": ("identity", TEXT),
    "gzip": ("gzip", gzip.compress(TEXT, mtime=0)),
    "old name": ("x-gzip", gzip.compress(TEXT, mtime=0)),
    "upper case": ("GZIP", gzip.compress(TEXT, mtime=0)),
    "zlib": ("deflate", zlib.compress(TEXT)),
    "raw deflate": ("deflate", raw(TEXT)),
    "brotli": ("br", brotli.compress(TEXT)),
    "two members": ("gzip", gzip.compress(TEXT[:7], mtime=0) + gzip.compress(TEXT[7:], mtime=0)),
    "padding": ("gzip", gzip.compress(TEXT, mtime=0) + b"\0" * 99),
    "gzip that nobody named": ("", gzip.compress(TEXT, mtime=0)),
    "gzip in gzip": ("gzip", gzip.compress(gzip.compress(TEXT, mtime=0))),
    "gzip in gzip, named": ("gzip, gzip", gzip.compress(gzip.compress(TEXT, mtime=0))),
    "gzip behind the name of brotli": ("br", gzip.compress(TEXT, mtime=0)),
    "zlib, padded": ("deflate", zlib.compress(TEXT) + b"\0" * 99),
    "zstd": ("zstd", zstd.compress(TEXT)),
    "zstd that nobody named": ("", zstd.compress(TEXT)),
    "two frames of zstd": ("zstd", zstd.compress(TEXT[:7]) + zstd.compress(TEXT[7:])),
    "zstd, a skippable frame between": (
        "zstd",
        zstd.compress(TEXT[:7]) + b"\x5a\x2a\x4d\x18\3\0\0\0xyz" + zstd.compress(TEXT[7:]),
    ),
    "zstd, padded": ("zstd", zstd.compress(TEXT) + b"\0" * 99),
    "gzip in zstd": ("gzip, zstd", zstd.compress(gzip.compress(TEXT, mtime=0))),
    "none": ("none", TEXT),
    "a charset": ("UTF-8", TEXT),
    "gzip in brotli": ("gzip, br", brotli.compress(gzip.compress(TEXT, mtime=0))),
    "gzip named, none sent": ("gzip", TEXT),
}


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize("name", GOOD)
def test_body_is_inflated(name: str, step: int) -> None:
    """Every encoding gives the text back, however it is cut on its way."""
    encoding, data = GOOD[name]
    assert TEXT == read(encoding, data, step)


PACK = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=5),
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("encoding", PACK)
def test_large_body_is_whole(encoding: str) -> None:
    """A body of many pieces is whole, wherever a piece and what arrives happen to end."""
    dice = random.Random(encoding)
    large = b"".join(
        dice.randbytes(dice.randrange(4000)) + b"x" * dice.randrange(9 * STEP // 32)
        for _ in range(60)
    )
    packed = PACK[encoding](large)
    for step in (len(packed), 1 << 15, 4099):
        assert large == read(encoding, packed, step, limit=len(large))


@pytest.mark.parametrize("size", [STEP - 1, STEP, STEP + 1, 2 * STEP, 3 * STEP + 100])
@pytest.mark.parametrize("encoding", [*PACK, "raw"])
def test_body_ends_where_a_piece_does(encoding: str, size: int) -> None:
    """Nothing is lost where the last byte that arrives leaves more inside than one piece."""
    data = b"x" * size
    packed = raw(data) if encoding == "raw" else PACK[encoding](data)
    name = "deflate" if encoding == "raw" else encoding
    assert data == read(name, packed, len(packed), limit=size)


@pytest.mark.parametrize("data", [b"", b"\x1f", b"\x1f\x8b", b"x", b"\x28\xb5\x2f"])
def test_short_body_is_itself(data: bytes) -> None:
    """A body too short to be told from gzip comes out as it is."""
    assert data == read("", data, 1)


BOMB = b"\0" * (50 << 20)
BOMBS = {  # packed by the test that needs it: to pack all takes whoever loads this a second
    "gzip": ("gzip", PACK["gzip"]),
    "deflate": ("deflate", PACK["deflate"]),
    "brotli": ("br", PACK["br"]),
    "zstd": ("zstd", PACK["zstd"]),
    "zstd, not named": ("", PACK["zstd"]),
    "in gzip": ("gzip", lambda data: PACK["gzip"](PACK["gzip"](data))),
    "not named": ("", PACK["gzip"]),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_stopped(name: str) -> None:
    """What inflates beyond the limit is stopped there."""
    encoding, pack = BOMBS[name]
    data = pack(BOMB)
    with pytest.raises(TooMuch):
        read(encoding, data, 1 << 20)


EMPTY_BLOCK = b"\0\0\0\xff\xff"
"""A block of deflate without a byte in it."""


@pytest.mark.parametrize("outer", PACK)
def test_what_means_nothing_leaves_turns(outer: str) -> None:
    """Few bytes become megabytes that become none: between two pieces little is ever read."""
    hollow = b"\x1f\x8b\x08" + bytes(7) + EMPTY_BLOCK * (1 << 20)
    packed = PACK[outer](hollow)
    assert len(packed) < 1 << 15
    pieces = list(inflater(f"gzip, {outer}", limit=8 << 20).feed(packed))
    assert len(pieces) >= len(hollow) // SLICE
    assert b"" == b"".join(pieces)


def test_limit_is_exact() -> None:
    """A body of exactly the limit is whole, one byte more is too much."""
    data = gzip.compress(TEXT, mtime=0)
    assert TEXT == read("gzip", data, 99, limit=len(TEXT))
    with pytest.raises(TooMuch):
        read("gzip", data, 99, limit=len(TEXT) - 1)


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)[:-9]),
        ("gzip", b"\x1f\x8b\x08" + b"junk" * 30),
        ("deflate", b"\xff" * 40),
        ("deflate", zlib.compress(TEXT)[:-6]),
        ("br", b"no brotli at all"),
        ("br", brotli.compress(TEXT)[:-3]),
        ("zstd", TEXT),
        ("zstd", zstd.compress(TEXT)[:-3]),
        ("zstd", zstd.compress(TEXT)[:3]),
        ("zstd", streamed(TEXT, 27)),
        ("deflate", gzip.compress(TEXT, mtime=0)[:2]),
        ("compress", TEXT),
        ("gzip", gzip.compress(b"x", mtime=0) * 2000),
        ("zstd", zstd.compress(b"x") * 2000),
        ("gzip, gzip, gzip", gzip.compress(TEXT, mtime=0)),
    ],
)
def test_bad_encoding_is_told(encoding: str, data: bytes) -> None:
    """Cut, broken, unknown and too many encodings are errors, not text."""
    with pytest.raises(BadEncoding):
        read(encoding, data, 50)
