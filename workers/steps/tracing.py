"""Traces across steps: where a journey began, handed on from the poll to the receipt.

Each entry that asks for work begins a trace; READ, RING and DELIVER go on with it, in whatever
process they run, because the rows of work carry the W3C trace context. What records the spans is
the daemon's affair: without it only the context is handed on, so that a receiver and our own logs
can still name the same journey.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Protocol

from msgspec.structs import replace

from workers.model.alert import DeliveryJob
from workers.model.article import PageJob

__all__ = ["Carry", "Fact", "Span", "Tracer", "delivery_within", "page_within", "trace_id"]

Fact = str | int | float | bool

# Version 00: what comes from the database may be anybody's, and another version may mean anything.
_CONTEXT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Span(Protocol):
    """A stretch of work."""

    @property
    def traceparent(self) -> str:
        """The W3C trace context that what follows goes on with."""
        ...

    def fact(self, name: str, value: Fact) -> None:
        """Note something about it: ids, names and outcomes, never a secret."""
        ...

    def failed(self, reason: str) -> None:
        """Note that it did not succeed, and why."""
        ...


class Tracer(Protocol):
    """Begins spans."""

    def span(
        self,
        name: str,
        parent: str | None = None,
        *,
        began: datetime | None = None,
        facts: Mapping[str, Fact] | None = None,
    ) -> AbstractContextManager[Span]:
        """Begin a span, which ends with the block, and fails with what is raised in it.

        ``parent`` is a W3C trace context; without one, or with one that is none, a trace begins.
        ``began`` sets the beginning back, where it was known only later that there is something
        to tell.
        """
        ...


def trace_id(traceparent: str | None) -> str | None:
    """Return the id of the trace that a W3C trace context belongs to, None if it is none."""
    found = _CONTEXT.fullmatch(traceparent or "")
    return found[1] if found else None


class _Carried:
    """A span that nobody records."""

    __slots__ = ("traceparent",)

    def __init__(self, traceparent: str) -> None:
        self.traceparent = traceparent

    def fact(self, name: str, value: Fact) -> None:
        """Note nothing."""

    def failed(self, reason: str) -> None:
        """Note nothing."""


class Carry:
    """Satisfies `Tracer`: hands the context on, and records nothing."""

    @contextmanager
    def span(
        self,
        name: str,  # noqa: ARG002 - nobody will be told
        parent: str | None = None,
        *,
        began: datetime | None = None,  # noqa: ARG002 - as above
        facts: Mapping[str, Fact] | None = None,  # noqa: ARG002 - as above
    ) -> Iterator[Span]:
        """Begin a span of the trace that ``parent`` belongs to, or of a new one."""
        trace = trace_id(parent) or secrets.token_hex(16)
        yield _Carried(f"00-{trace}-{secrets.token_hex(8)}-01")


def page_within(job: PageJob, span: Span) -> PageJob:
    """Return the job as what follows from it shall see it: as work of this span."""
    return replace(job, work=replace(job.work, traceparent=span.traceparent))


def delivery_within(job: DeliveryJob, span: Span) -> DeliveryJob:
    """Return the job as what follows from it shall see it: as work of this span."""
    return replace(job, work=replace(job.work, traceparent=span.traceparent))
