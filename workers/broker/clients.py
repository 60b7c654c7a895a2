"""Two pools of connections to one server: for commands, and for reads that block."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from hiredis import pack_command
from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.connection import (
    AbstractConnection,
    Connection,
    DefaultParser,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.driver_info import DriverInfo
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import InvalidResponse
from typing_extensions import override

from workers.broker.cancel import heeding_cancel
from workers.model.redis_address import Node, RedisAddress

__all__ = ["ANSWER_S", "CONNECT_S", "Clients", "TooLarge", "Word"]

Word = str | bytes | int
"""A word of a command."""

CONNECT_S = 3.0
ANSWER_S = 5.0
"""Longest wait for an answer; a blocking read blocks for a fifth of it at most."""
ALIVE_S = 15
"""A connection that was silent for so long is asked before it is used."""
CONNECTIONS = 32
"""For commands. Readers that block have connections of their own, so they cannot use these up."""
READERS = 1024
ANSWER_BYTES = 2 << 20
"""Ten times the largest answer that we ask for. What is larger holds something of others."""
RAW = ("TIME", "XPENDING", "XREADGROUP", "ZRANGE", "ZSCAN")
"""Answers that are read here as they come: redis-py would make dicts of what may be anybody's."""
_DRIVER = DriverInfo()
"""Looked up once: redis-py would read its own version from the disk for every connection."""


class TooLarge(InvalidResponse):
    """An answer holds more than anything of ours can: the connection was closed in mid-answer."""


class BoundedParser(DefaultParser):  # type: ignore[valid-type, misc]
    """Reads no more of an answer than `ANSWER_BYTES`: what others wrote shall not fill memory."""

    __slots__ = ("_got",)

    @override
    async def read_response(self, *args: Any, **options: Any) -> Any:
        """Read one answer."""
        self._got = 0
        return await super().read_response(*args, **options)

    @override
    async def read_from_socket(self) -> bool:
        """Read a piece of it."""
        piece = await self._stream.read(self._read_size)
        if not piece:
            raise Unreachable("connection closed by server")
        self._got += len(piece)
        if self._got > ANSWER_BYTES:
            raise TooLarge(f"an answer of more than {ANSWER_BYTES} bytes")
        self._reader.feed(piece)
        return True


class Greeting(AbstractConnection):
    """Logs in, and does not ask meanwhile how the connection is.

    redis-py would: and on a server that refuses the login connect anew to ask, without end.
    """

    @override
    async def on_connect_check_health(self, check_health: bool = True) -> None:
        """Log in and select the database."""
        await super().on_connect_check_health(check_health=False)

    @override
    def pack_command(self, *args: Any) -> list[bytes]:
        """Return what is sent: packed in C, where redis-py does so word by word.

        A call about a hundred feeds has five hundred words.
        """
        name = args[0]
        if isinstance(name, str) and " " not in name:
            with suppress(UnicodeEncodeError, TypeError):  # lone surrogates, or no plain words
                return [pack_command(args)]
        return list(super().pack_command(*args))


class Plain(Greeting, Connection):
    """A connection over TCP."""


class Encrypted(Greeting, SSLConnection):
    """A connection over TLS."""


class Local(Greeting, UnixDomainSocketConnection):
    """A connection over a socket of this machine."""


class Clients:
    """What speaks to the server at ``node``, or to the socket of the address where that is None.

    Nothing is tried again here but once, on a connection that was found dead: whoever loops backs
    off. A connection is made when it is first needed, so a restart of Redis heals by itself.
    """

    def __init__(self, address: RedisAddress, node: Node | None) -> None:
        self.node = node
        options = _options(address, node)
        self.commands = Redis.from_pool(
            BlockingConnectionPool(max_connections=CONNECTIONS, timeout=ANSWER_S, **options)
        )
        self.readers = Redis.from_pool(ConnectionPool(max_connections=READERS, **options))
        self.scripts: dict[str, Any] = {}
        self._using = 0
        self._unused = asyncio.Event()
        self._unused.set()
        self._retired = False
        for command in RAW:
            for client in (self.commands, self.readers):
                client.set_response_callback(command, _as_it_is)

    async def execute(self, words: Sequence[Word], *, blocks: bool = False) -> Any:  # noqa: ANN401 - as Redis answers
        """Run one command."""
        client = self.readers if blocks else self.commands
        return await client.execute_command(*words)  # type: ignore[no-untyped-call]

    async def execute_all(self, commands: Sequence[Sequence[Word]]) -> list[Any]:
        """Run commands in one go; an error of any is raised after all have run."""
        pipeline = self.commands.pipeline(transaction=False)
        for words in commands:
            pipeline.execute_command(*words)
        return list(await pipeline.execute())

    async def use(self, ask: Callable[["Clients"], Awaitable[Any]]) -> Any:  # noqa: ANN401 - as Redis answers
        """Do what ``ask`` does, and close the connections if these clients were retired since."""
        self._using += 1
        self._unused.clear()
        try:
            return await heeding_cancel(lambda: ask(self))
        finally:
            self._using -= 1
            if not self._using:
                self._unused.set()
                if self._retired:
                    await self.close()

    async def retire(self) -> None:
        """Close the connections once nobody waits for an answer on one any more."""
        self._retired = True
        if not self._using:
            await self.close()

    async def end(self, within_s: float) -> None:
        """Close all connections: those in use once their answer is there, or after so long.

        Whoever then still waits for one closes what he opens anew: a call that was cut off is
        tried again, and whoever was connecting has a connection only now.
        """
        self._retired = True
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._unused.wait()
        await self.close()

    async def close(self) -> None:
        """Close all connections, those in use too."""
        try:
            await self.commands.aclose()
        finally:
            await self.readers.aclose()


def _options(address: RedisAddress, node: Node | None) -> dict[str, Any]:
    """Return what both pools share. Bytes, because not all that lies in Redis need be ours."""
    options: dict[str, Any] = {
        "protocol": 2,
        "decode_responses": False,
        "encoding_errors": "surrogatepass",
        "socket_timeout": ANSWER_S,
        "socket_connect_timeout": CONNECT_S,
        "health_check_interval": ALIVE_S,
        "client_name": "tocsin",
        "parser_class": BoundedParser,
        "driver_info": _DRIVER,
        "retry": Retry(NoBackoff(), 1, supported_errors=(Unreachable,)),
        "db": address.db,
        **address.login,
    }
    if address.kind == "socket":
        return {**options, "connection_class": Local, "path": address.path}
    host, port = node or address.nodes[0]
    options |= {"socket_keepalive": True, "host": host, "port": port}
    if address.tls is None:
        return {**options, "connection_class": Plain}
    return {**options, "connection_class": Encrypted, **address.tls}


def _as_it_is(response: Any, **_: Any) -> Any:  # noqa: ANN401 - it hands on what it gets
    return response
