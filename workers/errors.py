"""What can go wrong, told by the one thing a loop needs to know: can trying again help, and when?

::

    TocsinError
    ├── Transient     trying again can help
    ├── Permanent     trying again cannot help
    └── StoreDown     the database refused a whole transaction: acknowledge nothing
"""

from typing import Literal

__all__ = ["Permanent", "Reason", "StoreDown", "TocsinError", "Transient"]

Reason = Literal[
    "clientError",
    "serverError",
    "rateLimited",
    "authError",
    "timeout",
    "connect",
    "dns",
    "tls",
    "blocked",
    "payload",
    "disabled",
    "tooLarge",
    "notFound",
    "gone",
    "crash",
]
"""Why an attempt failed. Bounded, because it is a metric label too."""


class TocsinError(Exception):
    """The root of every error that Tocsin raises on purpose."""


class _Failed(TocsinError):
    """An attempt that failed for a bounded ``reason``, with a sentence for people."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: Reason = reason
        self.detail = detail


class Transient(_Failed):
    """Trying again can help.

    ``retry_after`` is the least delay in seconds that the other side asked for, None if it asked
    for none. ``status`` is the HTTP or SMTP status that was answered, None if there was none.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str = "",
        *,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(reason, detail)
        self.retry_after = retry_after
        self.status = status


class Permanent(_Failed):
    """Trying the same again cannot help. ``status`` as in `Transient`."""

    def __init__(self, reason: Reason, detail: str = "", *, status: int | None = None) -> None:
        super().__init__(reason, detail)
        self.status = status


class StoreDown(TocsinError):
    """The database could not commit (full, locked, gone): nothing of the unit is stored."""
