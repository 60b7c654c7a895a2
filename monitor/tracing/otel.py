"""The steps' tracer by OpenTelemetry: spans go to a collector by OTLP over HTTP, in a thread."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Thread

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import (
    SERVICE_INSTANCE_ID,
    SERVICE_NAME,
    SERVICE_VERSION,
    OTELResourceDetector,
    Resource,
)
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import SpanKind, Status, StatusCode, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from workers.errors import Permanent, StoreDown, Transient
from workers.steps.tracing import Fact, Span, trace_id

__all__ = ["OtelTracer", "exporting"]

CLOSE_S = 2.0
"""For the last spans at the end: a collector that hangs must not keep the process from ending."""
SERVICE = "tocsin"
_KINDS = {
    "poll": SpanKind.PRODUCER,
    "read": SpanKind.CONSUMER,
    "ring": SpanKind.CONSUMER,
    "deliver": SpanKind.CLIENT,
}
_context = TraceContextTextMapPropagator()


class _Recorded:
    """A span that is recorded."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, span: OtelSpan) -> None:
        self._span = span
        told = span.get_span_context()
        flags = f"{int(told.trace_flags) & 0xFF:02x}"
        self.traceparent = f"00-{told.trace_id:032x}-{told.span_id:016x}-{flags}"

    def fact(self, name: str, value: Fact) -> None:
        """Note something about it."""
        self._span.set_attribute(name, value)

    def failed(self, reason: str) -> None:
        """Note that it did not succeed, and why: in a word, not in what a server said."""
        self._span.set_attribute("error.type", reason)
        self._span.set_status(Status(StatusCode.ERROR, reason))


class OtelTracer:
    """Satisfies the steps' ``Tracer``."""

    def __init__(self, processor: SpanProcessor, version: str, process: str) -> None:
        about = {SERVICE_NAME: SERVICE, SERVICE_VERSION: version, SERVICE_INSTANCE_ID: process}
        # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
        resource = Resource.create(about).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("tocsin", version)

    @contextmanager
    def span(
        self,
        name: str,
        parent: str | None = None,
        *,
        began: datetime | None = None,
        facts: Mapping[str, Fact] | None = None,
    ) -> Iterator[Span]:
        """Begin a span; it fails with what is raised in it."""
        known = trace_id(parent) is not None
        span = self._tracer.start_span(
            name,
            context=_context.extract({"traceparent": parent or ""} if known else {}),
            kind=_KINDS.get(name, SpanKind.INTERNAL),
            attributes=dict(facts or {}),
            start_time=None if began is None else int(began.timestamp() * 1e9),
        )
        one = _Recorded(span)
        with use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            try:
                yield one
            except (Transient, Permanent) as error:
                one.failed(error.reason)
                raise
            except StoreDown:
                one.failed("database")
                raise
            except BaseException as error:
                one.failed(type(error).__name__)
                raise

    async def close(self) -> None:
        """Send the last spans, for two seconds at most."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()

        def end() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                loop.call_soon_threadsafe(ended.set)

        # Not a thread of the loop's own executor: the interpreter would wait for it at its end.
        Thread(target=end, name="spans", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await ended.wait()


def exporting(version: str, process: str) -> OtelTracer:
    """Return a tracer whose spans go where the environment's variables say."""
    return OtelTracer(BatchSpanProcessor(OTLPSpanExporter()), version, process)
