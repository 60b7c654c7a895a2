"""Prometheus metrics: one table of all there are, and the meter that steps count with."""

from typing import Literal

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

__all__ = ["CONTENT_TYPE_LATEST", "METRICS", "Metric", "PrometheusMeter"]

BUCKETS = (0.001, 0.005, 0.02, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 120.0)


class Metric(msgspec.Struct, frozen=True):
    """A metric as it is documented: base units, bounded labels, never an address."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    across: Literal["max", "min", "sum"] = "max"
    """Over several processes. Most gauges are what SQL or Redis tells to each alike."""


METRICS = (
    Metric("tocsin_polls_total", "counter", "Polls of feeds, by how they ended.", ("outcome",)),
    Metric(
        "tocsin_polls_slowed_total",
        "counter",
        "Polls after which a quiet feed waits longer, because pages wait too long.",
    ),
    Metric("tocsin_entries_total", "counter", "Entries that were new or edited."),
    Metric(
        "tocsin_rebaselined_total", "counter", "Feeds rebuilt by their site, read as a baseline."
    ),
    Metric(
        "tocsin_websub_requests_total",
        "counter",
        "Requests to hubs, by what was asked and how it ended.",
        ("mode", "outcome"),
    ),
    Metric(
        "tocsin_websub_questions_total",
        "counter",
        "Questions of hubs whether we meant it, by answer.",
        ("outcome",),
    ),
    Metric("tocsin_websub_pushes_total", "counter", "What hubs pushed, by outcome.", ("outcome",)),
    Metric(
        "tocsin_websub_missed_total", "counter", "Hubs that did not push what a poll then found."
    ),
    Metric("tocsin_websub_subscriptions", "gauge", "Subscriptions at hubs.", ("state",)),
    Metric("tocsin_pages_total", "counter", "Pages extracted, by verdict.", ("verdict",)),
    Metric("tocsin_pages_killed_total", "counter", "Pages whose process was ended.", ("reason",)),
    Metric(
        "tocsin_pages_read_again_total",
        "counter",
        "Pages fetched once more, by what for: an edit, hours that have passed, a live page.",
        ("because",),
    ),
    Metric("tocsin_pages_disallowed_total", "counter", "Pages not read, because of a robots.txt."),
    Metric("tocsin_articles_total", "counter", "Articles matched, by whose text.", ("text_from",)),
    Metric(
        "tocsin_hits_elsewhere_total",
        "counter",
        "Topics that new articles have only in lines that are not searched, by zone.",
        ("zone",),
    ),
    Metric(
        "tocsin_looked_elsewhere_total", "counter", "Articles that were looked at for such hits."
    ),
    Metric("tocsin_deliveries_total", "counter", "Attempts to deliver.", ("sink", "outcome")),
    Metric("tocsin_delivery_seconds", "histogram", "One attempt to deliver.", ("sink",)),
    Metric("tocsin_step_seconds", "histogram", "One step of work.", ("step",)),
    Metric("tocsin_events_total", "counter", "Events about Tocsin itself, raised.", ("event",)),
    Metric(
        "tocsin_heartbeats_total", "counter", "Heartbeats that arrived, by outcome.", ("outcome",)
    ),
    Metric("tocsin_reloads_total", "counter", "Reloads of the settings.", ("outcome",)),
    Metric("tocsin_feeds", "gauge", "Feeds, by state.", ("state",)),
    Metric(
        "tocsin_feed_up",
        "gauge",
        "0 while a feed fails; the first 1,000 by name, one without a name by its id.",
        ("feed",),
    ),
    Metric("tocsin_due_lag_seconds", "gauge", "How long the most overdue feed has waited."),
    Metric(
        "tocsin_claim_lag_seconds",
        "histogram",
        "How long a feed had been due when it was claimed.",
    ),
    Metric(
        "tocsin_pages_behind_seconds",
        "gauge",
        "How long the page that is due longest has waited for a reader.",
    ),
    Metric("tocsin_polling_slowed", "gauge", "1 while quiet feeds are polled less often."),
    Metric("tocsin_queue_entries", "gauge", "Ids in a stream.", ("stream",)),
    Metric("tocsin_undelivered", "gauge", "Deliveries not sent yet.", ("sink",)),
    Metric("tocsin_undelivered_oldest_seconds", "gauge", "Age of the oldest of them.", ("sink",)),
    Metric(
        "tocsin_breaker_open", "gauge", "1 while a sink's endpoint is given a rest.", ("sink",)
    ),
    Metric("tocsin_sink_enabled", "gauge", "0 while a sink is disabled.", ("sink",)),
    Metric(
        "tocsin_last_entry_timestamp_seconds",
        "gauge",
        "When an entry was last seen for the first time, 0 if none ever was.",
    ),
    Metric(
        "tocsin_last_alert_timestamp_seconds", "gauge", "When something last rang, 0 if never."
    ),
    Metric("tocsin_dead", "gauge", "Dead letters.", ("kind",)),
    Metric("tocsin_topics", "gauge", "Topics that are watched."),
    Metric("tocsin_topics_refused", "gauge", "Topics that could not be accepted."),
    Metric("tocsin_topics_version", "gauge", "The number of the accepted topics in force."),
    Metric("tocsin_topics_muted", "gauge", "Topics that do not ring for a while."),
    Metric("tocsin_muted_hits", "gauge", "What those would have rung so far."),
    Metric("tocsin_topics_differ", "gauge", "1 while the files say other topics than those."),
    Metric("tocsin_ready", "gauge", "1 while work can be taken, as /readyz says.", across="min"),
    Metric("tocsin_check_up", "gauge", "1 while a dependency is well.", ("check",), across="min"),
    Metric("tocsin_processes", "gauge", "Processes of this run that are at work.", across="sum"),
    Metric(
        "tocsin_process_restarts_total", "counter", "Processes that ended unasked and began anew."
    ),
    Metric(
        "tocsin_disk_free_bytes", "gauge", "Free space where the data folder is.", across="min"
    ),
    Metric(
        "tocsin_disk_days_left",
        "gauge",
        "Days until the disk floor at the present growth; +Inf while nothing grows.",
        across="min",
    ),
    Metric("tocsin_info", "gauge", "Always 1; tells version and settings.", ("version", "config")),
)
"""All metrics, as ``docs/running.md`` lists them."""


class PrometheusMeter:
    """Satisfies the steps' ``Meter`` port. Each daemon has a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        self._counted: dict[tuple[object, ...], Counter] = {}
        self._observed: dict[tuple[object, ...], Histogram] = {}
        """Of counters and histograms, what their labels' values lead to."""
        for metric in METRICS:
            self._make(metric)

    def _make(self, metric: Metric) -> None:
        match metric.kind:
            case "counter":
                self._counters[metric.name] = Counter(
                    metric.name, metric.help, metric.labels, registry=self._registry
                )
            case "gauge":
                self._gauges[metric.name] = Gauge(
                    metric.name, metric.help, metric.labels, registry=self._registry
                )
            case "histogram":
                self._histograms[metric.name] = Histogram(
                    metric.name,
                    metric.help,
                    metric.labels,
                    registry=self._registry,
                    buckets=BUCKETS,
                )

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter of `METRICS`."""
        which = (name, *labels.items())
        counter = self._counted.get(which)
        if counter is None:
            counter = self._counters[name]
            counter = self._counted[which] = counter.labels(**labels) if labels else counter
        counter.inc(amount)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add to a histogram of `METRICS`."""
        which = (name, *labels.items())
        histogram = self._observed.get(which)
        if histogram is None:
            histogram = self._histograms[name]
            histogram = self._observed[which] = histogram.labels(**labels) if labels else histogram
        histogram.observe(seconds)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge of `METRICS`."""
        gauge = self._gauges[name]
        (gauge.labels(**labels) if labels else gauge).set(value)

    def total(self, name: str, **labels: str) -> float:
        """Return what a counter of `METRICS` has come to, over all that have these labels."""
        return sum(
            sample.value
            for family in self._counters[name].collect()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def clear(self, name: str) -> None:
        """Forget the label values of a gauge, before they are set anew."""
        self._gauges[name].clear()

    def page(self) -> bytes:
        """Return the page that Prometheus scrapes."""
        return generate_latest(self._registry)
