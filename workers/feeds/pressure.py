"""Back-pressure: pages wait too long, so feeds that bring little are asked less often.

What POLL finds has to be read. Where reading cannot follow, finding more only makes a longer line:
so quiet feeds are asked less often, the quietest first, and what they list meanwhile waits at the
publisher instead of here. A feed whose delay matters, or that posts a lot, keeps its pace.
"""

from workers.feeds.interval import Budget
from workers.model.base import Record
from workers.options import PollOptions

__all__ = ["CALM", "SLOW_AFTER_S", "Moment", "slowed", "stretched"]

SLOW_AFTER_S = 600.0
"""Pages that wait for longer than this slow the polling down."""
QUIET = 4.0
"""Posts a day (times weight) below which a feed is slowed as soon as it begins."""
LEVELS = 6.0
"""The longer the wait, the busier the feeds that are slowed, up to six times `SLOW_AFTER_S` (an
hour): who posts once an hour or oftener keeps the pace, whatever waits."""
STRETCH_MOST = 4.0
"""An interval grows by no more than this,"""
CEILINGS = 2.0
"""and not beyond so many times ``slowest``."""


class Moment(Record, frozen=True, kw_only=True):
    """What the moment of a poll adds to a feed's own habit."""

    jitter: float = 0.0
    """From -1 to 1: spreads polls that would otherwise meet."""
    budget: Budget = Budget()
    """How many polls there are for all feeds."""
    behind_s: float = 0.0
    """For how many seconds the page that is due longest has waited for a reader."""


CALM = Moment()
"""No jitter, a budget that does not bind, and no page that waits."""


def slowed(behind_s: float) -> bool:
    """Say whether pages wait so long that quiet feeds are asked less often."""
    return behind_s > SLOW_AFTER_S


def stretched(interval_s: float, posts: float, behind_s: float, options: PollOptions) -> float:
    """Return the interval in seconds that is kept while pages wait; never a shorter one.

    ``posts`` are the feed's posts a day, times its weight.
    """
    if not slowed(behind_s):
        return interval_s
    level = min(behind_s / SLOW_AFTER_S, LEVELS)
    factor = min(max(1.0, level * QUIET / max(posts, 0.01)), STRETCH_MOST)
    return max(interval_s, min(interval_s * factor, CEILINGS * options.slowest_s))
