"""HEARTBEAT: a synthetic entry that goes where entries go, and what is done when it arrives.

::

    due-queue ──► POLL asks for it ──► SQL ──relay──► pages:hot ──► READ passes it on
    ──► SQL ──relay──► ring ──► RING passes it on ──► SQL ──relay──► beat ──► DELIVER calls

It is one row of work and no article: nobody sees it, and a pass that is stuck is not joined by
another. If SQL, Redis, the relay or one of the lanes stands still it does not arrive, and nobody
is called: silence is the alarm.
"""

from collections.abc import Awaitable, Callable

import structlog

from workers.errors import Transient
from workers.model.beat import BEAT_STREAM
from workers.steps.edges import Edges, RulesNow
from workers.steps.relay import RING_STREAM

__all__ = ["Heartbeat"]

TRIES = 3
AGAIN_S = 2.0
"""Between two calls that failed, of which the last may come: a lost packet is no alarm."""
OFF_S = 300.0
"""Until the due-queue is asked again, while no address is configured."""
_log = structlog.get_logger()


class Heartbeat:
    """What each step does with the synthetic entry.

    ``call`` calls the operator's address, and raises `Transient` if that did not answer well;
    ``well`` says whether all loops of this process beat.
    """

    def __init__(
        self,
        edges: Edges,
        rules: RulesNow,
        call: Callable[[], Awaitable[None]],
        well: Callable[[], bool],
    ) -> None:
        self._edges = edges
        self._rules = rules
        self._call = call
        self._well = well

    async def begin(self) -> float:
        """POLL: set it on its way, unless it is under way; return the seconds until the next."""
        every_s = self._rules().heartbeat_s
        if every_s is None:
            return OFF_S
        await self._edges.store.begin_beat()
        return every_s

    async def read(self) -> None:
        """READ: pass it on to RING."""
        await self._edges.store.pass_beat("pages:hot", RING_STREAM)

    async def ring(self) -> None:
        """RING: pass it on to DELIVER."""
        await self._edges.store.pass_beat(RING_STREAM, BEAT_STREAM)

    async def deliver(self, _id: str, still_ours: Callable[[], Awaitable[bool]]) -> None:
        """DELIVER: it has arrived; call, once in each period whoever else calls."""
        every_s = self._rules().heartbeat_s
        if not await still_ours():
            return
        arrived = await self._edges.store.end_beat(every_s or OFF_S)
        if not arrived or every_s is None:
            return
        if not self._well():
            _log.warning("heartbeat_withheld", because="a loop of this process stands still")
            self._count("withheld")
            return
        self._count("sent" if await self._called() else "failed")

    def _count(self, outcome: str) -> None:
        self._edges.meter.count("tocsin_heartbeats_total", outcome=outcome)

    async def _called(self) -> bool:
        for left in reversed(range(TRIES)):
            try:
                await self._call()
            except Transient as error:
                if not left:
                    _log.warning("heartbeat_failed", error=str(error))
                    return False
                await self._edges.clock.sleep(AGAIN_S)
            else:
                return True
        return False
