"""A notice as a signed request: Standard Webhooks, https://www.standardwebhooks.com."""

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterable, Sequence
from hashlib import sha256

from workers.alerts.payload import body
from workers.model.alert import Notice
from workers.model.base import Record

__all__ = ["Request", "key_of", "render", "signature"]

PREFIX = "whsec_"


class Request(Record, frozen=True, kw_only=True):
    """What is posted: the signed bytes are the sent bytes."""

    headers: dict[str, str]
    content: bytes


def render(notice: Notice, secrets: Sequence[str], user_agent: str) -> Request:
    """Return the request of this attempt, signed with each of ``secrets`` (none: not signed).

    Raises:
        ValueError: a secret is unusable.
    """
    content = body(notice)
    timestamp = str(int(notice.at.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": user_agent,
        "webhook-id": notice.id,
        "webhook-timestamp": timestamp,
    }
    if notice.traceparent is not None:
        headers["traceparent"] = notice.traceparent
    if secrets:
        keys = [key_of(secret) for secret in secrets]
        headers["webhook-signature"] = signature(keys, notice.id, timestamp, content)
    return Request(headers=headers, content=content)


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for: base64 after ``whsec_``, else its UTF-8 bytes.

    Raises:
        ValueError: it is empty, or not base64 after ``whsec_``. The message does not hold it.
    """
    if not secret.startswith(PREFIX):
        key = secret.encode("utf-8")
    else:
        coded = secret.removeprefix(PREFIX)
        try:
            key = b64decode(coded + "=" * (-len(coded) % 4), validate=True)
        except (Error, ValueError):
            raise ValueError("the secret is not base64 after whsec_") from None
    if not key:
        raise ValueError("the secret is empty")
    return key


def signature(keys: Iterable[bytes], id_: str, timestamp: str, content: bytes) -> str:
    """Return the signatures, one a key, separated by a space: receivers need to know one key."""
    signed = b".".join((id_.encode(), timestamp.encode(), content))
    digests = (hmac.new(key, signed, sha256).digest() for key in keys)
    return " ".join(f"v1,{b64encode(digest).decode()}" for digest in digests)
