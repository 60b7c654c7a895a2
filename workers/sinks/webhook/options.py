"""Where alerts are posted."""

from typing import Any
from urllib.parse import urlsplit

from workers.model.base import Record

__all__ = ["WebhookOptions", "endpoint_of"]

_PORTS = {"http": 80, "https": 443}


def endpoint_of(url: str) -> str:
    """Return scheme, host and port of a webhook's address: all of it that may be shown.

    Raises:
        ValueError: it is no http(s) address with a host. The message does not hold it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in _PORTS or not host:
        raise ValueError("not a webhook address: needs http:// or https:// and a host")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}:{port or _PORTS[parts.scheme]}"


def _shown(options: Any) -> str:  # noqa: ANN401 - the class is made below
    return f"WebhookOptions(url={endpoint_of(options.url)!r})"


def _shown_rich(options: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - as above
    return [("url", endpoint_of(options.url))]


class WebhookOptions(Record, frozen=True, kw_only=True):
    """Where alerts are posted. The address may hold a secret: it prints as scheme and host."""

    url: str
    user_agent: str = "Tocsin/0.1"
    connect_s: float = 5.0
    """Seconds for DNS, TCP and TLS."""
    total_s: float = 20.0
    """Seconds for everything: below the lease, so that a hung receiver ends in a failure."""
    answer_bytes: int = 20_000
    """How much of an answer is read; nobody needs more to see what went wrong."""

    # Assigned, not defined: msgspec would print the whole address in both.
    __repr__ = _shown
    __rich_repr__ = _shown_rich
