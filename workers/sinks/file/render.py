"""A notice as one line."""

from workers.alerts.payload import body
from workers.model.alert import Notice

__all__ = ["render"]


def render(notice: Notice) -> bytes:
    """Return the JSON that a webhook would get, as one line with its end.

    JSON writes a line feed inside a text as two other characters, so that a line is a message.
    """
    return body(notice) + b"\n"
