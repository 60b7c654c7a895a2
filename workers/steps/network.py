"""Our own network: what polls and page fetches say of it, and who is told when it is down."""

import structlog

from workers.alerts import SinkRoute, event
from workers.errors import Reason, StoreDown, Transient
from workers.feeds.outage import UNREACHED, WINDOW_S, reached
from workers.model.feed import FeedRow
from workers.model.message import EventIntent
from workers.steps.edges import Edges, Rules
from workers.steps.events import Events
from workers.text.urls import host_of

__all__ = ["is_our_own", "network_down"]

SUBJECT = "network"
_log = structlog.get_logger()


MORE = 8
"""Feeds that are asked at once where it is to be known whether our network works."""


async def is_our_own(
    edges: Edges, rules: Rules, url: str, reason: Reason | None, *, feed: FeedRow | None = None
) -> bool:
    """Note how a fetch ended; say whether it failed because our own network is down.

    Args:
        edges: The outside world, and what was seen of it lately.
        rules: Who is told.
        url: What was asked for.
        reason: Why there is no answer, None if there is one of any status.
        feed: The feed that was asked for, if it was one.
    """
    ok = reached(reason, answered=reason is None)
    if ok is not None:
        _note(edges, host_of(url), feed, ok=ok)
        await _tell(edges, rules)
        await _ask_more(edges, feed, ok=ok)
    return reason in UNREACHED and edges.network.down


def _note(edges: Edges, host: str, feed: FeedRow | None, *, ok: bool) -> None:
    failing_s = 0.0
    if feed is not None and feed.failing_since is not None:
        failing_s = (edges.clock.now() - feed.failing_since).total_seconds()
    at, id_ = edges.clock.monotonic(), feed.id if feed is not None else None
    edges.network.note(host, at, ok=ok, feed=id_, failing_s=failing_s)


async def _ask_more(edges: Edges, feed: FeedRow | None, *, ok: bool) -> None:
    """Let more feeds be polled where too few hosts were asked to know whose fault it is.

    And where the first host answers again, to see whether others do.
    """
    network, at = edges.network, edges.clock.monotonic()
    try:
        if network.suspects(at):
            asked = feed.id if feed is not None else ""
            feeds = [id_ for id_ in await edges.store.soonest_feeds(MORE) if id_ != asked]
        elif ok and network.down:
            feeds = list(network.missed()[:MORE])
        else:
            return
        if feeds:
            await edges.broker.schedule_feeds(dict.fromkeys(feeds, 0.0), soonest=True)
    except (StoreDown, Transient) as error:
        _log.debug("no_more_asked", error=str(error))


def network_down(edges: Edges, sinks: tuple[SinkRoute, ...]) -> EventIntent:
    """Return the event that tells that our own network is down."""
    failed, many = edges.network.counts
    text = (
        f"{failed} of the {many} hosts asked in the last {WINDOW_S / 60:.0f} minutes could not be "
        "reached (no name, no connection, no answer). Look at the network and the DNS of this "
        "machine. Meanwhile failures do not count against feeds; when it is over, those that "
        "failed are polled at once."
    )
    return event("network_down", SUBJECT, text, sinks)


async def _tell(edges: Edges, rules: Rules) -> None:
    """Tell what has changed; what could not be told now is told after the next fetch."""
    network, told = edges.network, edges.network.told
    if network.down == told or not (network.down or network.sure(edges.clock.monotonic())):
        return
    network.told = network.down  # first: others need not tell it too
    events = Events(edges, lambda: rules.sinks)
    try:
        if network.down:
            await events.begin(network_down(edges, rules.sinks))
        else:
            await _wake(edges)
            await events.end("network_down", SUBJECT)
    except (StoreDown, Transient) as error:
        network.told = told
        _log.warning("network_not_told", down=network.down, error=str(error))


async def _wake(edges: Edges) -> None:
    """Let the feeds that could not be asked be due at once, spread over two minutes."""
    delays = {feed: edges.dice.uniform(0.0, WINDOW_S) for feed in edges.network.missed()}
    if delays:
        await edges.broker.schedule_feeds(delays, soonest=True)
        _log.info("feeds_due_again", feeds=len(delays))
