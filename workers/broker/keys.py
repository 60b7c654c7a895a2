"""The names of everything we keep in Redis. All share one hash tag, so that a cluster takes them.

Every key has a time to live, but for those that `PERMANENT` begins.
"""

from hashlib import blake2b

__all__ = [
    "BEAT",
    "BEATS",
    "BYE",
    "DUE",
    "EPOCH",
    "GROUP",
    "NOBODY",
    "PERMANENT",
    "PING",
    "breaker_key",
    "gate_key",
    "named_key",
    "stream_key",
    "turns_key",
]

_ROOT = "{tocsin}:"
GROUP = "workers"
"""The one consumer group of each stream."""
NOBODY = "nobody"
"""The consumer that holds what was handed back, for whoever asks next."""
EPOCH = _ROOT + "epoch"
DUE = _ROOT + "due:feeds"
PING = _ROOT + "ping"
BEAT = _ROOT + "beat:"
BEATS = _ROOT + "beats"
BYE = _ROOT + "bye:"
_STREAM = _ROOT + "s:"
_NAMED = _ROOT + "q:"

PERMANENT = (_STREAM, _NAMED, DUE, EPOCH)
"""Beginnings of the keys that stay until their work is done."""

_LONGEST_NAME = 100


def stream_key(stream: str) -> str:
    """Return the key of ``stream``."""
    return _STREAM + stream


def named_key(kind: str, id_: str) -> str:
    """Return the key that names the one stream entry of an id."""
    return f"{_NAMED}{kind}:{id_}"


def turns_key(host: str) -> str:
    """Return the key of the turns that are taken at ``host``."""
    return f"{_ROOT}turns:{_bounded(host)}"


def gate_key(host: str) -> str:
    """Return the key that knows when ``host`` may be asked next."""
    return f"{_ROOT}gate:{_bounded(host)}"


def breaker_key(endpoint: str) -> str:
    """Return the key of the breaker of ``endpoint``; hashed, an address may be a secret."""
    return f"{_ROOT}breaker:{_digest(endpoint)}"


def _bounded(name: str) -> str:
    """Host names come out of feeds: a monstrous one must not become a monstrous key."""
    plain = len(name) <= _LONGEST_NAME and name.isascii() and name.isprintable()
    return name if plain else _digest(name)


def _digest(name: str) -> str:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
