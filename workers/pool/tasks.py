"""What runs in the worker processes: top-level functions, so that they can be named to them."""

import time
from datetime import datetime

from workers.feeds import second_opinion
from workers.model.article import Extracted, FetchedPage
from workers.model.feed import ParsedFeed
from workers.model.robots import Ruling
from workers.pages import Alone, extract, read_alone
from workers.pool.child import rules

__all__ = ["may_read", "read_feed_again", "read_page", "read_page_alone"]


def read_page(page: FetchedPage) -> Extracted:
    """Return what a page says, by the rules of this process, with the time of each stage."""
    return extract(page, rules(), time.perf_counter)


def read_page_alone(page: FetchedPage) -> Alone:
    """Return what trafilatura makes of a page without us."""
    return read_alone(page, rules(), time.perf_counter)


def may_read(text: str, url: str) -> Ruling:
    """Return whether a robots.txt lets us read ``url``, and how slowly."""
    from workers.pages.robots import may_read as judged  # noqa: PLC0415 - most processes never ask

    return judged(text, url)


def read_feed_again(
    body: bytes, url: str, content_type: str, now: datetime, max_entries: int
) -> ParsedFeed:
    """Return a feed as feedparser reads it: slower, more tolerant, and without a time limit."""
    return second_opinion(body, url, content_type, now, max_entries)
