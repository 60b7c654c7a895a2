"""The tables. ``migrations/`` makes them; a test proves that both say the same."""

from workers.store.tables.alerts import alerts, bursts, events, messages, rung, told
from workers.store.tables.articles import (
    TITLE_HEAD,
    articles,
    editions,
    entries,
    keys,
    paragraphs,
    title_head,
    trace,
)
from workers.store.tables.base import metadata
from workers.store.tables.deliveries import deliveries, held, left, sinks, undone
from workers.store.tables.feeds import addresses, feeds, subscriptions
from workers.store.tables.hosts import host_lines
from workers.store.tables.meta import accepted, meta
from workers.store.tables.mutes import muted, mutes
from workers.store.tables.work import dead, work

__all__ = [
    "TITLE_HEAD",
    "accepted",
    "addresses",
    "alerts",
    "articles",
    "bursts",
    "dead",
    "deliveries",
    "editions",
    "entries",
    "events",
    "feeds",
    "held",
    "host_lines",
    "keys",
    "left",
    "messages",
    "meta",
    "metadata",
    "muted",
    "mutes",
    "paragraphs",
    "rung",
    "sinks",
    "subscriptions",
    "title_head",
    "told",
    "trace",
    "undone",
    "work",
]
