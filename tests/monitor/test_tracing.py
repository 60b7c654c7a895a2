"""Spans are switched on by the environment, and end up at the collector."""

import gzip
import sys

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from monitor.tracing import tracer_of
from workers.steps.tracing import Carry

HERE = "http://127.0.0.1:9"
FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>W</title><link>http://x/</link>'
    "<description>-</description>{}</channel></rss>"
)
OFF = [
    {},
    {"OTEL_EXPORTER_OTLP_ENDPOINT": " "},
    {"OTEL_EXPORTER_OTLP_ENDPOINT": HERE, "OTEL_SDK_DISABLED": "true"},
    {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": HERE, "OTEL_TRACES_EXPORTER": "none"},
]


@pytest.mark.parametrize("environ", OFF)
async def test_nothing_is_recorded_unasked(environ):
    """Without an address, or switched off, the context is carried only; closing is nothing."""
    tracer, close = tracer_of(environ, "1", "one")
    assert isinstance(tracer, Carry)
    await close()


async def test_what_is_not_installed_is_said(monkeypatch):
    """An address without the extra is a warning that says what to install, and no failure."""
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk", None)
    with structlog.testing.capture_logs() as said:
        tracer, _ = tracer_of({"OTEL_EXPORTER_OTLP_ENDPOINT": HERE}, "1", "one")
    assert isinstance(tracer, Carry)
    (line,) = said
    assert ("warning", True) == (line["log_level"], "tocsin[otel]" in line["because"])


def _spans(site) -> list:
    """Return (service, name, trace) of all that the collector was sent."""
    found = []
    for (path, headers), body in zip(site.asked, site.bodies, strict=True):
        if path != "/v1/traces":
            continue
        raw = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        for of in ExportTraceServiceRequest.FromString(raw).resource_spans:
            (service,) = (
                one.value.string_value
                for one in of.resource.attributes
                if one.key == "service.name"
            )
            found += [
                (service, span.name, span.trace_id.hex())
                for scope in of.scope_spans
                for span in scope.spans
            ]
    return found


async def _seen(daemon) -> bool:
    """Say whether what the feed lists at first is its baseline by now."""
    return all(row.baselined_at for row in await daemon.state.parts.store.feed_rows())


async def test_a_daemon_sends_its_spans(installation, site, eventually, monkeypatch):
    """The journey of an entry is one trace at the collector once the daemon has ended."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", site.url)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "desk")
    site.put("/v1/traces", "")
    site.put("/hook", "thanks")
    site.put("/feed", FEED.format(""))
    sink = f'[sinks.ops]\ntype = "webhook"\nurl = "{site.url}/hook"\nallow = ["127.0.0.1/32"]\n'
    installation.write((site.url + "/feed",), sink, '[polling]\ninterval = "1s"')
    daemon = await installation.start()
    await eventually(lambda: _seen(daemon))
    entry = f"<item><guid>n</guid><title>A quake</title><link>{site.url}/n</link></item>"
    site.put("/feed", FEED.format(entry))
    await eventually(lambda: site.times("/hook"))
    told = next(headers["traceparent"] for path, headers in site.asked if path == "/hook")
    await installation.stop(daemon)
    mine = {name for service, name, trace in _spans(site) if trace == told.split("-")[1]}
    assert {"poll", "read", "deliver"} <= mine
    assert {"desk"} == {service for service, _, _ in _spans(site)}


async def test_a_collector_that_is_away_costs_nothing(installation, site, eventually, monkeypatch):
    """Alerts go out, and the daemon ends in time, though nobody takes the spans."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", site.url + "/slow")
    site.hangs("/slow/v1/traces")
    site.put("/hook", "thanks")
    site.put("/feed", FEED.format(""))
    sink = f'[sinks.ops]\ntype = "webhook"\nurl = "{site.url}/hook"\nallow = ["127.0.0.1/32"]\n'
    installation.write((site.url + "/feed",), sink, '[polling]\ninterval = "1s"')
    daemon = await installation.start()
    await eventually(lambda: _seen(daemon))
    entry = f"<item><guid>n</guid><title>A quake</title><link>{site.url}/n</link></item>"
    site.put("/feed", FEED.format(entry))
    await eventually(lambda: site.times("/hook"))
    await installation.stop(daemon)
    assert 0 < site.hanging
