"""The webhook sink, against real servers on loopback."""

import asyncio
import json
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TypeAlias

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from jsonschema import Draft202012Validator
from standardwebhooks import Webhook

from workers.alerts import body
from workers.errors import Permanent, Transient
from workers.model.alert import Notice
from workers.sinks.webhook.failures import retry_after
from workers.sinks.webhook.options import WebhookOptions, endpoint_of
from workers.sinks.webhook.render import key_of, render
from workers.sinks.webhook.sink import WebhookSink

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OLD = "whsec_" + b64encode(b"an older key of some length").decode()
PLAIN = "not base64: plain text"
TOKEN = "T0ken-in-the-path"
NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
SCHEMA = Path(__file__).parents[2] / "docs" / "webhook.schema.json"
Attempt: TypeAlias = Callable[..., Awaitable[str | Transient | Permanent]]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A session without a guard: guarding sockets is not the sink's business."""
    async with aiohttp.ClientSession() as made:
        yield made


@pytest.fixture
def hook(session: aiohttp.ClientSession) -> Callable[..., WebhookSink]:
    """Make a sink that posts to a port of this machine."""

    def make(port: int, *secrets: str, scheme: str = "http", **options: float) -> WebhookSink:
        url = f"{scheme}://127.0.0.1:{port}/hooks/{TOKEN}?key={TOKEN}"
        made = WebhookOptions(url=url, **options)  # type: ignore[arg-type]
        return WebhookSink("ops", made, session, lambda: secrets)

    return make


def _answer(status: int, text: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(text)}", *headers]
    bodiless = status in {204, 304}
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode()
    return head if bodiless else head + text


def _request(raw: bytes) -> tuple[dict[str, str], bytes]:
    head, _, content = raw.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines), content


async def test_a_signature_is_verified_by_the_public_library(
    http: Callable[..., Awaitable[object]],
    hook: Callable[..., WebhookSink],
    notice: Callable[..., Notice],
) -> None:
    """Each secret of a rotation verifies the bytes that were sent, and a foreign one does not."""
    server = await http(_answer(200, b"thanks"))
    said = notice(title="Überschrift 日本")
    assert "200 thanks" == await hook(server.port, SECRET, OLD, PLAIN).send(said)
    headers, content = _request(server.requests[0])
    for secret in (SECRET, OLD, PLAIN.encode()):
        assert said.id == Webhook(secret).verify(content, headers)["id"]
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(b"another").verify(content, headers)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(content))


async def test_what_a_request_carries(
    http: Callable[..., Awaitable[object]],
    hook: Callable[..., WebhookSink],
    notice: Callable[..., Notice],
) -> None:
    """The id is the delivery's, the time is the attempt's; without a secret nothing is signed."""
    server = await http(_answer(204))
    said = notice()
    assert "204" == await hook(server.port).send(said)
    headers, content = _request(server.requests[0])
    assert said.id == headers["webhook-id"]
    assert str(int(said.at.timestamp())) == headers["webhook-timestamp"]
    assert "webhook-signature" not in headers
    assert ("application/json", "Tocsin/0.1") == (headers["Content-Type"], headers["User-Agent"])
    assert body(said) == content


def _expected(status: int) -> tuple[type, str]:
    permanent = {400: "payload", 413: "payload", 422: "payload", 410: "disabled"}
    transient = {
        401: "authError",
        403: "authError",
        407: "authError",
        408: "timeout",
        425: "serverError",
        429: "rateLimited",
    }
    if status in permanent:
        return Permanent, permanent[status]
    return Transient, transient.get(status, "serverError" if status >= 500 else "clientError")


@pytest.mark.timeout(120)
async def test_every_status(
    serve: Callable[..., Awaitable[object]],
    hook: Callable[..., WebhookSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
) -> None:
    """2xx is sent, and nothing else is; every other status has its one meaning."""
    statuses = iter(range(200, 600))

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            _answer(next(statuses), b"Cannot POST /hooks/T0ken-in-the-path", "Location: /x")
        )
        await writer.drain()

    server = await serve(handler)
    sink, said = hook(server.port, SECRET), notice()
    for status in range(200, 600):
        outcome = await attempt(sink, said)
        if status < 300:
            assert isinstance(outcome, str)
            assert outcome.startswith(str(status))
        else:
            assert not isinstance(outcome, str)
            assert (*_expected(status), status) == (type(outcome), outcome.reason, outcome.status)
    assert 400 == server.connections


async def test_retry_after_is_told(
    http: Callable[..., Awaitable[object]],
    hook: Callable[..., WebhookSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
) -> None:
    """Seconds on a 429 reach whoever decides when."""
    server = await http(_answer(429, b"slow down", "Retry-After: 120"))
    outcome = await attempt(hook(server.port), notice())
    assert isinstance(outcome, Transient)
    assert ("rateLimited", 120.0) == (outcome.reason, outcome.retry_after)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("0", 0.0),
        (" 90 ", 90.0),
        ("9" * 400, 999999999.0),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), 300.0),
        (format_datetime(NOW - timedelta(minutes=5), usegmt=True), 0.0),
        ("Mon, 23 Nov 2026 02:15:00 -0000", 300.0),
        ("Mon, 99 Nov 99999 02:15:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, expected: float | None) -> None:
    """Seconds or a date; what is neither asks for nothing."""
    assert expected == retry_after(value, NOW)


async def test_a_silent_receiver_times_out(
    serve: Callable[..., Awaitable[object]],
    hook: Callable[..., WebhookSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
) -> None:
    """A receiver that takes the request and says nothing ends in a timeout."""

    async def handler(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    server = await serve(handler)
    outcome = await attempt(hook(server.port, SECRET, total_s=0.2), notice())
    assert isinstance(outcome, Transient)
    assert "timeout" == outcome.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "connect"),
        (b"HTTP/1.1 200 OK\r\nContent-", "connect"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "serverError"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", "serverError"),
        (b"HTTP/1.1 abc\r\n\r\n", "serverError"),
    ],
)
async def test_an_answer_that_is_cut_or_no_http(
    http: Callable[..., Awaitable[object]],
    hook: Callable[..., WebhookSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
    answer: bytes,
    reason: str,
) -> None:
    """A connection cut before the status, or another protocol, is passing trouble."""
    server = await http(answer)
    outcome = await attempt(hook(server.port, SECRET), notice())
    assert isinstance(outcome, Transient)
    assert reason == outcome.reason


async def test_an_answer_cut_after_its_status_is_an_answer(
    http: Callable[..., Awaitable[object]],
    hook: Callable[..., WebhookSink],
    notice: Callable[..., Notice],
) -> None:
    """The status has decided: the text behind it is for people only."""
    server = await http(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\npart")
    assert "200 part (cut off)" == await hook(server.port).send(notice())


async def test_an_endless_answer_is_left(
    serve: Callable[..., Awaitable[object]],
    hook: Callable[..., WebhookSink],
    notice: Callable[..., Notice],
) -> None:
    """Only the first bytes are read, then the connection is closed from our side."""
    ended = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except ConnectionError:
            ended.set()

    server = await serve(handler)
    answer = await hook(server.port).send(notice())
    assert len(answer) < 400
    await asyncio.wait_for(ended.wait(), 10)


async def test_nobody_listens(
    unused_tcp_port: int,
    hook: Callable[..., WebhookSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
) -> None:
    """A refused connection is passing trouble."""
    outcome = await attempt(hook(unused_tcp_port, SECRET), notice())
    assert isinstance(outcome, Transient)
    assert "connect" == outcome.reason


async def test_an_untrusted_certificate_is_refused(
    http: Callable[..., Awaitable[object]],
    hook: Callable[..., WebhookSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
    server_tls: ssl.SSLContext,
) -> None:
    """Nothing is sent to a receiver that cannot show who it is."""
    server = await http(_answer(200), server_tls)
    outcome = await attempt(hook(server.port, SECRET, scheme="https"), notice())
    assert isinstance(outcome, Transient)
    assert "tls" == outcome.reason
    assert [] == server.requests


class _Resolver(AbstractResolver):
    """A resolver that fails as it is told."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def resolve(self, *_asked: object, **_more: object) -> list[ResolveResult]:
        raise self._error

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(-2, "Name or service not known"), "dns"),
        (Permanent("blocked", "10.0.0.1 is private"), "blocked"),
        (Transient("dns", "no answer"), "dns"),
        (TimeoutError(), "timeout"),
    ],
)
async def test_names_and_guards(
    notice: Callable[..., Notice], attempt: Attempt, error: Exception, reason: str
) -> None:
    """An unknown name, and an address that the socket guard refuses, are told apart."""
    connector = aiohttp.TCPConnector(resolver=_Resolver(error))
    async with aiohttp.ClientSession(connector=connector) as session:
        options = WebhookOptions(url=f"https://hooks.example.org/{TOKEN}")
        outcome = await attempt(WebhookSink("ops", options, session, lambda: [SECRET]), notice())
    assert isinstance(outcome, Transient)
    assert reason == outcome.reason


@pytest.mark.parametrize("secret", ["whsec_not*base64", "", "whsec_"])
async def test_an_unusable_secret_is_the_endpoints_fault(
    unused_tcp_port: int,
    hook: Callable[..., WebhookSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
    secret: str,
) -> None:
    """Nothing is sent unsigned because a secret is broken; it is tried for days instead."""
    outcome = await attempt(hook(unused_tcp_port, secret), notice())
    assert isinstance(outcome, Transient)
    assert "authError" == outcome.reason
    assert "not*base64" not in str(outcome)


async def test_a_secret_that_cannot_be_read(
    session: aiohttp.ClientSession, notice: Callable[..., Notice], attempt: Attempt, tmp_path: Path
) -> None:
    """A secret's file that is gone is tried again, too."""

    def read() -> list[str]:
        return [(tmp_path / TOKEN).read_text()]

    sink = WebhookSink("ops", WebhookOptions(url="http://127.0.0.1/x"), session, read)
    outcome = await attempt(sink, notice())
    assert isinstance(outcome, Transient)
    assert "authError" == outcome.reason


@pytest.mark.parametrize("secret", ["whsec_QUJD", "whsec_QUJDRA", "ABC"])
def test_a_secret_is_read_as_the_standard_says(secret: str) -> None:
    """Base64 after the prefix, with or without padding; else the text itself."""
    assert key_of(secret) in {b"ABC", b"ABCD"}


def test_a_retry_is_the_same_message_signed_anew(notice: Callable[..., Notice]) -> None:
    """Between attempts the id stays; the timestamp and so the signature change."""
    first = render(notice(id="del_1", at=NOW), [SECRET], "Tocsin")
    later = render(notice(id="del_1", at=NOW + timedelta(hours=1)), [SECRET], "Tocsin")
    assert first.headers["webhook-id"] == later.headers["webhook-id"]
    assert first.headers["webhook-signature"] != later.headers["webhook-signature"]


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        (f"https://user:{TOKEN}@hooks.example.org/{TOKEN}", "https://hooks.example.org:443"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
    ],
)
def test_only_scheme_and_host_are_shown(
    session: aiohttp.ClientSession, url: str, endpoint: str
) -> None:
    """The breaker's key and everything printed leave user, path and query out."""
    options = WebhookOptions(url=url)
    sink = WebhookSink("ops", options, session)
    assert (endpoint, "ops") == (sink.endpoint, sink.name)
    assert TOKEN not in f"{options!r} {options} {sink!r} {options.__rich_repr__()}"


@pytest.mark.parametrize(
    "url", ["", "ftp://x/", "https://", "https://[::1", "http://x:99999/", "x"]
)
def test_what_is_no_address_is_refused_at_once(url: str) -> None:
    """A sink with an unusable address is never made, and the message does not show it."""
    with pytest.raises(ValueError, match="not a webhook address"):
        endpoint_of(url)


async def test_a_password_in_the_address_is_not_echoed(
    http: Callable[..., Awaitable[object]],
    session: aiohttp.ClientSession,
    notice: Callable[..., Notice],
    attempt: Attempt,
) -> None:
    """A receiver that echoes user and token shows them masked."""
    server = await http(_answer(500, f"bad {TOKEN} for key={SECRET}".encode()))
    url = f"http://user:{TOKEN}@127.0.0.1:{server.port}/hook"
    sink = WebhookSink("ops", WebhookOptions(url=url), session, lambda: [SECRET])
    outcome = await attempt(sink, notice())
    assert "serverError: answered 500: bad <secret> for key=<secret>" == str(outcome)
