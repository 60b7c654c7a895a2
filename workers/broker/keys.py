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
    "ROOT",
    "WORK",
    "aside_key",
    "breaker_key",
    "feed_line_key",
    "feed_places_key",
    "gate_key",
    "kills_key",
    "line_key",
    "named_key",
    "rate_key",
    "stream_key",
    "turns_key",
    "type_of",
]

ROOT = "{tocsin}:"
GROUP = "workers"
"""The one consumer group of each stream."""
NOBODY = "nobody"
"""The consumer that holds what was handed back, for whoever asks next."""
EPOCH = ROOT + "epoch"
DUE = ROOT + "due:feeds"
PING = ROOT + "ping"
BEAT = ROOT + "beat:"
BEATS = ROOT + "beats"
BYE = ROOT + "bye:"
_STREAM = ROOT + "s:"
_NAMED = ROOT + "q:"

ASIDE = ROOT + "aside:"
TYPES = {
    _STREAM: "stream",
    _NAMED: "string",
    DUE: "zset",
    EPOCH: "string",
    PING: "string",
    BEAT: "string",
    BEATS: "zset",
    BYE: "string",
    ROOT + "turns:": "zset",
    ROOT + "gate:": "hash",
    ROOT + "feeds:": "zset",
    ROOT + "places:": "zset",
    ROOT + "kills:": "zset",
    ROOT + "breaker:": "hash",
    ROOT + "rate:": "zset",
    ROOT + "line:": "string",
}
"""What each key ought to be, by its beginning."""
WORK = (_STREAM, _NAMED, DUE)
"""What has to be filled from SQL again if it is lost."""

PERMANENT = (_STREAM, _NAMED, DUE, EPOCH)
"""Beginnings of the keys that stay until their work is done."""

_LONGEST_NAME = 100


def type_of(key: str) -> str | None:
    """Return the type that a key ought to have, None if it is none of ours."""
    if key in TYPES:
        return TYPES[key]
    return next((kind for start, kind in TYPES.items() if key.startswith(start)), None)


def aside_key(key: str) -> str:
    """Return where a key goes that holds what we never put there."""
    return ASIDE + _bounded(key.removeprefix(ROOT))


def stream_key(stream: str) -> str:
    """Return the key of ``stream``."""
    return _STREAM + stream


def named_key(kind: str, id_: str) -> str:
    """Return the key that names the one stream entry of an id."""
    return f"{_NAMED}{kind}:{id_}"


def turns_key(host: str) -> str:
    """Return the key of the turns that are taken at ``host``."""
    return f"{ROOT}turns:{_bounded(host)}"


def gate_key(host: str) -> str:
    """Return the key that knows when ``host`` may be asked next."""
    return f"{ROOT}gate:{_bounded(host)}"


def feed_line_key(host: str) -> str:
    """Return the key of the feeds that wait for their turn at ``host``, by their times."""
    return f"{ROOT}feeds:{_bounded(host)}"


def feed_places_key(host: str) -> str:
    """Return the key of the feeds that wait for their turn at ``host``, as they came."""
    return f"{ROOT}places:{_bounded(host)}"


def kills_key(host: str) -> str:
    """Return the key of the pages of ``host`` whose process was killed lately."""
    return f"{ROOT}kills:{_bounded(host)}"


def breaker_key(endpoint: str) -> str:
    """Return the key of the breaker of ``endpoint``; hashed, an address may be a secret."""
    return f"{ROOT}breaker:{_digest(endpoint)}"


def rate_key(sink: str) -> str:
    """Return the key of the turns that were taken to send to ``sink``."""
    return f"{ROOT}rate:{_bounded(sink)}"


def line_key(sink: str) -> str:
    """Return the key of the end of the line of those who wait to send to ``sink``."""
    return f"{ROOT}line:{_bounded(sink)}"


def _bounded(name: str) -> str:
    """Host names come out of feeds: a monstrous one must not become a monstrous key."""
    plain = len(name) <= _LONGEST_NAME and name.isascii() and name.isprintable()
    return name if plain else _digest(name)


def _digest(name: str) -> str:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
