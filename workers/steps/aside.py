"""What is only counted takes no more than a share of the time that there is."""

__all__ = ["Aside"]

SHARE = 0.2
"""Of the time that the work itself takes,"""
OF_ALL = 0.01
"""and of all time, so that where little happens all of it is looked at."""
MOST_S = 1.0
"""Seconds that are free to begin with, and the most that is saved up."""


class Aside:
    """Time that may be spent on the side: all is looked at as long as there is some left."""

    def __init__(self) -> None:
        self._left = MOST_S
        self._earned_at: float | None = None

    @property
    def free(self) -> bool:
        """Whether there is time left."""
        return self._left > 0

    def earn(self, seconds: float, now: float) -> None:
        """Tell that the work itself took so long, up to ``now`` (of a clock that never jumps)."""
        idle = now - self._earned_at if self._earned_at is not None else 0.0
        self._earned_at = now
        self._left = min(MOST_S, self._left + SHARE * seconds + OF_ALL * idle)

    def spend(self, seconds: float) -> None:
        """Tell that so much was spent on the side."""
        self._left -= seconds
