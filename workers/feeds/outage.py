"""Our own outage is nobody's fault: whether it is the hosts that fail, or our network.

Pure: what was asked and when in, a decision out. Times are seconds of a clock that cannot be set.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from workers.errors import Reason
from workers.model.base import Record

__all__ = ["PROBE_S", "UNREACHED", "WINDOW_S", "Network", "reached"]

WINDOW_S = 120.0
"""How long an outcome says something about now."""
LEAST_HOSTS = 5
"""Fewer hosts than that may well be down by themselves."""
DEAD_S = 600.0
"""Who failed for so long while all was well is dead by itself."""
PARTLY_S = 7200.0
"""So long it is believed that our network fails half of all hosts and not the others."""
SUSPICIOUS = 2
"""So many hosts that cannot be reached, and too few others to compare with, ask for more."""
PROBE_S = 60.0
"""While it is down, one feed is tried so often, whatever its interval."""
HEARD_S = 60.0
"""How long what other processes told says something."""
MOST_TOLD = 50
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


class _Host(Record, frozen=True, kw_only=True):
    """The latest outcome of one host."""

    at: float
    ok: bool
    counts: bool
    """False for one that was dead before: it says nothing of our network."""


class Network:
    """The latest outcome of each host that was asked lately, and what follows from them all."""

    def __init__(self) -> None:
        self.down = False
        """Half of five or more hosts could not be reached; until fewer than half cannot."""
        self.told: bool | None = None
        """What operators were told last; None: nothing by this process."""
        self._hosts: OrderedDict[str, _Host] = OrderedDict()
        """The latest outcome of each host, the oldest first,"""
        self._failed = self._worked = 0
        """how many of them failed and did not, of those that count,"""
        self._since: float | None = None
        """and when the first was noted."""
        self._failing: OrderedDict[str, float] = OrderedDict()
        """Since when hosts fail, the latest to begin last."""
        self._missed: OrderedDict[str, float] = OrderedDict()
        """Feeds that could not be asked, and when."""
        self._worked_at = -WINDOW_S
        """When a host was reached last."""
        self._down_since = self._probed_at = 0.0
        self._suspected_at = -WINDOW_S
        self._others = (0, 0)
        """Hosts that other processes of this machine could not, and could, reach lately."""
        self._heard_at = -WINDOW_S

    @property
    def counts(self) -> tuple[int, int]:
        """Return how many hosts could not be reached, and of how many, dead ones left out."""
        failed, worked = self._failed + self._others[0], self._worked + self._others[1]
        return failed, failed + worked

    def note(
        self, host: str, at: float, *, ok: bool, feed: str | None = None, failing_s: float = 0.0
    ) -> None:
        """Note whether ``host`` was reached.

        Args:
            host: Its name.
            at: The present.
            ok: Whether it was.
            feed: What it was asked for, if for a feed,
            failing_s: and for how many seconds that has failed, by what the database says.
        """
        self._since = at if self._since is None else self._since
        self._forget(host)
        dead = not ok and self._is_dead(host, at, failing_s)
        if ok:
            self._failing.pop(host, None)
            self._worked_at = at
        self._hosts[host] = _Host(at=at, ok=ok, counts=not dead)
        self._count(self._hosts[host], 1)
        while len(self._hosts) > MOST_HOSTS or self._oldest() < at - WINDOW_S:
            self._forget(next(iter(self._hosts)))
        self._judge(at)
        if feed is not None:
            self._note_feed(feed, at, ok=ok)

    def hear(self, seen: Mapping[str, bool], at: float) -> None:
        """Take what other processes of this machine saw lately: `told_others` of all of them."""
        own = {_short(host) for host in self._hosts}
        fresh = [ok for host, ok in seen.items() if host not in own]
        self._others = (fresh.count(False), fresh.count(True))
        self._heard_at = at
        self._judge(at)

    def told_others(self, at: float) -> dict[str, bool]:
        """Return for the latest hosts (a hash of each) whether they were reached."""
        latest = list(self._hosts.items())[-MOST_TOLD:]
        return {
            _short(host): one.ok for host, one in latest if one.counts and one.at >= at - WINDOW_S
        }

    def sure(self, at: float) -> bool:
        """Say whether enough was seen to know that the network works."""
        waited = self._since is not None and at - self._since >= WINDOW_S
        return not self.down and (waited or self.counts[1] >= LEAST_HOSTS)

    def suspects(self, at: float) -> bool:
        """Say, once in `WINDOW_S` at most, that more hosts must be asked to know who is to blame.

        Several could not be reached, and too few were asked.
        """
        failed, many = self.counts
        doubtful = not self.down and failed >= SUSPICIOUS and 2 * failed >= many < LEAST_HOSTS
        if not doubtful or at - self._suspected_at < WINDOW_S:
            return False
        self._suspected_at = at
        return True

    def probes(self, at: float) -> bool:
        """Say, once in `PROBE_S` while it is down, that one feed is to be asked again soon."""
        if not self.down or at - self._probed_at < 0.9 * PROBE_S:
            return False
        self._probed_at = at
        return True

    def missed(self) -> Sequence[str]:
        """Return the feeds that could not be asked since shortly before the outage was seen."""
        return tuple(self._missed)

    def _is_dead(self, host: str, at: float, failing_s: float) -> bool:
        """Say whether a host that fails did so before anything was wrong with our network.

        While others answer it is not believed for ever that we are to blame.
        """
        known = self._failing.get(host, at)
        since = min(known, at - failing_s)
        self._failing[host] = since
        while len(self._failing) > MOST_HOSTS:
            self._failing.popitem(last=False)
        if not self.down:
            return at - since > DEAD_S
        return since < self._down_since - DEAD_S or (self._worked > 0 and at - since > PARTLY_S)

    def _judge(self, at: float) -> None:
        if at - self._heard_at > HEARD_S:
            self._others = (0, 0)
        failed, many = self.counts
        before = self.down
        self.down = (before or many >= LEAST_HOSTS) and 2 * failed >= many
        if self.down and not before:
            self._down_since = self._probed_at = at

    def _note_feed(self, feed: str, at: float, *, ok: bool) -> None:
        self._missed.pop(feed, None)
        if not ok and len(self._missed) < MOST_FEEDS:
            self._missed[feed] = at
        if self.down or self.told:
            return  # they are all needed when it ends
        # What failed since anything worked last may be part of what is not seen yet.
        before = min(at - WINDOW_S, self._worked_at)
        while self._missed and next(iter(self._missed.values())) < before:
            self._missed.popitem(last=False)

    def _oldest(self) -> float:
        return next(iter(self._hosts.values())).at

    def _forget(self, host: str) -> None:
        gone = self._hosts.pop(host, None)
        if gone is not None:
            self._count(gone, -1)

    def _count(self, one: _Host, number: int) -> None:
        if not one.counts:
            return
        if one.ok:
            self._worked += number
        else:
            self._failed += number


def _short(host: str) -> str:
    return blake2b(host.encode(), digest_size=4).hexdigest()
