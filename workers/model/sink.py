"""How a sink stands: kept in SQL, so that all processes know it, and the next start too."""

from datetime import datetime
from typing import Literal

from workers.model.base import Record
from workers.model.message import Recipient

__all__ = ["Enabled", "SinkHealth", "SinkNote", "SinkOutcome"]

SinkOutcome = Literal["alive", "failing", "refused", "gone"]
"""What an attempt said of the endpoint: it works; it does not now; it is wrong; it is gone."""


class SinkHealth(Record, frozen=True, kw_only=True):
    """What is known of a sink that has failed, or was disabled."""

    name: str
    state: Literal["enabled", "disabled"]
    since: datetime
    """When it came into this state."""
    reason: str | None = None
    """Why it was disabled, else what it answered last while it fails; for people."""
    failing_since: datetime | None = None
    """Since when there was nothing but failure; None if the last attempt worked."""
    refused_since: datetime | None = None
    """The first of those failures that was the endpoint's own fault."""
    gone_since: datetime | None = None
    """The first of those failures that said that the endpoint is gone (410)."""
    refuses: bool = False
    """Whether it was wrong for so long, by the database's time, that somebody must be told."""


class SinkNote(Record, frozen=True, kw_only=True):
    """What one attempt says of its sink, to be stored with how the attempt ended."""

    sink: str
    outcome: SinkOutcome
    said: str = ""
    """The answer, without secrets."""
    told: tuple[Recipient, ...] = ()
    """Who is told if the sink refuses everything, or is disabled for it."""


class Enabled(Record, frozen=True, kw_only=True):
    """What enabling a sink did."""

    was_disabled: bool
    released: int = 0
    """Deliveries that are sent now."""
    dropped: int = 0
    """Deliveries that were too old, and never are."""
