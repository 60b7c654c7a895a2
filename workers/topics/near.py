"""What is near what: chains of places, each near the one before."""

from bisect import bisect_left
from collections.abc import Sequence
from math import inf

from workers.topics.reading import Chain, Place
from workers.topics.tree import Link

__all__ = ["apart", "linked"]


def linked(left: list[Chain], right: Sequence[Place], link: Link) -> list[Chain]:
    """Lengthen chains by every place that is near the end of one, each the nearest.

    The nearest before a place is the last to end before it, the nearest behind it the first to
    begin behind it: two look-ups in sorted lists, whatever the text.
    """
    by_last = sorted(left, key=_ending)
    lasts = [_ending(chain) for chain in by_last]
    firsts = [chain[-1] for chain in left]  # chains come in the order of their last places
    found: list[Chain] = []
    for place in right:
        before = bisect_left(lasts, place[:2]) - 1
        near = [by_last[before]] if before >= 0 else []
        if not link.ordered:
            behind = bisect_left(firsts, (place[0], place[2] + 1, -1))
            near += left[behind : behind + 1]
        near = [chain for chain in near if apart(chain[-1], place) <= link.reach]
        if near:
            nearest = min(near, key=lambda chain: apart(chain[-1], place))
            found.append((*nearest, place))
    return found


def _ending(chain: Chain) -> tuple[int, int]:
    return chain[-1][0], chain[-1][2]


def apart(one: Place, other: Place) -> float:
    """Return the distance between the nearer ends of two places that do not overlap."""
    if one[0] != other[0]:
        return inf
    return other[1] - one[2] if one[2] < other[1] else one[1] - other[2]
