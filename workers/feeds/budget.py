"""What interval "auto" may spend: one number for all feeds."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
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
    roots = sorted(sqrt(max(rate, 1e-6)) for rate in rates)
    spend = _Spend(roots, options)
    if not roots or spend.polls(USUAL_K) <= options.polls_per_minute:
        return USUAL_K
    # At the upper end every feed is polled at the slowest pace: less cannot be spent.
    low, high = USUAL_K, max(USUAL_K, options.slowest_s * roots[-1])
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if spend.polls(middle) > options.polls_per_minute:
            low = middle
        else:
            high = middle
    return high


class _Spend:
    """What all feeds together are polled at some K, found without looking at each of them."""

    def __init__(self, roots: Sequence[float], options: PollOptions) -> None:
        self._roots = roots
        self._sums = list(accumulate(roots, initial=0.0))
        self._slowest = options.slowest_s
        self._fastest = min(options.fastest_s, options.slowest_s)

    def polls(self, k: float) -> float:
        """Return polls a minute: the quiet at the slowest, the busy at the fastest pace."""
        quiet = bisect_right(self._roots, k / self._slowest)
        usual = bisect_left(self._roots, k / self._fastest)
        busy = len(self._roots) - usual
        between = (self._sums[usual] - self._sums[quiet]) / k
        return 60.0 * (quiet / self._slowest + between + busy / self._fastest)
