"""A step of a journey: what was decided about an article, or how it stands now."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import get_args

from workers.alerts import SinkRoute
from workers.model.alert import TraceStage
from workers.model.base import Record
from workers.model.topic import TopicSpec

__all__ = ["By", "Step", "clock", "counted", "in_order"]

_STAGES = get_args(TraceStage)


class Step(Record, frozen=True, kw_only=True):
    """One line of a journey."""

    at: datetime
    """When it was decided; of what waits the present."""
    stage: TraceStage
    decision: str
    because: str = ""


class By(Record, frozen=True, kw_only=True):
    """What of the settings decides who is told, and of what."""

    routes: tuple[SinkRoute, ...] = ()
    topics: Mapping[str, TopicSpec]
    max_age_s: float
    list_after_s: float
    """Seconds that what a burst holds waits for more."""
    recipients: bool = True
    """Whether mailboxes are named: not where others may read it."""


def in_order(steps: Iterable[Step]) -> list[Step]:
    """Return steps by time; those of one moment as an article goes through the stages."""
    return sorted(steps, key=lambda step: (step.at, _STAGES.index(step.stage)))


def clock(at: datetime) -> str:
    """Return a moment as journeys write it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number of things: ``1 page``, ``2 pages``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
