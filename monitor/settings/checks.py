"""What is wrong between the settings, though each by itself is well written."""

from collections.abc import Callable, Iterator
from pathlib import Path

from monitor.settings.build import Built, section_of
from monitor.settings.convert import database_address
from monitor.settings.items import EmailSink, TopicSetting
from monitor.settings.places import (
    all_secrets,
    at_option,
    at_sink,
    at_topic,
    enabled_sinks,
    is_web,
    main_file,
    relay_problem,
    revealed,
    told_sinks,
    webhook_urls,
)
from monitor.settings.problems import Problem, dotted, nearest, shown
from monitor.settings.values import host_is_loopback
from workers.model.redis_address import BadRedisAddress, RedisAddress

__all__ = ["check_all"]

Check = Callable[[Built], Iterator[Problem]]


def check_all(built: Built) -> list[Problem]:
    """Return the problems that only show when the settings are seen together."""
    return [problem for check in _PROBLEMS for problem in check(built)]


def _database(built: Built) -> Iterator[Problem]:
    url = revealed(built.settings.database.url)
    if url is None:
        return
    try:
        database_address(built.settings)
    except ValueError:
        postgres = _scheme(url).partition("+")[0] in {"postgresql", "postgres"}
        message = "is no address of a PostgreSQL database" if postgres else "is no database"
        hint = (
            'write "postgresql://user:password@host:5432/name"; special letters of a password as'
            " %40 and so on"
            if postgres
            else 'write "embedded" for SQLite in data_dir, "sqlite:///path",'
            ' or "postgresql://user:password@host/name"'
        )
        yield at_option(built, "database", "url", message, hint)


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()


def _redis(built: Built) -> Iterator[Problem]:
    url = revealed(built.settings.redis.url)
    if url is None or url == "embedded":
        return
    try:
        address = RedisAddress.parse(url)
    except BadRedisAddress as error:
        told = f"is no address of Redis: {error.problem}"
        yield at_option(built, "redis", "url", told, error.hint)
        return
    for path in address.files:
        if not Path(path).is_file():
            told = f"names a file that is not there: {path}"
            yield at_option(built, "redis", "url", told, "write the path of a file in PEM format")


def _proxy(built: Built) -> Iterator[Problem]:
    proxy = built.settings.net.proxy
    url = revealed(proxy) if proxy is not None else None
    if url is not None and not (is_web(url) and url.startswith("http://")):
        yield at_option(built, "net", "proxy", "is no proxy", 'write "http://proxy:3128"')


def _token(built: Built) -> Iterator[Problem]:
    web = built.settings.web
    if web.token is not None or web.listen == "off" or web.listen.startswith("unix:"):
        return
    if not host_is_loopback(web.listen.rpartition(":")[0]):
        hint = 'add token = { env = "TOCSIN_TOKEN" } to [web], or listen on 127.0.0.1'
        yield at_option(built, "web", "listen", "is open to others without a token", hint)


def _range(built: Built) -> Iterator[Problem]:
    polling = built.settings.polling
    if polling.fastest > polling.slowest:
        hint = "fastest is the floor, slowest the ceiling"
        yield at_option(built, "polling", "fastest", "is slower than polling.slowest", hint)


REREAD_LEAST_S = 60.0
REREAD_MOST = 24


def _rereading(built: Built) -> Iterator[Problem]:
    pages = built.settings.pages
    if 0 < pages.live < REREAD_LEAST_S:
        hint = '"0s" turns it off'
        yield at_option(built, "pages", "live", "is shorter than a minute", hint)
    if any(delay < REREAD_LEAST_S for delay in pages.reread):
        hint = "an article's first minute is too soon to read its page again"
        yield at_option(built, "pages", "reread", "has a time under a minute", hint)
    if len(pages.reread) > REREAD_MOST:
        hint = "publishers count what they are asked for"
        yield at_option(built, "pages", "reread", f"has more than {REREAD_MOST} times", hint)


def _folder(built: Built) -> Iterator[Problem]:
    path = built.settings.data_dir
    above = next((folder for folder in (path, *path.parents) if folder.exists()), path)
    if not above.is_dir():
        piece = section_of(built, "")
        yield piece.problem(
            ("data_dir",), key="data_dir", value=shown(str(path)), message=f"{above} is no folder"
        )


def _no_feeds(built: Built) -> Iterator[Problem]:
    if not any(feed.enabled for feed in built.settings.feeds):
        yield Problem(
            file=main_file(built),
            message="there are no feeds",
            hint='add [[feeds]] with url = "…", or [opml] files = ["feeds.opml"]',
            fatal=not _unread(built),
        )


def _unread(built: Built) -> bool:
    """Say whether what is not there may stand in what could not be read."""
    return any(not problem.fatal for problem in built.problems)


def _no_topics(built: Built) -> Iterator[Problem]:
    if not any(topic.enabled for topic in built.settings.topics):
        hint = "add [[topics]] with name and query"
        yield Problem(file=main_file(built), message="there are no topics", hint=hint, fatal=False)


def _no_sinks(built: Built) -> Iterator[Problem]:
    if not enabled_sinks(built.settings):
        hint = 'add [sinks.screen] with type = "console"'
        yield Problem(
            file=main_file(built),
            message="there are no sinks",
            hint=hint,
            fatal=not _unread(built),
        )


def _topics(built: Built) -> Iterator[Problem]:
    for topic in built.settings.topics:
        if topic.enabled:
            yield from _unknown_sinks(built, topic)
            if enabled_sinks(built.settings) and not told_sinks(built.settings, topic):
                hint = "name enabled sinks in its `sinks`, or remove `default = false` from one"
                yield at_topic(built, topic, (), ("nobody is told of it", hint))


def _unknown_sinks(built: Built, topic: TopicSetting) -> Iterator[Problem]:
    for position, name in enumerate(topic.sinks or ()):
        if name not in built.sinks:
            hint = nearest(name, built.sinks)
            below = ("sinks", position)
            yield at_topic(built, topic, below, ("there is no such sink", hint), shown(name))


def _secrets(built: Built) -> Iterator[Problem]:
    for piece, key, secret in all_secrets(built):
        for message in secret.missing():
            hint = "set it, or write the right name"
            yield piece.problem(
                key[-1:], key=dotted(key), message=message, hint=hint, missing=True
            )


def _mail(built: Built) -> Iterator[Problem]:
    for name, sink in enabled_sinks(built.settings).items():
        url = revealed(sink.smtp) if isinstance(sink, EmailSink) else None
        if url is not None:
            message, hint = relay_problem(url)
            if message:
                yield at_sink(built, name, "smtp", message, hint)


def _leaving(built: Built) -> Iterator[Problem]:
    if built.settings.web.public_url is not None:
        return
    for name, sink in enabled_sinks(built.settings).items():
        if isinstance(sink, EmailSink) and sink.unsubscribe:
            hint = 'add public_url = "https://…" to [web], under which readers reach this server'
            yield at_sink(built, name, "unsubscribe", "has no page to lead to", hint)


def _webhooks(built: Built) -> Iterator[Problem]:
    for name, url in webhook_urls(built):
        if not is_web(url):
            hint = 'write it in full: "https://example.org/…"'
            yield at_sink(built, name, "url", "is no http or https address", hint)


_PROBLEMS: tuple[Check, ...] = (
    _database,
    _redis,
    _proxy,
    _token,
    _range,
    _rereading,
    _folder,
    _no_feeds,
    _no_topics,
    _no_sinks,
    _topics,
    _webhooks,
    _mail,
    _leaving,
    _secrets,
)
