"""What a site's robots.txt says of a page."""

from workers.model.base import Record

__all__ = ["Ruling"]


class Ruling(Record, frozen=True, kw_only=True):
    """Whether a page may be read."""

    allowed: bool
    delay_s: float = 0.0
    """Seconds that the site wants between two requests; 0 if it does not say."""
    detail: str = ""
    """Why not."""
    passing: bool = False
    """It may be otherwise later: the robots.txt could not be had."""
