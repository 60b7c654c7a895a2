"""What a site's robots.txt allows us (RFC 9309)."""

from functools import lru_cache
from math import isfinite

from protego import Protego

from workers.model.robots import Ruling

__all__ = ["TOKEN", "may_read"]

TOKEN = "Tocsin"  # noqa: S105 - the product token by which a robots.txt names us
MOST_URL = 4096


def may_read(text: str, url: str) -> Ruling:
    """Return whether a robots.txt lets us read ``url``, and how slowly.

    To be run where it can be killed: groups of many names and many rules take long.
    """
    parsed = _parsed(text)
    delay = parsed.crawl_delay(TOKEN) or 0.0
    allowed = parsed.can_fetch(url[:MOST_URL], TOKEN)
    return Ruling(allowed=allowed, delay_s=delay if isfinite(delay) and delay > 0 else 0.0)


@lru_cache(maxsize=16)
def _parsed(text: str) -> Protego:
    return Protego.parse(text)
