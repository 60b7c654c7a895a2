"""Settings as the data plane takes them: the records of `workers.options`."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from monitor.settings.items import TopicSetting
from monitor.settings.model import Settings
from monitor.settings.values import Rate as WrittenRate
from workers.model.rate import Rate
from workers.model.topic import TopicSpec
from workers.options import (
    AlertOptions,
    HostRule,
    KeepOptions,
    MatchOptions,
    NetOptions,
    PageOptions,
    PollOptions,
    QueueOptions,
)

__all__ = [
    "alert_options",
    "database_address",
    "keep_options",
    "match_options",
    "net_options",
    "page_options",
    "poll_options",
    "push_base",
    "queue_options",
    "read_address",
    "sink_rates",
    "topic_spec",
    "user_agent",
]

_LEAST_WORKERS = 2


def user_agent(settings: Settings, version: str) -> str:
    """Return who we say we are: name, version, and how to reach the operator."""
    contact = (settings.contact or "").encode("ascii", "ignore").decode()
    contact = "".join(letter for letter in contact if letter.isprintable() and letter not in "()")
    return f"Tocsin/{version}" + (f" (+{contact})" if contact else "")


def database_address(settings: Settings) -> Path | str:
    """Return where the database is: a SQLite file, or the address of a PostgreSQL database.

    Raises:
        ValueError: the settings ask for another kind of database, or the address cannot be read.
        SecretUnreadable: it is kept where it cannot be read.
    """
    return read_address(settings.database.url.first(), settings.data_dir)


def read_address(url: str, data_dir: Path) -> Path | str:
    """Return where ``url`` says that a database is; a relative path is inside ``data_dir``.

    Raises:
        ValueError: it is another kind of database, or the address cannot be read.
    """
    if url == "embedded":
        return data_dir / "tocsin.db"
    parts = urlsplit(url)
    if parts.scheme in {"postgresql", "postgres"}:
        return _postgresql(url)
    if parts.scheme != "sqlite" or parts.netloc or len(parts.path) <= 1:
        raise ValueError("no path of a SQLite database: [database] url")
    return data_dir / unquote(parts.path[1:])


def _postgresql(url: str) -> str:
    """Return the address as it is, if the driver can read it.

    Raises:
        ValueError: it cannot, or names no database.
    """
    from psycopg import ProgrammingError  # noqa: PLC0415 - only who has such a database waits
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - as above

    try:
        given = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise ValueError("no address of a PostgreSQL database: [database] url") from error
    if not given.get("dbname"):
        raise ValueError("no name of a PostgreSQL database: [database] url")
    return url


def net_options(settings: Settings, version: str) -> NetOptions:
    """Return how feeds and pages are fetched.

    Raises:
        SecretUnreadable: the proxy's address is kept where it cannot be read.
    """
    hosts = {
        name.lower(): HostRule(spacing_s=rule.spacing, at_once=rule.at_once)
        for name, rule in settings.net.hosts.items()
    }
    return NetOptions(
        allow=settings.net.allow,
        proxy=settings.net.proxy.first() if settings.net.proxy is not None else None,
        hosts=hosts,
        user_agent=user_agent(settings, version),
    )


def poll_options(settings: Settings) -> PollOptions:
    """Return when feeds are polled."""
    polling = settings.polling
    return PollOptions(
        interval_s=polling.interval,
        fastest_s=polling.fastest,
        slowest_s=polling.slowest,
        polls_per_minute=polling.polls_per_minute,
        skip_hours=polling.skip_hours,
    )


def page_options(settings: Settings, sharers: int = 1) -> PageOptions:
    """Return how pages are read; without a number of workers, ``sharers`` share the cores."""
    pages = settings.pages
    workers = pages.workers or max(_LEAST_WORKERS, (os.cpu_count() or 1) // sharers)
    return PageOptions(
        workers=workers,
        timeout_s=pages.timeout,
        mode=pages.mode,
        reread_s=pages.reread,
        live_every_s=pages.live,
        robots=pages.robots,
    )


def match_options(settings: Settings) -> MatchOptions:
    """Return how topics are matched."""
    return MatchOptions(languages=settings.matching.languages)


def alert_options(settings: Settings) -> AlertOptions:
    """Return what may ring."""
    alerts = settings.alerts
    return AlertOptions(
        backlog_s=alerts.backlog, max_age_s=alerts.max_age, burst=_rate(alerts.burst)
    )


def _rate(written: WrittenRate | None) -> Rate | None:
    return None if written is None else Rate(count=written.count, per_s=written.per_s)


def sink_rates(settings: Settings) -> dict[str, Rate]:
    """Return how often sinks may be sent to, by name."""
    rates = {name: _rate(sink.rate) for name, sink in settings.sinks.items()}
    return {name: rate for name, rate in rates.items() if rate is not None}


def queue_options(settings: Settings) -> QueueOptions:
    """Return how work is held."""
    return QueueOptions(lease_s=settings.queue.lease, stop_within_s=settings.queue.stop_within)


def keep_options(settings: Settings) -> KeepOptions:
    """Return what is kept, and for how long."""
    keep = settings.keep
    return KeepOptions(
        text_s=keep.text,
        text_bytes=keep.text_size,
        alerts_s=keep.alerts,
        dead_s=keep.dead,
        receipts_s=keep.receipts,
        disk_floor_bytes=keep.disk_floor,
    )


def topic_spec(topic: TopicSetting) -> TopicSpec:
    """Return a topic as the rules take it. What asks for stories rings for each article."""
    return TopicSpec(
        name=topic.name,
        query=topic.query,
        severity=topic.severity,
        sinks=topic.sinks,
        feeds=topic.feeds,
        enabled=topic.enabled,
        ring="article",
        match=topic.examples.match,
        no_match=topic.examples.no_match,
        file=topic.file,
    )


def push_base(settings: Settings) -> str | None:
    """Return our address as hubs are told it, None where no hub is asked to push."""
    web = settings.web
    if web.public_url is None or web.listen == "off" or not web.websub:
        return None
    return web.public_url.rstrip("/")
