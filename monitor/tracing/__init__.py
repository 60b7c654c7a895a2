"""OpenTelemetry spans, switched on by the environment variables that it has everywhere.

Nothing of OpenTelemetry is imported unless an exporter's address is set and the extra
``tocsin[otel]`` is installed.
"""

from collections.abc import Awaitable, Callable, Mapping
from importlib.util import find_spec

import structlog

from workers.steps.tracing import Carry, Tracer

__all__ = ["ENDPOINTS", "Close", "tracer_of"]

Close = Callable[[], Awaitable[None]]
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_log = structlog.get_logger()


def tracer_of(environ: Mapping[str, str], version: str, process: str) -> tuple[Tracer, Close]:
    """Return what spans are begun with, and what sends the last of them when it is closed.

    Args:
        environ: ``OTEL_EXPORTER_OTLP_ENDPOINT`` (or ``…_TRACES_ENDPOINT``) switches spans on,
            ``OTEL_SDK_DISABLED`` and ``OTEL_TRACES_EXPORTER=none`` off again; the others, such as
            ``OTEL_SERVICE_NAME`` and ``OTEL_TRACES_SAMPLER``, are read by OpenTelemetry itself.
        version: Of Tocsin.
        process: The name of this process among those of the installation.
    """
    if not _wanted(environ):
        return Carry(), _nothing
    if not _installed():
        _log.warning(
            "spans_not_recorded",
            because="OpenTelemetry is not installed: pip install 'tocsin[otel]'",
            set=[name for name in ENDPOINTS if environ.get(name)],
        )
        return Carry(), _nothing
    from monitor.tracing.otel import exporting  # noqa: PLC0415 - only where it is switched on

    tracer = exporting(version, process)
    _log.info("spans_recorded")
    return tracer, tracer.close


def _wanted(environ: Mapping[str, str]) -> bool:
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none":
        return False
    return any(environ.get(name, "").strip() for name in ENDPOINTS)


def _installed() -> bool:
    """Say whether the extra is there; looking for a module in a missing package would raise."""
    for name in ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"):
        try:
            if find_spec(name) is None:
                return False
        except ModuleNotFoundError:
            return False
    return True


async def _nothing() -> None:
    """Close nothing."""
