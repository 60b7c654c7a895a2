"""How sinks stand, looked at by every process: SQL knows, and whoever relays or sends follows."""

import structlog

from monitor.daemon.state import State
from workers.alerts.events import told_of_events
from workers.alerts.sinks import sink_refused
from workers.errors import StoreDown, Transient
from workers.model.sink import SinkHealth

__all__ = ["SinkWatch"]

_log = structlog.get_logger()


class SinkWatch:
    """Follows what attempts, other processes and commands have made of the sinks."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._told: dict[str, object] = {}
        """Sinks that refuse everything, and since when: what was told already."""

    async def look(self) -> None:
        """Send nothing to sinks that are disabled, and all that waits to those that are back."""
        store = self._state.parts.store
        try:
            states = await store.sink_states()
            off = frozenset(name for name, one in states.items() if one.state == "disabled")
            await self._follow(off)
            for name in off:
                if held := await store.hold_disabled(name):
                    _log.info("deliveries_held", sink=name, deliveries=held)
            await self._tell(states)
        except (StoreDown, Transient) as error:
            _log.warning("sinks_not_watched", error=str(error))

    async def _follow(self, off: frozenset[str]) -> None:
        """Let the relay skip the sinks in ``off``; whoever is back has no breaker."""
        lanes = self._state.lanes
        back, lanes.off = lanes.off - off, off
        for name in back:
            _log.info("sink_enabled", sink=name)
            if key := lanes.endpoints().get(name):
                await self._state.parts.broker.breaker_note(key, good=True)
        if back:
            lanes.wake()

    async def _tell(self, states: dict[str, SinkHealth]) -> None:
        """Tell of sinks that refuse everything, though nothing was sent to them just now."""
        wrong = {name: one for name, one in states.items() if one.refuses}
        self._told = {name: at for name, at in self._told.items() if name in wrong}
        for name, one in wrong.items():
            if self._told.get(name) != one.refused_since:
                told = told_of_events("sink_refused", name, "critical", self._state.rules.sinks)
                await self._state.events.begin(sink_refused(one, told))
                self._told[name] = one.refused_since
