"""The edges that are neither database nor work queue: the network, processes, sinks, figures."""

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from workers.model.alert import Notice
from workers.model.net import Answer, Fetch, Form, Posted

__all__ = ["Fetcher", "Meter", "Pool", "Poster", "Sink"]

P = ParamSpec("P")
T = TypeVar("T")


class Fetcher(Protocol):
    """The only outgoing HTTP of feeds and pages."""

    async def get(self, fetch: Fetch) -> Answer:
        """Return the answer, whatever its status (304 included).

        Raises:
            Transient: timeout, connect, dns, tls, tooLarge (cut by a limit), payload (bad body).
            Permanent: blocked (a forbidden address or scheme), clientError (no valid URL).
        """
        ...


class Poster(Protocol):
    """What hubs are asked with."""

    async def post(self, form: Form) -> Posted:
        """Send a form, and return what was answered, whatever its status.

        Raises:
            Transient: timeout, connect, dns, tls, payload.
            Permanent: blocked (a forbidden address or scheme), clientError (no valid URL).
        """
        ...


class Pool(Protocol):
    """Processes that can be killed."""

    async def call(
        self, timeout_s: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a top-level ``function`` in a worker process and return what it returns.

        Raises:
            Transient: timeout (the process was killed), crash (it died, or ran out of memory).
            Exception: whatever ``function`` raised.
        """
        ...

    async def call_at(
        self,
        urgency: int,
        timeout_s: float,
        function: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Do as `call`, before what waits and is less urgent (a larger number)."""
        ...


class Sink(Protocol):
    """One receiver. It knows nothing of other sinks, and nothing of retries."""

    @property
    def name(self) -> str:
        """Return the name it is configured by."""
        ...

    @property
    def endpoint(self) -> str:
        """Return where it sends to, without secrets; "" for what is on this machine."""
        ...

    async def send(self, notice: Notice) -> str:
        """Send, and return the receiver's answer in a few words, once it has taken the notice.

        Raises:
            Transient: trying again can help.
            Permanent: this message (payload), or this endpoint (disabled), will never do.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and files."""
        ...


class Meter(Protocol):
    """Counters and timings, told by the names of ``docs/running.md``."""

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter."""
        ...

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add to a histogram of seconds."""
        ...
