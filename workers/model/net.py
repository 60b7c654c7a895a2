"""What the network is asked, and what it answers."""

from workers.model.base import Record

__all__ = ["Answer", "Fetch", "Form", "Posted"]


class Fetch(Record, frozen=True, kw_only=True):
    """One GET."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    """Extra headers, sent to the first origin only."""
    etag: str | None = None
    """As an `Answer` told it; so too the next."""
    last_modified: str | None = None
    wire_bytes: int
    body_bytes: int
    accept: str = "*/*"


class Answer(Record, frozen=True, kw_only=True, weakref=True):
    """What came back: any status; of a success the body, whole, inflated and within the limits."""

    status: int
    url: str
    """Where it was finally found."""
    moved_to: str | None = None
    """That address, if every redirect on the way was permanent (301, 308)."""
    headers: dict[str, str]
    """Names in lower case; of repeated ones the values joined by ", "."""
    etag: str | None = None
    """What the next request may send back: a character a byte, whatever they are meant to say."""
    last_modified: str | None = None
    body: bytes = b""
    """Empty for whatever is no success (2xx): what a refusal says is not read."""
    retry_after: float | None = None
    """Seconds, from Retry-After in either form, at most 86,400."""


class Form(Record, frozen=True, kw_only=True):
    """One POST of a form."""

    url: str
    fields: tuple[tuple[str, str], ...]


class Posted(Record, frozen=True, kw_only=True):
    """What was answered to a form: any status."""

    status: int
    url: str
    """Where it was finally taken."""
    said: str = ""
    """The beginning of the answer, for people, at most 300 characters."""
    retry_after: float | None = None
    """Seconds, as in `Answer`."""
