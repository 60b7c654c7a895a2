"""The due-queue: when each feed is polled next, and by whom."""

import math
from collections.abc import Mapping, Sequence

import structlog

from workers.broker.keys import DUE
from workers.broker.link import Part, Word
from workers.model.leases import FeedLease

__all__ = ["DueQueue"]

BATCH = 500
LONGEST_S = 10 * 365 * 86400.0
"""No time is farther away than ten years: scores stay exact milliseconds."""
LEASE_MS = 86_400_000
"""No lease of a feed ends later than in a day; a score that says so was not written by us."""
FEED_BYTES = 256
_log = structlog.get_logger()


class DueQueue(Part):
    """The verbs of the due-queue: a sorted set, feed by milliseconds of Redis TIME."""

    async def claim_feeds(self, count: int, lease_s: float) -> list[FeedLease]:
        """Take up to ``count`` feeds that are due, the most overdue first."""
        if count <= 0:
            return []
        args: list[Word] = [count, _lease_ms(lease_s), FEED_BYTES]
        too_long, *reply = await self._link.run("due_claim", [DUE], args)
        claimed = list(zip(reply[::2], reply[1::2], strict=True))
        foreign = [feed for feed, _ in claimed if _name(feed) is None]
        if foreign:
            await self._link.call("ZREM", DUE, *foreign)
        if too_long or foreign:
            _log.warning(
                "due_feeds_thrown_away",
                key=DUE,
                count=int(too_long) + len(foreign),
                reason="not written by us",
            )
        return [
            FeedLease(feed=name, deadline=int(deadline) / 1000)
            for feed, deadline in claimed
            if (name := _name(feed)) is not None
        ]

    async def renew_feed(self, lease: FeedLease, lease_s: float) -> FeedLease | None:
        """Renew a slow poll's lease; None if it was lost."""
        args: list[Word] = [lease.feed, _fence(lease), _lease_ms(lease_s)]
        deadline = int(await self._link.run("due_renew", [DUE], args))
        return FeedLease(feed=lease.feed, deadline=deadline / 1000) if deadline else None

    async def feed_done(self, lease: FeedLease, delay_s: float) -> bool:
        """Set the feed's next time, only if the lease still holds."""
        args: list[Word] = [lease.feed, _fence(lease), _delay_ms(delay_s)]
        return bool(await self._link.run("due_done", [DUE], args))

    async def schedule_feeds(self, delays: Mapping[str, float], *, soonest: bool = False) -> int:
        """Add the feeds that the due-queue lacks; return how many were added or moved.

        With ``soonest`` all are moved to no later time, but for those that are being polled now.
        """
        words: list[Word] = []
        for feed, delay_s in delays.items():
            words += (_delay_ms(delay_s), feed)
        changed = 0
        for start in range(0, len(words), 2 * BATCH):
            batch = words[start : start + 2 * BATCH]
            changed += int(
                await self._link.run("due_add", [DUE], [int(soonest), LEASE_MS, *batch])
            )
        return changed

    async def drop_feeds(self, keep: Sequence[str]) -> int:
        """Remove every feed but these from the due-queue; return how many went."""
        kept = {feed.encode("utf-8", "surrogatepass") for feed in keep}
        gone = [feed for feed in await self._all_feeds() if feed not in kept]
        removed = 0
        for start in range(0, len(gone), BATCH):
            removed += int(await self._link.call("ZREM", DUE, *gone[start : start + BATCH]))
        return removed

    async def due_lag(self) -> float:
        """Return for how many seconds the most overdue feed has waited, 0 if none is due."""
        return int(await self._link.run("due_lag", [DUE])) / 1000

    async def _all_feeds(self) -> set[bytes]:
        """Read the queue in pieces: 100,000 feeds in one answer would hold up everybody else."""
        feeds: set[bytes] = set()
        cursor: Word = 0
        while True:
            cursor, *found = await self._link.run("due_scan", [DUE], [cursor, 1000, FEED_BYTES])
            feeds.update(found)
            if int(cursor) == 0:
                return feeds


def _name(feed: bytes) -> str | None:
    try:
        return feed.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None


def _fence(lease: FeedLease) -> int:
    return round(lease.deadline * 1000)


def _lease_ms(lease_s: float) -> int:
    return max(1, min(LEASE_MS, round(min(lease_s, LONGEST_S) * 1000)))


def _delay_ms(delay_s: float) -> int:
    if math.isnan(delay_s):
        return 0
    return round(max(-LONGEST_S, min(delay_s, LONGEST_S)) * 1000)
