"""Each step's options: unit, default and why it is the default.

The settings of `monitor` are read into these; the data plane never sees a config file.
"""

from typing import Literal

from msgspec import field

from workers.model.base import Record
from workers.model.rate import Rate

__all__ = [
    "AlertOptions",
    "HostRule",
    "KeepOptions",
    "MatchOptions",
    "NetOptions",
    "PageOptions",
    "PollOptions",
    "QueueOptions",
]


class HostRule(Record, frozen=True, kw_only=True):
    """How politely one host is asked."""

    spacing_s: float = 5.0
    """Least seconds between two starts: what a publisher's log takes for a patient reader."""
    at_once: int = 2
    """Requests under way at the same time."""


class NetOptions(Record, frozen=True, kw_only=True):
    """How the outside world is asked."""

    allow: tuple[str, ...] = ()
    """Private networks (CIDR) that feeds and pages may reach; none, because feeds are hostile."""
    proxy: str | None = None
    """The only proxy that is used; those of the environment are not."""
    hosts: dict[str, HostRule] = field(default_factory=dict)
    """Rules by host name; the usual rule is `HostRule`, and none at all for loopback."""
    user_agent: str = "Tocsin/0.1"
    connect_s: float = 10.0
    """Seconds for DNS, TCP and TLS."""
    read_s: float = 12.0
    """Seconds without a byte."""
    total_s: float = 30.0
    """Seconds for all hops and the body: a dribbling body ends here."""
    hops: int = 6
    """Redirects followed; browsers stop at 20, feeds need 3."""
    in_flight: int = 64
    """Requests under way in this process, which is what one core can keep up with."""
    held_bytes: int = 64 << 20
    """Bytes of bodies in this process beyond the first 256 KiB of each; who needs more waits."""


class PollOptions(Record, frozen=True, kw_only=True):
    """When feeds are polled, and what of them is read."""

    interval_s: float | None = None
    """Seconds for feeds without an interval of their own; None computes each from its habit."""
    fastest_s: float = 120.0
    """Floor of "auto": below two minutes publishers begin to block."""
    slowest_s: float = 7200.0
    """Ceiling of "auto": two hours is the most a quiet feed's first post may wait."""
    polls_per_minute: float = 60.0
    """What all feeds together may be polled; what fixed intervals take is not there for "auto"."""
    skip_hours: bool = False
    """Whether a publisher's skipHours and skipDays are obeyed; many wrote them in another age."""
    wire_bytes: int = 4 << 20
    """Largest feed as sent; the largest real ones have 1 MiB."""
    body_bytes: int = 8 << 20
    """Largest feed inflated."""
    max_entries: int = 2000
    """Entries read of one document."""


class PageOptions(Record, frozen=True, kw_only=True):
    """How pages are fetched and read."""

    workers: int = 2
    """Extracting processes; at least 2, so that one stuck page never stops all."""
    timeout_s: float = 10.0
    """Seconds for one page in such a process, then it is killed; real pages need 0.3."""
    mode: Literal["precision", "throughput"] = "precision"
    wire_bytes: int = 6 << 20
    """Largest page as sent."""
    body_bytes: int = 6 << 20
    """Largest page inflated; the 99th percentile of real ones is 1.9 MB."""
    memory_bytes: int = 1 << 30
    """Address space of one extracting process."""
    robots: bool = False
    """Read only what the site's robots.txt allows us."""
    recycle_after: int = 1000
    """Pages, after which a process is replaced: what leaks, leaks this much at most."""
    reread_s: tuple[float, ...] = (3600.0, 6 * 3600.0)
    """Seconds after an article was first seen at which its page is read again: most corrections
    come within these. None at all reads it again only if its entry changes."""
    young_s: float = 86400.0
    """Only what was published less than so many seconds before it was first seen."""
    live_every_s: float = 600.0
    """Between two readings of a live page; 0 treats it like any other."""
    live_for_s: float = 86400.0
    """A live page that does not say when it ends is followed for so long."""
    live_most_s: float = 7 * 86400.0
    """No page is followed for longer, whatever it says."""
    live_quiet_s: float = 3 * 3600.0
    """A page that only looks live, by its title or address, is none after so long without news."""


class MatchOptions(Record, frozen=True, kw_only=True):
    """How topics are matched."""

    languages: tuple[str, ...] = ("en",)
    """Languages whose word forms are known; each further one costs 40 to 150 MB."""


class AlertOptions(Record, frozen=True, kw_only=True):
    """What may ring."""

    backlog_s: float = 0.0
    """What a feed lists when first seen rings only if it is younger than this many seconds."""
    max_age_s: float = 3 * 86400.0
    """A new entry published longer ago than this is stored, not rung."""
    burst: Rate | None = None
    """Alerts of a topic that a sink is sent at once; what is beyond comes as a list. None: any."""
    list_after_s: float = 600.0
    """What a burst holds waits so long for more: a list every ten minutes can be read."""
    ring_after_s: float = 10.0
    """An obvious hit waits so long for its page, then rings on the feed's own text."""


class QueueOptions(Record, frozen=True, kw_only=True):
    """How work is held."""

    lease_s: float = 30.0
    """A worker that did not renew for so long has lost its work to the next."""
    stop_within_s: float = 8.0
    """SIGTERM drains for so long: below the ten seconds after which Docker kills."""
    poll_slots: int = 64
    """Feeds polled at once in this process; most of a poll is waiting."""
    page_slots: int = 16
    """Pages fetched and read at once in this process."""
    sink_slots: int = 4
    """Deliveries under way at once, a sink."""
    outstanding: int = 1000
    """Entries that the relay keeps in one stream; the rest waits in SQL."""


class KeepOptions(Record, frozen=True, kw_only=True):
    """What is kept and for how long; seconds, None is for ever."""

    text_s: float | None = 90 * 86400.0
    text_bytes: int = 10 << 30
    alerts_s: float | None = None
    dead_s: float | None = 90 * 86400.0
    receipts_s: float | None = 365 * 86400.0
    disk_floor_bytes: int = 1 << 30
