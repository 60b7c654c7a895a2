"""How alerts are printed."""

from typing import Literal

from workers.model.base import Record

__all__ = ["ConsoleOptions"]


class ConsoleOptions(Record, frozen=True, kw_only=True):
    """How alerts are printed."""

    timezone: str | None = None
    """Name of the zone that times are shown in; None is the machine's own."""
    color: Literal["auto", "always", "never"] = "auto"
    """``auto`` is a terminal without ``NO_COLOR`` in its environment."""
