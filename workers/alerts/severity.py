"""How severities compare."""

from collections.abc import Iterable
from typing import get_args

from workers.model.topic import Severity

__all__ = ["highest", "rank", "reaches"]

_ORDER: tuple[Severity, ...] = get_args(Severity)


def rank(severity: Severity) -> int:
    """Return 0 for low up to 3 for critical."""
    return _ORDER.index(severity)


def highest(severities: Iterable[Severity]) -> Severity:
    """Return the highest of ``severities``; low if there is none."""
    return max(severities, key=rank, default="low")


def reaches(severity: Severity, least: Severity) -> bool:
    """Say whether ``severity`` is at least ``least``."""
    return rank(severity) >= rank(least)
