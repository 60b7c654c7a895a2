"""Sinks made from their settings, and the guarded sessions that webhooks are sent by."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor import shipped
from monitor.daemon.leaving import LeaveLinks
from monitor.settings import Settings, user_agent
from monitor.settings.hidden import Secret
from monitor.settings.items import ConsoleSink as ConsoleSetting
from monitor.settings.items import EmailSink as EmailSetting
from monitor.settings.items import ExecSink as ExecSetting
from monitor.settings.items import FileSink as FileSetting
from monitor.settings.items import SinkSetting
from monitor.settings.items import WebhookSink as WebhookSetting
from workers.alerts import SinkRoute, body
from workers.errors import TocsinError
from workers.model.alert import Notice
from workers.net import guarded_session
from workers.sinks import (
    ConsoleOptions,
    FileOptions,
    MailOptions,
    ProgramOptions,
    WebhookOptions,
)
from workers.sinks.console.sink import ConsoleSink
from workers.sinks.file.sink import FileSink
from workers.sinks.mail.options import mailbox
from workers.sinks.mail.render import render as render_mail
from workers.sinks.mail.sink import MailSink
from workers.sinks.program.sink import ProgramSink
from workers.sinks.webhook.render import render as render_webhook
from workers.sinks.webhook.sink import WebhookSink
from workers.steps.ports import Sink

if TYPE_CHECKING:
    from aiohttp import ClientSession  # noqa: TID251 - the type of what is handed on

__all__ = ["BadSink", "Sessions", "build_sink", "build_sinks", "request_text", "sink_routes"]

CONNECT_S, TOTAL_S = 5.0, 20.0
"""For a webhook: connecting, and all of it."""


class BadSink(TocsinError):
    """A sink cannot be made of its settings: the message says which, and why."""


class Sessions:
    """One session for each list of private addresses that sinks may reach."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, ...], ClientSession] = {}

    def get(self, allow: tuple[str, ...]) -> "ClientSession":
        """Return the session whose sockets may reach public addresses and ``allow``."""
        if allow not in self._open:
            self._open[allow] = guarded_session(allow, CONNECT_S, TOTAL_S)
        return self._open[allow]

    async def close(self) -> None:
        """Close all of them."""
        for session in self._open.values():
            await session.close()
        self._open.clear()


def build_sink(
    setting: SinkSetting, sessions: Sessions, user_agent: str, links: LeaveLinks | None = None
) -> Sink:
    """Return the sink that ``setting`` means; ``links`` is how readers of its mail leave it.

    Raises:
        BadSink: its address or another value cannot be used.
    """
    try:
        return _make(setting, sessions, user_agent, links)
    except (ValueError, OSError) as error:
        raise BadSink(f"sink cannot be made: {setting.name}: {error}") from error


def _make(
    setting: SinkSetting, sessions: Sessions, user_agent: str, links: LeaveLinks | None
) -> Sink:
    match setting:
        case ConsoleSetting():
            return ConsoleSink(setting.name, ConsoleOptions(timezone=setting.timezone))
        case FileSetting():
            return FileSink(setting.name, FileOptions(path=setting.path))
        case ExecSetting():
            program = ProgramOptions(
                command=setting.command, folder=setting.folder, timeout_s=setting.timeout
            )
            return ProgramSink(setting.name, program)
        case WebhookSetting():
            options = WebhookOptions(url=setting.url.first(), user_agent=user_agent)
            session = sessions.get(tuple(setting.allow))
            return WebhookSink(setting.name, options, session, _all_of(setting.secret))
        case EmailSetting():
            mail = MailOptions(
                smtp=setting.smtp.first(),
                sender=setting.sender,
                to=setting.to,
                timezone=setting.timezone,
                tls=setting.tls,
            )
            return MailSink(
                setting.name,
                mail,
                setting.password.first if setting.password else None,
                leave=links.of(setting.name) if links and setting.unsubscribe else None,
            )
        case _:
            raise BadSink(f"sink cannot be made: {setting.name}: no such type")


def request_text(setting: SinkSetting, notice: Notice, user_agent: str) -> str:
    """Return what is sent, for people: secrets and the address's path are masked."""
    match setting:
        case WebhookSetting():
            request = render_webhook(notice, (), user_agent)
            headers = [f"{name}: {value}" for name, value in request.headers.items()]
            if setting.secret is not None:
                headers.append("webhook-signature: <secret>")
            lines = [f"POST {setting.url}/…", *headers, "", request.content.decode()]
        case EmailSetting():
            mail = render_mail(
                notice,
                mailbox(setting.sender),
                mailbox(notice.recipient),
                ZoneInfo(setting.timezone),
            )
            lines = [f"{setting.smtp}", "", *mail.decode("utf-8", "replace").splitlines()]
        case FileSetting() | ExecSetting():
            lines = [body(notice).decode()]
        case _:
            lines = []
    return "\n".join(lines)


def _all_of(secret: Secret | None) -> Callable[[], tuple[str, ...]]:
    return secret.reveal if secret is not None else tuple


def build_sinks(
    settings: Settings, sessions: Sessions, links: LeaveLinks | None = None
) -> dict[str, Sink]:
    """Return every sink that is enabled.

    Raises:
        BadSink: one of them cannot be made.
    """
    agent = user_agent(settings, shipped.version())
    return {
        name: build_sink(setting, sessions, agent, links)
        for name, setting in settings.sinks.items()
        if setting.enabled
    }


def sink_routes(settings: Settings) -> tuple[SinkRoute, ...]:
    """Return whom alerts can be sent to, as the rules of alerts see it."""
    return tuple(
        SinkRoute(
            name=name,
            enabled=sink.enabled,
            default=sink.default,
            min_severity=sink.min_severity,
            recipients=sink.to if isinstance(sink, EmailSetting) else ("",),
            events=sink.events,
        )
        for name, sink in settings.sinks.items()
    )
