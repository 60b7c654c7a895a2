"""The work queue as the steps and lanes know it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from workers.model.leases import FeedLease, FeedStanding, Message, Push, Room
from workers.model.rate import Rate

__all__ = ["Broker"]


class Broker(Protocol):
    """Redis, as the work queue. Every verb raises `Transient("connect")` while Redis is away."""

    async def push(self, items: Sequence[Push]) -> list[bool]:
        """Put ids into their streams; True where it was not there yet."""
        ...

    async def outstanding(self, streams: Sequence[str]) -> dict[str, int]:
        """Return the number of entries in each stream."""
        ...

    async def take(
        self, streams: Sequence[str], count: int, block_s: float = 1.0
    ) -> list[Message]:
        """Lease up to ``count`` ids, the first streams first, one slot for the last.

        Ids whose lease ran out come before new ones. Waits for ``block_s`` seconds if there is
        nothing. Streams and groups are made where they are missing.
        """
        ...

    async def renew(self, messages: Sequence[Message]) -> list[Message]:
        """Renew the leases; return those that are no longer this process's."""
        ...

    async def lease_ok(self, message: Message) -> bool:
        """Say whether this process still holds the lease: asked right before an effect."""
        ...

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        """Take ids out of their streams."""
        ...

    async def give_back(self, messages: Sequence[Message]) -> None:
        """Hand unfinished ids to whoever asks next, at once."""
        ...

    async def claim_feeds(self, count: int, lease_s: float) -> list[FeedLease]:
        """Take up to ``count`` feeds that are due."""
        ...

    async def renew_feeds(self, leases: Sequence[FeedLease], lease_s: float) -> list[FeedLease]:
        """Renew the leases of slow polls; return those that hold, the others are lost."""
        ...

    async def feed_done(self, lease: FeedLease, delay_s: float, *, waits: bool = False) -> bool:
        """Set the feed's next time (``waits``: its host's), only if the lease still holds."""
        ...

    async def schedule_feeds(self, delays: Mapping[str, float], *, soonest: bool = False) -> int:
        """Add the feeds that the due-queue lacks (all, moved to no later time, if ``soonest``)."""
        ...

    async def feed_standing(self, feed: str, host: str) -> FeedStanding:
        """Return when a feed is due, and whether its host may be asked."""
        ...

    async def drop_feeds(self, feeds: Sequence[str]) -> int:
        """Remove these feeds from the due-queue; return how many were there."""
        ...

    async def queued_feeds(self) -> dict[str, float]:
        """Return the seconds until each feed is due, minus infinity if it is not to be moved."""
        ...

    async def due_lag(self) -> float:
        """Return for how many seconds the most overdue feed has waited, 0 if none is due."""
        ...

    async def host_turn(
        self, host: str, spacing_s: float, at_once: int, hold_s: float, *, feed: str = ""
    ) -> float:
        """Take a turn at ``host``: 0 is go, else the seconds to wait before asking again.

        A ``feed`` keeps its place in the line by its id, and goes before pages.
        """
        ...

    async def host_room(self, spacings: Mapping[str, float]) -> dict[str, Room]:
        """Return how soon a page of each host may be asked for, and what is under way there."""
        ...

    async def host_done(self, host: str) -> None:
        """Give the turn back."""
        ...

    async def host_rest(self, host: str, seconds: float) -> None:
        """Let nobody ask ``host`` for so long (it answered 429 or 503)."""
        ...

    async def host_kills(self, host: str, *, one_more: bool = False) -> int:
        """Return how many pages of ``host`` killed their process lately, with ``one_more``."""
        ...

    async def breaker_wait(self, endpoint: str, lease_s: float) -> float:
        """Return 0 if ``endpoint`` may be tried (as the one probe, if open), else seconds."""
        ...

    async def breaker_note(self, endpoint: str, *, good: bool) -> None:
        """Record an attempt: the fifth failure in a row opens the breaker, a success closes it."""
        ...

    async def breaker_states(self, endpoints: Sequence[str]) -> dict[str, float]:
        """Return for each endpoint the seconds until its next probe, 0 for closed ones."""
        ...

    async def rate_turn(self, sink: str, rate: Rate) -> float:
        """Take a turn to send to ``sink``: 0 is go, else the seconds to wait before asking again.

        Whoever must wait is given a time of its own, one after the other.
        """
        ...

    async def epoch(self, life: str) -> bool:
        """Say whether Redis holds the work of this ``life`` of the database.

        False if it was lost or flushed, or if the database was restored or replaced meanwhile.
        """
        ...

    async def begin_epoch(self, life: str) -> None:
        """Mark Redis as known again, after all marks in SQL were voided."""
        ...

    async def ping(self) -> None:
        """Make sure that Redis answers and takes writes."""
        ...
