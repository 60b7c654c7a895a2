"""What a relay's answer, or the lack of one, means for trying again."""

import ssl
from collections.abc import Iterable
from socket import gaierror
from typing import Literal

from aiosmtplib import (
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from workers.errors import Permanent, Reason, Transient
from workers.sinks.answers import answer_line, chain

__all__ = ["Failure", "Stage", "failure_of"]

Failure = Transient | Permanent
Stage = Literal["connect", "greeting", "tls", "login", "sender", "recipient", "text"]
LOGIN_REQUIRED = 530
TOO_LARGE = 552
_PASSING = range(400, 500)
_REFUSED = range(500, 600)
# What is wrong with the endpoint, by how far the conversation came. What is not listed here
# (recipient, text) is wrong with the message.
_ENDPOINT: dict[Stage, Reason] = {
    "connect": "connect",
    "greeting": "connect",
    "tls": "tls",
    "login": "authError",
    "sender": "clientError",
}
_ERRORS: tuple[tuple[Reason, str, tuple[type[BaseException], ...]], ...] = (
    ("tls", "no trusted TLS connection", (ssl.SSLError, ssl.CertificateError)),
    ("dns", "the relay's name is not known", (gaierror,)),
    ("timeout", "no answer in time", (TimeoutError,)),
    ("connect", "the connection was cut", (SMTPServerDisconnected, EOFError)),
    ("connect", "the connection failed", (OSError,)),
)


def failure_of(error: BaseException, stage: Stage, secrets: Iterable[str] = ()) -> Failure:
    """Return what an error of the relay at ``stage`` means, with ``secrets`` masked."""
    if isinstance(error, SMTPResponseException):
        return _answered(error.code, answer_line(error.message, secrets), stage)
    for reason, words, types in _ERRORS:
        if any(isinstance(link, types) for link in chain(error)):
            return Transient(reason, f"{words} ({stage})")
    return _without_answer(error, stage)


def _without_answer(error: BaseException, stage: Stage) -> Failure:
    """Return what it means that the relay lacks what is needed."""
    if isinstance(error, SMTPException) and stage == "tls":
        return Transient("tls", "the relay offers no STARTTLS, so nothing was sent")
    if isinstance(error, SMTPException) and stage == "login":
        return Transient("authError", "the relay offers no login that is known here")
    if isinstance(error, SMTPRecipientsRefused):
        return Permanent("payload", "the recipient is refused")
    return Transient("serverError", f"the relay's answer makes no sense ({stage})")


def _answered(code: int, said: str, stage: Stage) -> Failure:
    detail = f"answered {code} ({stage}): {said}"
    if code in _PASSING:
        return Transient("serverError", detail, status=code)
    if code not in _REFUSED:
        return Transient("serverError", detail)
    if code == LOGIN_REQUIRED and stage != "tls":
        return Transient("authError", detail, status=code)
    if stage not in _ENDPOINT or (stage == "sender" and code == TOO_LARGE):
        return Permanent("payload", detail, status=code)
    return Transient(_ENDPOINT[stage], detail, status=code)
