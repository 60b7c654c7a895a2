"""The connection to Redis: scripts, timeouts, and one error for everything that can go wrong."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import structlog
from redis.exceptions import (
    AskError,
    AuthenticationError,
    ClusterDownError,
    NoPermissionError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import TimeoutError as TooSlow

from workers.broker.clients import Clients, TooLarge, Word
from workers.broker.keys import EPOCH, PING, ROOT, WORK, aside_key, type_of
from workers.broker.preflight import check_memory, check_rights, check_server, refusal
from workers.broker.rights import NEEDED
from workers.broker.whereabouts import whereabouts
from workers.clock import Clock
from workers.errors import TocsinError, Transient
from workers.model.redis_address import BadRedisAddress, RedisAddress

__all__ = ["BLOCK_S", "Key", "Link", "NoGroup", "Part", "TooMuch", "Word", "WrongType"]

Key = str | bytes
Ask = Callable[[Clients], Awaitable[Any]]
BLOCK_S = 1.0
END_S = 1.5
"""Longest wait for answers that somebody still waits for at the end: a read blocks for less."""
FIND_S = 8.0
"""Longest look for the server, over all nodes that are asked."""
ASIDE_MS = 86_400_000
"""How long what was in our place is kept aside."""
NOT_OURS = ("WRONGTYPE", "exhausted the last possible ID")
"""Errors of keys that somebody else wrote: of another type, or a stream that can take no more."""
LOOK_S = 2.0
"""Sentinels are asked again so often: after a failover by hand the old master takes writes yet."""
DETAIL_CHARACTERS = 200
ELSEWHERE = (Unreachable, TooSlow, OSError, ReadOnlyError, AskError, ClusterDownError)
"""After these another server may be the one: gone, silent, a replica by now, or keys moved."""

_log = structlog.get_logger()


class NoGroup(Exception):
    """A stream or its group is missing: Redis was flushed, or the stream is new."""


class WrongType(Transient):
    """A key holds what we never put there."""


class Refused(Transient):
    """Redis knows us not, or does not allow us what we ask. An operator may change that."""

    def __init__(self, detail: str, cause: Exception) -> None:
        super().__init__("connect", detail)
        self.cause = cause


class TooMuch(Transient):
    """An answer was larger than anything of ours, and was not read to its end."""


@lru_cache
def _script(name: str) -> bytes:
    return files("workers.broker").joinpath(f"{name}.lua").read_bytes()


def _new_consumer() -> str:
    """Return a name that no other process has or had: host, pid, and a few random letters."""
    host = "".join(c for c in socket.gethostname()[:60] if c.isalnum() or c in "-.") or "host"
    return f"{host}-{os.getpid()}-{secrets.token_hex(3)}"


class Link:
    """One Redis, wherever it is now: a Sentinel or a Cluster is asked again when it has moved."""

    def __init__(self, url: str, *, lease_s: float, consumer: str | None, clock: Clock) -> None:
        self.address = RedisAddress.parse(url)
        self.lease_s = lease_s
        self.consumer = consumer or _new_consumer()
        self.clock = clock
        self._whereabouts = whereabouts(self.address)
        self._clients: Clients | None = None
        self._known = False
        """Whether the clients are believed to be at the right server."""
        self._finding: asyncio.Task[Clients] | None = None
        self._found_at = 0.0
        self._closed = False
        self._touch_since: float | None = None
        self._tells = False
        """Whether this Redis tells how it is set up."""

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
            TocsinError: it is too old, not what the address says, set up so that it would throw
                work away, or does not allow us what we need.
        """
        self._closed = False
        try:
            _check_files(self.address.files)
            with self._guard():
                await self._now()
            await self.call("PING")
            self._tells = await self._guarded(
                lambda clients: check_server(clients.commands, self.address)
            )
            check_rights(await self.run("rights", [PING], NEEDED), self.address)
        except Refused as error:
            await self.close()
            raise refusal(error.cause, self.address) from error
        except TocsinError:
            await self.close()
            raise

    async def check_memory(self) -> None:
        """Make sure again that nothing is thrown away when the memory is full.

        Raises:
            Transient: it would be, as somebody has set by now; or Redis is away.
        """
        if not self._tells:
            return
        facts = await self._guarded(lambda clients: clients.commands.info("memory"))
        try:
            check_memory(facts, self.address.shown)
        except TocsinError as error:
            raise Transient("connect", str(error)) from error

    async def close(self) -> None:
        """Close all connections, and open none any more, whoever still asks."""
        self._closed = True
        if self._finding is not None:
            self._finding.cancel()
            await asyncio.wait([self._finding])
        clients, self._clients, self._known = self._clients, None, False
        if clients is not None:
            with self._quietly():
                await clients.end(END_S)
        with self._quietly():
            await self._whereabouts.close()

    async def run(self, script: str, keys: Sequence[Key], args: Sequence[Word] = ()) -> Any:  # noqa: ANN401 - what a script answers is the script's affair
        """Run ``script``.lua."""
        return await self._healing(lambda clients: _run(clients, script, keys, args), keys)

    async def call(self, *words: Word) -> Any:  # noqa: ANN401 - as Redis answers
        """Run one command."""
        return await self._healing(lambda clients: clients.execute(words), words)

    async def calls(self, commands: Sequence[tuple[Word, ...]]) -> list[Any]:
        """Run commands in one go; an error of any is raised after all have run."""
        if not commands:
            return []
        named = [word for words in commands for word in words]
        answers = await self._healing(lambda clients: clients.execute_all(commands), named)
        return cast("list[Any]", answers)

    async def read(self, *words: Word) -> Any:  # noqa: ANN401 - as Redis answers
        """Run a command that may block, for `BLOCK_S` at most."""
        return await self._healing(lambda clients: clients.execute(words, blocks=True), words)

    async def _healing(self, ask: Ask, named: Sequence[Word]) -> Any:  # noqa: ANN401 - as Redis answers
        """Ask; if a key that is ``named`` holds what we never put there, move it, ask again."""
        try:
            return await self._guarded(ask)
        except WrongType:
            if not await self._set_aside(named):
                raise
        return await self._guarded(ask)

    async def _set_aside(self, named: Sequence[Word]) -> bool:
        """Move away what is not ours of these keys; say whether anything was."""
        keys = {key: type_of(key) for key in map(_as_key, dict.fromkeys(named)) if key}
        ours = {key: kind for key, kind in keys.items() if kind is not None}
        moved = False
        for key, kind in ours.items():
            args: list[Word] = [kind, ASIDE_MS, int(key.startswith(WORK))]
            names = [key, aside_key(key), EPOCH]
            was = await self._guarded(partial(_run, script="aside", keys=names, args=args))
            if was:
                moved = True
                _log.warning(
                    "key_set_aside", key=key[:300], aside=aside_key(key), was=was.decode()
                )
        return moved

    async def _guarded(self, ask: Ask) -> Any:  # noqa: ANN401 - as Redis answers
        if self._closed:
            raise Transient("connect", f"Redis was let go of: {self.address.shown}")
        with self._guard():
            clients = self._clients if self._known else None
            clients = clients or await self._now_or_away()
            self._look_again()
            answer = await clients.use(ask)
        if self._touch_since is None:
            self._touch_since = self.clock.monotonic()
        return answer

    async def _now(self) -> Clients:
        """Return the clients of the server that has our keys now. Who else asks waits with us."""
        return await asyncio.shield(self._finding or self._begin_to_find())

    async def _now_or_away(self) -> Clients:
        """Return the same; at work a Sentinel that was set up anew is an outage like any other."""
        try:
            return await self._now()
        except Transient:
            raise
        except TocsinError as error:
            raise Transient("connect", str(error)[:DETAIL_CHARACTERS]) from error

    def _look_again(self) -> None:
        """Ask the sentinels now and then, beside the work."""
        if self.address.kind != "sentinel" or self._finding is not None:
            return
        if self.clock.monotonic() - self._found_at >= LOOK_S:
            _ = self._begin_to_find()

    def _begin_to_find(self) -> asyncio.Task[Clients]:
        self._finding = finding = asyncio.create_task(self._find(), name="redis:find")
        finding.add_done_callback(self._found)
        return finding

    def _found(self, task: asyncio.Task[Clients]) -> None:
        self._finding, self._found_at = None, self.clock.monotonic()
        if not task.cancelled():
            task.exception()  # whoever asked for it has been told

    async def _find(self) -> Clients:
        async with asyncio.timeout(FIND_S):
            node = await self._whereabouts.find()
        old = self._clients
        if old is None or old.node != node:
            self._clients = Clients(self.address, node)
            if node is not None:
                _log.info("redis_found", redis=self.address.shown, host=node[0], port=node[1])
            if old is not None:
                with self._quietly():
                    await old.retire()
        self._known = True
        assert self._clients is not None  # noqa: S101 - set above
        return self._clients

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Close what may be broken already."""
        try:
            yield
        except (RedisError, OSError, TimeoutError):
            return

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
            if isinstance(error, ELSEWHERE) and self.address.kind in {"sentinel", "cluster"}:
                self._known = False
            raise self._told(error) from error

    def _told(self, error: Exception) -> Transient:
        detail = " ".join(str(error).split())[:DETAIL_CHARACTERS] or type(error).__name__
        told = f"Redis does not do its work: {self.address.shown}: {detail}"
        for cause in (error, error.__cause__, error.__context__):  # at a connection's beginning
            if isinstance(cause, AuthenticationError | NoPermissionError):
                return Refused(told, cause)
        if isinstance(error, TooLarge):
            return TooMuch("connect", told)
        if isinstance(error, ResponseError) and any(word in detail for word in NOT_OURS):
            return WrongType("connect", told)
        return Transient("connect", told)


class Part:
    """A group of verbs that share one `Link`."""

    def __init__(self, link: Link) -> None:
        self._link = link


async def _run(clients: Clients, script: str, keys: Sequence[Key], args: Sequence[Word]) -> Any:  # noqa: ANN401 - as Redis answers
    known = clients.scripts.get(script)
    if known is None:
        known = clients.commands.register_script(_script(script))
        clients.scripts[script] = known
    return await known(keys=keys, args=args)


def _as_key(word: Word) -> str:
    """Return a word as a key, "" if it cannot be one of ours."""
    text = word.decode("utf-8", "replace") if isinstance(word, bytes) else word
    return text if isinstance(text, str) and text.startswith(ROOT) else ""


def _check_files(paths: Sequence[str]) -> None:
    for path in paths:
        if not (Path(path).is_file() and os.access(path, os.R_OK)):
            raise BadRedisAddress(f"{path} cannot be read", "name a file that is there")


def _means_no_group(error: ResponseError) -> bool:
    """Say whether a stream or group is missing, or went away under a blocked reader."""
    return any(word in str(error)[:DETAIL_CHARACTERS] for word in ("NOGROUP", "UNBLOCKED"))
