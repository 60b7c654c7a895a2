"""The rules in force: what follows from the files, from what was accepted, and from SQL."""

from monitor import shipped
from monitor.daemon.build import SqlStore
from monitor.daemon.lost import feeds_left, lost
from monitor.daemon.roles import Roles
from monitor.daemon.sinks import sink_routes
from monitor.daemon.topics import Accepted, AcceptedTopics, Wanted
from monitor.registry import Registry
from monitor.settings import (
    Loaded,
    alert_options,
    net_options,
    page_options,
    poll_options,
    push_base,
    sink_rates,
)
from workers.steps.edges import Rules
from workers.topics import TopicSet

__all__ = ["rules_in_force", "wanted_topics"]


def wanted_topics(loaded: Loaded, wanted: Registry, present: TopicSet | None = None) -> Wanted:
    """Return the topics of the files, and who is told of them; ``present`` are those in force."""
    return Wanted(
        topics=AcceptedTopics(
            topics=wanted.topics,
            aliases=dict(wanted.aliases),
            routes=sink_routes(loaded.settings),
        ),
        languages=loaded.settings.matching.languages,
        present=present,
        missing=lost(loaded),
    )


async def rules_in_force(
    loaded: Loaded, wanted: Registry, accepted: Accepted, store: SqlStore, roles: Roles
) -> Rules:
    """Make the feeds in SQL be those of the settings; return the rules that follow from both.

    Only who polls changes the feeds: a machine that just sends must not park any.
    """
    settings, feeds = loaded.settings, wanted.feeds
    if lost(loaded).unread:
        feeds = (*feeds, *feeds_left(feeds, await store.feed_rows()))
    ids = await (store.sync_feeds(feeds) if "poll" in roles else store.feed_ids(feeds))
    return Rules(
        topics=accepted.topics,
        topics_version=accepted.number,
        sources={ids[feed.url]: feed for feed in feeds if feed.url in ids},
        sinks=accepted.routes,
        net=net_options(settings, shipped.version()),
        poll=poll_options(settings),
        pages=page_options(settings),
        alerts=alert_options(settings),
        rates=sink_rates(settings),
        push_base=push_base(settings),
        heartbeat_s=settings.heartbeat.every if settings.heartbeat.url else None,
        tracking=shipped.tracking(),
        cues=shipped.cues(),
    )
