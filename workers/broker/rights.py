"""What our user must be allowed in Redis."""

import re
from collections.abc import Sequence

__all__ = ["ALSO", "KEYS", "NEEDED", "grant", "named_in"]

KEYS = "~{tocsin}:*"
NEEDED: tuple[str, ...] = (
    "client setname x", "evalsha x 0", "script load x", "ping", "time",
    "type %", "exists %", "del %", "unlink %", "rename % %", "pexpire % 1", "pttl %",
    "get %", "set % x", "mget %", "mset % x", "strlen %",
    "hget % x", "hmget % x", "hset % x x", "hdel % x",
    "xadd % * x x", "xack % x 1-1", "xdel % 1-1", "xlen %", "xrange % - +",
    "xclaim % x x 0 1-1", "xpending % x", "xreadgroup group x x streams % >",
    "xgroup create % x 0", "xgroup delconsumer % x x", "xinfo consumers % x", "xinfo groups %",
    "xinfo stream %", "xgroup setid % x 0",
    "zadd % 1 x", "zcard %", "zcount % 0 1", "zrange % 0 0", "zrangebyscore % 0 1",
    "zrank % x", "zrem % x",
    "zremrangebyrank % 0 0", "zremrangebyscore % 0 1", "zscan % 0", "zscore % x",
)  # fmt: skip
"""Each command with what makes it whole; ``%`` is a key of ours."""
ALSO = ("info", "select", "cluster|slots")
"""Not needed everywhere: to be told of bad settings, for other databases, and for a cluster."""
_WITH_SECOND = frozenset({"client", "script", "xgroup", "xinfo"})
_NAMED = re.compile(r"'([a-z|]{1,40})'")


def grant(commands: Sequence[str] = NEEDED) -> str:
    """Return the words of ACL SETUSER that allow these commands."""
    return " ".join(f"+{_name(command)}" for command in commands)


def named_in(refusal: str) -> str:
    """Return the words that allow what a refusal of Redis names."""
    found = _NAMED.search(refusal)
    if found is None:
        return KEYS
    return f"+{found[1]}"


def _name(command: str) -> str:
    words = command.split()
    return "|".join(words[:2]) if words[0] in _WITH_SECOND else words[0]
