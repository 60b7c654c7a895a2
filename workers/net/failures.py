"""What can go wrong with a request, in the words of `workers.errors`."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Iterator

import aiohttp

from workers.errors import Permanent, Reason, Transient
from workers.net.guard import Forbidden
from workers.net.inflate import BadEncoding, TooMuch
from workers.net.room import NoRoom

__all__ = ["failure"]

_REASONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Reason], ...] = (
    ((aiohttp.ClientConnectorDNSError, socket.gaierror), "dns"),
    ((aiohttp.ClientSSLError, ssl.SSLError), "tls"),
    (NoRoom, "crash"),  # our own lack: no sign that a host, or our network, is down
    ((asyncio.TimeoutError, TimeoutError), "timeout"),
    (TooMuch, "tooLarge"),
    ((BadEncoding, aiohttp.ClientPayloadError, aiohttp.ClientResponseError), "payload"),
    ((aiohttp.http_exceptions.HttpProcessingError,), "payload"),
    ((aiohttp.ClientConnectionError, ConnectionError, OSError), "connect"),
)
"""The first that fits."""
_FORBIDDEN = "forbidden address"


def failure(error: Exception, shown: str) -> Transient | Permanent:
    """Return what ``error`` means for whoever asked for ``shown`` (an address without secrets)."""
    causes = list(_causes(error))
    blocked = next((cause for cause in causes if _is_forbidden(cause)), None)
    if blocked is not None:
        return Permanent("blocked", f"{shown}: {_words(blocked)}")
    if isinstance(error, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)):
        return Permanent("clientError", f"not an address of the web: {shown}")
    for kinds, reason in _REASONS:
        found = next((cause for cause in causes if isinstance(cause, kinds)), None)
        if found is not None:
            return Transient(reason, f"{shown}: {_words(found)}")
    if isinstance(error, ValueError):
        return Permanent("clientError", f"cannot be asked for: {shown}: {_words(error)}")
    return Transient("connect", f"{shown}: {_words(error)}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came from."""
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return
        yield seen
        inner = getattr(seen, "os_error", None)
        if isinstance(inner, BaseException):
            yield inner
        seen = seen.__cause__


def _is_forbidden(error: BaseException) -> bool:
    """Say whether the guard refused every address; the errors of several come as one text.

    With one number, if they have the same: where some are allowed, theirs is what counts.
    """
    return isinstance(error, Forbidden) or (
        isinstance(error, OSError) and error.errno == errno.EPERM and _FORBIDDEN in str(error)
    )


def _words(error: BaseException) -> str:
    """Return an error in words, short, never empty, without addresses that may hold secrets."""
    match error:
        case TooMuch() | NoRoom():
            return str(error)
        case aiohttp.ClientPayloadError():
            return "the body was cut off"
        case Forbidden():
            return f"{_FORBIDDEN}: {error.address}: {error.why}"
        case TimeoutError():
            told = "no answer in time"
        case OSError(strerror=str(words)) if words:
            told = words
        case aiohttp.ClientResponseError():
            told = f"not HTTP: {error.message}"
        case _:
            told = f"{type(error).__name__}: {error}".splitlines()[0]
    return told[:200]
