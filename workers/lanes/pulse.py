"""Heartbeats of loops: what `/livez` and the watchdog look at."""

from workers.clock import Clock

__all__ = ["Pulse"]


class Pulse:
    """One loop's heartbeat. ``period_s`` is how often it beats while all is well."""

    def __init__(self, name: str, clock: Clock, period_s: float) -> None:
        self.name = name
        self.period_s = period_s
        self._clock = clock
        self._at = clock.monotonic()

    def beat(self) -> None:
        """Say that the loop is alive."""
        self._at = self._clock.monotonic()

    @property
    def age_s(self) -> float:
        """Seconds since the last beat."""
        return self._clock.monotonic() - self._at

    @property
    def alive(self) -> bool:
        """False once it has missed three beats."""
        return self.age_s < 3 * self.period_s
