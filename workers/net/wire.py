"""Bytes as they come off the wire, counted: some never become a head or a body.

Interim answers (1xx), what stands around chunks and what follows the last one are read over by the
parser, and cost CPU only: without an end they would cost it for as long as a request may last.
"""

import functools
from typing import cast

from aiohttp import TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from typing_extensions import override

from workers.net.inflate import TooMuch

__all__ = ["HEAD_MOST", "WIRE_MOST", "CountingConnector"]

HEAD_MOST = 256 << 10
"""Bytes until the head of an answer has come, with all interim ones: browsers stop there, too."""
WIRE_MOST = 8 << 20
"""Bytes of an answer as a whole: a third more than of any body, for what surrounds it."""


class _Counting(ResponseHandler):
    """Breaks a connection off that sends more than any answer needs."""

    _left = 0
    _most = 0
    _before: StreamReader | None = None
    """What the last answer on this connection was read from."""
    _reads_until: float | None = None
    """When the server has been silent for too long, None while nothing is awaited."""

    @override
    def set_response_params(self, **params) -> None:  # type: ignore[no-untyped-def] # noqa: ANN003 - aiohttp's own
        self._before = self._payload
        self._left = self._most = HEAD_MOST
        super().set_response_params(**params)

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._most == HEAD_MOST and self._payload not in {None, EMPTY_PAYLOAD, self._before}:
            self._left = self._most = WIRE_MOST  # the head has come
        self._left -= len(data)
        if self._most and self._left < 0:
            self._break_off(TooMuch("as sent", self._most))

    @override
    def _reschedule_timeout(self) -> None:
        """Put off the end of the server's silence.

        The timer goes off when it was first set to, and is set anew then: one for each request and
        each piece of an answer would cost more than the reading.
        """
        if not self._read_timeout:
            self._drop_timeout()
            return
        self._reads_until = self._loop.time() + self._read_timeout
        if self._read_timeout_handle is None:
            self._set_timer(self._reads_until)

    def _set_timer(self, at: float) -> None:
        self._read_timeout_handle = self._loop.call_at(at, self._on_read_timeout)

    @override
    def _drop_timeout(self) -> None:
        self._reads_until = None

    @override
    def _on_read_timeout(self) -> None:
        self._read_timeout_handle = None
        if self._reads_until is None:
            return
        if self._loop.time() < self._reads_until:
            self._set_timer(self._reads_until)
        else:
            super()._on_read_timeout()

    @override
    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        if self._read_timeout_handle is not None:
            self._read_timeout_handle.cancel()
            self._read_timeout_handle = None

    def _break_off(self, error: TooMuch) -> None:
        if self._payload is not None:
            self._payload.set_exception(error)
            self._payload = None  # or it would be told once more, of the connection's end
        self.set_exception(error)
        if self.transport is not None:
            self.transport.abort()


class CountingConnector(TCPConnector):
    """Makes connections that count what they receive."""

    @override
    def __init__(self, **options) -> None:  # type: ignore[no-untyped-def] # noqa: ANN003 - aiohttp's own
        super().__init__(**options)
        made = functools.partial(_Counting, loop=self._loop)
        self._factory = cast("functools.partial[ResponseHandler]", made)
