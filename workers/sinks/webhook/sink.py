"""Posts alerts: makes one attempt and says what came of it. Another is not its business."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import parse_qsl, unquote, urlsplit

import aiohttp

from workers.errors import Permanent, Transient
from workers.model.alert import Notice
from workers.sinks.answers import answer_line
from workers.sinks.webhook.failures import (
    Failure,
    failure_of_error,
    failure_of_status,
    retry_after,
)
from workers.sinks.webhook.options import WebhookOptions, endpoint_of
from workers.sinks.webhook.render import Request, render

__all__ = ["WebhookSink"]

SHORTEST_TOKEN = 6
_EXPECTED = (aiohttp.ClientError, OSError, ValueError, Transient, Permanent)


def _no_secrets() -> tuple[str, ...]:
    return ()


class WebhookSink:
    """Posts each notice to one address. Satisfies the port ``Sink``.

    Args:
        name: The name it is configured by.
        options: Where and how.
        session: What carries the requests, with the socket guard built in. Not closed by the sink.
        secrets: Asked at each attempt, in a thread, for the secrets to sign with, so that a
            rotated one needs no restart.

    Raises:
        ValueError: the address cannot be one.
    """

    def __init__(
        self,
        name: str,
        options: WebhookOptions,
        session: aiohttp.ClientSession,
        secrets: Callable[[], Sequence[str]] = _no_secrets,
    ) -> None:
        self._name = name
        self._options = options
        self._session = session
        self._secrets = secrets
        self._endpoint = endpoint_of(options.url)
        self._hidden = frozenset(_hidden(options.url))

    @property
    def name(self) -> str:
        """Return the name it is configured by."""
        return self._name

    @property
    def endpoint(self) -> str:
        """Return the breaker's key: scheme, host and port."""
        return self._endpoint

    async def send(self, notice: Notice) -> str:
        """Post the notice and return the answer, once the receiver has said 2xx.

        Raises:
            Transient: it did not take it now, or the endpoint is not what it should be.
            Permanent: it refuses this message (payload), or it is gone (disabled).
        """
        secrets = await self._read_secrets()
        outcome = await self._attempt(notice, secrets)
        # Raised outside of any handler: what the library raised holds the address.
        if isinstance(outcome, str):
            return outcome
        raise outcome

    async def close(self) -> None:
        """Leave the session open: it is not ours."""

    async def _read_secrets(self) -> tuple[str, ...]:
        try:
            return tuple(await asyncio.to_thread(self._secrets))
        except OSError as error:
            told = error.strerror or "unknown error"
            failure = Transient("authError", f"the secret cannot be read: {told}")
        raise failure  # outside of the handler: what was caught may name what is hidden

    async def _attempt(self, notice: Notice, secrets: tuple[str, ...]) -> str | Failure:
        try:
            request = render(notice, secrets, self._options.user_agent)
        except ValueError as error:
            return Transient("authError", str(error))
        try:
            async with asyncio.timeout(self._options.total_s):
                return await self._post(request, notice, self._hidden.union(secrets))
        except _EXPECTED as error:
            return failure_of_error(error)

    async def _post(
        self, request: Request, notice: Notice, hidden: frozenset[str]
    ) -> str | Failure:
        async with self._session.post(
            self._options.url,
            data=request.content,
            headers=request.headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                total=self._options.total_s,
                connect=self._options.connect_s,
                sock_connect=self._options.connect_s,
            ),
        ) as response:
            said = answer_line(await self._read(response), hidden)
            if response.ok and response.status < 300:  # noqa: PLR2004 - the end of 2xx
                return f"{response.status} {said}".strip()
            wait_s = retry_after(response.headers.get("Retry-After"), notice.at)
            return failure_of_status(response.status, said, wait_s)

    async def _read(self, response: aiohttp.ClientResponse) -> str:
        """Return the beginning of the answer's text.

        The status has decided already: an answer that is cut off or never ends changes nothing.
        """
        kept = bytearray()
        most = self._options.answer_bytes
        try:
            while len(kept) < most and (chunk := await response.content.read(most - len(kept))):
                kept += chunk
        except (aiohttp.ClientError, OSError):
            kept += b" (cut off)"
        if not response.content.at_eof():
            response.close()
        return kept.decode("utf-8", "replace")


def _hidden(url: str) -> Iterable[str]:
    """Yield what an echo of the request must not show: path and query hold tokens."""
    parts = urlsplit(url)
    yield from (part for part in (parts.username, parts.password, parts.query) if part)
    yield from (value for _, value in parse_qsl(parts.query))
    tokens = [*parts.path.split("/"), parts.path]
    for token in tokens:
        if len(token) >= SHORTEST_TOKEN:
            yield from (token, unquote(token))
