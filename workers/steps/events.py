"""EVENTS: what Tocsin tells of itself, from whoever notices it to the log, a metric and sinks."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import structlog

from workers.alerts import SinkRoute, event
from workers.model.message import EventEnd, EventIntent, EventKind, Raised
from workers.steps.edges import Edges

__all__ = ["Events", "note"]

_log = structlog.get_logger()


def note(edges: Edges, raised: Iterable[Raised]) -> None:
    """Log and count what a transaction has raised."""
    for one in raised:
        tell = _log.error if one.severity == "critical" else _log.warning
        facts = {"kind": one.kind, "subject": one.subject, "severity": one.severity}
        tell("event_raised", **facts, text=one.text)
        edges.meter.count("tocsin_events_total", event=one.kind)


class Events:
    """Raises and ends events, for whoever notices them outside of a step's transaction.

    Every verb may be called by several processes at once and as often as one likes: an event that
    is open already is not told again.
    """

    def __init__(self, edges: Edges, sinks: Callable[[], Iterable[SinkRoute]]) -> None:
        self._edges = edges
        self._sinks = sinks

    def about(  # noqa: PLR0913 - what happened, in its own words
        self,
        kind: EventKind,
        subject: str,
        text: str,
        *,
        weight: float = 1.0,
        topics: Sequence[str] = (),
        since: datetime | None = None,
    ) -> EventIntent:
        """Return the event of this kind, told to the sinks that take it (`workers.alerts.event`).

        ``text`` says what happened and what to do, without secrets.
        """
        sinks = self._sinks()
        return event(kind, subject, text, sinks, weight=weight, topics=topics, since=since)

    async def begin(self, intent: EventIntent) -> bool:
        """Raise an event; return whether it is new.

        Raises:
            StoreDown: nothing was stored; ask again later.
        """
        raised = await self._edges.store.raise_event(intent)
        note(self._edges, () if raised is None else (raised,))
        return raised is not None

    async def end(self, kind: EventKind, subject: str) -> None:
        """End an event, if it is open.

        Raises:
            StoreDown: nothing was stored; ask again later.
        """
        await self._edges.store.end_event(EventEnd(kind=kind, subject=subject))

    async def settle(self, kind: EventKind, intents: Sequence[EventIntent]) -> None:
        """Let the open events of ``kind`` be these and no others.

        Raises:
            StoreDown: nothing was stored; ask again later.
        """
        note(self._edges, await self._edges.store.settle_events(kind, intents))
