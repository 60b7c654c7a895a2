"""What the demo tells of publishers that changed their ways: from what was really done."""

from datetime import datetime
from itertools import pairwise

from monitor.daemon.build import SqlStore
from monitor.demo.newswire import Hit, NewswireServer
from monitor.demo.wire_data import FeedSpec
from workers.feeds.schedule import TIMES
from workers.model.feed import FeedRow
from workers.model.websub import Subscription

__all__ = ["treated"]

GONE, MOVED, REST, BROKEN = 410, 301, 429, 500


async def treated(store: SqlStore, wire: NewswireServer) -> str:
    """Return a line for each feed that moved, ended, asked for rest, was pushed, or was quiet."""
    rows = {row.name: row for row in await store.feed_rows()}
    lines = []
    for key, publisher in wire.newswire.publishers.items():
        spec = publisher.feed
        row = rows.get(spec.name)
        if row is None:
            continue
        hits = [hit for hit in wire.hits if hit.path in {spec.path, spec.moved_to} and hit.path]
        if spec.pushed:
            one = await store.subscription_of(row.id)
            told: str | None = _pushed(one, len(hits), wire.hub.pushes)
        else:
            told = _told(spec, row, hits)
        if told is None and not wire.newswire.changes(key):
            told = _quiet(row, len(hits))
        if told is not None:
            lines.append(f"  {spec.name}: {told}")
    head = "How publishers were treated (in your own installation: tocsin feeds list, feeds why):"
    return "\n".join(("", head, *lines, ""))


def _told(spec: FeedSpec, row: FeedRow, hits: list[Hit]) -> str | None:
    """Return what became of a feed that changed its ways, None of one that never did."""
    if spec.moved_at is not None:
        return (
            f"moved for good (301), and was followed {_count(hits, MOVED)} times; its new address "
            f"is believed after {TIMES} answers over 24 hours, and had {row.moved_count} so far"
        )
    if spec.gone_at is not None:
        state = (
            "is parked"
            if row.gone_at is not None
            else f"is asked again at {_time(row.next_poll_at)}"
        )
        return (
            f"said {_count(hits, GONE)} times that it is gone (410); {TIMES} times over 24 hours "
            f"park a feed, and this one {state}"
        )
    if spec.rests is not None:
        return _rested(spec, hits)
    if spec.failing is not None:
        now = "is well again" if row.errors == 0 else f"fails still: {row.last_error}"
        return f"answered 500 to {_count(hits, BROKEN)} polls, each later than the last, and {now}"
    return None


def _pushed(one: Subscription | None, polls: int, pushes: int) -> str:
    if one is None or one.expires_at is None:
        return "named its hub (WebSub), which did not get through to us"
    asked = "once" if polls == 1 else f"{polls} times"
    return (
        f"named its hub (WebSub): polled {asked}, pushed {pushes} times, subscribed until "
        f"{one.expires_at:%Y-%m-%d %H:%M} UTC"
    )


def _count(hits: list[Hit], status: int) -> int:
    return sum(hit.status == status for hit in hits)


def _rested(spec: FeedSpec, hits: list[Hit]) -> str:
    """Return how long it was left alone each time that it asked for rest."""
    waits = [
        (after.at - before.at).total_seconds()
        for before, after in pairwise(hits)
        if before.status == REST
    ]
    if not _count(hits, REST):
        return "wanted rest for a while (429), and happened not to be asked meanwhile"
    asked = f"asked for {spec.retry_after} s of rest (429, Retry-After)"
    if not waits:
        return f"{asked}, and was not asked since"
    rested = ", ".join(f"{wait:.1f}" for wait in waits)
    return f"{asked}, and was asked again after {rested} s"


def _quiet(row: FeedRow, polls: int) -> str:
    if row.quiet is not None:
        return f"is quieter than it ever was: {row.quiet}"
    return (
        f"had nothing new in {polls} polls; whether that is quiet for it, Tocsin says once it "
        "knows its habit, after 14 days"
    )


def _time(at: datetime | None) -> str:
    return f"{at:%H:%M:%S} UTC" if at is not None else "a time not known yet"
