"""Gauges as the health report has them: set whenever the page of metrics is asked for."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import inf
from typing import Any, get_args

from monitor.metrics import PrometheusMeter
from workers.model.websub import SubscriptionState

__all__ = ["FEEDS_BY_NAME", "set_feeds", "set_gauges", "set_subscriptions"]

FEEDS_BY_NAME = 1000
FEED_STATES = ("ok", "failing", "quiet", "new")
CHANGING = (
    "tocsin_feeds",
    "tocsin_undelivered",
    "tocsin_undelivered_oldest_seconds",
    "tocsin_breaker_open",
    "tocsin_sink_enabled",
    "tocsin_info",
)
"""Gauges whose labels are what the settings name: those of yesterday's are forgotten first."""


def set_gauges(meter: PrometheusMeter, health: Mapping[str, Any], *, ready: bool) -> None:
    """Set every gauge that the health report tells of."""
    for name in CHANGING:
        meter.clear(name)
    _set_work(meter, health)
    _set_sinks(meter, health["queue"]["sinks"])
    _set_checks(meter, health["checks"])
    meter.gauge("tocsin_ready", float(ready))
    meter.gauge("tocsin_processes", 1)
    meter.gauge("tocsin_topics", health["topics"])
    meter.gauge("tocsin_topics_refused", len(health["topics_refused"]))
    meter.gauge("tocsin_topics_version", health["topics_version"])
    muted = [one for one in health["topics_muted"] if not one["ended"]]
    meter.gauge("tocsin_topics_muted", len(muted))
    meter.gauge("tocsin_muted_hits", sum(one["hits"] for one in muted))
    meter.gauge("tocsin_topics_differ", float(health["topics_differ"] is not None))
    meter.gauge("tocsin_info", 1, version=health["version"], config=health["config_hash"])


def set_feeds(meter: PrometheusMeter, states: Iterable[tuple[str, str, str]]) -> None:
    """Say of each feed (id, name, state) whether it fails: by its name, unless that is an address.

    Of feeds that share a name the worst is told.
    """
    meter.clear("tocsin_feed_up")
    up: dict[str, bool] = {}
    for id_, name, state in states:
        shown = id_ if "://" in name else name
        up[shown] = up.get(shown, True) and state != "failing"
    for shown, good in up.items():
        meter.gauge("tocsin_feed_up", float(good), feed=shown)


def set_subscriptions(meter: PrometheusMeter, counts: Mapping[str, int]) -> None:
    """Say how many subscriptions there are at hubs, by state."""
    for state in get_args(SubscriptionState):
        meter.gauge("tocsin_websub_subscriptions", counts.get(state, 0), state=state)


def _set_work(meter: PrometheusMeter, health: Mapping[str, Any]) -> None:
    feeds, pages = health["feeds"], health["queue"]["pages"]
    for state in FEED_STATES:
        meter.gauge("tocsin_feeds", feeds[state], state=state)
    meter.gauge("tocsin_due_lag_seconds", feeds["due_lag_s"])
    meter.gauge("tocsin_pages_behind_seconds", pages["behind_s"])
    meter.gauge("tocsin_polling_slowed", float(feeds["slowed"]))
    meter.gauge("tocsin_queue_entries", pages["ready"] + pages["pending"], stream="pages")
    for kind, number in health["dead"].items():
        meter.gauge("tocsin_dead", number, kind=kind)
    meter.gauge("tocsin_last_entry_timestamp_seconds", _timestamp(health["last_entry"]))
    meter.gauge("tocsin_last_alert_timestamp_seconds", _timestamp(health["last_alert"]))


def _set_sinks(meter: PrometheusMeter, sinks: Mapping[str, Mapping[str, Any]]) -> None:
    for name, sink in sinks.items():
        meter.gauge("tocsin_undelivered", sink["undelivered"], sink=name)
        meter.gauge("tocsin_undelivered_oldest_seconds", sink["oldest_s"] or 0, sink=name)
        meter.gauge("tocsin_breaker_open", float(sink["breaker"] == "open"), sink=name)
        meter.gauge("tocsin_sink_enabled", float(sink["state"] == "enabled"), sink=name)


def _set_checks(meter: PrometheusMeter, checks: Mapping[str, Mapping[str, Any]]) -> None:
    for name, check in checks.items():
        meter.gauge("tocsin_check_up", float(check["status"] == "ok"), check=name)
    disk = checks["disk"]
    meter.gauge("tocsin_disk_free_bytes", disk["free_bytes"])
    days = disk["days_left"]
    meter.gauge("tocsin_disk_days_left", inf if days is None else days)


def _timestamp(at: datetime | None) -> float:
    """Return seconds since 1970, 0 for what has never been."""
    return 0.0 if at is None else at.timestamp()
