"""The due-queue: when each feed is polled next, and by whom."""

import math
from collections.abc import Mapping, Sequence

import structlog

from workers.broker.keys import DUE
from workers.broker.link import Link, Part, Word
from workers.gather import Gather
from workers.model.leases import FeedLease

__all__ = ["LEASE_MS", "DueQueue"]

BATCH = 500
SCAN = 2000
"""Feeds read of the queue at a time: well under a millisecond of Redis."""
DONE_S = 0.02
"""So long what is done waits for more: its time has been reckoned by then, and its lease holds."""
LONGEST_S = 10 * 365 * 86400.0
"""No time is farther away than ten years: scores stay exact milliseconds."""
LEASE_MS = 86_400_000
"""No lease of a feed ends later than in a day; a score that says so was not written by us."""
HELD_MS = -(2**52)
"""Told of a feed that nobody is to move: smaller than any time that we write."""
FEED_BYTES = 256
_log = structlog.get_logger()


class DueQueue(Part):
    """The verbs of the due-queue: a sorted set, feed by milliseconds of Redis TIME."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._done = Gather(self._set_times, DONE_S, BATCH)

    async def claim_feeds(self, count: int, lease_s: float) -> list[FeedLease]:
        """Take up to ``count`` feeds that are due, the most overdue first."""
        if count <= 0:
            return []
        args: list[Word] = [count, _lease_ms(lease_s), FEED_BYTES]
        too_long, *reply = await self._link.run("due_claim", [DUE], args)
        claimed = list(zip(reply[::3], reply[1::3], reply[2::3], strict=True))
        foreign = [feed for feed, _, _ in claimed if _name(feed) is None]
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
            FeedLease(feed=name, deadline=int(deadline) / 1000, late_s=int(late) / 1000)
            for feed, deadline, late in claimed
            if (name := _name(feed)) is not None
        ]

    async def renew_feeds(self, leases: Sequence[FeedLease], lease_s: float) -> list[FeedLease]:
        """Renew the leases of slow polls; return those that hold, the others are lost."""
        held: list[FeedLease] = []
        for start in range(0, len(leases), BATCH):
            some = leases[start : start + BATCH]
            args: list[Word] = []
            for lease in some:
                args += (lease.feed, _fence(lease), _lease_ms(lease_s))
            deadlines = await self._link.run("due_renew", [DUE], args)
            held += [
                FeedLease(feed=lease.feed, deadline=int(deadline) / 1000)
                for lease, deadline in zip(some, deadlines, strict=True)
                if deadline
            ]
        return held

    async def feed_done(self, lease: FeedLease, delay_s: float, *, waits: bool = False) -> bool:
        """Set the feed's next time, only if the lease still holds.

        With ``waits`` it is the time at which its host may be asked, and nobody but the operator
        moves it forward. What ends within a few milliseconds goes to Redis together.
        """
        return await self._done((lease, delay_s, waits))

    async def _set_times(self, done: Sequence[tuple[FeedLease, float, bool]]) -> list[bool]:
        args: list[Word] = []
        for lease, delay_s, waits in done:
            args += (lease.feed, _fence(lease), _delay_ms(delay_s), int(waits))
        return [bool(one) for one in await self._link.run("due_done", [DUE], args)]

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

    async def drop_feeds(self, feeds: Sequence[str]) -> int:
        """Remove these feeds from the due-queue; return how many were there."""
        return await self._remove([feed.encode("utf-8", "surrogatepass") for feed in feeds])

    async def queued_feeds(self) -> dict[str, float]:
        """Return the seconds until each feed is due, minus infinity where nobody is to move it.

        That is: it is being polled, or it waits for its host. What cannot be a feed is removed.
        """
        found: dict[str, float] = {}
        foreign: list[bytes] = []
        cursor: Word = 0
        while True:
            args: list[Word] = [cursor, SCAN, FEED_BYTES, LEASE_MS, HELD_MS]
            cursor, *flat = await self._link.run("due_scan", [DUE], args)
            for feed, until in zip(flat[::2], flat[1::2], strict=True):
                if (name := _name(feed)) is None:
                    foreign.append(feed)
                else:
                    found[name] = -math.inf if until == HELD_MS else until / 1000
            if int(cursor) == 0:
                break
        await self._remove(foreign)
        return found

    async def due_lag(self) -> float:
        """Return for how many seconds the most overdue feed has waited, 0 if none is due."""
        return int(await self._link.run("due_lag", [DUE])) / 1000

    async def _remove(self, feeds: Sequence[bytes]) -> int:
        removed = 0
        for start in range(0, len(feeds), BATCH):
            removed += int(await self._link.call("ZREM", DUE, *feeds[start : start + BATCH]))
        return removed


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
