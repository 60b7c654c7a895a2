"""What a Redis must be before work is given to it."""

from collections.abc import Sequence
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, ResponseError

from workers.broker.rights import NEEDED, grant, named_in
from workers.errors import TocsinError
from workers.model.redis_address import RedisAddress

__all__ = ["check_memory", "check_rights", "check_server", "refusal"]

OLDEST = (7, 0)
"""The oldest version of which all commands are used; every Valkey says 7.2 or later here."""
_log = structlog.get_logger()


def check_rights(denied: Sequence[int], address: RedisAddress) -> None:
    """Say what our user may not do: ``denied`` are numbers in `NEEDED`, from 1.

    Raises:
        TocsinError: there is any.
    """
    if denied:
        missing = grant([NEEDED[number - 1] for number in denied])
        raise _not_allowed(address, missing.replace("+", ""), missing)


def refusal(error: Exception, address: RedisAddress) -> TocsinError:
    """Return what to say of a Redis that refuses the login, or what it is asked first."""
    detail = " ".join(str(error).split())[:200]
    if isinstance(error, NoPermissionError):
        return _not_allowed(address, detail, named_in(detail))
    return TocsinError(
        f"Redis refuses the login: {address.shown}: {detail} "
        "(check user and password in [redis] url)"
    )


def _not_allowed(address: RedisAddress, what: str, missing: str) -> TocsinError:
    user = address.login.get("username", "default")
    return TocsinError(
        f"Redis does not allow all that is needed: {address.shown}: {what} "
        f"(ACL SETUSER {user} {missing}; docs/running.md has the whole line)"
    )


async def check_server(client: Redis, address: RedisAddress) -> bool:
    """Check version, memory policy and mode; return False if this Redis does not tell them.

    Raises:
        TocsinError: too old, part of a cluster, a replica, or it would throw work away when full.
    """
    facts: dict[str, Any] = {}
    try:
        for section in ("server", "memory", "cluster", "replication"):
            facts |= await client.info(section)
    except ResponseError as error:
        _log.info("redis_not_checked", redis=address.shown, reason=str(error)[:200])
        return False
    _check_version(str(facts.get("redis_version", "")), address.shown)
    check_memory(facts, address.shown)
    _check_mode(facts, address)
    return True


def _check_mode(facts: dict[str, Any], address: RedisAddress) -> None:
    if facts.get("role") == "slave" and address.kind in {"server", "socket"}:
        raise TocsinError(
            f"Redis is a replica: {address.shown}: it takes no writes (name its master "
            f"{facts.get('master_host')}:{facts.get('master_port')}, or write redis+sentinel://)"
        )
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


def check_memory(facts: dict[str, Any], shown: str) -> None:
    """Make sure that nothing is thrown away when the memory is full.

    Raises:
        TocsinError: something would be.
    """
    policy = facts.get("maxmemory_policy", "noeviction")
    if facts.get("maxmemory") and policy != "noeviction":
        raise TocsinError(
            f"Redis would throw work away when full: {shown}: maxmemory-policy is {policy} "
            "(set maxmemory-policy noeviction, or maxmemory 0)"
        )
