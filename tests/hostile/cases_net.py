"""Cases of the wire: lengths, heads, statuses, connections, dribbles, bombs."""

import gzip
import sys
import zlib

import brotli

from hostile.talk import (
    GOOD,
    OK,
    Case,
    Reply,
    Talk,
    document,
    dribbles,
    floods,
    head,
    item,
    packed,
    resets,
    rss,
    says,
    stalls,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["BOMBS", "CONNECTIONS", "HEADS", "LENGTHS", "SLOW", "STATUSES"]

READ = ("read 3",)
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CONDITIONS = (b"if-none-match", b"if-modified-since")


def case(name: str, reply: Reply, *want: str, **more) -> Case:
    """A case; without anything else that is right it is a bad body."""
    return Case(name, reply, want or ("payload",), **more)


def chunks(data: bytes, size: int, extension: bytes = b"") -> bytes:
    """Return a body in chunks."""
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(p), extension, p) for p in parts) + b"0\r\n\r\n"


def lengths(*lines: str) -> Reply:
    """Answer with a good feed under these headers, and close."""
    return says(head("200 OK", *lines) + GOOD)


def mebibytes(count: int, byte: bytes = b" ") -> bytes:
    """Return a feed of so many MiB, most of it nothing."""
    return rss(item(1)) + byte * (count << 20)


LENGTHS = [
    case("no length, closed", lengths(), *READ),
    case("endless, no length", floods(OK + b"\r\n", b"x"), "tooLarge"),
    case("endless in chunks", floods(CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"), "tooLarge"),
    case("endless tiny chunks", floods(CHUNKED, b"1\r\nx\r\n"), "tooLarge", "timeout"),
    case("50 MB announced", floods(OK + b"Content-Length: 50000000\r\n\r\n", b"x"), "tooLarge"),
    case("length of 20 digits", lengths("Content-Length: 99999999999999999999"), "payload"),
    case("length of 10,000 digits", lengths("Content-Length: " + "9" * 10_000)),
    case("length too short", lengths("Content-Length: 20")),
    case("length too long", lengths("Content-Length: 5000")),
    case("length negative", lengths("Content-Length: -5")),
    case("length with a sign", lengths(f"Content-Length: +{len(GOOD)}")),
    case("length in words", lengths("Content-Length: some")),
    case("length in hexadecimal", lengths("Content-Length: 0x20")),
    case("length empty", lengths("Content-Length: "), "payload", "read 3"),
    case("length twice, alike", lengths(*[f"Content-Length: {len(GOOD)}"] * 2), "payload"),
    case("length twice, unlike", lengths("Content-Length: 5", "Content-Length: 6")),
    case("length as a list", lengths(f"Content-Length: {len(GOOD)}, {len(GOOD)}")),
    case(
        "length and chunks",
        says(head("200 OK", "Content-Length: 5", "Transfer-Encoding: chunked") + chunks(GOOD, 9)),
    ),
    case("length of nothing", says(head("200 OK", "Content-Length: 0"))),
    case("no body, closed", says(head())),
    case("chunks of one byte", says(CHUNKED + chunks(GOOD, 1)), *READ),
    case("chunks with extensions", says(CHUNKED + chunks(GOOD, 50, b";a=b;c")), *READ),
    case("chunk of no size", says(CHUNKED + b"zz\r\nx\r\n0\r\n\r\n")),
    case("chunk of negative size", says(CHUNKED + b"-5\r\nx\r\n0\r\n\r\n")),
    case("chunk of huge size", floods(CHUNKED + b"ffffffffffffff\r\n", b"x"), "tooLarge"),
    case("chunk size beyond all", says(CHUNKED + b"f" * 40 + b"\r\nx\r\n")),
    case("chunk longer than it says", says(CHUNKED + b"2\r\nabcdef\r\n0\r\n\r\n")),
    case("chunk that does not end", says(CHUNKED + b"500\r\nabc")),
    case("last chunk missing", says(CHUNKED + chunks(GOOD, 40)[:-5])),
    case("endless chunk extension", floods(CHUNKED + b"5;a=", b"x"), "tooLarge"),
    case("endless chunk size", floods(CHUNKED, b"0"), "tooLarge", "payload"),
    case("endless trailers", floods(CHUNKED + b"0\r\n", b"X-Trailer: y\r\n"), "payload"),
    case("one endless trailer", floods(CHUNKED + b"0\r\nX: ", b"y"), "payload"),
    case(
        "chunked twice",
        says(head("200 OK", "Transfer-Encoding: chunked, chunked") + chunks(GOOD, 9)),
        "payload",
        "read 3",
    ),
    case(
        "compressed on the way",
        says(
            head("200 OK", "Transfer-Encoding: gzip, chunked")
            + chunks(gzip.compress(GOOD, mtime=0), 9)
        ),
        "payload",
        "read 3",
    ),
    case("unknown transfer coding", lengths("Transfer-Encoding: rot13"), "payload", "read 3"),
    case("HTTP/1.0, closed", says(b"HTTP/1.0 200 OK\r\n\r\n" + GOOD), *READ),
    case("HTTP/0.9", says(GOOD)),
    case("HTTP/9.9", says(b"HTTP/9.9 200 OK\r\n\r\n" + GOOD), "payload", "read 3"),
    case("HTTP/2 in clear", says(b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x64")),
    case("a part that was not asked for", document(GOOD, status="206 Partial"), "clientError"),
]

SAME = head("100 Continue")
MANY = b"".join(b"X-%d: y\r\n" % at for at in range(100_000))


def at_start(data: bytes) -> Reply:
    """Send a head in another writing, then a good feed."""
    return says(data + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD)


HEADS = [
    case("nothing", says(b""), "connect"),
    case("half a status line", says(b"HTTP/1."), "payload", "connect"),
    case("half a head", says(OK + b"Content-Le"), "payload", "connect"),
    case("mail server", says(b"220 mail.example.org ESMTP\r\n")),
    case("SSH", says(b"SSH-2.0-OpenSSH_9.2\r\n")),
    case("noise", says(bytes(range(256)) * 40)),
    case("NULs", floods(b"", b"\0")),
    case("no reason phrase", at_start(b"HTTP/1.1 200\r\n"), *READ),
    case("status in words", at_start(b"HTTP/1.1 abc OK\r\n")),
    case("status of two digits", at_start(b"HTTP/1.1 99 OK\r\n")),
    case("status of four digits", at_start(b"HTTP/1.1 2000 OK\r\n")),
    case("negative status", at_start(b"HTTP/1.1 -200 OK\r\n")),
    case("endless status line", floods(b"HTTP/1.1 200 ", b"x")),
    case("not even HTTP", at_start(b"ICY 200 OK\r\n")),
    case("1xx for ever, fast", floods(b"", SAME), "tooLarge"),
    case("1xx, then a feed", at_start(SAME * 3 + head("103 Early Hints", "X: y") + OK), *READ),
    case("101", stalls(head("101 Switching Protocols", "Upgrade: x", "Connection: upgrade")),
         "clientError"),
    case("101, then endless", floods(head("101 Switching Protocols", "Upgrade: x",
         "Connection: upgrade"), b"x"), "clientError"),
    case("endless headers", floods(OK, b"X-Flood: 1\r\n")),
    case("100,000 headers", at_start(OK + MANY)),
    case("100,000 headers of one name", at_start(OK + b"Set-Cookie: a=b\r\n" * 100_000)),
    case("a header of 1 MB", at_start(OK + b"X-Long: " + b"x" * 1_000_000 + b"\r\n")),
    case("a header's name of 1 MB", at_start(OK + b"X" * 1_000_000 + b": x\r\n")),
    case("an endless header", floods(OK + b"X-Long: ", b"x")),
    case("a header of 15 kB", at_start(OK + b"X-Policy: " + b"x" * 15_000 + b"\r\n"), *READ),
    case("an ETag of 10 kB", at_start(OK + b'ETag: "' + b"x" * 10_000 + b'"\r\n'), *READ),
    case("an ETag of odd bytes", at_start(OK + b"ETag: \xff\xfe\x80\r\n"), *READ),
    case("a header without colon", at_start(OK + b"what is this\r\n"), "payload", "read 3"),
    case("a header without name", at_start(OK + b": value\r\n"), "payload", "read 3"),
    case("a header with NUL", at_start(OK + b"X: a\0b\r\n"), "payload"),
    case("a name with a space", at_start(OK + b"X Y: z\r\n"), "payload", "read 3"),
    case("a folded header", at_start(OK + b"X: a\r\n b\r\n"), "payload", "read 3"),
    case("folded for ever", floods(OK + b"X: a\r\n", b" b\r\n")),
    case("lines end in LF", says(b"HTTP/1.1 200 OK\nX: y\n\n" + GOOD), "payload", "read 3"),
    case("lines end in CR", says(b"HTTP/1.1 200 OK\rX: y\r\r" + GOOD), "payload", "connect"),
    case("charset of 15 kB",
         at_start(OK + b"Content-Type: text/xml; charset=" + b"x" * 15_000 + b"\r\n"), *READ),
    case("cookies", at_start(OK + b"Set-Cookie: a=b; Domain=.com\r\n" * 50), *READ),
    case("a second answer unasked", says(at := OK + b"Content-Length: 1\r\n\r\nx" * 2)),
]  # fmt: skip


def refuses(status: int, *lines: str) -> Reply:
    """Answer with a status, and a feed that must not be read."""
    return document(b"" if status in {204, 304} else GOOD, *lines, status=f"{status} Whatever")


REFUSALS = {
    201: "clientError", 202: "clientError", 204: "clientError", 205: "clientError",
    226: "clientError", 299: "clientError", 300: "clientError", 301: "clientError",
    302: "clientError", 305: "clientError", 306: "clientError", 399: "clientError",
    400: "clientError", 401: "blocked", 402: "clientError", 403: "blocked", 404: "notFound",
    406: "clientError", 408: "timeout", 410: "gone", 418: "clientError", 421: "clientError",
    425: "serverError", 429: "rateLimited", 431: "clientError", 451: "blocked",
    500: "serverError", 502: "serverError", 503: "serverError", 504: "serverError",
    511: "serverError", 520: "serverError", 525: "serverError", 530: "serverError",
    599: "serverError", 600: "serverError", 999: "serverError",
}  # fmt: skip
RESTS = {
    "seconds": "60",
    "a date": "Fri, 31 Dec 2027 23:59:59 GMT",
    "a date long past": "Thu, 01 Jan 1970 00:00:00 GMT",
    "a thousand years": "31536000000",
    "negative": "-60",
    "a fraction": "1.5",
    "garbage": "\\x00 soon \\xff" * 50,
    "10,000 digits": "9" * 10_000,
    "a date that is none": "Xxx, 99 Foo 99999 99:99:99 GMT",
}


def always_304(talk: Talk) -> Reply:
    """Answer 304 whatever was asked for."""
    return says(head("304 Not Modified", 'ETag: "x"'))(talk)


def honest_304(talk: Talk) -> Reply:
    """Answer 304 to who sets a condition, else the feed."""
    asked = talk.head.lower()
    known = any(name in asked for name in CONDITIONS)
    return (says(head("304 Not Modified")) if known else document(GOOD))(talk)


STATUSES = [
    *(case(f"status {status}", refuses(status), reason) for status, reason in REFUSALS.items()),
    *(
        case(f"Retry-After: {name}", refuses(429, f"Retry-After: {text}"), "rateLimited")
        for name, text in RESTS.items()
    ),
    case("503 with a bomb", packed("br", lambda: b"x" * 900_000), "payload"),
    case("429, endless", floods(head("429 No", "Retry-After: 5"), b"x"), "rateLimited"),
    case("503, broken gzip", document(b"\x1f\x8b\x08junk", "Content-Encoding: gzip",
         status="503 No"), "serverError"),
    case("503, too long a length", document(b"x", "Content-Length: 9", status="503 No"),
         "serverError", "payload"),
    case("200, nothing in it", document(b"")),
    case("203", document(GOOD, status="203 Touched"), *READ),
    case("304 that nobody asked for", always_304, "payload"),
    case("304 to a condition", honest_304, "unchanged", known=True),
    case("304 with a body", says(head("304 Not Modified", "Content-Length: 500") + GOOD),
         "unchanged", "payload", known=True),
    case("200 for ever, never 304", document(GOOD), *READ, known=True),
]  # fmt: skip


CONNECTIONS = [
    case("nobody listens", says(b""), "connect", at="closed"),
    case("closed when connected", says(b""), "connect", at="slammed"),
    case("reset when connected", says(b""), "connect", at="broken"),
    case("closed in the body", says(OK + b"Content-Length: 900\r\n\r\n" + GOOD)),
    case("reset in the body", resets(OK + b"Content-Length: 900\r\n\r\n" + GOOD),
         "payload", "connect"),
    case("reset in the head", resets(OK + b"X: "), "connect", "payload"),
    case("TLS that is right", document(GOOD), *READ, at="tls"),
    case("TLS: expired", document(GOOD), "tls", at="expired"),
    case("TLS: another name", document(GOOD), "tls", at="wrong"),
    case("TLS: signed by itself", document(GOOD), "tls", at="selfsigned"),
    case("TLS: garbage", says(b""), "tls", at="garbage", url="https://127.0.0.1:{garbage}/"),
    case("TLS: plain HTTP", says(b""), "tls", at="plain", url="https://127.0.0.1:{plain}/"),
    case("TLS: 1.0 only", says(b""), "tls", at="old", url="https://127.0.0.1:{old}/"),
    case("TLS: closed", says(b""), "tls", "connect", url="https://127.0.0.1:{slammed}/"),
    case("TLS: reset", says(b""), "tls", "connect", url="https://127.0.0.1:{broken}/"),
    case("TLS: silent", says(b""), "timeout", url="https://127.0.0.1:{silent}/"),
    case("TLS asked for without", says(b""), "connect", "payload", url="http://127.0.0.1:{tls}/"),
    case("nobody takes it", says(b""), "timeout", at="full"),
    case("no such name", says(b""), "dns", host="nowhere.example"),
    case("name without letters", says(b""), "clientError", "dns", url="http://a..b/"),
    case("name with a label of 70", says(b""), "clientError", "dns",
         url="http://" + "a" * 70 + ".example/"),
    case("name of 300", says(b""), "clientError", url="http://" + "a." * 150 + "example/"),
    case("a name server that fails", says(b""), "dns", host="broken.example"),
    case("a name server that hangs", says(b""), "timeout", host="silent.example"),
    case("name of a forbidden address", document(GOOD), "blocked", host="inside.example"),
    case("name of several, one forbidden", document(GOOD), *READ, host="mixed.example"),
    case("name of several, all forbidden", document(GOOD), "blocked", host="all.example"),
    case("forbidden address", says(b""), "blocked", url="http://127.9.9.9:{secret}/"),
    case("not of the web", says(b""), "blocked", url="file:///etc/passwd"),
    case("no address", says(b""), "clientError", url="http://"),
]  # fmt: skip

SLOW = [
    case("silence", stalls(b""), "timeout"),
    case("half a head, then silence", stalls(OK + b"X: "), "timeout"),
    case("length too long, hangs", stalls(head("200 OK", "Content-Length: 5000")), "timeout"),
    case("a byte at a time", dribbles(OK + b"Content-Length: 9999\r\n\r\n", b"x"), "timeout"),
    case("a chunk at a time", dribbles(CHUNKED, b"1\r\nx\r\n"), "timeout"),
    case("a header at a time", dribbles(OK, b"X: y\r\n"), "timeout", "payload"),
    case("a letter of the head at a time", dribbles(OK + b"X: ", b"y"), "timeout"),
    case("a status line, slowly", dribbles(b"HTTP/1.1 200 ", b"y"), "timeout"),
    case("a byte just before it is given up", dribbles(OK + b"\r\n", b"x", 1.2), "timeout"),
    case("trailers, slowly", dribbles(CHUNKED + b"0\r\n", b"X: y\r\n"), "timeout"),
    case("chunk extension, slowly", dribbles(CHUNKED + b"5;", b"y"), "timeout"),
    case("half a feed, then silence", stalls(OK + b"Content-Length: 9999\r\n\r\n" + GOOD),
         "timeout"),
    case("gzip, slowly", dribbles(OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08", b"\0"),
         "timeout", "payload"),
    case("a bomb of 8 MiB, then silence",
         stalls(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b" " * 8_000_000)[:-30]),
         "timeout"),
    case("redirect body, slowly",
         dribbles(head("302 Found", "Location: http://127.0.0.1:{http}/x"), b"x"), "blocked"),
    case("1xx, slowly", dribbles(b"", SAME), "timeout"),
]  # fmt: skip

MIB20 = 20 << 20


def raw_deflate(data: bytes) -> bytes:
    """Deflate without zlib's frame."""
    made = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return made.compress(data) + made.flush()


def wide(data: bytes) -> bytes:
    """Zstandard that asks for 128 MiB of memory."""
    made = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    return made.compress(data) + made.flush()


def zeros() -> bytes:
    """Return 20 MiB that pack well."""
    return b"\0" * MIB20


BOMBS = [
    case("gzip", packed("gzip", lambda: gzip.compress(zeros(), 6)), "tooLarge"),
    case("gzip, unnamed", packed("", lambda: gzip.compress(zeros(), 6)), "tooLarge"),
    case("gzip in gzip", packed("gzip", lambda: gzip.compress(gzip.compress(zeros()))),
         "tooLarge"),
    case("gzip in gzip, both named",
         packed("gzip, gzip", lambda: gzip.compress(gzip.compress(zeros()))), "tooLarge"),
    case("gzip in brotli", packed("gzip, br", lambda: brotli.compress(gzip.compress(zeros()))),
         "tooLarge"),
    case("gzip, 200,000 members", packed("gzip", lambda: gzip.compress(b"") * 190_000),
         "payload"),
    case("deflate", packed("deflate", lambda: zlib.compress(zeros())), "tooLarge"),
    case("deflate, raw", packed("deflate", lambda: raw_deflate(zeros())), "tooLarge"),
    case("brotli", packed("br", lambda: brotli.compress(zeros(), quality=5)), "tooLarge"),
    case("zstd", packed("zstd", lambda: zstd.compress(zeros())), "tooLarge"),
    case("zstd, unnamed", packed("", lambda: zstd.compress(zeros())), "tooLarge"),
    case("zstd that wants 128 MiB", packed("zstd", lambda: wide(GOOD))),
    case("zstd, 200,000 frames", packed("zstd", lambda: zstd.compress(b"") * 190_000),
         "payload"),
    case("three encodings", packed("gzip, gzip, gzip", lambda: gzip.compress(GOOD))),
    case("a thousand encodings", packed(", ".join(["gzip"] * 1000), lambda: gzip.compress(GOOD))),
    case("an unknown encoding", packed("rot13", lambda: GOOD)),
    case("compress", packed("compress", lambda: GOOD)),
    case("gzip cut off", packed("gzip", lambda: gzip.compress(GOOD)[:-9])),
    case("gzip with a wrong sum", packed("gzip", lambda: gzip.compress(GOOD)[:-8] + b"\1" * 8)),
    case("junk as gzip", packed("gzip", lambda: b"\x1f\x8b\x08" + b"junk" * 99)),
    case("junk as deflate", packed("deflate", lambda: b"\xff" * 999)),
    case("junk as brotli", packed("br", lambda: b"\xff" * 999)),
    case("junk as zstd", packed("zstd", lambda: b"\x28\xb5\x2f\xfd" + b"\xff" * 999)),
    case("gzip named, plain sent", packed("gzip", lambda: GOOD), *READ),
    case("gzip in brotli, in two headers", document(brotli.compress(gzip.compress(GOOD)),
         "Content-Encoding: gzip", "Content-Encoding: br"), *READ),
    case("gzip sent, none named", packed("", lambda: gzip.compress(GOOD)), *READ),
    case("gzip sent, brotli named", packed("br", lambda: gzip.compress(GOOD)), *READ),
    case("gzip, and junk after it", packed("gzip", lambda: gzip.compress(GOOD) + b"junk"), *READ),
    case("gzip by its old name", packed("x-gzip", lambda: gzip.compress(GOOD)), *READ),
    case("brotli that is right", packed("br", lambda: brotli.compress(GOOD)), *READ),
    case("zstd that is right", packed("zstd", lambda: zstd.compress(GOOD)), *READ),
    case("deflate that is raw", packed("deflate", lambda: raw_deflate(GOOD)), *READ),
    case("identity", packed("identity", lambda: GOOD), *READ),
    case("a charset for an encoding", packed("utf-8", lambda: GOOD), *READ),
    case("just within the limit", packed("gzip", lambda: gzip.compress(mebibytes(7))), "read 1"),
]  # fmt: skip
