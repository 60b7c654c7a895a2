"""How readers of a mail leave: the links they are sent, and what following one does."""

from collections.abc import Callable
from typing import Any

import structlog
from msgspec import structs

from monitor.daemon.build import SqlStore
from monitor.metrics import PrometheusMeter
from monitor.settings import EmailSink, Settings
from workers.alerts import SinkRoute, event
from workers.alerts.leaving import LEAVE, leave_token, left_by
from workers.model.message import Recipient

__all__ = ["LeaveLinks", "Leaving", "leave_links"]

_log = structlog.get_logger()


class LeaveLinks:
    """Makes the links, under the address by which readers reach this server."""

    def __init__(self, key: str, public_url: str) -> None:
        self._key = bytes.fromhex(key)
        self._base = f"{public_url.rstrip('/')}/{LEAVE}"

    def of(self, sink: str) -> Callable[[str], str]:
        """Return what makes the link of a recipient of ``sink``."""
        return lambda recipient: f"{self._base}/{leave_token(self._key, sink, recipient)}"


async def leave_links(settings: Settings, store: SqlStore) -> LeaveLinks | None:
    """Return the maker of links, None where no mail has any."""
    public_url = settings.web.public_url
    if public_url is None or not any(_lets_leave(settings, name) for name in settings.sinks):
        return None
    return LeaveLinks(await store.leave_key(), public_url)


def _lets_leave(settings: Settings, name: str) -> bool:
    sink = settings.sinks.get(name)
    return isinstance(sink, EmailSink) and sink.unsubscribe


class Leaving:
    """What the page behind a link asks and does."""

    def __init__(
        self,
        store: SqlStore,
        settings: Callable[[], Settings],
        routes: Callable[[], tuple[SinkRoute, ...]],
        meter: PrometheusMeter,
    ) -> None:
        self._store = store
        self._settings = settings
        self._routes = routes
        self._meter = meter
        self._key: bytes | None = None

    async def who(self, token: str) -> dict[str, Any] | None:
        """Return ``{"sink", "recipient"}`` of a link, None if we did not make it, or no longer."""
        found = await self._found(token)
        return None if found is None else {"sink": found.sink, "recipient": found.recipient}

    async def leave(self, token: str) -> bool:
        """Let the reader behind a link leave; False if we did not make the link."""
        who = await self._found(token)
        if who is None:
            return False
        text = (
            f"{who.recipient} wants no more mail of {who.sink} and gets none: if that was not "
            f"meant, `tocsin sinks enable {who.sink}` takes it back."
        )
        intent = event("recipient_left", f"{who.sink}: {who.recipient}", text, self._told(who))
        raised = await self._store.leave(who, intent)
        if raised is not None:
            _log.warning("recipient_left", sink=who.sink, recipient=who.recipient)
            self._meter.count("tocsin_events_total", event=raised.kind)
        return True

    def _told(self, who: Recipient) -> list[SinkRoute]:
        """Return whom events are told, and with them whoever else reads that sink's mail."""
        return [_hears(route) if route.name == who.sink else route for route in self._routes()]

    async def _found(self, token: str) -> Recipient | None:
        settings = self._settings()
        if settings.web.public_url is None:
            return None
        if self._key is None:
            self._key = bytes.fromhex(await self._store.leave_key())
        who = left_by(self._key, token)
        if who is None or not _lets_leave(settings, who.sink):
            return None
        return who


def _hears(route: SinkRoute) -> SinkRoute:
    """Return a route that takes this event, if it takes any."""
    return route if route.events is False else structs.replace(route, events=True)
