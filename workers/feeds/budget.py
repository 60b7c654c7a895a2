"""What interval "auto" may spend: one number for all feeds."""

from collections.abc import Sequence
from math import sqrt

from workers.options import PollOptions

__all__ = ["USUAL_K", "k_for"]

USUAL_K = 2700.0
"""Seconds between polls of a feed that posts once a day, where the budget does not bind."""
_STEPS = 60


def k_for(rates: Sequence[float], options: PollOptions) -> float:
    """Return K of ``interval = K / sqrt(rate)``, so that all polls together meet the budget.

    Args:
        rates: Weight times posts a day, of each feed whose interval is "auto".
        options: The budget, and what it is clamped by.

    Returns:
        Seconds; not above `USUAL_K` where the budget allows more, because polls that find nothing
        are no use to anybody.
    """
    roots = [sqrt(max(rate, 1e-6)) for rate in rates]
    if not roots or _polls(USUAL_K, roots, options) <= options.polls_per_minute:
        return USUAL_K
    low, high = USUAL_K, 60.0 * sum(roots) / max(options.polls_per_minute, 1e-6) + USUAL_K
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _polls(middle, roots, options) > options.polls_per_minute:
            low = middle
        else:
            high = middle
    return high


def _polls(k: float, roots: Sequence[float], options: PollOptions) -> float:
    """Return polls a minute at this K."""
    return sum(60.0 / min(max(k / root, options.fastest_s), options.slowest_s) for root in roots)
