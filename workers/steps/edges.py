"""What every step is given: the edges, and the rules in force."""

from asyncio import Semaphore
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from workers.alerts import SinkRoute
from workers.clock import Clock
from workers.feeds.outage import Network
from workers.model.article import Cues
from workers.model.feed import FeedSource
from workers.model.rate import Rate
from workers.options import AlertOptions, NetOptions, PageOptions, PollOptions
from workers.steps.aside import Aside
from workers.steps.led import Led
from workers.steps.ports import Broker, Fetcher, Meter, Pool, Store
from workers.steps.tracing import Carry, Tracer
from workers.text.same_page import Tracking
from workers.topics import TopicSet

__all__ = ["Edges", "Rules", "RulesNow"]

HEAVY = 2
"""Large documents that are worked on in threads at once."""


@dataclass(frozen=True, kw_only=True)
class Edges:
    """The outside world. ``dice`` spreads what would otherwise happen at one moment.

    ``heavy`` is held by whoever works in a thread on a document that is large: they share one
    interpreter, so that more of them at once would be no faster, and each may need 150 MB.
    ``loading`` is held while a dictionary is loaded in a thread, so that none is loaded twice.
    ``network`` is what this process has seen lately of the hosts that it asked, ``led`` where
    redirects led it, ``aside`` how much time it has for what is only counted.
    """

    store: Store
    broker: Broker
    fetcher: Fetcher
    pool: Pool
    clock: Clock
    meter: Meter
    tracer: Tracer = field(default_factory=Carry)
    dice: Random = field(default_factory=Random)
    heavy: Semaphore = field(default_factory=lambda: Semaphore(HEAVY))
    loading: Semaphore = field(default_factory=lambda: Semaphore(1))
    network: Network = field(default_factory=Network)
    led: Led = field(default_factory=Led)
    aside: Aside = field(default_factory=Aside)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the operator wants, as of the last accepted settings: replaced whole at a reload."""

    topics: TopicSet
    topics_version: int
    sources: dict[str, FeedSource]
    """By feed id."""
    sinks: tuple[SinkRoute, ...]
    net: NetOptions
    poll: PollOptions
    pages: PageOptions
    alerts: AlertOptions
    rates: dict[str, Rate] = field(default_factory=dict)
    """How often a sink may be sent to, by its name; one that is missing takes any number."""
    push_base: str | None = None
    """Our address as hubs are told it; None where no hub is asked to push."""
    heartbeat_s: float | None = None
    """Seconds from one heartbeat to the next, None without one."""
    tracking: Tracking = field(default_factory=Tracking)
    """Which parameters of an address say nothing about which page it is."""
    cues: tuple[Cues, ...] = ()
    """By which lines of a feed's text that lead elsewhere are kept aside."""


RulesNow = Callable[[], Rules]
"""Asked once at the start of a step, so that one article is treated by one set of rules."""
