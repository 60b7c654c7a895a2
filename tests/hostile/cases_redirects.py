"""Cases of redirects: round in circles, into the house, to what is no address."""

from hostile.talk import FORBIDDEN, GOOD, Case, Reply, Talk, document, floods, points, says

__all__ = ["REDIRECTS"]

NUMBER = 0x7F090909
INSIDE = {
    "dotted": FORBIDDEN,
    "decimal": str(NUMBER),
    "hexadecimal": hex(NUMBER),
    "hexadecimal, dotted": "0x7f.0x9.0x9.0x9",
    "octal": "0177.011.011.011",
    "octal, one number": oct(NUMBER).replace("0o", "0"),
    "octal with many zeros": "00000177.0011.0011.0011",
    "mixed": "0x7f.9.011.9",
    "two numbers": f"127.{NUMBER & 0xFFFFFF}",
    "three numbers": f"127.9.{NUMBER & 0xFFFF}",
    "trailing dot": f"{FORBIDDEN}.",
    "IPv6-mapped": f"[::ffff:{FORBIDDEN}]",
    "IPv6-mapped, hexadecimal": "[::ffff:7f09:909]",
    "IPv6-mapped, in full": "[0000:0000:0000:0000:0000:ffff:7f09:0909]",
    "IPv6-compatible": f"[::{FORBIDDEN}]",
    "IPv6-translated": f"[::ffff:0:{FORBIDDEN}]",
    "NAT64": f"[64:ff9b::{FORBIDDEN}]",
    "NAT64, local": "[64:ff9b:1::7f09:909]",
    "6to4": "[2002:7f09:909::1]",
    "Teredo": "[2001:0:4136:e378:8000:63bf:80f6:f6f6]",
    "IPv6 loopback": "[::1]",
    "unspecified": "[::]",
    "all zeros": "0.0.0.0",
    "zero": "0",
    "zone id": "[fe80::1%25lo]",
    "zone id, bare": "[fe80::1%lo]",
    "site-local": "[fec0::1]",
    "unique local": "[fd00::1]",
    "multicast": "[ff02::1]",
    "localhost": "localhost",
    "localhost, capitals": "LOCALHOST.",
    "fullwidth digits": "\uff11\uff12\uff17.\uff19.\uff19.\uff19",
    "circled digits": "\u2460\u2461\u2466.\u2468.\u2468.\u2468",
    "ideographic dots": "127\u30029\u30029\u30029",
    "user before it": f"127.0.0.1@{FORBIDDEN}",
    "user and port before it": f"127.0.0.1:80@{FORBIDDEN}",
    "metadata of clouds": "169.254.169.254",
    "private": "10.0.0.1",
    "carrier-grade NAT": "100.64.0.1",
    "protocol assignments": "192.0.0.8",
    "multicast, IPv4": "224.0.0.1",
    "broadcast": "255.255.255.255",
    "a name that leads there": "inside.example",
    "a name that changed": "changing.example",
}
NOWHERE = {
    "file": "file:///etc/passwd",
    "file of a host": "file://127.0.0.1/etc/passwd",
    "data": "data:application/rss+xml,<rss/>",
    "ftp": "ftp://127.0.0.1/feed",
    "gopher": "gopher://127.9.9.9:{secret}/_x",
    "javascript": "javascript:alert(1)",
    "unknown scheme": "feed://127.0.0.1:{http}/x",
    "percent-encoded host": "http://%31%32%37.9.9.9:{secret}/",
    "half an IPv6 address": "http://[::1:{secret}/",
    "port beyond all": "http://127.0.0.1:99999/",
    "port in words": "http://127.0.0.1:eighty/",
    "10 kB": "http://127.0.0.1:{http}/" + "x" * 10_000,
    "10 kB of dots": "http://127.0.0.1:{http}/" + "./" * 5_000,
    "host of 300": "http://" + "a." * 150 + "b/",
}
SERVED = {
    "relative": "x",
    "absolute path": "/x",
    "another host's path": "//127.0.0.1:{http}/x",
    "with a fragment": "http://127.0.0.1:{http}/x#fragment",
    "with a user": "http://me:secret@127.0.0.1:{http}/x",
    "with spaces": "  http://127.0.0.1:{http}/x y  ",
    "not in ASCII": "/stra\u00dfe?\u00fc",
    "bytes of no charset": "/\udcff\udcfe",
    "tabs inside": "/a\tb",
    "dots": "/a/../../../x",
    "capitals": "HTTP://127.0.0.1:{http}/x",
}


def hops(last: int) -> Reply:
    """Redirect so many times, then answer."""

    async def reply(talk: Talk) -> None:
        number, _, done = talk.path.strip("/").partition("/")
        count = int(done or 0)
        if count >= last:
            await document(GOOD)(talk)
        else:
            await points(f"/{number}/{count + 1}")(talk)

    return reply


async def circle(talk: Talk) -> None:
    """Redirect to the very same address."""
    await points(talk.path)(talk)


async def ping_pong(talk: Talk) -> None:
    """Redirect between two addresses."""
    number = talk.path.strip("/").split("/")[0]
    await points(f"/{number}" if talk.path.count("/") > 1 else f"/{number}/b")(talk)


async def ends_elsewhere(talk: Talk) -> None:
    """Redirect with an endless body to a good feed."""
    start = f"HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:{talk.ports['http']}/x\r\n\r\n"
    await floods(start.encode(), b"x")(talk)


async def to_another(talk: Talk) -> None:
    """Redirect from TLS to a server without."""
    await points("http://127.0.0.1:{http}/x")(talk)


async def to_another_with_secrets(talk: Talk) -> None:
    """Redirect whoever says who it is away from TLS; be a teapot to who says so there, too."""
    number, _, after = talk.path.strip("/").partition("/")
    known = b"authorization: basic " in talk.head.lower()
    if known == bool(after):
        await document(b"", status="418 Teapot")(talk)
    else:
        away = points(f"http://127.0.0.1:{{http}}/{number}/b")
        await (document(GOOD) if after else away)(talk)


REDIRECTS = [
    Case("without TLS, with a password", to_another_with_secrets, ("read 3",),
         url="https://me:secret@127.0.0.1:{tls}/{number}"),
    *(
        Case(f"inside: {name}", points(f"http://{host}:{{secret}}/"), ("blocked",))
        for name, host in INSIDE.items()
    ),
    *(Case(f"nowhere: {name}", points(to), ("blocked",)) for name, to in NOWHERE.items()),
    *(Case(f"served: {name}", points(to), ("read 3",)) for name, to in SERVED.items()),
    *(Case(f"{status} inside", points("http://127.9.9.9:{secret}/", f"{status} M"), ("blocked",))
      for status in (301, 303, 307, 308)),
    Case("300 is not followed", points("/x", "300 Choices"), ("clientError",)),
    Case("304 is not followed", points("/x", "304 Same"), ("payload",)),
    Case("200 is not followed", points("http://127.9.9.9:{secret}/", "200 OK", GOOD),
         ("read 3",)),
    Case("to the same", circle, ("payload",)),
    Case("between two", ping_pong, ("payload",)),
    Case("six", hops(6), ("read 3",)),
    Case("seven", hops(7), ("payload",)),
    Case("for ever", hops(10**9), ("payload",)),
    Case("with an endless body", ends_elsewhere, ("read 3",)),
    Case("without TLS at the end", to_another, ("read 3",), at="tls"),
    Case("to nothing", points(""), ("clientError",)),
    Case("to blanks", points("   "), ("clientError",)),
    Case("to no location", says(b"HTTP/1.1 302 F\r\nContent-Length: 0\r\n\r\n"),
         ("clientError",)),
    Case("to several", says(b"HTTP/1.1 302 F\r\nLocation: http://10.0.0.1/\r\n"
         b"Location: http://10.0.0.2/\r\nContent-Length: 0\r\n\r\n"), ("blocked",)),
    Case("with a line end inside", points("/x\r\nX-Smuggled: http://127.9.9.9/"), ("read 3",)),
    Case("with a carriage return inside", points("/x\rLocation: http://127.9.9.9/"),
         ("payload", "read 3")),
    Case("a refresh", document(GOOD, "Refresh: 0; url=http://127.9.9.9/"), ("read 3",)),
]  # fmt: skip
