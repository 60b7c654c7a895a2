"""Breakers: an endpoint that fails over and over is probed, not hammered."""

from collections.abc import Sequence

from workers.broker.keys import breaker_key
from workers.broker.link import Link, Part, Word

__all__ = ["Breakers"]

FAILURES = 5
"""In a row, before the breaker opens."""
FIRST_S = 30.0
LONGEST_S = 600.0
LONGEST_LEASE_S = 3600.0
"""No probe lasts longer."""
KEEP_MS = 86_400_000
"""A breaker that nobody touched for a day is forgotten, which means closed."""
_BOUNDS: list[Word] = [round(LONGEST_S * 1000), round(LONGEST_LEASE_S * 1000)]
"""What lies farther ahead was not written by us."""


class Breakers(Part):
    """The verbs of the breakers. A breaker that is lost is closed."""

    def __init__(self, link: Link, first_s: float = FIRST_S) -> None:
        super().__init__(link)
        self._first_s = first_s

    async def breaker_wait(self, endpoint: str, lease_s: float) -> float:
        """Return 0 if ``endpoint`` may be tried (as the one probe, if open), else seconds.

        The turn of a probe is kept for ``lease_s`` seconds, or until its outcome is noted.
        """
        lease_ms = max(1, round(min(lease_s, LONGEST_LEASE_S) * 1000))
        args: list[Word] = [lease_ms, *_BOUNDS]
        return int(await self._link.run("breaker_wait", [breaker_key(endpoint)], args)) / 1000

    async def breaker_note(self, endpoint: str, *, good: bool) -> None:
        """Record an attempt: the fifth failure in a row opens the breaker, a success closes it."""
        if good:
            await self._link.call("DEL", breaker_key(endpoint))
            return
        first, longest = round(self._first_s * 1000), round(LONGEST_S * 1000)
        await self._link.run(
            "breaker_note", [breaker_key(endpoint)], [FAILURES, first, longest, KEEP_MS]
        )

    async def breaker_states(self, endpoints: Sequence[str]) -> dict[str, float]:
        """Return for each endpoint the seconds until its next probe, 0 if it may be tried now."""
        if not endpoints:
            return {}
        waits = await self._link.run("breaker_states", list(map(breaker_key, endpoints)), _BOUNDS)
        return {name: int(wait) / 1000 for name, wait in zip(endpoints, waits, strict=True)}
