"""The fetcher, against servers that answer well."""

import asyncio
import gzip
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

import pytest

from workers.clock import Clock
from workers.errors import Permanent, Transient
from workers.model.net import Fetch
from workers.net import HttpFetcher, guarded_session
from workers.options import NetOptions

Serve = Callable[..., asyncio.Future[str]]
Get = Callable[[str], Fetch]


def said(head: bytes) -> dict[str, str]:
    """Return a request's headers, names in lower case, and its path under ``:path``."""
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    found = {":path": first.split()[1]}
    found.update((line.partition(": ")[0].lower(), line.partition(": ")[2]) for line in lines)
    return found


def answer(body: bytes = b"", status: str = "200 OK", headers: str = "") -> bytes:
    """Return an HTTP answer as bytes; ``headers`` are lines."""
    lines = "".join(f"{line}\r\n" for line in headers.splitlines())
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
    return head.encode("latin-1") + body


class Site:
    """A server that answers by path, and remembers what it was asked."""

    def __init__(self, **pages: bytes) -> None:
        self.pages = {f"/{name}": page for name, page in pages.items()}
        self.asked: list[dict[str, str]] = []

    async def __call__(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        self.asked.append(said(head))
        path = self.asked[-1][":path"].partition("?")[0]
        writer.write(self.pages.get(path, answer(b"none", "404 Not Found")))


async def test_answer_is_whole(serve: Serve, fetcher: HttpFetcher, get: Get) -> None:
    """Status, body, headers in lower case and the final address come back."""
    site = Site(
        feed=answer(gzip.compress(b"<rss/>"), headers="Content-Encoding: gzip\nX-A: 1\nX-A: 2")
    )
    base = await serve(site)
    got = await fetcher.get(get(f"{base}/feed"))
    assert (200, b"<rss/>", "1, 2") == (got.status, got.body, got.headers["x-a"])
    assert (f"{base}/feed", None) == (got.url, got.moved_to)
    assert "Tocsin/test" == site.asked[0]["user-agent"]
    assert "cookie" not in site.asked[0]


async def test_any_status_is_an_answer(serve: Serve, fetcher: HttpFetcher, get: Get) -> None:
    """A status of failure is no exception, and what it says is not read."""
    base = await serve(Site(down=answer(b"later", "503 Service Unavailable", "Retry-After: 120")))
    assert 404 == (await fetcher.get(get(f"{base}/nothing"))).status
    down = await fetcher.get(get(f"{base}/down"))
    assert (503, 120.0, b"") == (down.status, down.retry_after, down.body)


async def test_refusal_counts_whatever_its_body(
    serve: Serve, fetcher: HttpFetcher, get: Get
) -> None:
    """A body that is too large, or broken, does not hide that the host wants to rest."""
    headers = "Retry-After: 60\nContent-Encoding: br"
    base = await serve(Site(a=answer(b"x" * 900_000, "429 Too Many Requests", headers)))
    got = await fetcher.get(get(f"{base}/a"))
    assert (429, 60.0) == (got.status, got.retry_after)


async def test_validators_go_out_exactly(serve: Serve, fetcher: HttpFetcher) -> None:
    """ETag and Last-Modified are sent as they were given; 304 has no body."""
    site = Site(feed=b"HTTP/1.1 304 Not Modified\r\nETag: W/odd\r\n\r\n")
    base = await serve(site)
    fetch = Fetch(
        url=f"{base}/feed", etag='W/"a,b" c', last_modified="yesterday", wire_bytes=9, body_bytes=9
    )
    got = await fetcher.get(fetch)
    assert (304, b"", "W/odd") == (got.status, got.body, got.headers["etag"])
    assert 'W/"a,b" c' == site.asked[0]["if-none-match"]
    assert "yesterday" == site.asked[0]["if-modified-since"]


VALIDATORS = {
    "weak": b'W/"a,b" c',
    "unquoted": b"abc",
    "quotes inside": b'"a"b"',
    "UTF-8": '"Grüße-日本"'.encode(),
    "bytes of no charset": b'"caf\xe9-\xff\xfe\x80"',
    "4 kB": b'"' + b"x" * 4000 + b'"',
    "a date in words": b"yesterday, at four",
    "tab inside": b'"a\tb"',
}


@pytest.mark.parametrize("name", VALIDATORS)
async def test_validators_go_back_as_they_came(
    serve: Serve, fetcher: HttpFetcher, get: Get, name: str
) -> None:
    """Whatever bytes a server sends as a validator, it gets the very same ones back."""
    raw, heads = VALIDATORS[name], []

    async def handle(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        told = b"ETag: " + raw + b"\r\nLast-Modified: " + raw
        writer.write(b"HTTP/1.1 200 OK\r\n" + told + b"\r\nContent-Length: 1\r\n\r\nx")

    base = await serve(handle)
    first = await fetcher.get(get(f"{base}/a"))
    again = Fetch(
        url=f"{base}/a",
        etag=first.etag,
        last_modified=first.last_modified,
        wire_bytes=9,
        body_bytes=9,
    )
    await fetcher.get(again)
    assert b"\r\nIf-None-Match: " + raw + b"\r\n" in heads[1]
    assert b"\r\nIf-Modified-Since: " + raw + b"\r\n" in heads[1]


async def test_huge_validator_is_not_kept(serve: Serve, fetcher: HttpFetcher, get: Get) -> None:
    """An ETag of 10 kB is read over: sent back, it would make most servers refuse the request."""
    base = await serve(Site(a=answer(b"x", headers=f"ETag: {'x' * 10_000}\nLast-Modified: then")))
    got = await fetcher.get(get(f"{base}/a"))
    assert (b"x", None, "then") == (got.body, got.etag, got.last_modified)


async def test_stored_text_that_is_no_bytes_is_not_sent(
    serve: Serve, fetcher: HttpFetcher
) -> None:
    """A validator with characters that no byte stands for is left out."""
    site = Site(a=answer(b"x"))
    base = await serve(site)
    await fetcher.get(Fetch(url=f"{base}/a", etag='"日本"', wire_bytes=9, body_bytes=9))
    assert "if-none-match" not in site.asked[0]


async def test_broken_validator_is_not_sent(serve: Serve, fetcher: HttpFetcher) -> None:
    """A validator with a line feed cannot smuggle a header."""
    site = Site(feed=answer(b"x"))
    base = await serve(site)
    await fetcher.get(Fetch(url=f"{base}/feed", etag="a\r\nX: 1", wire_bytes=9, body_bytes=9))
    assert "if-none-match" not in site.asked[0]
    assert "x" not in site.asked[0]


@pytest.mark.parametrize(
    ("codes", "moved"),
    [
        ((301,), True),
        ((308, 301), True),
        ((302,), False),
        ((301, 302), False),
        ((307, 308), False),
    ],
)
async def test_only_permanent_redirects_move(
    serve: Serve,
    fetcher: HttpFetcher,
    get: Get,
    codes: tuple[int, ...],
    moved: bool,  # noqa: FBT001
) -> None:
    """The address has moved if every hop on the way says so."""
    pages = {
        f"p{at}": answer(b"x", f"{code} Moved", f"Location: /p{at + 1}")
        for at, code in enumerate(codes)
    }
    base = await serve(Site(**pages, **{f"p{len(codes)}": answer(b"here")}))
    got = await fetcher.get(get(f"{base}/p0"))
    end = f"{base}/p{len(codes)}"
    assert (end, b"here", end if moved else None) == (got.url, got.body, got.moved_to)


async def test_secrets_stay_with_their_origin(serve: Serve, fetcher: HttpFetcher) -> None:
    """Extra headers and passwords go to the first origin, and never to another."""
    other = Site(b=answer(b"theirs"))
    there = await serve(other)
    own = Site(a=answer(b"", "302 Found", "Location: /a2"))
    own.pages["/a2"] = answer(b"", "302 Found", f"Location: {there}/b")
    here = await serve(own)
    fetch = Fetch(
        url=here.replace("//", "//me:pass%20word@") + "/a",
        headers=(("X-Key", "secret"),),
        wire_bytes=99,
        body_bytes=99,
    )
    got = await fetcher.get(fetch)
    assert (b"theirs", f"{there}/b") == (got.body, got.url)
    for asked in own.asked:
        assert ("secret", "Basic bWU6cGFzcyB3b3Jk") == (asked["x-key"], asked["authorization"])
    assert not {"x-key", "authorization"} & set(other.asked[0])


async def test_secrets_do_not_come_back(serve: Serve, fetcher: HttpFetcher) -> None:
    """What was once led to another origin asks for nothing in our name, back at the first."""
    own = Site(end=answer(b"x"))
    here = await serve(own)
    there = await serve(Site(b=answer(b"", "302 Found", f"Location: {here}/end")))
    own.pages["/a"] = answer(b"", "302 Found", f"Location: {there}/b")
    fetch = Fetch(
        url=here.replace("//", "//me:pw@") + "/a",
        headers=(("X-Key", "secret"),),
        wire_bytes=99,
        body_bytes=99,
    )
    assert b"x" == (await fetcher.get(fetch)).body
    assert "secret" == own.asked[0]["x-key"]
    assert not {"x-key", "authorization"} & set(own.asked[1])


async def test_own_headers_win(serve: Serve, fetcher: HttpFetcher) -> None:
    """A header of the operator's own takes the place of ours, however it is written."""
    heads = []

    async def handle(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head.lower())
        writer.write(answer(b"x"))

    base = await serve(handle)
    mine = (("user-agent", "Mine/1"), ("ACCEPT", "text/plain"))
    await fetcher.get(Fetch(url=f"{base}/a", headers=mine, wire_bytes=9, body_bytes=9))
    assert (1, 1) == (heads[0].count(b"user-agent:"), heads[0].count(b"\naccept:"))
    assert b"mine/1" in heads[0]


async def test_redirect_does_not_choose_who_we_are(
    serve: Serve, fetcher: HttpFetcher, get: Get
) -> None:
    """A user in a redirect's address is dropped."""
    there = Site(b=answer(b"x"))
    address = (await serve(there)).replace("//", "//evil:x@")
    base = await serve(Site(a=answer(b"", "302 Found", f"Location: {address}/b")))
    await fetcher.get(get(f"{base}/a"))
    assert "authorization" not in there.asked[0]


async def test_move_keeps_password_in_its_origin(
    serve: Serve, fetcher: HttpFetcher, get: Get
) -> None:
    """A feed that moves inside its origin keeps its password in its address."""
    base = await serve(Site(a=answer(b"", "301 Moved", "Location: /b"), b=answer(b"x")))
    owned = base.replace("//", "//me:pw@")
    got = await fetcher.get(get(f"{owned}/a"))
    assert (f"{base}/b", f"{owned}/b") == (got.url, got.moved_to)


async def test_cookies_are_not_kept(serve: Serve, fetcher: HttpFetcher, get: Get) -> None:
    """A server cannot know us again."""
    site = Site(a=answer(b"x", headers="Set-Cookie: id=7"))
    base = await serve(site)
    await fetcher.get(get(f"{base}/a"))
    await fetcher.get(get(f"{base}/a"))
    assert "cookie" not in site.asked[1]


async def test_environment_names_no_proxy(
    serve: Serve, fetcher: HttpFetcher, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of the environment is not used."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    base = await serve(Site(a=answer(b"direct")))
    assert b"direct" == (await fetcher.get(get(f"{base}/a"))).body


async def test_named_proxy_is_used(serve: Serve, get: Get) -> None:
    """The proxy of the settings gets the whole address, and private targets never reach it."""
    proxy = Site()

    async def answer_all(head: bytes, writer: asyncio.StreamWriter) -> None:
        proxy.asked.append(said(head))
        writer.write(answer(b"by proxy"))

    made = HttpFetcher(NetOptions(proxy=await serve(answer_all)))
    try:
        assert b"by proxy" == (await made.get(get("http://feeds.example.org/a"))).body
        for host in ("10.0.0.1", "localhost", "2130706433", "0x7f.0.0.1", "[::1]"):
            with pytest.raises(Permanent, match="blocked"):
                await made.get(get(f"http://{host}/"))
    finally:
        await made.close()
    assert ["http://feeds.example.org/a"] == [asked[":path"] for asked in proxy.asked]


RETRY = {
    "5": 5.0,
    "0": 0.0,
    "999999999": 86_400.0,
    "1.5": 1.5,
    "Fri, 02 Jan 2026 00:10:00 GMT": 600.0,
    "Thu, 01 Jan 2026 00:00:00 GMT": 0.0,
    "Fri, 02 Jan 2099 00:00:00 GMT": 86_400.0,
    "soon": None,
    "-5": None,
    "": None,
}


@pytest.mark.parametrize("written", RETRY)
async def test_retry_after_in_both_forms(
    serve: Serve, fetcher: HttpFetcher, get: Get, written: str
) -> None:
    """Seconds and dates are understood, against the server's own clock, up to a day."""
    headers = f"Retry-After: {written}\nDate: Fri, 02 Jan 2026 00:00:00 GMT"
    base = await serve(Site(a=answer(b"", "429 Too Many", headers)))
    assert RETRY[written] == (await fetcher.get(get(f"{base}/a"))).retry_after


async def test_retry_after_without_a_clock_of_theirs(
    serve: Serve, get: Get, set_clock: Clock
) -> None:
    """Where the server's own date is none, ours counts."""
    at = format_datetime(set_clock.now() + timedelta(seconds=300), usegmt=True)
    base = await serve(Site(a=answer(b"", "503 No", f"Retry-After: {at}\nDate: soon")))
    made = HttpFetcher(NetOptions(allow=("127.0.0.1",)), set_clock)
    try:
        assert 300.0 == (await made.get(get(f"{base}/a"))).retry_after
    finally:
        await made.close()


async def test_redirect_uses_its_connection_again(
    serve: Serve, fetcher: HttpFetcher, get: Get
) -> None:
    """A redirect inside a host costs no second connection, if its body has come whole."""
    peers = []

    async def handle(head: bytes, writer: asyncio.StreamWriter) -> None:
        peers.append(writer.get_extra_info("peername"))
        moved = b" /a " in head
        writer.write(answer(b"m", "302 Found", "Location: /b") if moved else answer(b"x"))

    base = await serve(handle)
    await fetcher.get(get(f"{base}/a"))
    assert (2, 1) == (len(peers), len(set(peers)))


async def test_sink_session_is_guarded(serve: Serve) -> None:
    """A sink's session refuses private addresses, unless that sink may reach them."""
    base = await serve(Site(a=answer(b"taken")))
    async with guarded_session((), 1.0, 2.0) as closed:
        with pytest.raises(OSError, match="forbidden address"):
            await closed.post(f"{base}/a", data=b"x")
    async with guarded_session(("127.0.0.1/32",), 1.0, 2.0) as opened:
        got = await opened.post(f"{base}/a", data=b"x")
        assert b"taken" == await got.read()


async def test_close_can_be_called_twice(fetcher: HttpFetcher) -> None:
    """Closing what was never opened, or is closed, does nothing."""
    await fetcher.close()
    await fetcher.close()


@pytest.mark.parametrize("url", ["", "nonsense", "http://", "http://x:99999/", "http://a b/"])
async def test_no_address_is_permanent(fetcher: HttpFetcher, get: Get, url: str) -> None:
    """What is no address will never be one."""
    with pytest.raises(Permanent) as caught:
        await fetcher.get(get(url))
    assert "clientError" == caught.value.reason


async def test_nobody_listens(fetcher: HttpFetcher, get: Get) -> None:
    """A refused connection is transient."""
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(Transient) as caught:
        await fetcher.get(get(f"http://127.0.0.1:{port}/"))
    assert "connect" == caught.value.reason


async def test_unknown_name_is_dns(fetcher: HttpFetcher, get: Get) -> None:
    """A name that does not resolve is transient, and told apart."""
    with pytest.raises(Transient) as caught:
        await fetcher.get(get("http://no-such-name.invalid/"))
    assert "dns" == caught.value.reason


async def test_silence_is_counted_from_what_was_heard_last(serve, get) -> None:
    """Also on a connection that was used before: what the first answer took is not the next's."""
    waits, connections = iter((0.0, 0.25, 30.0)), set()

    async def answer(_head, writer):
        connections.add(writer)
        await asyncio.sleep(next(waits))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    url = await serve(answer)
    fetcher = HttpFetcher(NetOptions(allow=("127.0.0.0/8",), read_s=0.4, total_s=60.0))
    try:
        assert b"ok" == (await fetcher.get(get(url))).body
        await asyncio.sleep(0.25)
        assert b"ok" == (await fetcher.get(get(url))).body
        with pytest.raises(Transient) as failed:
            await fetcher.get(get(url))
    finally:
        await fetcher.close()
    assert ("timeout", 1) == (failed.value.reason, len(connections))
