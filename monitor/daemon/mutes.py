"""Ending mutes: what a topic would have rung is told when that is over, or the topic gone."""

import structlog

from monitor.daemon.state import State
from workers.alerts import routes
from workers.errors import StoreDown
from workers.model.mute import MuteEnd
from workers.steps.edges import Rules

__all__ = ["MUTES_S", "Mutes"]

MUTES_S = 2.0
"""So often it is looked whether a mute is over; hits ring again from its very end."""
_log = structlog.get_logger()


class Mutes:
    """Several processes may do the same at once: the database lets one of them tell."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def look(self) -> None:
        """Tell of the end of every mute that is over."""
        store = self._state.parts.store
        try:
            for line in await store.mutes():
                rules = self._state.rules
                if not line.ended and line.topic in rules.topics.specs:
                    continue
                hits = await store.end_mute(line.id, _end(rules, line.topic))
                if hits is not None:
                    _log.info("mute_ended", topic=line.topic, hits=hits)
        except StoreDown as error:
            _log.debug("mutes_not_ended", error=str(error))


def _end(rules: Rules, topic: str) -> MuteEnd:
    spec = rules.topics.specs.get(topic)
    return MuteEnd(
        version=rules.topics_version,
        known=spec is not None,
        severity="normal" if spec is None else spec.severity,
        to=() if spec is None else routes([spec], rules.sinks)[topic],
        off=frozenset(route.name for route in rules.sinks if not route.enabled),
    )
