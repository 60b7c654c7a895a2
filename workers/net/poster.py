"""Forms, posted to hubs: the fetcher's session, guard and limits, with another verb."""

from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from workers.errors import Permanent, Transient
from workers.model.net import Form, Posted
from workers.net.failures import failure
from workers.net.fetcher import HttpFetcher, next_hop
from workers.text.urls import absolute, show

__all__ = ["HttpPoster"]

SAME_FORM = frozenset({307, 308})
"""Redirects after which the same form is sent on; by the others it would become a GET."""
KEPT = 4096
"""Bytes read of what a hub says; it is a sentence for people, or nothing."""


class HttpPoster(HttpFetcher):
    """The fetcher, which can also post a form."""

    async def post(self, form: Form) -> Posted:
        """Send a form, and return what was answered, whatever its status.

        307 and 308 are followed with the same form, but never from https to http: a form may hold
        a secret.

        Raises:
            Transient: timeout, connect, dns, tls, payload (too many redirects, not HTTP).
            Permanent: blocked (a forbidden address or scheme), clientError (no valid URL).
        """
        shown = show(form.url)
        async with self._slots:
            try:
                async with self.in_time():
                    return await self._send_on(form)
            except (Transient, Permanent):
                raise
            except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
                raise failure(error, shown) from error

    async def _send_on(self, form: Form) -> Posted:
        url = absolute(form.url)
        if url is None or "@" in urlsplit(url).netloc:
            raise Permanent("clientError", "not an address of a hub")
        for _ in range(self._options.hops + 1):
            self._check(url)
            posted, location = await self._send(url, form)
            if location is None:
                return posted
            target = next_hop(url, location)
            if url.startswith("https:") and not target.startswith("https:"):
                raise Permanent("blocked", f"redirect from https to http: {show(url)}")
            url = target
        raise Transient("payload", f"more than {self._options.hops} redirects: {show(form.url)}")

    async def _send(self, url: str, form: Form) -> tuple[Posted, str | None]:
        request = self._open().post(
            URL(url, encoded=True),
            data=dict(form.fields),
            headers={"User-Agent": self._options.user_agent, "Accept-Encoding": "identity"},
            allow_redirects=False,
            proxy=self._options.proxy,
        )
        async with request as response:
            location = response.headers.get("Location")
            if response.status in SAME_FORM and location:
                response.close()
                return Posted(status=response.status, url=url), location
            said = await response.content.read(KEPT)
            response.close()  # the rest says nothing, and may be endless
            told = {name.lower(): text for name, text in response.headers.items()}
            posted = Posted(
                status=response.status,
                url=url,
                said=" ".join(said.decode("utf-8", "replace").split())[:300],
                retry_after=self._retry_after(told),
            )
            return posted, None
