"""Which Redis: a URL that was checked before anything connects, and how to show it to people."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from workers.errors import TocsinError

__all__ = ["Address"]

SUPPORTED = 'redis://, rediss:// (TLS), unix:///path/to.sock or "embedded"'
OPTIONS = frozenset(
    {
        "db",
        "username",
        "password",
        "ssl_ca_certs",
        "ssl_certfile",
        "ssl_keyfile",
        "ssl_cert_reqs",
        "ssl_check_hostname",
    }
)
"""Parts of the query that may be set. Timeouts and decoding are ours, else reads would break."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where Redis is."""

    url: str = field(repr=False)
    """As redis-py takes it; may hold a password."""
    shown: str
    """Without one."""
    is_socket: bool

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Return the address that ``url`` means.

        Raises:
            TocsinError: it is of a kind that is not supported, or has an option that is not.
        """
        parts = urlsplit(url)
        is_socket = parts.scheme == "unix"
        if parts.scheme not in {"redis", "rediss", "unix"}:
            raise TocsinError(
                f"not a Redis address: {parts.scheme or 'no scheme'}: supported are {SUPPORTED}"
            )
        unknown = sorted({name for name, _ in parse_qsl(parts.query)} - OPTIONS)
        if unknown:
            raise TocsinError(
                f"unknown option in the Redis address: {', '.join(unknown)[:100]}: "
                f"supported are {', '.join(sorted(OPTIONS))}"
            )
        if is_socket and not parts.path:
            raise TocsinError("no path in the Redis address: unix: write unix:///path/to.sock")
        return cls(url=url, shown=_shown(url), is_socket=is_socket)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}"
    try:
        port = parts.port or 6379
    except ValueError as error:
        raise TocsinError(f"bad port in the Redis address: {parts.hostname}: {error}") from error
    return f"{parts.scheme}://{parts.hostname or 'localhost'}:{port}"
