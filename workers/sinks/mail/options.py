"""Through which relay mail goes, from whom and to whom."""

import re
from email.headerregistry import Address
from email.utils import getaddresses
from ipaddress import ip_address
from typing import Literal
from urllib.parse import unquote, urlsplit

from workers.alerts.words import safe_line
from workers.model.base import Record

__all__ = ["MailOptions", "Relay", "mailbox", "relay_of"]

_PORT_TLS, _PORT_LOGIN, _PORT_PLAIN = 465, 587, 25
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
MOST_ADDRESS = 254
"""Longest address that SMTP can carry (RFC 5321)."""


class MailOptions(Record, frozen=True, kw_only=True):
    """Through which relay mail goes, from whom and to whom."""

    smtp: str
    """``smtps://user@host:465`` (TLS from the start) or ``smtp://user@host:587`` (STARTTLS)."""
    sender: str
    """One mailbox: ``Tocsin <tocsin@example.org>``."""
    to: tuple[str, ...] = ()
    """One mailbox each; each is a delivery of its own."""
    timezone: str = "UTC"
    """Name of the zone that times are shown in."""
    tls: Literal["required", "none"] = "required"
    """``none`` sends in the clear; a relay on loopback needs no TLS either way."""
    ca: str | None = None
    """A PEM file with certificates that are trusted besides the system's own."""
    connect_s: float = 10.0
    """Seconds for DNS, TCP, TLS, the greeting and the login."""
    total_s: float = 60.0
    """Seconds for one mail: relays that scan for spam take their time."""
    idle_s: float = 30.0
    """Seconds after which an unused connection is closed; many relays do so after 60."""


class Relay(Record, frozen=True, kw_only=True):
    """A mail relay, as its address names it."""

    host: str
    port: int
    implicit_tls: bool
    """TLS from the first byte."""
    user: str | None

    @property
    def endpoint(self) -> str:
        """Return the breaker's key: all of the address that may be shown."""
        scheme = "smtps" if self.implicit_tls else "smtp"
        return f"{scheme}://{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether mail never leaves the machine on its way to the relay."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def relay_of(url: str) -> Relay:
    """Return the relay that an address means.

    Raises:
        ValueError: it is no smtp(s) address with a host, or holds a password. The message does not
            hold the address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in {"smtp", "smtps"} or not host:
        raise ValueError("not a relay's address: needs smtp:// or smtps:// and a host")
    if parts.password is not None:
        raise ValueError("a relay's address holds no password: write it as the option password")
    user = unquote(parts.username) if parts.username else None
    implicit = parts.scheme == "smtps"
    usual = _PORT_TLS if implicit else _PORT_LOGIN if user else _PORT_PLAIN
    return Relay(host=host, port=port or usual, implicit_tls=implicit, user=user)


def mailbox(text: str) -> Address:
    """Return the one mailbox that ``text`` names, its domain in ASCII.

    Raises:
        ValueError: it names none or several, holds a control character, or the part before the @
            is not plain ASCII (for which few relays have an extension).
    """
    found = [] if _CONTROL.search(text) else getaddresses([text])
    name, address = found[0] if len(found) == 1 else ("", "")
    local, _, domain = address.rpartition("@")
    domain = _ascii(domain)
    # The library reads generously: "a@exa mple.org" would be somebody else's address.
    known = address in text and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not known or len(local) + len(domain) >= MOST_ADDRESS:
        raise ValueError('not one mail address: write "desk@example.org" or "Desk <desk@…>"')
    return Address(display_name=safe_line(name), username=local, domain=domain)


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
