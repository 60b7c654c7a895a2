"""Identities: a hash of what a thing is, so that making it twice makes it once."""

from functools import lru_cache
from hashlib import blake2b

__all__ = [
    "alert_id",
    "article_id",
    "delivery_id",
    "entry_id",
    "event_id",
    "feed_id",
    "make_id",
    "mute_summary_id",
    "paragraph_id",
    "summary_id",
]


def make_id(prefix: str, *parts: str) -> str:
    """Return ``prefix`` and 24 hexadecimal digits of a hash over ``parts``.

    Each part is preceded by its length, so that moving a letter from one part to the next changes
    the id. Lone surrogates are hashed as they are.
    """
    digest = blake2b(digest_size=12)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return f"{prefix}_{digest.hexdigest()}"


def feed_id(first_url: str) -> str:
    """Return the id of the feed that was first configured at ``first_url``."""
    return make_id("fee", first_url)


@lru_cache(maxsize=8192)  # a poll asks some times for each of its entries
def entry_id(feed: str, identity: str) -> str:
    """Return the id of what ``feed`` lists under ``identity``."""
    return make_id("ent", feed, identity)


def article_id(key: str) -> str:
    """Return the id of the article first known by ``key`` (its canonicalised link)."""
    return make_id("art", key)


def paragraph_id(article: str, paragraph: str) -> str:
    """Return the id of the event that a paragraph (by its hash) is in a live ``article``."""
    return make_id("par", article, paragraph)


def alert_id(event: str, revision: int) -> str:
    """Return the id of the ``revision``-th alert (from 1) of ``event``."""
    return make_id("alt", event, str(revision))


def event_id(kind: str, subject: str, since_s: float) -> str:
    """Return the id of a condition that began at ``since_s`` (seconds since 1970)."""
    return make_id("evt", kind, subject, f"{since_s:.6f}")


def summary_id(sink: str, recipient: str, topic: str, first_alert: str) -> str:
    """Return the id of the list whose first row is ``first_alert``."""
    return make_id("sum", sink, recipient, topic, first_alert)


def mute_summary_id(mute: str) -> str:
    """Return the id of the list that tells of the end of a ``mute``."""
    return make_id("sum", mute)


def delivery_id(content: str, sink: str, recipient: str) -> str:
    """Return the id of sending an alert, event or summary to a ``recipient``: constant."""
    return make_id("del", content, sink, recipient)
