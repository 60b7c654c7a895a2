"""How a loop lives through an outage: backing off, with one log line a change of state."""

import structlog

from workers.clock import Clock

__all__ = ["Outage"]

FIRST_S = 0.1
LONGEST_S = 2.0
_log = structlog.get_logger()


class Outage:
    """The state of one loop's dependency."""

    def __init__(self, loop: str, clock: Clock) -> None:
        self._loop = loop
        self._clock = clock
        self._wait_s = 0.0

    @property
    def lasting(self) -> bool:
        """True between a failure and the next success."""
        return self._wait_s > 0

    async def failed(self, error: Exception) -> None:
        """Note a failure, and wait longer with each in a row."""
        if not self.lasting:
            _log.warning("outage_began", loop=self._loop, error=str(error))
        self._wait_s = min(LONGEST_S, max(FIRST_S, 2 * self._wait_s))
        await self._clock.sleep(self._wait_s)

    def worked(self) -> None:
        """Note a success."""
        if self.lasting:
            _log.info("outage_ended", loop=self._loop)
        self._wait_s = 0.0
