"""Mails alerts: one mail for each recipient, over one connection that is kept while it is used."""

import asyncio
import ssl
from collections.abc import Callable

from aiosmtplib import SMTPResponseException

from workers.errors import Permanent, Transient
from workers.model.alert import Notice
from workers.sinks.answers import answer_line
from workers.sinks.mail.failures import Failure, Stage, failure_of
from workers.sinks.mail.options import MailOptions, mailbox, relay_of
from workers.sinks.mail.render import render
from workers.sinks.mail.wire import ERRORS, Login, Wire
from workers.sinks.zones import zone_of

__all__ = ["MailSink"]

_IN_ENVELOPE: frozenset[Stage] = frozenset({"sender", "recipient", "text"})
"""Stages where a refusal leaves the connection usable."""


class MailSink:
    """Mails each notice to its recipient. Satisfies the port ``Sink``.

    Args:
        name: The name it is configured by.
        options: Which relay, from whom.
        password: Asked at each attempt, in a thread, so that a changed one needs no restart. None:
            no login, even if the relay's address names a user.
        context: What is trusted, instead of the system's certificates and ``options.ca``.
        leave: Returns the link by which a recipient gets no more mail; None: there is none.

    Raises:
        ValueError: an address, the file of certificates or the time zone is unusable.
    """

    def __init__(
        self,
        name: str,
        options: MailOptions,
        password: Callable[[], str] | None = None,
        context: ssl.SSLContext | None = None,
        leave: Callable[[str], str] | None = None,
    ) -> None:
        self._name = name
        self._relay = relay_of(options.smtp)
        self._sender = mailbox(options.sender)
        self._zone = zone_of(options.timezone)
        self._password = password if self._relay.user else None
        self._leave_link = leave
        self._total_s = options.total_s
        self._idle_s = options.idle_s
        self._wire = Wire(
            self._relay,
            context or _trusting(options.ca),
            options.connect_s,
            encrypt=options.tls == "required" and not self._relay.is_loopback,
        )
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._leaving: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """Return the name it is configured by."""
        return self._name

    @property
    def endpoint(self) -> str:
        """Return the breaker's key: scheme, host and port of the relay."""
        return self._relay.endpoint

    async def send(self, notice: Notice) -> str:
        """Mail the notice and return the relay's answer, once it has taken the mail.

        Raises:
            Transient: the relay did not take it now, or is not what it should be.
            Permanent: it refuses this mail or this recipient (payload).
        """
        try:
            recipient = mailbox(notice.recipient)
        except ValueError as error:
            raise Permanent("payload", f"recipient: {error}") from error
        leave = self._leave_link(notice.recipient) if self._leave_link else None
        content = render(notice, self._sender, recipient, self._zone, leave)
        login = await self._login()
        async with self._turn:
            self._rest(None)
            outcome = await self._converse(content, recipient.addr_spec, login)
            self._rest(self._idle_s)
        # Raised outside of any handler: what the library raised may hold what was echoed.
        if isinstance(outcome, str):
            return outcome
        raise outcome

    async def close(self) -> None:
        """Say goodbye to the relay."""
        self._rest(None)
        async with self._turn:
            await self._wire.goodbye()

    async def _login(self) -> Login | None:
        if self._password is None or self._relay.user is None:
            return None
        try:
            return Login(user=self._relay.user, password=await asyncio.to_thread(self._password))
        except OSError as error:
            told = error.strerror or "unknown error"
            failure = Transient("authError", f"the password cannot be read: {told}")
        raise failure  # outside of the handler: what was caught may name what is hidden

    async def _converse(
        self, content: bytes, recipient: str, login: Login | None
    ) -> str | Failure:
        hidden = login.hidden() if login else ()
        whole = False
        try:
            async with asyncio.timeout(self._total_s):
                await self._wire.ready(login)
                said = await self._wire.carry(content, self._sender.addr_spec, recipient)
            whole = True
            return answer_line(said, hidden)
        except ERRORS as error:
            failure = failure_of(error, self._wire.stage, hidden)
            whole = isinstance(error, SMTPResponseException) and self._wire.stage in _IN_ENVELOPE
            return failure
        finally:
            if not whole:
                self._wire.drop()

    def _rest(self, idle_s: float | None) -> None:
        """Close the connection after ``idle_s`` seconds without a mail; None: stop waiting."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if idle_s is not None:
            self._idle = asyncio.get_running_loop().call_later(idle_s, self._leave)

    def _leave(self) -> None:
        self._leaving = asyncio.create_task(self.close(), name=f"mail-idle-{self._name}")


def _trusting(ca: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca is not None:
        try:
            context.load_verify_locations(ca)
        except OSError as error:
            told = error.strerror or "no certificates in PEM"
            raise ValueError(f"certificates cannot be read: {ca}: {told}") from error
    return context
