"""One line in the log after the first polls: what is known by then."""

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from monitor.daemon.state import State
from workers.errors import StoreDown
from workers.model.topic import Document
from workers.steps.match import matching

if TYPE_CHECKING:
    from workers.model.feed import FirstPolls, Unrung

__all__ = ["FIRST_S", "FirstPollsTold"]

FIRST_S = 1.0
WAITS_S = 120.0
"""Feeds that were not polled by then are not waited for."""
BACK = timedelta(hours=24)
TITLES, TOPICS = 2000, 5
"""The newest titles that are looked at, and topics that are named."""
_log = structlog.get_logger()


class FirstPollsTold:
    """Waits until each new feed was polled once, says how all of them stand, and is done."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._since: float | None = None
        """When new feeds were seen that were not polled; None if there are none to tell of."""

    async def begin(self) -> None:
        """See whether there are new feeds: at the start, and when the settings have changed."""
        try:
            found = await self._state.parts.store.first_polls()
        except StoreDown as error:
            _log.debug("first_polls_not_told", error=str(error))
            return
        if found.unpolled and self._since is None:
            self._since = self._state.clock.monotonic()

    async def look(self) -> None:
        """See whether it is time to tell."""
        if self._since is None:
            return
        try:
            found = await self._state.parts.store.first_polls()
            waited = self._state.clock.monotonic() - self._since
            if not found.unpolled or waited >= WAITS_S:
                _log.info("first_polls", text=await self._text(found))
                self._since = None
        except StoreDown as error:
            _log.debug("first_polls_not_told", error=str(error))

    async def _text(self, found: "FirstPolls") -> str:
        states = dict(found.states)
        failing, new = states.pop("failing", 0), states.pop("new", 0)
        total = sum(found.states.values())
        feeds = "feed" if total == 1 else "feeds"
        parts = [f"{total} {feeds}: {total - failing - new} ok, {failing} failing"]
        if found.unpolled:
            parts[0] += f", {found.unpolled} not polled yet"
        parts += await self._matches()
        if found.next_poll_at is not None:
            parts.append(f"next poll {found.next_poll_at:%H:%M} UTC")
        return "; ".join(parts)

    async def _matches(self) -> list[str]:
        """Say which topics match titles that were there before: those do not ring."""
        rules, edges = self._state.rules, self._state.parts.edges
        since = self._state.clock.now() - BACK
        counts: Counter[str] = Counter()
        for one in await self._state.parts.store.unrung(since, TITLES):
            for spec, _ in await matching(edges, rules, self._document(one)):
                counts[spec.name] += 1
        if not counts:
            return []
        named = [
            f"'{name}' matches {number} {'title' if number == 1 else 'titles'}"
            for name, number in counts.most_common(TOPICS)
        ]
        more = f" and {len(counts) - TOPICS} more topics" if len(counts) > TOPICS else ""
        return [f"{', '.join(named)}{more} of the last 24 h, not rung (`[alerts] backlog`)"]

    def _document(self, one: "Unrung") -> Document:
        source = self._state.rules.sources.get(one.feed)
        tags = source.tags if source is not None else ()
        return Document(
            title=one.title,
            body="",
            language=one.language,
            sources=(one.feed_name, one.feed_url),
            tags=one.tags,
            feeds=(one.feed_name, *(f"tag:{tag}" for tag in tags)),
        )
