"""One conversation with a relay: opened, used again, closed."""

import asyncio
import contextlib
import socket
import ssl
from base64 import b64encode
from typing import TYPE_CHECKING

import aiosmtplib

from workers.model.base import Record
from workers.sinks.mail.options import Relay

if TYPE_CHECKING:
    from workers.sinks.mail.failures import Stage

__all__ = ["ERRORS", "Login", "Wire"]

ERRORS = (aiosmtplib.SMTPException, OSError, EOFError, ValueError, RuntimeError)
"""What a conversation can end in: the library's own errors, and what it lets through."""
FALLBACK_HELLO = "localhost"
QUIT_S = 2.0
RESET_S = 5.0
"""Seconds for an open connection to show that it lives, before a new one is made."""


class Login(Record, frozen=True, kw_only=True):
    """Who we are for a relay."""

    user: str
    password: str

    def hidden(self) -> tuple[str, ...]:
        """Return each form in which a relay could echo the password."""
        plain = self.password.encode()
        line = b"\0".join((b"", self.user.encode(), plain))
        return (self.password, b64encode(plain).decode(), b64encode(line).decode())


class Wire:
    """A connection to a relay. Not safe for two users at once: its owner has the lock.

    ``stage`` says how far the conversation came, for whoever explains its failure.
    """

    def __init__(
        self, relay: Relay, context: ssl.SSLContext, connect_s: float, *, encrypt: bool
    ) -> None:
        self._relay = relay
        self._context = context
        self._connect_s = connect_s
        self._encrypt = encrypt
        self._client: aiosmtplib.SMTP | None = None
        self._hello: str | None = None
        self.stage: Stage = "connect"

    async def ready(self, login: Login | None) -> None:
        """Make sure of a fresh envelope, on the open connection or on a new one.

        Raises:
            aiosmtplib.SMTPException: the relay cannot be reached, or refuses.
            OSError: the connection failed.
        """
        if not await self._reset():
            async with asyncio.timeout(self._connect_s):
                await self._connect(login)

    async def carry(self, content: bytes, sender: str, recipient: str) -> str:
        """Hand over a mail and return what the relay said once it had taken it.

        Waits as long as it takes: the caller bounds the whole.

        Raises:
            aiosmtplib.SMTPException: as `ready`.
            OSError: as `ready`.
        """
        client = self._client
        if client is None:
            raise aiosmtplib.SMTPServerDisconnected("not connected")
        self.stage = "sender"
        sized = [f"SIZE={len(content)}"] if client.supports_extension("size") else []
        await client.mail(sender, options=sized, timeout=None)
        self.stage = "recipient"
        await client.rcpt(recipient, timeout=None)
        self.stage = "text"
        answer = await client.data(content, timeout=None)
        return f"{answer.code} {answer.message}"

    async def goodbye(self) -> None:
        """Close the connection, politely if the relay still listens."""
        client, self._client = self._client, None
        if client is None:
            return
        with contextlib.suppress(*ERRORS):  # a relay that has gone needs no farewell
            await client.quit(timeout=QUIT_S)
        client.close()

    def drop(self) -> None:
        """Close the connection at once: nobody knows in which state it is."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _reset(self) -> bool:
        """Say whether the connection is there and takes a new envelope."""
        self.stage = "connect"
        if self._client is None:
            return False
        try:
            await self._client.rset(timeout=RESET_S)
        except ERRORS:  # closed while nobody looked: a new connection is made
            self.drop()
            return False
        return True

    async def _connect(self, login: Login | None) -> None:
        self.stage = "connect"
        client = aiosmtplib.SMTP(
            hostname=self._relay.host,
            port=self._relay.port,
            timeout=self._connect_s,
            local_hostname=await self._name(),
            use_tls=self._relay.implicit_tls,
            start_tls=False,
            tls_context=self._context,
        )
        self._client = client
        await client.connect()
        self.stage = "greeting"
        await client.ehlo()
        if self._encrypt and not self._relay.implicit_tls:
            self.stage = "tls"
            await client.starttls()
        if login is not None:
            self.stage = "login"
            await client.login(login.user, login.password)

    async def _name(self) -> str:
        """Return what we call ourselves: looked up once, in a thread, for DNS may be slow."""
        if self._hello is None:
            name = await asyncio.to_thread(socket.getfqdn)
            usable = name.isascii() and name.replace("-", "").replace(".", "").isalnum()
            self._hello = name if usable else FALLBACK_HELLO
        return self._hello
