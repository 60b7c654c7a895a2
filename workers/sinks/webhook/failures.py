"""What an answer, or the lack of one, means for trying again."""

import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from socket import gaierror

import aiohttp

from workers.errors import Permanent, Reason, Transient
from workers.sinks.answers import chain

__all__ = ["Failure", "failure_of_error", "failure_of_status", "retry_after"]

Failure = Transient | Permanent
_PERMANENT: dict[int, Reason] = {
    400: "payload",
    410: "disabled",
    413: "payload",
    422: "payload",
}
_TRANSIENT: dict[int, Reason] = {
    401: "authError",
    403: "authError",
    407: "authError",
    408: "timeout",
    425: "serverError",
    429: "rateLimited",
}
_LONGEST_NUMBER = 9
_FORBIDDEN = "forbidden address"
"""What the socket guard of the session says, alone or as one of several errors of a name."""
_ERRORS: tuple[tuple[Reason, str, tuple[type[BaseException], ...]], ...] = (
    ("tls", "no trusted TLS connection", (ssl.SSLError, ssl.CertificateError)),
    ("tls", "not the expected certificate", (aiohttp.ServerFingerprintMismatch,)),
    ("dns", "the host's name is not known", (aiohttp.ClientConnectorDNSError, gaierror)),
    ("timeout", "no answer in time", (TimeoutError,)),
    ("clientError", "not an address that can be called", (aiohttp.InvalidURL, ValueError)),
    ("serverError", "the answer is not HTTP", (aiohttp.ClientResponseError,)),
    ("connect", "the connection failed", (aiohttp.ClientError, OSError)),
)


def failure_of_status(status: int, said: str, wait_s: float | None) -> Failure:
    """Return what a status other than 2xx means; ``said`` is the answer, already made safe."""
    detail = f"answered {status}: {said}" if said else f"answered {status}"
    if status in _PERMANENT:
        return Permanent(_PERMANENT[status], detail, status=status)
    usual: Reason = "serverError" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "clientError"
    reason = _TRANSIENT.get(status, usual)
    return Transient(reason, detail, retry_after=wait_s, status=status)


def failure_of_error(error: BaseException) -> Failure:
    """Return what an error without an answer means, in our own words.

    The libraries' words are left out, because they hold the whole address.
    """
    links = list(chain(error))
    for link in links:
        if isinstance(link, Transient | Permanent):
            return Transient(link.reason, _guarded(link.reason))
        if isinstance(link, OSError) and _FORBIDDEN in str(link):
            return Transient("blocked", _guarded("blocked"))
    for reason, words, types in _ERRORS:
        if any(isinstance(link, types) for link in links):
            return Transient(reason, words + _system(links))
    return Transient("connect", "the connection failed")


def _guarded(reason: Reason) -> str:
    if reason == "blocked":
        return "a private address (the sink's option allow opens it)"
    return "the request was refused before it was made"


def _system(links: list[BaseException]) -> str:
    """Return what the operating system said, if it was asked."""
    for link in links:
        if isinstance(link, ConnectionError) and type(link).__module__ == "builtins":
            return f": {link.strerror}" if link.strerror else ""
    return ""


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, None if it asks for nothing clear."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:_LONGEST_NUMBER])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
