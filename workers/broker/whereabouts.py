"""Which server of a Sentinel or a Cluster has our keys now.

All keys share one hash tag, so in a cluster too they lie on one server. Whoever finds it talks to
it alone, as to any other: with scripts, pipelines and blocking reads.
"""

import random
from collections.abc import Mapping
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import RedisError, ResponseError

from workers.broker.keys import EPOCH
from workers.errors import TocsinError
from workers.model.redis_address import MOST_NODES, Node, RedisAddress

__all__ = ["Fixed", "OfCluster", "OfSentinel", "Whereabouts", "whereabouts"]

ASK_S = 2.0
"""For one node's answer: they are asked one after the other."""


class Whereabouts(Protocol):
    """Knows where the server is."""

    async def find(self) -> Node | None:
        """Return host and port, None where the address itself says all.

        Raises:
            RedisError: nobody knows at present.
            TocsinError: those who were asked are not what the address calls them.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Fixed:
    """One server, where the address says."""

    async def find(self) -> Node | None:
        """Return None: the address says it."""
        return None

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""


class OfSentinel:
    """The master of a service, as a majority of sentinels has agreed."""

    def __init__(self, address: RedisAddress) -> None:
        self._address = address
        options = _asking(address.tls, address.sentinel_login)
        self._sentinel = Sentinel(  # type: ignore[no-untyped-call]
            list(address.nodes), sentinel_kwargs=options
        )

    async def find(self) -> Node | None:
        """Ask one sentinel after the other for the master."""
        try:
            host, port = await self._sentinel.discover_master(self._address.service)
        except (Unreachable, ResponseError):
            await self._explain()
            raise
        return str(host), int(port)

    async def _explain(self) -> None:
        """Tell a service that does not exist from one that has no master at present."""
        for sentinel in self._sentinel.sentinels:
            try:
                known = await sentinel.sentinel_masters()
            except ResponseError as error:
                if "unknown command" in str(error).lower():
                    raise TocsinError(
                        f"not a Sentinel: {self._address.shown}: it says {str(error)[:100]} "
                        "(name the sentinels, their usual port is 26379)"
                    ) from error
                raise
            except RedisError:
                continue
            names = ", ".join(sorted(map(str, known)))[:200]
            if self._address.service not in known:
                raise TocsinError(
                    f"Sentinel does not know the service: {self._address.shown}: it watches "
                    f"{names or 'nothing'} (name one of these)"
                )

    async def close(self) -> None:
        """Close the connections to all sentinels."""
        await self._sentinel.aclose()


class OfCluster:
    """The owner of our slot. Any node can be asked, those that were named or that others told."""

    def __init__(self, address: RedisAddress) -> None:
        self._address = address
        self._told: tuple[Node, ...] = ()

    async def find(self) -> Node | None:
        """Ask one node after the other, in any order: one that is cut off knows old news."""
        nodes = [*dict.fromkeys((*self._address.nodes, *self._told))]
        random.shuffle(nodes)
        errors: list[RedisError | OSError] = []
        for node in nodes:
            try:
                slots = await self._ask(node)
            except (RedisError, OSError) as error:
                errors.append(error)
                continue
            owner = self._owner(slots, node)
            if owner is not None:
                return owner
        raise Unreachable(f"no node knows who has our slot{_causes(errors)}")

    async def _ask(self, node: Node) -> Any:  # noqa: ANN401 - as Redis answers
        host, port = node
        client = Redis(host=host, port=port, **_asking(self._address.tls, self._address.login))
        client.set_response_callback("CLUSTER SLOTS", _as_it_is)
        try:
            return await client.execute_command("CLUSTER SLOTS")  # type: ignore[no-untyped-call]
        except ResponseError as error:
            if "cluster support disabled" in str(error):
                raise TocsinError(
                    f"not a Redis Cluster: {host}:{port}: cluster support is disabled there "
                    "(write redis:// for a single server)"
                ) from error
            raise
        finally:
            await client.aclose()

    def _owner(self, slots: Any, asked: Node) -> Node | None:  # noqa: ANN401 - as Redis answers
        """Return who has our slot, by ``[[first, last, [host, port, …], …], …]``."""
        ours, owner, told = key_slot(EPOCH.encode()), None, []
        for first, last, *holders in slots:
            nodes = [(_host(holder[0]) or asked[0], int(holder[1])) for holder in holders]
            told += nodes
            if first <= ours <= last and nodes:
                owner = nodes[0]
        self._told = tuple(dict.fromkeys(told))[:MOST_NODES]
        return owner

    async def close(self) -> None:
        """Do nothing: each question has a connection of its own."""


def whereabouts(address: RedisAddress) -> Whereabouts:
    """Return who knows where the server of ``address`` is."""
    match address.kind:
        case "sentinel":
            return OfSentinel(address)
        case "cluster":
            return OfCluster(address)
        case "server" | "socket":
            return Fixed()


def _asking(tls: Mapping[str, str | bool] | None, login: Mapping[str, str]) -> dict[str, Any]:
    """Return the options of a connection that asks where the server is."""
    return {
        **login,
        **({"ssl": True, **tls} if tls is not None else {}),
        "protocol": 2,
        "decode_responses": True,
        "socket_timeout": ASK_S,
        "socket_connect_timeout": ASK_S,
        "retry": Retry(NoBackoff(), 0),
    }


def _as_it_is(response: Any, **_: Any) -> Any:  # noqa: ANN401 - it hands on what it gets
    return response


def _host(name: Any) -> str:  # noqa: ANN401 - as Redis answers
    """Return a host as a node tells it: unknown or "?" is the one that was asked."""
    return "" if name in {None, "", "?"} else str(name)


def _causes(errors: list[RedisError | OSError]) -> str:
    return "".join(f"; {str(error)[:100]}" for error in errors[:3])
