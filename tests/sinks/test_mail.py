"""The mail sink, against real SMTP servers on loopback."""

import asyncio
import email
import email.policy
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from email.header import decode_header, make_header
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import TypeAlias, cast
from zoneinfo import ZoneInfo

import msgspec
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.alerts import headline
from workers.errors import Permanent, Transient
from workers.model.alert import Notice, Summary
from workers.model.ids import delivery_id
from workers.model.message import OperatorEvent
from workers.model.topic import Clause, Hit
from workers.sinks.mail.options import MailOptions, mailbox, relay_of
from workers.sinks.mail.render import render
from workers.sinks.mail.sink import MailSink

PASSWORD = "hunter2-and-more"
SENDER = "Töcsin <tocsin@example.org>"
UTC = ZoneInfo("UTC")
Attempt: TypeAlias = Callable[..., Awaitable[str | Transient | Permanent]]
Script: TypeAlias = dict[str, str]
NO_LIMIT = {"idle_s": 60.0}


class Relay:
    """What a relay took."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.sessions: set[int] = set()
        self.encrypted: list[bool] = []
        self.users: list[object] = []

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail."""
        self.envelopes.append(envelope)
        self.sessions.add(id(session))
        self.encrypted.append(session.ssl is not None)
        self.users.append(session.auth_data)
        return "250 taken"

    def login(self, *asked: object) -> AuthResult:
        """Let in who knows the password."""
        known = cast("LoginPassword", asked[-1])
        good = known.password == PASSWORD.encode()
        return AuthResult(success=good, handled=False, auth_data=known.login)


@pytest.fixture
def relay() -> Relay:
    """Return an empty relay."""
    return Relay()


@pytest.fixture
async def start(relay: Relay) -> AsyncIterator[Callable[..., Awaitable[int]]]:
    """Start aiosmtpd with the given options and return its port."""
    loop = asyncio.get_running_loop()
    servers: list[asyncio.Server] = []

    async def begin(context: ssl.SSLContext | None = None, **options: object) -> int:
        def make() -> SMTP:
            return SMTP(relay, hostname="relay", loop=loop, **options)  # type: ignore[arg-type]

        server = await loop.create_server(make, "127.0.0.1", 0, ssl=context)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield begin
    for server in servers:
        server.close()


@pytest.fixture
async def mail() -> AsyncIterator[Callable[..., MailSink]]:
    """Make a sink that mails by a relay's address; closed at the end."""
    made: list[MailSink] = []

    def make(smtp: str, password: str | None = None, **options: object) -> MailSink:
        settled = MailOptions(smtp=smtp, sender=SENDER, **options)  # type: ignore[arg-type]
        sink = MailSink("desk", settled, (lambda: password) if password else None)
        made.append(sink)
        return sink

    yield make
    for sink in made:
        await sink.close()


def _parsed(envelope: Envelope) -> EmailMessage:
    content = cast("bytes", envelope.original_content)
    return cast("EmailMessage", email.message_from_bytes(content, policy=email.policy.default))


async def test_a_mail_is_readable(
    start: Callable[..., Awaitable[int]],
    relay: Relay,
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
) -> None:
    """Headers thread and excuse it; text and HTML say what, where, who, when, and link."""
    said = notice(title="Überfall <b>in</b> Bagdad", severity="high", late_s=4000.0)
    answer = await mail(f"smtp://127.0.0.1:{await start()}").send(said)
    assert "250 taken" == answer
    made = _parsed(relay.envelopes[0])
    assert ["desk@example.org"] == relay.envelopes[0].rcpt_tos
    assert "tocsin@example.org" == relay.envelopes[0].mail_from
    assert ("Töcsin <tocsin@example.org>", "Desk <desk@example.org>") == (made["From"], made["To"])
    assert f"<{said.id}@example.org>" == made["Message-ID"]
    assert f"<{said.content.event}@example.org>" == made["References"]
    assert ("auto-generated", "high") == (made["Auto-Submitted"], made["Importance"])
    assert "Überfall <b>in</b> Bagdad" == made["Subject"]
    text = made.get_body(("plain",)).get_content().replace("\r", "")  # type: ignore[union-attr]
    assert text.startswith("1 h late: Überfall <b>in</b> Bagdad\nTest feed, ")
    assert "test (normal), in the text:\n  *Tocsin* sends this" in text
    assert "Read: https://news.example.org/test\n" in text
    html = made.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "<mark>Tocsin</mark> sends this" in html
    assert "&lt;b&gt;in&lt;/b&gt;" in html
    assert f'<a href="{said.public_url}/why/{said.content.event}">Why this mail</a>' in html
    assert made["List-Unsubscribe"] is None


async def test_a_reader_can_leave(
    start: Callable[..., Awaitable[int]], relay: Relay, notice: Callable[..., Notice]
) -> None:
    """Where it is wanted, header and text have a link of this recipient's own, unbroken."""
    options = MailOptions(smtp=f"smtp://127.0.0.1:{await start()}", sender=SENDER)
    page = "https://t.example.org/leave/" + "t" * 300

    def link(recipient: str) -> str:
        return f"{page}?{len(recipient)}"

    sink = MailSink("desk", options, leave=link)
    said = notice()
    await sink.send(said)
    await sink.close()
    content = cast("bytes", relay.envelopes[0].original_content)
    expected = f"{page}?{len(said.recipient)}"
    assert f"\r\nList-Unsubscribe: <{expected}>\r\n".encode() in content
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in content
    made = _parsed(relay.envelopes[0])
    text = made.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert f"No more of these mails: {expected}" in text
    html = made.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert f'<a href="{expected}">No more of these mails</a>' in html


async def test_an_event_is_mailed(
    start: Callable[..., Awaitable[int]],
    relay: Relay,
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
    operator_event: OperatorEvent,
) -> None:
    """Its subject says what and whom; text and HTML the rest, beginning with how late it is."""
    said = notice(type="event.raised", content=operator_event, late_s=7200.0)
    await mail(f"smtp://127.0.0.1:{await start()}").send(said)
    made = _parsed(relay.envelopes[0])
    assert "Tocsin: Feed cannot be read: Example World" == made["Subject"]
    assert (f"<{operator_event.id}@example.org>", "high") == (
        made["References"],
        made["Importance"],
    )
    text = made.get_body(("plain",)).get_content().replace("\r", "")  # type: ignore[union-attr]
    assert (
        "2 h late: Tocsin: Feed cannot be read: Example World\n"
        "No good poll for 31 minutes: HTTP 500.\n"
        "May keep from ringing: militia strikes\n"
        "critical, since 23 Nov 2026, 02:10 UTC (feed_failing)\n"
    ) == text
    html = made.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert '">2 h late: Tocsin: Feed cannot be read: Example World</h1>' in html
    assert '<p dir="auto">No good poll for 31 minutes: HTTP 500.</p>' in html


async def test_a_summary_is_mailed(
    start: Callable[..., Awaitable[int]],
    relay: Relay,
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
    summary: Summary,
) -> None:
    """Each alert has its title, source, time and link, in text and HTML."""
    await mail(f"smtp://127.0.0.1:{await start()}").send(
        notice(type="summary.created", content=summary)
    )
    made = _parsed(relay.envelopes[0])
    assert "30 more on militia strikes" == made["Subject"]
    text = made.get_body(("plain",)).get_content().replace("\r", "")  # type: ignore[union-attr]
    assert "\n\nTitle 24\n  Test feed, " in text
    assert "\n  https://news.example.org/24\n" in text
    assert text.endswith("\n\nand 5 more: tocsin alerts list\n")
    html = made.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert '<p dir="auto"><a href="https://news.example.org/24">Title 24</a><br>' in html
    assert 25 == html.count('<a href="https://news.example.org/')


async def test_one_connection_carries_many_mails(
    start: Callable[..., Awaitable[int]],
    relay: Relay,
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
) -> None:
    """Mails sent at once go one after the other over one connection."""
    sink = mail(f"smtp://127.0.0.1:{await start()}")
    await asyncio.gather(*(sink.send(notice()) for _ in range(6)))
    assert (6, 1) == (len(relay.envelopes), len(relay.sessions))


async def test_starttls_and_login(
    start: Callable[..., Awaitable[int]],
    relay: Relay,
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
    server_tls: ssl.SSLContext,
    certificate: Path,
) -> None:
    """A relay beyond loopback is spoken to by TLS, and the password goes nowhere else."""
    port = await start(
        tls_context=server_tls,
        require_starttls=True,
        auth_required=True,
        authenticator=relay.login,
    )
    # 127.1 is this machine, under a name that is not known for it.
    sink = mail(f"smtp://me@127.1:{port}", PASSWORD, ca=str(certificate))
    assert "250 taken" == await sink.send(notice())
    assert ([True], [b"me"]) == (relay.encrypted, relay.users)


async def test_tls_from_the_start(
    start: Callable[..., Awaitable[int]],
    relay: Relay,
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
    server_tls: ssl.SSLContext,
    certificate: Path,
) -> None:
    """smtps:// speaks TLS from the first byte, on loopback too."""
    port = await start(server_tls)
    assert "250 taken" == await mail(f"smtps://127.0.0.1:{port}", ca=str(certificate)).send(
        notice()
    )
    assert 1 == len(relay.envelopes)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_an_untrusted_certificate_is_refused(
    start: Callable[..., Awaitable[int]],
    relay: Relay,
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
    server_tls: ssl.SSLContext,
    attempt: Attempt,
    scheme: str,
) -> None:
    """A relay that cannot show who it is gets neither password nor mail."""
    port = await (start(server_tls) if scheme == "smtps" else start(tls_context=server_tls))
    outcome = await attempt(mail(f"{scheme}://me@127.1:{port}", PASSWORD), notice())
    assert isinstance(outcome, Transient)
    assert "tls" == outcome.reason
    assert [] == relay.envelopes


async def test_starttls_is_never_skipped(
    start: Callable[..., Awaitable[int]],
    relay: Relay,
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
) -> None:
    """A relay without STARTTLS gets nothing, unless the operator says that it may."""
    port = await start()
    outcome = await attempt(mail(f"smtp://127.1:{port}"), notice())
    assert isinstance(outcome, Transient)
    assert "tls: the relay offers no STARTTLS, so nothing was sent" == str(outcome)
    assert [] == relay.envelopes
    assert "250 taken" == await attempt(mail(f"smtp://127.1:{port}", tls="none"), notice())


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_a_wrong_password_is_the_endpoints_fault(
    start: Callable[..., Awaitable[int]],
    relay: Relay,
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
) -> None:
    """The next attempt asks for the password anew."""
    port = await start(auth_required=True, auth_require_tls=False, authenticator=relay.login)
    outcome = await attempt(mail(f"smtp://me@127.0.0.1:{port}", "wrong"), notice())
    assert isinstance(outcome, Transient)
    assert ("authError", 535) == (outcome.reason, outcome.status)
    passwords = iter(["wrong", PASSWORD])
    options = MailOptions(smtp=f"smtp://me@127.0.0.1:{port}", sender=SENDER)
    sink = MailSink("desk", options, lambda: next(passwords))
    assert isinstance(await attempt(sink, notice()), Transient)
    assert "250 taken" == await attempt(sink, notice())
    await sink.close()


async def test_a_login_that_is_not_offered(
    start: Callable[..., Awaitable[int]],
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
) -> None:
    """A relay without AUTH is not what the settings say it is."""
    outcome = await attempt(mail(f"smtp://me@127.0.0.1:{await start()}", PASSWORD), notice())
    assert isinstance(outcome, Transient)
    assert "authError" == outcome.reason


GOOD: Script = {
    "": "220 relay",
    "EHLO": "250-relay\r\n250-AUTH PLAIN\r\n250 SIZE 1000000",
    "HELO": "250 relay",
    "AUTH": "235 welcome",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    ".": "250 taken",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


@pytest.fixture
def scripted(
    serve: Callable[..., Awaitable[object]],
) -> Callable[[Script], Awaitable[tuple[int, list[str]]]]:
    """Serve SMTP by a script of answers; "cut" closes the connection instead of answering.

    Returns the port, and the list that each command is written to.
    """

    async def begin(changes: Script) -> tuple[int, list[str]]:
        script, seen = {**GOOD, **changes}, list[str]()

        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            verb = ""
            while True:
                seen.append(verb)
                if script[verb] == "cut":
                    return
                writer.write(f"{script[verb]}\r\n".encode())
                if verb == "QUIT":
                    return
                if verb == "DATA" and script[verb].startswith("354"):
                    await reader.readuntil(b"\r\n.\r\n")
                    verb = "."
                    continue
                verb = (await reader.readuntil(b"\r\n")).decode()[:4].upper()

        server = await serve(handler)
        return server.port, seen  # type: ignore[attr-defined]

    return begin


@pytest.mark.parametrize(
    ("verb", "answer", "kind", "reason"),
    [
        ("", "421 too busy", Transient, "serverError"),
        ("", "554 go away", Transient, "connect"),
        ("", "cut", Transient, "connect"),
        ("", "what?", Transient, "serverError"),
        ("", "220 " + "x" * 90_000, Transient, "serverError"),
        ("EHLO", "421 too busy", Transient, "serverError"),
        ("EHLO", "cut", Transient, "connect"),
        ("AUTH", "454 try later", Transient, "serverError"),
        ("AUTH", "535 no", Transient, "authError"),
        ("AUTH", "cut", Transient, "connect"),
        ("MAIL", "451 later", Transient, "serverError"),
        ("MAIL", "530 log in first", Transient, "authError"),
        ("MAIL", "550 sender refused", Transient, "clientError"),
        ("MAIL", "552 too large", Permanent, "payload"),
        ("MAIL", "cut", Transient, "connect"),
        ("RCPT", "450 greylisted", Transient, "serverError"),
        ("RCPT", "530 log in first", Transient, "authError"),
        ("RCPT", "550 unknown", Permanent, "payload"),
        ("RCPT", "cut", Transient, "connect"),
        ("DATA", "451 later", Transient, "serverError"),
        ("DATA", "554 refused", Permanent, "payload"),
        (".", "451 later", Transient, "serverError"),
        (".", "554 spam", Permanent, "payload"),
        (".", "cut", Transient, "connect"),
        (".", "999 what", Transient, "serverError"),
    ],
)
async def test_every_refusal_has_its_meaning(
    scripted: Callable[[Script], Awaitable[tuple[int, list[str]]]],
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
    verb: str,
    answer: str,
    kind: type,
    reason: str,
) -> None:
    """4xx passes; greeting, login and sender blame the relay; recipient and text, the message."""
    port, _ = await scripted({verb: answer})
    outcome = await attempt(mail(f"smtp://me@127.0.0.1:{port}", PASSWORD), notice())
    assert not isinstance(outcome, str)
    assert (kind, reason) == (type(outcome), outcome.reason)


async def test_an_echoed_login_is_masked(
    scripted: Callable[[Script], Awaitable[tuple[int, list[str]]]],
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
) -> None:
    """A relay that repeats what it was told does not put the password into a log."""
    line = "AG1lAGh1bnRlcjItYW5kLW1vcmU="
    port, _ = await scripted({"AUTH": f"535 bad {PASSWORD} in {line}"})
    outcome = await attempt(mail(f"smtp://me@127.0.0.1:{port}", PASSWORD), notice())
    assert "authError: answered 535 (login): bad <secret> in <secret>" == str(outcome)


async def test_a_refusal_keeps_the_connection(
    scripted: Callable[[Script], Awaitable[tuple[int, list[str]]]],
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
) -> None:
    """After a refused recipient the next mail goes over the same connection, freshly begun."""
    port, seen = await scripted({"RCPT": "550 unknown"})
    sink = mail(f"smtp://127.0.0.1:{port}")
    await attempt(sink, notice())
    await attempt(sink, notice())
    assert ["", "EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT"] == seen


async def test_a_connection_that_died_in_between_is_replaced(
    scripted: Callable[[Script], Awaitable[tuple[int, list[str]]]],
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
) -> None:
    """A relay that hung up while nothing was sent costs no failure."""
    port, seen = await scripted({"RSET": "cut"})
    sink = mail(f"smtp://127.0.0.1:{port}")
    assert "250 taken" == await sink.send(notice())
    assert "250 taken" == await sink.send(notice())
    assert 2 == seen.count("EHLO")


async def test_an_idle_connection_is_closed(
    scripted: Callable[[Script], Awaitable[tuple[int, list[str]]]],
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
) -> None:
    """A connection that nobody uses is left politely, and the next mail makes another."""
    port, seen = await scripted({})
    sink = mail(f"smtp://127.0.0.1:{port}", idle_s=0.05)
    await sink.send(notice())
    async with asyncio.timeout(30):
        while "QUIT" not in seen:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
    assert "250 taken" == await sink.send(notice())


@pytest.mark.parametrize("limit", ["connect_s", "total_s"])
async def test_a_silent_relay_times_out(
    serve: Callable[..., Awaitable[object]],
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
    limit: str,
) -> None:
    """A relay that says nothing holds a mail for so long, and the next attempt begins anew."""

    async def handler(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    server = await serve(handler)
    sink = mail(f"smtp://127.0.0.1:{server.port}", **{limit: 0.2})  # type: ignore[attr-defined]
    for _ in range(2):
        outcome = await attempt(sink, notice())
        assert isinstance(outcome, Transient)
        assert "timeout" == outcome.reason
    assert 2 == server.connections  # type: ignore[attr-defined]


async def test_nobody_listens_or_nobody_is_known(
    unused_tcp_port: int,
    mail: Callable[..., MailSink],
    notice: Callable[..., Notice],
    attempt: Attempt,
) -> None:
    """A refused connection and a name that does not exist are told apart."""
    refused = await attempt(mail(f"smtp://127.0.0.1:{unused_tcp_port}"), notice())
    unknown = await attempt(mail("smtp://no-such-host.invalid:25"), notice())
    assert ["connect", "dns"] == [
        outcome.reason for outcome in (refused, unknown) if not isinstance(outcome, str)
    ]


async def test_a_recipient_that_is_no_mailbox_is_dead(
    mail: Callable[..., MailSink], notice: Callable[..., Notice], attempt: Attempt
) -> None:
    """No relay is asked for an address that cannot be one."""
    said = notice(recipient="a@example.org, b@example.org")
    outcome = await attempt(mail("smtp://127.0.0.1:1"), said)
    assert isinstance(outcome, Permanent)
    assert "payload" == outcome.reason


async def test_a_password_that_cannot_be_read(
    notice: Callable[..., Notice], attempt: Attempt, tmp_path: Path
) -> None:
    """A password's file that is gone is tried again."""
    options = MailOptions(smtp="smtp://me@127.0.0.1:1", sender=SENDER)
    sink = MailSink("desk", options, (tmp_path / PASSWORD).read_text)
    outcome = await attempt(sink, notice())
    assert isinstance(outcome, Transient)
    assert "authError" == outcome.reason


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("smtp://relay.example.org", "smtp://relay.example.org:25"),
        ("smtp://me%40x@relay.example.org", "smtp://relay.example.org:587"),
        ("smtps://relay.example.org", "smtps://relay.example.org:465"),
        ("smtp://localhost:2525", "smtp://localhost:2525"),
    ],
)
def test_a_relay_is_known_by_host_and_port(url: str, endpoint: str) -> None:
    """The breaker's key holds neither user nor password."""
    assert endpoint == relay_of(url).endpoint


@pytest.mark.parametrize(
    "url", ["", "http://x", "smtp://", f"smtp://me:{PASSWORD}@x", "smtp://[::1", "smtp://x:70000"]
)
def test_what_is_no_relay_is_refused_at_once(url: str) -> None:
    """Unusable addresses are refused when the sink is made, without showing what they hold."""
    with pytest.raises(ValueError, match="relay's address") as caught:
        relay_of(url)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [{"ca": "/nowhere.pem"}, {"ca": __file__}, {"timezone": "Mars/Base"}, {"sender": "nobody"}],
)
def test_what_cannot_work_is_refused_at_once(options: dict[str, str]) -> None:
    """Certificates, zone and sender are looked at before the first mail."""
    settled = {"smtp": "smtp://x", "sender": SENDER, **options}
    with pytest.raises(ValueError, match=r"certificates|time zone|mail address"):
        MailSink("desk", MailOptions(**settled))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("desk@example.org", "desk@example.org"),
        ("Desk <desk@example.org>", "Desk <desk@example.org>"),
        ('"Desk, Night" <d.n+x@example.org>', '"Desk, Night" <d.n+x@example.org>'),
        ("desk@münchen.example", "desk@xn--mnchen-3ya.example"),
    ],
)
def test_a_mailbox(text: str, expected: str) -> None:
    """One address, with or without a name; domains in ASCII."""
    assert expected == str(mailbox(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "desk",
        "@example.org",
        "desk@",
        "a@example.org, b@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org\x00",
        "<a@example.org> SIZE=1",
        '"a b"@example.org',
        "a@b@example.org",
        "désk@example.org",
        "a@exa mple.org",
        "group: a@example.org, b@example.org;",
        "a@" + "x" * 70 + ".org",
        "a@" + "x." * 150 + "org",
    ],
)
def test_what_is_not_exactly_one_mailbox(text: str) -> None:
    """None, several, controls, quoted spaces and letters that few relays take are refused."""
    with pytest.raises(ValueError, match="not one mail address"):
        mailbox(text)


HOSTILE = st.one_of(
    st.text(max_size=120),
    st.lists(
        st.sampled_from(
            [
                "Шахеди",
                "strike",
                "日本語",
                "a" * 90,
                "=?utf-8?q?x=0d=0aBcc:_a@b?=",
                "\r\nBcc: a@b",
                "\r\n\r\n",
                "<script>alert(1)</script>",
                '"><img src=x onerror=y>',
                "\u202e",
                "\x00",
                "\r\n.\r\n",
            ]
        ),
        max_size=20,
    ).map(" ".join),
)
NAMES = [
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "From",
    "To",
    "MIME-Version",
    "Content-Type",
]


class _Tags(HTMLParser):
    """Collects the tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        """Note a tag."""
        self.found.add(tag)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(title=HOSTILE, sentence=HOSTILE, url=HOSTILE)
def test_nothing_from_outside_becomes_a_header_or_a_tag(
    notice: Callable[..., Notice], title: str, sentence: str, url: str
) -> None:
    """Whatever a page says, the mail has the same headers, and the title arrives as it is."""
    hit = Hit(zone="body", start=0, end=1, text=sentence[:1], sentence=sentence)
    clause = Clause(op="word", query=title, span=(0, 1), hits=(hit,))
    said = notice(title=title, author=sentence, url=f"https://a.example/{url}")
    topic = msgspec.structs.replace(said.content.topics[0], name=title, clauses=(clause,))
    alert = msgspec.structs.replace(said.content, topics=(topic,))
    said = msgspec.structs.replace(said, content=alert)
    raw = render(said, mailbox(SENDER), mailbox("Desk <desk@example.org>"), UTC)
    head = raw.partition(b"\r\n\r\n")[0]
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?.\?[^ ?]*\?=", head))
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    made = email.message_from_bytes(raw, policy=email.policy.default)
    assert NAMES == made.keys()
    plain = email.message_from_bytes(raw)["Subject"].replace("\r\n", "")
    assert headline(said.content) == str(make_header(decode_header(plain)))
    tags = _Tags()
    tags.feed(made.get_body(("html",)).get_content())  # type: ignore[attr-defined]
    assert not tags.found & {"script", "img", "b onerror"}


def test_mails_of_one_event_thread(notice: Callable[..., Notice]) -> None:
    """A later revision and a test of lateness keep Subject and References."""
    first, later = notice(), notice(late_s=9000.0)
    later = msgspec.structs.replace(later, id=delivery_id("alt_2", "desk", "x"))
    to = mailbox("desk@example.org")
    made = [
        email.message_from_bytes(render(one, mailbox(SENDER), to, UTC)) for one in (first, later)
    ]
    assert made[0]["Subject"] == made[1]["Subject"]
    assert made[0]["References"] == made[1]["References"]
    assert made[0]["Message-ID"] != made[1]["Message-ID"]


def test_many_topics_and_facts_alone(notice: Callable[..., Notice]) -> None:
    """Fifty topics are counted, and one that matched by facts says so."""
    said = notice(type="test")
    facts = msgspec.structs.replace(said.content.topics[0], clauses=())
    alert = msgspec.structs.replace(said.content, topics=(facts,) * 50, evidence="feed")
    said = msgspec.structs.replace(said, content=alert)
    raw = render(said, mailbox(SENDER), mailbox("desk@example.org"), UTC)
    made = email.message_from_bytes(raw, policy=email.policy.default)
    text = made.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert made["Subject"].startswith("Test: ")
    assert "and 20 more topics" in text
    assert "matched by facts of the article" in text
    assert "Rests on the feed's own text" in text
