"""Asking a server how it is, on a connection that is made for just that."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError, ResponseError
from redis.exceptions import TimeoutError as TooSlow

from workers.broker.cancel import heeding_cancel

__all__ = ["Health", "ask", "shut_down"]

ANSWER_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Health:
    """How a server is."""

    answers: bool = False
    loading: bool = False
    """It answers that it loads its data, or that a script keeps it busy."""
    silent: bool = False
    """Somebody listens and does not answer in time."""
    pid: int | None = None
    folder: str = ""
    version: str = ""


def _client(socket: Path) -> Redis:
    return Redis(
        unix_socket_path=str(socket),
        socket_timeout=ANSWER_S,
        socket_connect_timeout=ANSWER_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        decode_responses=True,
    )


async def ask(socket: Path) -> Health:
    """Return how the server on ``socket`` is; it never raises."""
    return await heeding_cancel(lambda: _ask(socket))


async def _ask(socket: Path) -> Health:
    client = _client(socket)
    try:
        await client.ping()
        told: dict[str, Any] = await client.info("server")
        config = await client.config_get("dir")
    except (BusyLoadingError, ResponseError):
        return Health(answers=True, loading=True)
    except TooSlow:
        return Health(silent=True)
    except (RedisError, OSError):
        return Health()
    finally:
        await client.aclose()
    version = told.get("valkey_version") or told.get("redis_version")
    return Health(
        answers=True,
        pid=int(told["process_id"]),
        folder=str(config.get("dir", "")),
        version=str(version),
    )


async def shut_down(socket: Path) -> None:
    """Ask the server to end; it writes out what it has. One that is gone has ended already."""
    client = _client(socket)
    try:
        await client.shutdown(nosave=True)
    except (RedisError, OSError):
        return
    finally:
        await client.aclose()
