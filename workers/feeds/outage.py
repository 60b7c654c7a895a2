"""Our own outage is nobody's fault: whether it is the hosts that fail, or our network.

Pure: what was asked and when in, a decision out. Times are seconds of a clock that cannot be set.
"""

from collections import OrderedDict
from collections.abc import Sequence

from workers.errors import Reason

__all__ = ["UNREACHED", "WINDOW_S", "Network", "reached"]

WINDOW_S = 120.0
"""How long an outcome says something about now."""
LEAST_HOSTS = 5
"""Fewer hosts than that may well be down by themselves."""
MOST_HOSTS = 10_000
MOST_FEEDS = 100_000
UNREACHED: frozenset[Reason] = frozenset({"dns", "connect", "timeout"})
"""Failures that a network of our own that is down looks like."""
_UNASKED: frozenset[Reason] = frozenset({"blocked", "clientError", "crash"})
"""Failures before anything was asked."""


def reached(reason: Reason | None, *, answered: bool) -> bool | None:
    """Say whether a host was reached, None where nothing went out.

    Args:
        reason: Why the fetch failed, None if it did not.
        answered: Whether there was an HTTP answer, whatever its status.
    """
    if answered or reason is None:
        return True
    return None if reason in _UNASKED else reason not in UNREACHED


class Network:
    """The latest outcome of each host that was asked lately, and what follows from them all."""

    def __init__(self) -> None:
        self.down = False
        """Half of five or more hosts could not be reached; until fewer than half cannot."""
        self.told: bool | None = None
        """What operators were told last; None: nothing by this process."""
        self._hosts: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        """The latest outcome of each host, the oldest first,"""
        self._failed = 0
        """how many of them failed,"""
        self._since: float | None = None
        """and when the first was noted."""
        self._missed: OrderedDict[str, float] = OrderedDict()
        """Feeds that could not be asked, and when."""

    @property
    def counts(self) -> tuple[int, int]:
        """Return how many hosts could not be reached, and of how many."""
        return self._failed, len(self._hosts)

    def note(self, host: str, at: float, *, ok: bool, feed: str | None = None) -> None:
        """Note whether ``host`` was reached; ``feed`` is what it was asked for, if for one."""
        self._since = at if self._since is None else self._since
        self._forget(host)
        self._hosts[host] = (at, ok)
        self._failed += not ok
        while len(self._hosts) > MOST_HOSTS or self._oldest() < at - WINDOW_S:
            self._forget(next(iter(self._hosts)))
        many = len(self._hosts)
        self.down = (self.down or many >= LEAST_HOSTS) and 2 * self._failed >= many
        if feed is not None:
            self._note_feed(feed, at, ok=ok)

    def sure(self, at: float) -> bool:
        """Say whether enough was seen to know that the network works."""
        waited = self._since is not None and at - self._since >= WINDOW_S
        return not self.down and (waited or len(self._hosts) >= LEAST_HOSTS)

    def missed(self) -> Sequence[str]:
        """Return the feeds that could not be asked since shortly before the outage was seen."""
        return tuple(self._missed)

    def _note_feed(self, feed: str, at: float, *, ok: bool) -> None:
        self._missed.pop(feed, None)
        if not ok and len(self._missed) < MOST_FEEDS:
            self._missed[feed] = at
        if self.down or self.told:
            return  # they are all needed when it ends
        while self._missed and next(iter(self._missed.values())) < at - WINDOW_S:
            self._missed.popitem(last=False)

    def _oldest(self) -> float:
        return next(iter(self._hosts.values()))[0]

    def _forget(self, host: str) -> None:
        gone = self._hosts.pop(host, None)
        self._failed -= gone is not None and not gone[1]
