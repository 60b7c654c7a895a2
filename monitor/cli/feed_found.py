"""Which feed somebody means who names one on the command line."""

from typing import TYPE_CHECKING

from monitor.cli.common import FOUND, fail

if TYPE_CHECKING:
    from monitor.daemon.build import SqlStore
    from workers.model.feed import FeedRow

__all__ = ["the_feed"]


async def the_feed(store: "SqlStore", words: str) -> "FeedRow":
    """Return the feed of this name, id, or address; exit 1 if there is none, or are several."""
    found = await store.find_feeds(words) or await _shown_so(store, words)
    living = [row for row in found if not row.parked] or found
    if not living:
        fail(f"no such feed: {words}: `tocsin feeds list` names all of them", FOUND)
    if len(living) > 1:
        which = ", ".join(f"{row.name} ({row.id})" for row in living)
        fail(f"several feeds are called so: {words}: name one by its id: {which}", FOUND)
    return living[0]


async def _shown_so(store: "SqlStore", words: str) -> "list[FeedRow]":
    """Return the feeds whose address is shown so: without its user and password."""
    from workers.text.urls import without_user

    if "://" not in words:
        return []
    return [row for row in await store.feed_rows() if without_user(row.url) == words.strip()]
