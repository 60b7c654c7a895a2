"""What the work queue holds: ids, and who may work on them."""

from workers.model.base import Record

__all__ = ["FeedLease", "FeedStanding", "Message", "NextPoll", "Push", "Room"]


class Push(Record, frozen=True, kw_only=True):
    """An id that the relay wants in a stream."""

    stream: str
    kind: str
    id: str


class Message(Record, frozen=True, kw_only=True):
    """An id that this process holds on lease."""

    stream: str
    entry: str
    """The stream entry's own id."""
    kind: str
    id: str
    deaths: int = 0
    """How many owners are known to have died holding it, since it was pushed."""


class FeedLease(Record, frozen=True, kw_only=True):
    """A feed that this process may poll until ``deadline``."""

    feed: str
    deadline: float
    """The fence, seconds of Redis TIME."""
    late_s: float = 0.0
    """For how long it had been due when it was claimed."""


class FeedStanding(Record, frozen=True, kw_only=True):
    """How a feed stands in the due-queue, and its host with us."""

    queued: bool
    due_s: float | None
    """Seconds until it is claimed, negative if it is overdue; None while it is polled."""
    lease_s: float | None
    """Seconds until the lease of who polls it now ends, None if nobody does."""
    waits: bool
    """Whether it waits for its host, not for its time."""
    host_s: float
    """Seconds until its host may be asked."""
    host_turns: int
    """Requests to its host that are under way."""


class NextPoll(Record, frozen=True, kw_only=True):
    """When a feed is to be claimed again."""

    delay_s: float
    waits: bool = False
    """It was not polled: its host cannot be asked before."""


class Room(Record, frozen=True, kw_only=True):
    """How busy a host is."""

    wait_s: float = 0.0
    """Seconds until it may be asked again, by all that is known now."""
    busy: int = 0
    """Requests that are under way there."""
