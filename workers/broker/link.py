"""The connection to Redis: scripts, timeouts, and one error for everything that can go wrong."""

import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

import structlog
from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as TooSlow

from workers.broker.address import Address
from workers.broker.cancel import heeding_cancel
from workers.broker.preflight import check_server
from workers.clock import Clock
from workers.errors import TocsinError, Transient

if TYPE_CHECKING:
    from redis.commands.core import AsyncScript

__all__ = ["Key", "Link", "NoGroup", "Part", "Word"]

Key = str | bytes
Word = str | bytes | int
"""A word of a command."""

CONNECT_S = 3.0
ANSWER_S = 5.0
"""Longest wait for an answer; a blocking read blocks for a fifth of it at most."""
BLOCK_S = 1.0
ALIVE_S = 15
"""A connection that was silent for so long is asked before it is used."""
CONNECTIONS = 32
"""For commands. Readers that block have connections of their own, so they cannot use these up."""
READERS = 1024
RAW = ("TIME", "XPENDING", "XREADGROUP", "ZRANGE", "ZSCAN")
"""Answers that are read here as they come: redis-py would make dicts of what may be anybody's."""
DETAIL_CHARACTERS = 200
_log = structlog.get_logger()


class NoGroup(Exception):
    """A stream or its group is missing: Redis was flushed, or the stream is new."""


@lru_cache
def _script(name: str) -> bytes:
    return files("workers.broker").joinpath(f"{name}.lua").read_bytes()


def _new_consumer() -> str:
    """Return a name that no other process has or had: host, pid, and a few random letters."""
    host = "".join(c for c in socket.gethostname()[:60] if c.isalnum() or c in "-.") or "host"
    return f"{host}-{os.getpid()}-{secrets.token_hex(3)}"


class Link:
    """Two pools of connections to one Redis: for commands, and for reads that block.

    Nothing is tried again here but once, on a connection that was found dead: whoever loops backs
    off. A connection is made when it is first needed, so a restart of Redis heals by itself.
    """

    def __init__(self, url: str, *, lease_s: float, consumer: str | None, clock: Clock) -> None:
        self.address = Address.parse(url)
        self.lease_s = lease_s
        self.consumer = consumer or _new_consumer()
        self.clock = clock
        self._scripts: dict[str, AsyncScript] = {}
        self._touch_since: float | None = None
        options = self._options()
        self._commands = Redis.from_pool(
            BlockingConnectionPool.from_url(
                self.address.url, max_connections=CONNECTIONS, timeout=ANSWER_S, **options
            )
        )
        self._readers = Redis.from_pool(
            ConnectionPool.from_url(self.address.url, max_connections=READERS, **options)
        )
        for command in RAW:
            for client in (self._commands, self._readers):
                client.set_response_callback(command, _as_it_is)

    def _options(self) -> dict[str, Any]:
        """Return what both pools share. Bytes, because not all that lies in Redis need be ours."""
        options: dict[str, Any] = {
            "protocol": 2,
            "decode_responses": False,
            "encoding_errors": "surrogatepass",
            "socket_timeout": ANSWER_S,
            "socket_connect_timeout": CONNECT_S,
            "health_check_interval": ALIVE_S,
            "client_name": "tocsin",
            "retry": Retry(NoBackoff(), 1, supported_errors=(Unreachable,)),
        }
        if not self.address.is_socket:
            options["socket_keepalive"] = True
        return options

    @property
    def lease_ms(self) -> int:
        """The lease in milliseconds, at least 1."""
        return max(1, round(self.lease_s * 1000))

    @property
    def in_touch_ms(self) -> int:
        """For how long Redis has answered every call of ours."""
        if self._touch_since is None:
            return 0
        return max(0, int((self.clock.monotonic() - self._touch_since) * 1000))

    async def open(self) -> None:
        """Make sure that this Redis can do what we need.

        Raises:
            Transient: it is away.
            TocsinError: it is too old, or set up so that it would throw work away.
        """
        try:
            await self.call("PING")
            with self._guard():
                await check_server(self._commands, self.address.shown)
        except TocsinError:
            await self.close()
            raise

    async def close(self) -> None:
        """Close all connections."""
        for client in (self._commands, self._readers):
            with self._guard():
                await client.aclose()

    async def run(self, script: str, keys: Sequence[Key], args: Sequence[Word] = ()) -> Any:  # noqa: ANN401 - what a script answers is the script's affair
        """Run ``script``.lua."""
        if script not in self._scripts:
            self._scripts[script] = self._commands.register_script(_script(script))
        known = self._scripts[script]
        return await self._guarded(lambda: known(keys=keys, args=args))

    async def call(self, *words: Word) -> Any:  # noqa: ANN401 - as Redis answers
        """Run one command."""
        return await self._guarded(lambda: _execute(self._commands, words))

    async def calls(self, commands: Sequence[tuple[Word, ...]]) -> list[Any]:
        """Run commands in one go; an error of any is raised after all have run."""
        if not commands:
            return []
        pipeline = self._commands.pipeline(transaction=False)
        for words in commands:
            pipeline.execute_command(*words)
        return cast("list[Any]", await self._guarded(pipeline.execute))

    async def read(self, *words: Word) -> Any:  # noqa: ANN401 - as Redis answers
        """Run a command that may block, for `BLOCK_S` at most."""
        return await self._guarded(lambda: _execute(self._readers, words))

    async def _guarded(self, ask: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401 - as Redis answers
        with self._guard():
            answer = await heeding_cancel(ask)
        if self._touch_since is None:
            self._touch_since = self.clock.monotonic()
        return answer

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """Turn whatever Redis or the network does into `Transient`, or into `NoGroup`."""
        try:
            yield
        except (RedisError, OSError) as error:
            if isinstance(error, ResponseError) and _means_no_group(error):
                raise NoGroup(str(error)) from error
            if isinstance(error, (Unreachable, TooSlow, OSError)):
                self._touch_since = None
            detail = " ".join(str(error).split())[:DETAIL_CHARACTERS] or type(error).__name__
            raise Transient(
                "connect", f"Redis does not do its work: {self.address.shown}: {detail}"
            ) from error


class Part:
    """A group of verbs that share one `Link`."""

    def __init__(self, link: Link) -> None:
        self._link = link


async def _execute(client: Redis, words: Sequence[Word]) -> Any:  # noqa: ANN401 - as Redis answers
    return await client.execute_command(*words)  # type: ignore[no-untyped-call]


def _as_it_is(response: Any, **_: Any) -> Any:  # noqa: ANN401 - it hands on what it gets
    return response


def _means_no_group(error: ResponseError) -> bool:
    """Say whether a stream or group is missing, or went away under a blocked reader."""
    return any(word in str(error)[:DETAIL_CHARACTERS] for word in ("NOGROUP", "UNBLOCKED"))
