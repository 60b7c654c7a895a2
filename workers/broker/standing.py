"""How a feed stands in Redis, for whoever asks why it is not polled."""

from workers.broker.due import LEASE_MS
from workers.broker.hosts import LATEST_MS
from workers.broker.keys import DUE, gate_key, turns_key
from workers.broker.link import Part
from workers.model.leases import FeedStanding

__all__ = ["Standing"]


class Standing(Part):
    """Asks, and changes nothing."""

    async def feed_standing(self, feed: str, host: str) -> FeedStanding:
        """Return when a feed is due and whether its host may be asked."""
        found = await self._link.run(
            "feed_standing",
            [DUE, turns_key(host), gate_key(host)],
            [feed, LEASE_MS, LATEST_MS],
        )
        queued, left_ms, leased, waits, closed_ms, turns = (int(one) for one in found)
        return FeedStanding(
            queued=bool(queued),
            due_s=left_ms / 1000 if queued and not leased else None,
            lease_s=left_ms / 1000 if leased else None,
            waits=bool(waits),
            host_s=closed_ms / 1000,
            host_turns=turns,
        )
