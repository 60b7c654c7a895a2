"""Telling of topics that cannot be used as they are written."""

import structlog

from monitor.daemon.state import State
from monitor.daemon.topics import goes_on
from workers.errors import StoreDown
from workers.model.message import EventIntent
from workers.model.topic import Problem
from workers.steps.events import Events

__all__ = ["REFUSED_S", "RefusedTopics"]

REFUSED_S = 2.0
_log = structlog.get_logger()


class RefusedTopics:
    """Raises an event for each topic that was refused, and ends it when the topic is mended."""

    def __init__(self, state: State, events: Events) -> None:
        self._state = state
        self._events = events
        self._told: frozenset[str] | None = None
        """Subjects of what was told last; None before anything was."""

    async def look(self) -> None:
        """Tell what changed since it was told last."""
        accepted = self._state.accepted
        intents = {problem.topic: self._intent(problem) for problem in accepted.refused}
        if frozenset(intents) == self._told:
            return
        try:
            if accepted.differs:  # the others' topics are in force, and theirs to tell of
                for subject in (self._told or frozenset()) - frozenset(intents):
                    await self._events.end("topic_refused", subject)
                for intent in intents.values():
                    await self._events.begin(intent)
            else:
                await self._events.settle("topic_refused", list(intents.values()))
        except StoreDown as error:
            _log.debug("refused_topics_not_told", error=str(error))
        else:
            self._told = frozenset(intents)

    def _intent(self, problem: Problem) -> EventIntent:
        where = f" ({problem.file}, line {problem.line})" if problem.file else ""
        then = "it has no earlier version to go on"
        if goes_on(problem, self._state.accepted.topics):
            then = "its last accepted version goes on"
        if problem.of_file:
            then = "what was accepted of it before goes on"
        hint = f"; {problem.hint}" if problem.hint else ""
        text = f"{problem.topic}: {problem.message}{where}{hint}. Until it is mended, {then}."
        return self._events.about("topic_refused", problem.topic, text, topics=(problem.topic,))
