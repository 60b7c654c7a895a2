"""Following accepted topics: all processes run by the newest number within two seconds."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from monitor.daemon import topics
from monitor.daemon.rules import wanted_topics
from monitor.daemon.state import State
from workers.errors import StoreDown

__all__ = ["Follower"]

_log = structlog.get_logger()


class Follower:
    """Looks at the number, and takes what lies under a new one.

    ``alone`` is held by reloads, ``taken`` called after topics were taken over.
    """

    def __init__(
        self, state: State, alone: asyncio.Lock, taken: Callable[[], None] = lambda: None
    ) -> None:
        self._state = state
        self._alone = alone
        self._taken = taken

    async def look(self) -> None:
        """Swap the topics in force if others were accepted: between two articles, never within."""
        state = self._state
        try:
            number = await state.parts.store.accepted_number()
            if number is None or number == state.accepted.number:
                return
            async with self._alone:
                wanted = wanted_topics(state.loaded, state.registry, state.rules.topics)
                accepted = await topics.follow(state.accepted, wanted, state.parts.store)
                if accepted is state.accepted:  # a reload was faster
                    return
        except StoreDown as error:
            _log.debug("topics_not_followed", error=str(error))
            return
        state.accepted = accepted
        state.rules = replace(state.rules, topics=accepted.topics, topics_version=accepted.number)
        self._taken()
