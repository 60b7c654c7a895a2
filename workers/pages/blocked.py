"""Hosts that turn readers away: most of what they answer is no article, but a door."""

from collections import OrderedDict, deque

from workers.errors import Reason
from workers.model.article import Extracted
from workers.model.base import Record

__all__ = ["LAST", "PageHosts", "blocked_text", "turned_away"]

LAST = 20
"""Pages of a host that are looked at,"""
MOST = LAST // 2
"""and of which more than so many must agree."""
MOST_HOSTS = 1000
"""Hosts that are remembered, the latest."""
_REFUSED: frozenset[Reason] = frozenset({"blocked", "authError", "rateLimited"})
_ANSWERED: frozenset[Reason] = frozenset({"notFound", "gone"})


def turned_away(reason: Reason | None, page: Extracted | None) -> bool | None:
    """Say whether a reading was turned away: refused, challenged, or shown next to nothing.

    Args:
        reason: Why there is no page, None if there is one.
        page: What the page says.

    Returns:
        None where it says nothing about that (a broken connection, a server's error).
    """
    if reason in _REFUSED:
        return True
    if reason in _ANSWERED:
        return False
    if reason is not None or page is None:
        return None
    return page.standin or page.verdict == "thin"


def blocked_text(away: int, many: int, last: str) -> str:
    """Return what operators are told of a host that turned away so many of its latest pages."""
    because = f" (the last: {last})" if last else ""
    return (
        f"{away} of its last {many} pages were refusals, challenges, consent pages or nearly "
        f"empty{because}. Its articles are matched by what their feeds say alone. Ask it less "
        'often ([net.hosts."…"] spacing), set [net] contact so that it knows who asks, or take a '
        "feed that has the whole text."
    )


class _Host(Record, frozen=True, kw_only=True):
    """What is remembered of a host."""

    away: deque[bool]
    """Of its latest pages, whether each was turned away."""
    told: bool | None = None
    """What operators were told last; None: nothing by this process."""


class PageHosts:
    """What the latest pages of each host were, for as many hosts as there is room for."""

    def __init__(self, most: int = MOST_HOSTS) -> None:
        self._most = most
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    def note(self, host: str, *, away: bool) -> bool | None:
        """Note how a page ended.

        Returns:
            Whether the host is one that turns readers away, if that is not what was told last
            (`tell`); None where there is nothing to tell.
        """
        known = self._hosts.pop(host, None) or _Host(away=deque(maxlen=LAST))
        self._hosts[host] = known
        if len(self._hosts) > self._most:
            self._hosts.popitem(last=False)
        known.away.append(away)
        bad = sum(known.away)
        if bad > MOST or len(known.away) - bad > MOST:
            blocked = bad > MOST
            return blocked if blocked != known.told else None
        return None

    def counts(self, host: str) -> tuple[int, int]:
        """Return how many pages of the host were turned away, and of how many."""
        known = self._hosts.get(host)
        return (sum(known.away), len(known.away)) if known else (0, 0)

    def tell(self, host: str, *, blocked: bool | None) -> None:
        """Remember what operators were told of the host; None: they could not be told."""
        known = self._hosts.get(host)
        if known is not None:
            self._hosts[host] = _Host(away=known.away, told=blocked)
