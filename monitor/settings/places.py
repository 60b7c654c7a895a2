"""Places in the files, and what several checks ask of the settings."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from monitor.settings.build import Built, section_of
from monitor.settings.files import Piece
from monitor.settings.hidden import Secret, SecretUnreadable
from monitor.settings.items import SinkSetting, TopicSetting, WebhookSink
from monitor.settings.model import Settings
from monitor.settings.problems import Problem, dotted, shown

__all__ = [
    "all_secrets",
    "at_option",
    "at_sink",
    "at_topic",
    "enabled_sinks",
    "is_web",
    "main_file",
    "relay_problem",
    "revealed",
    "told_sinks",
    "webhook_urls",
]


def at_option(built: Built, section: str, option: str, message: str, hint: str = "") -> Problem:
    """Return a problem at an option of a section."""
    piece = section_of(built, section)
    value = getattr(getattr(built.settings, section), option)
    told = str(value) if isinstance(value, Secret) else shown(piece.data.get(option, value))
    key = dotted((section, option))
    return piece.problem((option,), key=key, value=told, message=message, hint=hint)


def enabled_sinks(settings: Settings) -> dict[str, SinkSetting]:
    """Return the sinks that are told anything, by name."""
    return {name: sink for name, sink in settings.sinks.items() if sink.enabled}


def revealed(secret: Secret) -> str | None:
    """Return a secret, None where it cannot be read (which is a problem of its own)."""
    try:
        return secret.first()
    except SecretUnreadable:
        return None


def at_topic(
    built: Built,
    topic: TopicSetting,
    below: tuple[str | int, ...],
    said: tuple[str, str],
    value: str | None = None,
) -> Problem:
    """Return a problem at a key of a topic; ``said`` is message and hint."""
    key = dotted(("topics", topic.name, *below[:1]))
    piece = built.topics[topic.name]
    return piece.problem(below, key=key, value=value, message=said[0], hint=said[1], fatal=False)


def told_sinks(settings: Settings, topic: TopicSetting) -> list[SinkSetting]:
    """Return the enabled sinks that hear of a topic."""
    enabled = enabled_sinks(settings)
    if topic.sinks is None:
        return [sink for sink in enabled.values() if sink.default]
    return [enabled[name] for name in topic.sinks if name in enabled]


def at_sink(built: Built, name: str, option: str, message: str, hint: str = "") -> Problem:
    """Return a problem at an option of a sink."""
    value = getattr(built.settings.sinks[name], option)
    told = str(value) if isinstance(value, Secret) else shown(value, (option,))
    key = dotted(("sinks", name, option))
    return built.sinks[name].problem((option,), key=key, value=told, message=message, hint=hint)


def webhook_urls(built: Built) -> Iterator[tuple[str, str]]:
    """Yield name and address of each enabled webhook."""
    for name, sink in enabled_sinks(built.settings).items():
        url = revealed(sink.url) if isinstance(sink, WebhookSink) else None
        if url is not None:
            yield name, url


def is_web(url: str) -> bool:
    """Say whether ``url`` is an http or https address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def all_secrets(built: Built) -> Iterator[tuple[Piece, tuple[str, ...], Secret]]:
    """Yield where each secret in use stands, its key, and itself."""
    settings = built.settings
    for name in ("database", "redis", "web", "net", "heartbeat"):
        for option, value in getattr(settings, name):
            if isinstance(value, Secret):
                yield section_of(built, name), (name, option), value
    for name, sink in enabled_sinks(built.settings).items():
        for option, value in sink:
            if isinstance(value, Secret):
                yield built.sinks[name], ("sinks", name, option), value
    for feed in settings.feeds:
        for header, value in feed.headers.items() if feed.enabled else ():
            name = str(feed.name)
            yield built.feeds[name], ("feeds", name, "headers", header), value


def relay_problem(url: str) -> tuple[str, str]:
    """Return what is wrong with the address of a mail relay, and what to do; "" if nothing."""
    hint = 'write "smtps://user@mail.example.org:465" or "smtp://user@mail.example.org:587"'
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "is no address of a mail relay", hint
    if not good:
        return "is no address of a mail relay", hint
    if parts.password is not None:
        return "holds a password", "put it into `password` of the sink"
    return "", ""


def main_file(built: Built) -> str:
    """Return the path of the main file, "" if there is none."""
    file = built.sections[""].file
    return str(file.path) if file is not None else ""
