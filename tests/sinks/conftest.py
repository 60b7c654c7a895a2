"""The kit that every sink is checked with: notices, scripted servers, certificates, secrets."""

import asyncio
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from workers.alerts import sample
from workers.errors import Permanent, Reason, Transient
from workers.model.alert import Alert, ArticleFacts, Notice, Summary
from workers.model.message import OperatorEvent, SummaryFacts
from workers.steps.ports import Sink

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
PASSWORD = "hunter2-and-more"
TOKEN = "T0ken-in-the-path"
SECRETS = (SECRET, SECRET.removeprefix("whsec_"), PASSWORD, TOKEN)
Failure = Transient | Permanent
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def notice() -> Callable[..., Notice]:
    """Make a notice; fields of it, its alert or its article are replaced by name."""

    def make(**changes: object) -> Notice:
        made = sample(datetime.now(UTC), "Desk <desk@example.org>", "https://t.example.org")
        if "content" in changes:
            return msgspec.structs.replace(made, **changes)
        alert = made.content

        def those(record: type[msgspec.Struct]) -> dict[str, object]:
            names = [name for name in record.__struct_fields__ if name in changes]
            return {name: changes.pop(name) for name in names}

        own = {"type": "alert.created", **those(Notice)}
        facts = {"severity": alert.severity, **those(Alert)}
        article = msgspec.structs.replace(alert.article, **those(ArticleFacts))
        alert = msgspec.structs.replace(alert, article=article, **facts)
        return msgspec.structs.replace(made, content=alert, **own)

    return make


AT = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)


@pytest.fixture
def operator_event() -> OperatorEvent:
    """Return an event: a feed that is missed fails."""
    return OperatorEvent(
        id="evt_1",
        kind="feed_failing",
        severity="critical",
        subject="Example World",
        text="No good poll for 31 minutes: HTTP 500.",
        since=AT,
        at=AT,
        topics=("militia strikes",),
    )


@pytest.fixture
def summary() -> Summary:
    """Return a list of thirty alerts, of which twenty-five came along, the newest first."""
    alert = sample(AT).content
    assert isinstance(alert, Alert)

    def titled(number: int) -> Alert:
        url = f"https://news.example.org/{number}"
        article = msgspec.structs.replace(alert.article, title=f"Title {number}", url=url)
        return msgspec.structs.replace(alert, article=article)

    return Summary(
        facts=SummaryFacts(
            id="sum_1",
            topic="militia strikes",
            severity="high",
            count=30,
            sources=("Test feed",),
            first=AT,
            last=AT + timedelta(minutes=10),
            at=AT + timedelta(minutes=10),
        ),
        items=tuple(titled(number) for number in reversed(range(25))),
    )


async def _attempt(sink: Sink, notice: Notice) -> str | Failure:
    """Send, and return the answer or the failure, after looking for secrets in all of it."""
    try:
        outcome: str | Failure = await sink.send(notice)
    except (Transient, Permanent) as failure:
        outcome = failure
    shown = [repr(outcome), str(outcome), repr(sink), str(sink)]
    if not isinstance(outcome, str):
        assert outcome.reason in get_args(Reason)
        shown += traceback.format_exception(outcome)
        link: BaseException | None = outcome
        while link is not None:
            shown += [repr(link), str(link)]
            link = link.__cause__ or link.__context__
    for secret in SECRETS:
        assert not [text for text in shown if secret in text]
    return outcome


@pytest.fixture
def attempt() -> Callable[[Sink, Notice], Awaitable[str | Failure]]:
    """Make one attempt: the way every test sends, so that every outcome is looked through."""
    return _attempt


@dataclass
class Server:
    """A server on loopback that does what its script says."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    """What came, one a connection."""
    connections: int = 0


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    """Serve raw TCP with a handler; everything is closed at the end."""
    servers: list[asyncio.Server] = []
    writers: list[asyncio.StreamWriter] = []

    async def start(handler: Handler, context: ssl.SSLContext | None = None) -> Server:
        made = Server(port=0)

        async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            made.connections += 1
            writers.append(writer)
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await handler(reader, writer)
            writer.close()

        server = await asyncio.start_server(run, "127.0.0.1", 0, ssl=context)
        servers.append(server)
        made.port = server.sockets[0].getsockname()[1]
        return made

    yield start
    for server in servers:
        server.close()
    for writer in writers:
        writer.transport.abort()
    for server in servers:
        await server.wait_closed()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Read one HTTP request with its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


@pytest.fixture
def http(serve: Callable[..., Awaitable[Server]]) -> Callable[..., Awaitable[Server]]:
    """Serve HTTP that answers each request with the given bytes, then closes."""

    async def start(answer: bytes, context: ssl.SSLContext | None = None) -> Server:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server.requests.append(await read_request(reader))
            writer.write(answer)
            await writer.drain()

        server: Server = await serve(handler, context)
        return server

    return start


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a self-signed certificate for this machine, key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tocsin test")])
    now = datetime.now(UTC)
    names = [
        x509.DNSName("localhost"),
        x509.DNSName("127.1"),
        x509.IPAddress(ip_address("127.0.0.1")),
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        made.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    """Return what a server with that certificate needs."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context
