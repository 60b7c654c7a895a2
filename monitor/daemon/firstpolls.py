"""One line in the log after the first polls: what is known by then."""

from functools import partial
from heapq import nsmallest
from typing import TYPE_CHECKING

import structlog

from monitor.daemon.hindsight import BACKTEST, Aside, matching_aside, some_of
from monitor.daemon.state import State
from workers.errors import StoreDown
from workers.steps.lookback import look_back

if TYPE_CHECKING:
    from workers.model.feed import FirstPolls
    from workers.steps.archive import Seen

__all__ = ["FIRST_S", "FirstPollsTold"]

FIRST_S = 1.0
WAITS_S = 120.0
"""Feeds that were not polled by then are not waited for."""
TOPICS = 5
"""Topics that are named."""
_log = structlog.get_logger()


class FirstPollsTold:
    """Waits until each new feed was polled once, says how all of them stand, and is done."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._aside = Aside("first_polls", state.clock)
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
                self._aside.begin(partial(self._tell, found))
                self._since = None
        except StoreDown as error:
            _log.debug("first_polls_not_told", error=str(error))

    async def end(self) -> None:
        """Tell nothing more."""
        await self._aside.end()

    async def _tell(self, found: "FirstPolls") -> None:
        _log.info("first_polls", text=await self._text(found))

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
        state, rules = self._state, self._state.rules
        found = await look_back(
            state.parts.store, rules, matching_aside(state, rules), state.clock.now(), _is_silent
        )
        if not found.hits:
            return []
        most = nsmallest(TOPICS, found.hits.items(), key=lambda item: (-item[1], item[0]))
        named = some_of(most, len(found.hits) - len(most), _titles)
        return [f"{named} of the last 24 h, not rung ({BACKTEST})"]


def _is_silent(seen: "Seen") -> bool:
    return not any(entry.rings for entry in seen.one.entries)


def _titles(number: int) -> str:
    return f"matches {number} {'title' if number == 1 else 'titles'}"
