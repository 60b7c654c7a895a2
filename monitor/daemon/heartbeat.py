"""The call of the heartbeat's address."""

import asyncio
from collections.abc import Callable

import aiohttp  # noqa: TID251 - the names of its errors

from monitor.settings import SecretUrl
from workers.errors import Transient
from workers.net import guarded_session

__all__ = ["HeartbeatCall"]

CONNECT_S, TOTAL_S = 5.0, 10.0
ANYWHERE = ("0.0.0.0/0", "::/0")
"""The address is the operator's own and trusted as it is written, inside a network too."""
ANSWER_BYTES = 4096


class HeartbeatCall:
    """Calls the address that ``url`` returns at the time: a GET that is to be answered 2xx."""

    def __init__(self, url: Callable[[], SecretUrl | None], user_agent: str) -> None:
        self._url = url
        self._user_agent = user_agent
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self) -> None:
        """Call it.

        Raises:
            Transient: it did not answer, or not with 2xx. The message does not have the address.
        """
        written = self._url()
        if written is None:
            return
        failure = await self._failure(written)
        if failure is not None:  # raised outside of any handler: what was caught has the address
            raise failure

    async def _failure(self, written: SecretUrl) -> Transient | None:
        try:
            url = await asyncio.to_thread(written.first)
            if self._session is None:
                self._session = guarded_session(ANYWHERE, CONNECT_S, TOTAL_S)
            headers = {"User-Agent": self._user_agent}
            async with (
                asyncio.timeout(TOTAL_S),
                self._session.get(url, headers=headers, allow_redirects=False) as answer,
            ):
                await answer.content.read(ANSWER_BYTES)
                if answer.ok and answer.status < 300:  # noqa: PLR2004 - the end of 2xx
                    return None
                return Transient("serverError", f"answered {answer.status}")
        except TimeoutError:
            return Transient("timeout", f"no answer within {TOTAL_S:.0f} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Transient("connect", f"cannot be called: {type(error).__name__}")

    async def close(self) -> None:
        """Let go of the connection."""
        if self._session is not None:
            await self._session.close()
