"""Content encodings, honest and not."""

import gzip
import zlib

import brotli
import pytest

from workers.net.inflate import BadEncoding, TooMuch, inflater

TEXT = b"<rss>" + b"news " * 4000 + b"</rss>"
LIMIT = 100_000


def raw(data: bytes) -> bytes:
    """Deflate without zlib's frame."""
    made = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return made.compress(data) + made.flush()


def read(encoding: str, data: bytes, step: int, limit: int = LIMIT) -> bytes:
    """Inflate ``data`` in pieces of ``step`` bytes."""
    body = inflater(encoding, limit)
    parts = [body.feed(data[at : at + step]) for at in range(0, len(data), step)]
    return b"".join([*parts, body.finish()])


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
    "gzip in brotli": ("gzip, br", brotli.compress(gzip.compress(TEXT, mtime=0))),
    "gzip named, none sent": ("gzip", TEXT),
}


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize("name", GOOD)
def test_body_is_inflated(name: str, step: int) -> None:
    """Every encoding gives the text back, however it is cut on its way."""
    encoding, data = GOOD[name]
    assert TEXT == read(encoding, data, step)


@pytest.mark.parametrize("data", [b"", b"\x1f", b"\x1f\x8b", b"x"])
def test_short_body_is_itself(data: bytes) -> None:
    """A body too short to be told from gzip comes out as it is."""
    assert data == read("", data, 1)


BOMB = b"\0" * (50 << 20)
BOMBS = {
    "gzip": ("gzip", gzip.compress(BOMB, mtime=0)),
    "deflate": ("deflate", zlib.compress(BOMB)),
    "brotli": ("br", brotli.compress(BOMB, quality=5)),
    "in gzip": ("gzip", gzip.compress(gzip.compress(BOMB, mtime=0))),
    "not named": ("", gzip.compress(BOMB, mtime=0)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_stopped(name: str) -> None:
    """What inflates beyond the limit is stopped there."""
    encoding, data = BOMBS[name]
    with pytest.raises(TooMuch):
        read(encoding, data, 1 << 20)


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
        ("compress", TEXT),
        ("gzip, gzip, gzip", gzip.compress(TEXT, mtime=0)),
    ],
)
def test_bad_encoding_is_told(encoding: str, data: bytes) -> None:
    """Cut, broken, unknown and too many encodings are errors, not text."""
    with pytest.raises(BadEncoding):
        read(encoding, data, 50)
