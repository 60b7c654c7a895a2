"""WebSub: what we asked hubs for, what they ask and push, and what they are answered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import field

from workers.model.alert import TraceLine
from workers.model.base import Record
from workers.model.commit import DeadEntry, EntryIntent

__all__ = [
    "HubAnswer",
    "HubRequest",
    "PushCommit",
    "Subscription",
    "SubscriptionState",
    "Wanted",
]

SubscriptionState = Literal["wanted", "asked", "live", "refused", "leaving"]
"""wanted: the hub was not asked yet. asked: it was, and did not verify that we want it. live: it
did. refused: it said no, and is asked again tomorrow. leaving: it is asked to push no more."""


class Wanted(Record, frozen=True, kw_only=True):
    """What a feed's publisher names."""

    hub: str
    topic: str


class Subscription(Record, frozen=True, kw_only=True):
    """One subscription of a feed at a hub."""

    id: str
    feed_id: str
    hub: str
    topic: str
    """As the publisher names it; compared exactly."""
    callback: str
    """Our address that the hub was given; whoever knows it may speak as the hub."""
    secret: str | None
    """What pushes are signed with; None where it would have to cross a network in the clear."""
    state: SubscriptionState
    tries: int = 0
    """Requests since it was last verified."""
    asked_at: datetime | None = None
    verified_at: datetime | None = None
    expires_at: datetime | None = None
    """Until when the hub pushes, unless it is asked again."""
    pushed_at: datetime | None = None
    """When a push was last read."""
    missed_at: datetime | None = None
    """When a poll found what was not pushed; None after a push that came first."""
    said: str | None = None
    """What the hub said last, where it said no."""


class HubRequest(Record, frozen=True, kw_only=True):
    """What came in on a subscription's path."""

    token: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; of repeated ones the values joined by ", "."""


class HubAnswer(Record, frozen=True, kw_only=True):
    """What is answered."""

    status: int
    text: str = ""
    retry_after_s: int | None = None


class PushCommit(Record, frozen=True, kw_only=True):
    """All that one push decided."""

    subscription: str
    feed_id: str
    posted: Mapping[str, datetime] = field(default_factory=dict)
    """When the entries (by id) that seemed new were posted."""
    intents: tuple[EntryIntent, ...] = ()
    dead: tuple[DeadEntry, ...] = ()
    trace: tuple[TraceLine, ...] = ()
