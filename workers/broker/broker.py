"""The whole broker: every verb of Redis in one object."""

from workers.broker.breakers import FIRST_S, Breakers
from workers.broker.due import DueQueue
from workers.broker.hosts import Hosts
from workers.broker.keys import EPOCH, PING, stream_key
from workers.broker.link import Link, TooMuch
from workers.broker.rates import Rates
from workers.broker.standing import Standing
from workers.broker.streams import Streams
from workers.clock import Clock

__all__ = ["RedisBroker"]

PING_TTL_MS = 60_000


class RedisBroker(Streams, DueQueue, Hosts, Standing, Breakers, Rates):
    """Redis, or Valkey, as the work queue.

    Every verb raises `workers.errors.Transient` with reason ``connect`` while Redis is away, full,
    loading or read-only, and nothing else; it works again as soon as Redis does. ``lease_s`` is in
    seconds and the same in all processes. ``consumer`` is this process's name, made up if None.
    """

    def __init__(
        self,
        url: str,
        *,
        lease_s: float,
        clock: Clock,
        consumer: str | None = None,
        breaker_first_s: float = FIRST_S,
    ) -> None:
        super().__init__(Link(url, lease_s=lease_s, consumer=consumer, clock=clock))
        self._first_s = breaker_first_s

    async def open(self) -> None:
        """Make sure that this Redis can do what we need.

        Raises:
            Transient: it is away.
            TocsinError: it is too old, not what the address says, set up so that it would throw
                work away, or does not allow us what we need; the message says what to do.
        """
        await self._link.open()

    async def close(self) -> None:
        """Send what waits, say goodbye and close all connections."""
        await self._done.flush()
        await self._give_turn.flush()
        await self._say_goodbye([stream_key(name) for name in self._known])
        await self._link.close()

    async def epoch(self, life: str) -> bool:
        """Say whether Redis holds the work of this ``life`` of the database.

        False if it was lost or flushed, or if the database was restored or replaced meanwhile.
        """
        try:
            (found,) = await self._link.call("MGET", EPOCH)  # of another type MGET says nil
        except TooMuch:
            return False
        return bool(found == life.encode())

    async def begin_epoch(self, life: str) -> None:
        """Mark Redis as known again, after all marks in SQL were voided."""
        await self._link.call("SET", EPOCH, life)

    async def ping(self) -> None:
        """Make sure that Redis answers, takes writes, and throws nothing away."""
        await self._link.calls([("PING",), ("SET", PING, "1", "PX", PING_TTL_MS)])
        await self._link.check_memory()
