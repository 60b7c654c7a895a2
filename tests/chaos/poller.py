"""What polls in a worker: POLL and its lane, with the real fetcher."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from workers.alerts import SinkRoute
from workers.lanes.feeds import FeedLane
from workers.model.feed import FeedSource
from workers.net import HttpFetcher
from workers.options import AlertOptions, HostRule, NetOptions, PageOptions, PollOptions
from workers.pool.tasks import read_feed_again
from workers.steps.edges import Edges, Rules
from workers.steps.look import Look
from workers.steps.poll import Poll
from workers.steps.relay import refill
from workers.topics import compile_topics

__all__ = ["feed_lane"]

SLOTS = 16
HERE = "127.0.0.0/8"


@asynccontextmanager
async def feed_lane(
    edges: Edges, feeds: Sequence[FeedSource], lease_s: float
) -> AsyncIterator[FeedLane]:
    """Yield the lane of these feeds, with the due-queue filled."""
    ids = await edges.store.sync_feeds(feeds)
    rules = Rules(
        topics=compile_topics((), {}, ("en",)),
        topics_version=1,
        sources={ids[feed.url]: feed for feed in feeds},
        sinks=(SinkRoute(name="ledger"),),
        net=NetOptions(allow=(HERE,), hosts={"127.0.0.1": HostRule(spacing_s=0.0, at_once=99)}),
        poll=PollOptions(),
        pages=PageOptions(),
        alerts=AlertOptions(),
    )
    fetcher = HttpFetcher(rules.net)
    polling = replace(edges, fetcher=fetcher)
    poll = Poll(polling, lambda: rules, Look(polling, read_feed_again))
    await refill(polling)
    lane = FeedLane(poll, SLOTS, broker=edges.broker, clock=edges.clock, lease_s=lease_s)
    yield lane
    await lane.drain(5.0)
    await fetcher.close()
