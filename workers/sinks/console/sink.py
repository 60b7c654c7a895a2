"""Prints alerts: to standard output, or to any text stream."""

import io
import os
import sys
from typing import TextIO

from workers.errors import Transient
from workers.model.alert import Notice
from workers.sinks.console.options import ConsoleOptions
from workers.sinks.console.render import COLORED, PLAIN, Style, render
from workers.sinks.own_thread import OwnThread
from workers.sinks.zones import zone_of

__all__ = ["ConsoleSink"]


class ConsoleSink:
    """Prints alerts, one at a time. Satisfies the port ``Sink``.

    ``stream`` is asked for at each message where it is None, because standard output may be
    replaced in the life of a process.

    Raises:
        ValueError: the options name no time zone.
    """

    endpoint = ""
    """No breaker: there is no other side that could be spared."""

    def __init__(
        self, name: str, options: ConsoleOptions | None = None, stream: TextIO | None = None
    ) -> None:
        self._name = name
        self._options = options or ConsoleOptions()
        self._stream = stream
        self._zone = zone_of(self._options.timezone) if self._options.timezone else None
        self._thread = OwnThread(f"tocsin-sink-{name}")

    @property
    def name(self) -> str:
        """Return the name it is configured by."""
        return self._name

    async def send(self, notice: Notice) -> str:
        """Print the notice and flush it. Written off the event loop: a terminal can be paused.

        Raises:
            Transient: the stream is closed, or nobody reads it any more.
        """
        stream = self._stream or sys.stdout
        text = render(notice, self._zone, self._style(stream))
        try:
            await self._thread.submit(_write, stream, text)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is closed"
            raise Transient("connect", f"cannot print: {why}") from error
        return "printed"

    async def close(self) -> None:
        """Leave the stream open: it is not ours. One that is paused is not waited for."""
        self._thread.end()

    def _style(self, stream: TextIO) -> Style:
        if self._options.color != "auto":
            return COLORED if self._options.color == "always" else PLAIN
        on_terminal = not stream.closed and stream.isatty()
        return COLORED if on_terminal and "NO_COLOR" not in os.environ else PLAIN


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    raw = text.encode(encoding, "replace")
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:
        stream.write(raw.decode(encoding))
        stream.flush()
        return
    # Past the stream's buffer: whoever waits inside it holds its lock, and the interpreter, which
    # flushes it at the end, would die of that.
    rest = memoryview(raw)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
