"""What a Redis must be before work is given to it."""

from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from workers.errors import TocsinError
from workers.model.redis_address import RedisAddress

__all__ = ["check_server"]

OLDEST = (7, 0)
"""The oldest version of which all commands are used; every Valkey says 7.2 or later here."""
_log = structlog.get_logger()


async def check_server(client: Redis, address: RedisAddress) -> None:
    """Check version, memory policy and mode, as far as this Redis tells them.

    Raises:
        TocsinError: too old, part of a cluster, or it would throw work away when full.
    """
    facts: dict[str, Any] = {}
    try:
        for section in ("server", "memory", "cluster"):
            facts |= await client.info(section)
    except ResponseError as error:
        _log.info("redis_not_checked", redis=address.shown, reason=str(error)[:200])
        return
    _check_version(str(facts.get("redis_version", "")), address.shown)
    _check_memory(facts, address.shown)
    if facts.get("cluster_enabled") == 1 and address.kind != "cluster":
        raise TocsinError(
            f"Redis is part of a cluster: {address.shown} "
            "(write redis+cluster://host:port,host:port)"
        )


def _check_version(version: str, shown: str) -> None:
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers and numbers < OLDEST:
        raise TocsinError(
            f"Redis is too old: {shown}: it is {version} (run Redis 7.0 or later, or Valkey)"
        )


def _check_memory(facts: dict[str, Any], shown: str) -> None:
    policy = facts.get("maxmemory_policy", "noeviction")
    if facts.get("maxmemory") and policy != "noeviction":
        raise TocsinError(
            f"Redis would throw work away when full: {shown}: maxmemory-policy is {policy} "
            "(set maxmemory-policy noeviction, or maxmemory 0)"
        )
