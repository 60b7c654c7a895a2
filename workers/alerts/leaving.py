"""Leaving: a mail's link by which its reader wants no more of them.

The link's token says who leaves which sink and proves, by a key that only this installation has,
that we made it. Nothing is stored for a link, and it never gets old.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from workers.model.message import Recipient

__all__ = ["LEAVE", "leave_token", "left_by"]

LEAVE = "leave"
"""The path under ``[web] public_url``, before the token."""
PROOF_BYTES = 16
MOST_TOKEN = 2000


def leave_token(key: bytes, sink: str, recipient: str) -> str:
    """Return the token by which ``recipient`` leaves ``sink``, fit for a path."""
    who = f"{sink}\0{recipient}".encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(_proof(key, who) + who).rstrip(b"=").decode("ascii")


def left_by(key: bytes, token: str) -> Recipient | None:
    """Return who a token lets leave which sink, None if we did not make it."""
    if len(token) > MOST_TOKEN:
        return None
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        proof, who = raw[:PROOF_BYTES], raw[PROOF_BYTES:]
        if not hmac.compare_digest(proof, _proof(key, who)):
            return None
        sink, _, recipient = who.decode("utf-8", "surrogatepass").partition("\0")
    except (Error, ValueError):
        return None
    return Recipient(sink=sink, recipient=recipient)


def _proof(key: bytes, who: bytes) -> bytes:
    return hmac.digest(key, who, "sha256")[:PROOF_BYTES]
