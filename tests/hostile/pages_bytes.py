"""Pages whose bytes mean harm: charsets that lie, encodings around encodings, other files."""

import gzip
import io
import random
import zipfile
import zlib

import brotli

from hostile.pages_talk import END, MIB, PROSE, START, Page, page

__all__ = ["BYTES", "ENCODED"]

RUSSIAN = "Паром перестанет ходить первого декабря, сообщили в понедельник в управлении порта. "
JAPANESE = "フェリーは十二月一日に運航を停止すると港湾局が月曜日に発表した。来春まで戻らない。"


def _article(text: str, declared: str = "") -> str:
    return f"<html><head>{declared}<title>x</title></head><body><p>{text * 20}</p></body></html>"


def _zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/document.xml", "<w>ferry</w>" * 100_000)
    return made.getvalue()


def _zipped(layers: int, size: int) -> bytes:
    made = b" " * size
    for _ in range(layers):
        made = gzip.compress(made, 9)
    return made


BYTES = [
    page("nothing", lambda: ""),
    page("one byte", lambda: "<"),
    page("spaces alone", lambda: " " * 6_000_000),
    page("line ends alone", lambda: "\r\n" * 3_000_000),
    page("NULs alone", lambda: "\x00" * 6_000_000),
    page("NULs between", lambda: START.replace(" ", "\x00") + END),
    page("NULs after each letter", lambda: "\x00".join(START + END)),
    page("controls", lambda: START + "<p>" + "\x01\x02\x0b\x1b\x7f" * 1_000_000 + END),
    page("lone surrogates", lambda: START + "<p>a\ud800b\udfffc</p>" * 9_000 + END),
    page("references to surrogates", lambda: START + "<p>&#xd800;&#xdfff;&#0;</p>" * 9_000 + END),
    page("references beyond Unicode", lambda: START + "&#x110000;&#99999999999;" * 90_000 + END),
    page("a number of a million digits", lambda: f"{START}&#{'9' * 1_000_000};{END}"),
    page("overlong UTF-8", lambda: START.encode() + b"\xc0\xbc\xe0\x80\xbcscript" * 90_000),
    page("UTF-8 cut in a letter", lambda: (START + RUSSIAN * 90).encode()[:-3]),
    page("UTF-8 cut everywhere", lambda: START.encode() + "ф".encode()[:1] * 3_000_000),
    page("half UTF-8, half cp1251", lambda: _article(RUSSIAN).encode() + RUSSIAN.encode("cp1251")),
    page("bytes above 0x7f alone", lambda: bytes(range(128, 256)) * 40_000),
    page("bytes at random", lambda: random.Random(1).randbytes(5_000_000)),
    page("tags among bytes at random", lambda: b"<p>" + random.Random(2).randbytes(5_000_000)),
    page(
        "UTF-7",
        lambda: "+ADw-script+AD4-alert(1)+ADw-/script+AD4-" * 50_000,
        content_type="text/html; charset=utf-7",
    ),
    page("UTF-16 without a mark", lambda: _article(RUSSIAN).encode("utf-16-le")),
    page("UTF-16, big end first", lambda: _article(RUSSIAN).encode("utf-16-be")),
    page(
        "UTF-16 with an odd byte", lambda: b"\xff\xfe" + _article(RUSSIAN).encode("utf-16-le")[:-1]
    ),
    page("UTF-16 of surrogates alone", lambda: b"\xff\xfe" + b"\x00\xd8" * 3_000_000),
    page("UTF-32", lambda: _article(RUSSIAN).encode("utf-32")),
    page("a mark that lies", lambda: b"\xff\xfe" + (START + END).encode() * 9_000),
    page("UTF-8 called UTF-16", lambda: START + END, content_type="text/html; charset=utf-16"),
    page("cp1251 called UTF-8", lambda: _article(RUSSIAN).encode("cp1251")),
    page(
        "Japanese called Korean",
        lambda: _article(JAPANESE).encode("euc_jp"),
        content_type="text/html; charset=euc-kr",
    ),
    page("ISO-2022-JP escapes alone", lambda: b"<p>" + b"\x1b$B" * 1_900_000),
    page(
        "a charset that nobody knows",
        lambda: _article(RUSSIAN).encode("koi8-r"),
        content_type="text/html; charset=" + "x" * 4_000,
    ),
    page(
        "a charset that is a codec of files",
        lambda: b"<p>" + b"78da" * 90_000 + b"\xff",
        content_type="text/html; charset=zlib",
    ),
    page(
        "a charset of hexadecimals",
        lambda: b"\xff" + b"3c703e" * 90_000,
        content_type="text/html; charset=hex",
    ),
    page(
        "charsets in circles",
        lambda: ('<meta charset="x">' * 19_000 + _article(RUSSIAN)).encode("cp1251"),
        content_type="",
    ),
    page("headers of charsets", lambda: START + END, content_type="charset=" * 3_000),
    page("a PDF called a page", lambda: b"%PDF-1.7\n" + random.Random(3).randbytes(MIB)),
    page("a ZIP called a page", _zip),
    page(
        "a picture called a page", lambda: b"\x89PNG\r\n\x1a\n" + random.Random(4).randbytes(MIB)
    ),
    page("a page called a picture", lambda: START + END, content_type="image/png"),
    page("a page called nothing", lambda: START + END, content_type=""),
    page("a page called many things", lambda: START + END, content_type="text/html;" * 900),
    page("JSON called a page", lambda: '{"a": [' + "1," * 1_000_000 + "0]}"),
    page("plain text called a page", lambda: "word " * 1_000_000),
    page(
        "a feed called a page",
        lambda: "<rss><channel>" + "<item><title>A</title><link>/x</link></item>" * 6_000,
    ),
    page("addresses with brackets", lambda: START + END, url="https://[::1/" + "x" * 9_000),
    page("an address of digits", lambda: START + END, url="https://a.example/" + "2026/11/" * 400),
]
ENCODED = [
    Page(
        "gzip in gzip",
        lambda: gzip.compress(gzip.compress((START + END).encode())),
        encoding="gzip, gzip",
    ),
    Page(
        "gzip in gzip, told once",
        lambda: gzip.compress(gzip.compress((START + END).encode())),
        encoding="gzip",
    ),
    Page("gzip that nobody told of", lambda: gzip.compress((START + END).encode())),
    Page("gzip of 100 MB that nobody told of", lambda: _zipped(1, 100 * MIB)),
    Page("gzip in gzip of 1 GB", lambda: _zipped(2, 300 * MIB), encoding="gzip, gzip"),
    Page("gzip bomb of 300 MB", lambda: _zipped(1, 300 * MIB), encoding="gzip"),
    Page("deflate bomb", lambda: zlib.compress(b"<p>" + b" " * (200 * MIB)), encoding="deflate"),
    Page("brotli bomb", lambda: brotli.compress(b" " * (100 * MIB), quality=5), encoding="br"),
    Page("brotli called gzip", lambda: brotli.compress((START + END).encode()), encoding="gzip"),
    Page(
        "gzip that is cut",
        lambda: gzip.compress((START + PROSE * 900).encode())[:-900],
        encoding="gzip",
    ),
    Page(
        "gzip, then other bytes",
        lambda: gzip.compress((START + END).encode()) + b"x" * 9_000,
        encoding="gzip",
    ),
    Page("an encoding that nobody knows", lambda: b"x" * 9_000, encoding="rot13"),
    Page("ten encodings", lambda: b"x" * 9_000, encoding=", ".join(["gzip"] * 10)),
]
