"""What is near what: chains of places, each near the one before."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import count
from math import inf

from workers.topics.reading import Chain, Place
from workers.topics.tree import Link

__all__ = ["apart", "linked", "rows"]


def rows(places: Sequence[Iterable[Place]], links: Iterable[Link]) -> Iterator[Chain]:
    """Yield chains of a place of each, every one near the one before."""
    found: Iterator[Chain] = zip(places[0])
    for link, others in zip(links, places[1:], strict=True):
        found = linked(found, others, link)
    return found


def linked(left: Iterable[Chain], right: Iterable[Place], link: Link) -> Iterator[Chain]:
    """Yield chains made longer by every place that is near the end of one, each the nearest.

    Both sides come in order (chains in that of their last places), and no more of them is read
    than is needed for what is asked for: whoever wants to know whether there is any asks for one.
    The nearest before a place is the last to end before it, the nearest behind it the first to
    begin behind it; of two that are equally near it is the one before.
    """
    chains, order = iter(left), count()
    ahead: deque[Chain] = deque()  # those that do not begin before the place, in order
    over: list[tuple[int, int, int, Chain]] = []  # those that do, by where they end
    last: Chain | None = None  # of those that end before it, the last to end
    for place in right:
        number, first, final = place
        _read(chains, ahead, (number, first if link.ordered else final + 1))
        while ahead and ahead[0][-1] < (number, first):
            chain = ahead.popleft()
            heappush(over, (chain[-1][0], chain[-1][2], next(order), chain))
        while over and over[0][:2] < (number, first):
            last = heappop(over)[3]
        near, least = None, link.reach + 1
        if last is not None and last[-1][0] == number and first - last[-1][2] < least:
            near, least = last, first - last[-1][2]
        if not link.ordered and ahead:
            behind = _behind(ahead, (number, final + 1))
            if behind is not None and apart(behind[-1], place) < least:
                near = behind
        if near is not None:
            yield (*near, place)


def _read(chains: Iterator[Chain], ahead: deque[Chain], until: tuple[int, int]) -> None:
    """Read on until a chain begins at a place or behind it."""
    if ahead and ahead[-1][-1] >= until:
        return
    for chain in chains:
        ahead.append(chain)
        if chain[-1] >= until:
            return


def _behind(ahead: deque[Chain], start: tuple[int, int]) -> Chain | None:
    """Return the first to begin at a place or behind it."""
    if ahead[0][-1] >= start:
        return ahead[0]
    found = bisect_left(ahead, start, key=_begin)
    return ahead[found] if found < len(ahead) else None


def _begin(chain: Chain) -> tuple[int, int]:
    return chain[-1][:2]


def apart(one: Place, other: Place) -> float:
    """Return the distance between the nearer ends of two places that do not overlap."""
    if one[0] != other[0]:
        return inf
    return other[1] - one[2] if one[2] < other[1] else one[1] - other[2]
