"""How many of something in how long."""

from workers.model.base import Record

__all__ = ["Rate"]


class Rate(Record, frozen=True, kw_only=True):
    """At most ``count`` within any ``per_s`` seconds."""

    count: int
    per_s: float
