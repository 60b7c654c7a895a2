"""What may well be meant, but deserves a word: the warnings."""

from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from monitor.settings.build import Built, section_of
from monitor.settings.items import EmailSink
from monitor.settings.notyet import not_yet
from monitor.settings.places import (
    all_secrets,
    at_sink,
    at_topic,
    enabled_sinks,
    is_web,
    relay_problem,
    revealed,
    told_sinks,
    webhook_urls,
)
from monitor.settings.problems import Problem, dotted, nearest, shown
from monitor.settings.values import host_is_loopback

__all__ = ["doubt_all"]

Check = Callable[[Built], Iterator[Problem]]


def doubt_all(built: Built) -> list[Problem]:
    """Return the warnings that only show when the settings are seen together."""
    return [problem for check in _WARNINGS for problem in check(built)]


def _in_the_clear(built: Built) -> Iterator[Problem]:
    for name, url in webhook_urls(built):
        parts = urlsplit(url) if is_web(url) else None
        if (
            parts is not None
            and parts.scheme == "http"
            and not host_is_loopback(parts.hostname or "")
        ):
            hint = "use https, if the receiver can"
            yield at_sink(built, name, "url", "sends alerts in the clear", hint)


def _private_sinks(built: Built) -> Iterator[Problem]:
    for name, url in webhook_urls(built):
        host = _private(url) if is_web(url) else None
        if host and not _allowed(host, built.settings.sinks[name].allow):
            hint = f'add allow = ["{_network_of(host)}"] to the sink'
            yield at_sink(built, name, "url", f"{host} is a private address", hint)


def _private_feeds(built: Built) -> Iterator[Problem]:
    for feed in built.settings.feeds:
        host = _private(feed.url) if feed.enabled else None
        if host and not _allowed(host, built.settings.net.allow):
            name = str(feed.name)
            yield built.feeds[name].problem(
                ("url",),
                key=dotted(("feeds", name, "url")),
                value=shown(feed.url),
                message=f"{host} is a private address",
                hint=f'add allow = ["{_network_of(host)}"] to [net]',
            )


def _private(url: str) -> str | None:
    """Return the host of ``url`` if it is, as written, an address that the guard refuses."""
    host = (urlsplit(url).hostname or "").partition("%")[0]
    if host_is_loopback(host):
        return host
    try:
        return None if ip_address(host).is_global else host
    except ValueError:
        return None


def _address(host: str) -> str:
    return "127.0.0.1" if host.lower().endswith("localhost") else host


def _network_of(host: str) -> str:
    return str(ip_network(_address(host)))


def _allowed(host: str, allow: tuple[str, ...]) -> bool:
    address = ip_address(_address(host))
    return any(address in ip_network(network) for network in allow)


def _unused(built: Built) -> Iterator[Problem]:
    topics = [topic for topic in built.settings.topics if topic.enabled]
    used = {sink.name for topic in topics for sink in told_sinks(built.settings, topic)}
    for name in enabled_sinks(built.settings) if topics else ():
        if name not in used:
            hint = "name it in `sinks` of a topic, or remove it"
            key = dotted(("sinks", name))
            yield built.sinks[name].problem(key=key, message="no topic uses it", hint=hint)


def _too_mild(built: Built) -> Iterator[Problem]:
    ranks = {"low": 0, "normal": 1, "high": 2, "critical": 3}
    for topic in built.settings.topics if enabled_sinks(built.settings) else ():
        told = told_sinks(built.settings, topic) if topic.enabled else []
        if told and all(ranks[sink.min_severity] > ranks[topic.severity] for sink in told):
            hint = "raise its severity, or lower min_severity of a sink"
            message = "no sink takes what is so mild"
            yield at_topic(built, topic, ("severity",), (message, hint), shown(topic.severity))


def _scopes(built: Built) -> Iterator[Problem]:
    feeds = built.settings.feeds
    known = {str(feed.name) for feed in feeds} | {
        f"tag:{tag}" for feed in feeds for tag in feed.tags
    }
    for topic in built.settings.topics:
        for position, scope in enumerate(topic.feeds or ()):
            if scope not in known:
                below = ("feeds", position)
                hint = nearest(scope, known)
                message = (
                    "there is no such tag" if scope.startswith("tag:") else "there is no such feed"
                )
                yield at_topic(built, topic, below, (message, hint), shown(scope))


def _plain(built: Built) -> Iterator[Problem]:
    for piece, key, secret in all_secrets(built):
        option = key[-1]
        if secret.plain and (option in {"secret", "password", "token"} or "headers" in key):
            hint = f'write {option} = {{ file = "secrets/…" }} or {{ env = "…" }}'
            message = "a secret is written into the file"
            yield piece.problem(key[-1:], key=dotted(key), message=message, hint=hint)


def _single(built: Built) -> Iterator[Problem]:
    sinks = list(enabled_sinks(built.settings).values())
    if len(sinks) == 1 and sinks[0].type not in {"console", "file"}:
        name = sinks[0].name
        yield built.sinks[name].problem(
            key=dotted(("sinks", name)),
            message="it is the only sink: if it breaks, nobody is told",
            hint="add a second one, a file will do",
        )


def _login(built: Built) -> Iterator[Problem]:
    for name, sink in enabled_sinks(built.settings).items():
        if not isinstance(sink, EmailSink) or sink.password is not None:
            continue
        url = revealed(sink.smtp)
        if url is not None and not relay_problem(url)[0] and urlsplit(url).username:
            hint = 'add password = { file = "secrets/smtp" }'
            yield at_sink(built, name, "smtp", "names a user, but there is no password", hint)


def _ignored(built: Built) -> Iterator[Problem]:
    pieces = {"sinks": built.sinks, "topics": built.topics}
    for section, below, instead in not_yet(built.settings):
        named = pieces.get(section)
        piece = named[below[0]] if named is not None else section_of(built, section)
        yield piece.problem(
            below[-1:],
            key=dotted((section, *below)),
            message=f"this version does not act on it: {instead}",
        )


_WARNINGS: tuple[Check, ...] = (
    _in_the_clear,
    _private_sinks,
    _private_feeds,
    _unused,
    _too_mild,
    _scopes,
    _plain,
    _single,
    _login,
    _ignored,
)
