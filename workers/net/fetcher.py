"""The fetcher of feeds and pages: one GET with redirects, inside limits on all that can be large.

::

    get ─► hop ─► guarded socket ─► status 3xx with a location? ─► next hop
                                  └► body, inflated as it comes ─► Answer
"""

import asyncio
import base64
import contextlib
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from workers.clock import Clock, SystemClock
from workers.errors import Permanent, Transient
from workers.model.base import Record
from workers.model.net import Answer, Fetch
from workers.net.failures import failure
from workers.net.guard import forbidden, networks
from workers.net.inflate import TooMuch, inflater
from workers.net.resolve import Names
from workers.net.room import Place, Room
from workers.net.session import Exactly, open_session
from workers.options import NetOptions
from workers.text.urls import absolute, origin_of, show

__all__ = ["HttpFetcher", "next_hop"]

RETRY_MOST_S = 86_400.0
PERMANENT = frozenset({301, 308})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
ENCODINGS = "gzip, deflate, br"
CHUNK = 1 << 15
"""Bytes taken off the wire at a time."""
TURN_S = 0.005
"""Seconds of inflating after which others have a turn; few pieces take so long."""
VALIDATOR_MOST = 4096
"""Bytes of an ETag or date that are sent back: servers refuse requests with lines of 8 KiB."""

_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


class _Hop(Record, frozen=True, kw_only=True):
    """What one request of a chain came back with."""

    status: int
    headers: dict[str, str]
    etag: str | None = None
    last_modified: str | None = None
    body: bytes = b""
    location: str | None = None


class _Errand(Record, frozen=True, kw_only=True):
    """One GET under way: what is wanted, until when, and where its body is put."""

    fetch: Fetch
    limit: asyncio.Timeout
    place: Place


class HttpFetcher:
    """The Fetcher of `workers.steps.ports`: one session a process, opened with the first GET.

    ``names`` finds the addresses of hosts; unless it is given, the system does.
    """

    def __init__(
        self, options: NetOptions, clock: Clock | None = None, names: Names | None = None
    ) -> None:
        self._options = options
        self._clock = clock or SystemClock()
        self._names = names
        self._allow = networks(options.allow)
        self._slots = asyncio.Semaphore(options.in_flight)
        self._room = Room(options.held_bytes)
        self._session: aiohttp.ClientSession | None = None

    @property
    def held_bytes(self) -> int:
        """Return how many bytes large bodies hold now, beyond what each may have anyway."""
        return self._room.held

    async def get(self, fetch: Fetch) -> Answer:
        """Return the answer, whatever its status (304 included).

        Raises:
            Transient: timeout, connect, dns, tls, tooLarge (cut by a limit), payload (bad body),
                crash (other bodies had all the memory).
            Permanent: blocked (a forbidden address or scheme), clientError (no valid URL).
        """
        async with self._slots:
            place = Place(self._room, self._options.total_s)
            try:
                async with self.in_time() as limit:
                    answer = await self._follow(_Errand(fetch=fetch, limit=limit, place=place))
                place.keep(answer)
            except (Transient, Permanent):
                raise
            except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
                raise failure(error, show(fetch.url)) from error
            finally:
                place.leave()
            return answer

    def in_time(self) -> asyncio.Timeout:
        """Return what ends a request that takes longer than all of it may."""
        return asyncio.timeout(self._options.total_s)

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _follow(self, errand: _Errand) -> Answer:
        """Ask, and go where redirects point, each hop checked anew."""
        fetch = errand.fetch
        url, extra = _without_user(fetch)
        first, permanent = url, True
        for _ in range(self._options.hops + 1):
            self._check(url)
            if origin_of(url) != origin_of(first):
                extra = ()  # for good: another origin may not choose what is asked for in our name
            headers = _headers(fetch, self._options.user_agent, extra)
            hop = await self._hop(url, headers, errand)
            if hop.location is None:
                moved_to = url if permanent and url != first else None
                return self._answer(fetch, hop, url, moved_to)
            permanent = permanent and hop.status in PERMANENT
            url = next_hop(url, hop.location)
        raise Transient("payload", f"more than {self._options.hops} redirects: {show(fetch.url)}")

    def _check(self, url: str) -> None:
        """Refuse hosts that are forbidden addresses in any writing, before a name is looked up.

        The guard sees them too; but through a proxy it sees only the proxy.
        """
        host = _written(url)
        if self._options.proxy and f".{host}".endswith(".localhost"):
            host = "127.0.0.1"
        why = forbidden(host, self._allow)
        if why is not None and why != "not an address":
            raise Permanent("blocked", f"forbidden address: {show(url)}: {why}")

    async def _hop(self, url: str, headers: CIMultiDict[str], errand: _Errand) -> _Hop:
        """Ask once. Whatever is no success has no body for us: it may be endless, or a bomb.

        What is left of a body closes its connection; one that has come whole is used again.
        """
        request = self._open().get(
            URL(url, encoded=True),
            headers=headers,
            allow_redirects=False,
            proxy=self._options.proxy,
        )
        async with request as response:
            status, told = response.status, _told(response)
            location = response.headers.get("Location", "").strip()
            if status in REDIRECTS and location:
                return _Hop(status=status, headers=told, location=location)
            if not 200 <= status < 300:  # noqa: PLR2004
                return _Hop(status=status, headers=told)
            return _Hop(
                status=status,
                headers=told,
                etag=_validator(response, b"etag"),
                last_modified=_validator(response, b"last-modified"),
                body=await _body(response, errand),
            )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            options = self._options
            timeout = aiohttp.ClientTimeout(
                total=None,
                connect=options.connect_s,
                sock_connect=options.connect_s,
                sock_read=options.read_s,
            )
            self._session = open_session(
                self._allow, timeout, guarded=options.proxy is None, names=self._names
            )
        return self._session

    def _answer(self, fetch: Fetch, hop: _Hop, url: str, moved_to: str | None) -> Answer:
        return Answer(
            status=hop.status,
            url=url,
            moved_to=_with_user(fetch.url, moved_to) if moved_to else None,
            headers=hop.headers,
            etag=hop.etag,
            last_modified=hop.last_modified,
            body=hop.body,
            retry_after=self._retry_after(hop.headers),
        )

    def _retry_after(self, headers: Mapping[str, str]) -> float | None:
        """Return the seconds that Retry-After asks for, in either form (RFC 9110, 10.2.3)."""
        if "retry-after" not in headers:
            return None
        written = headers["retry-after"].strip()[:100]
        if re.fullmatch(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", written):
            return min(float(written), RETRY_MOST_S)
        at = _moment(written)
        if at is None:
            return None
        now = _moment(headers.get("date", "")[:100]) or self._clock.now()
        return min(max(0.0, (at - now).total_seconds()), RETRY_MOST_S)


def _moment(written: str) -> datetime | None:
    """Return a date of HTTP, None if it is none."""
    try:
        at = parsedate_to_datetime(written)
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _without_user(fetch: Fetch) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the address without user and password, and the headers that stay with its origin.

    Raises:
        Permanent: clientError, it is no address of the web; blocked, its scheme is another.
    """
    bare, mark, user = _parted(fetch.url)
    named = {name.lower() for name, _ in fetch.headers}
    if not mark or "authorization" in named:
        return bare, fetch.headers
    token = base64.b64encode(unquote(user).encode()).decode("ascii")
    return bare, (*fetch.headers, ("Authorization", f"Basic {token}"))


@lru_cache(maxsize=4096)
def _parted(url: str) -> tuple[str, str, str]:
    """Return an address without user and fragment, ``@`` if there was a user, and the user.

    Raises:
        Permanent: as `_without_user`.
    """
    whole = absolute(url)
    if whole is None:
        scheme = urlsplit(url[:100]).scheme if "://" in url[:100] else ""
        if scheme and scheme.lower() not in {"http", "https"}:
            raise Permanent("blocked", f"scheme is not http or https: {scheme[:20]}")
        raise Permanent("clientError", "not an address of the web")
    parts = urlsplit(whole)
    user, mark, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=host, fragment="")), mark, user


@lru_cache(maxsize=4096)
def _written(url: str) -> str:
    """Return the host of an address; an IPv4 one in its usual form, however it is written."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    with contextlib.suppress(OSError):  # decimal, octal, hexadecimal and short forms
        host = socket.inet_ntoa(socket.inet_aton(host))
    return host


def _with_user(first: str, moved_to: str) -> str:
    """Return where a feed moved to; user and password go along within their origin only."""
    user, mark, _ = urlsplit(first).netloc.rpartition("@")
    if not mark or origin_of(first) != origin_of(moved_to):
        return moved_to
    parts = urlsplit(moved_to)
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc}"))


def next_hop(url: str, location: str) -> str:
    """Return where a redirect points.

    Raises:
        Permanent: blocked, not http or https, or no address at all.
    """
    # servers send bytes of UTF-8 in a header that is read as such; what is not comes as surrogates
    written = location.encode("utf-8", "replace").decode("utf-8")
    try:
        target = absolute(urljoin(url, written))
    except ValueError:
        target = None
    if target is None:
        raise Permanent("blocked", f"redirect to what is no address of the web: {show(url)}")
    parts = urlsplit(target)
    return urlunsplit(
        parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="")
    )  # a redirect may not choose whom we say we are


def _headers(fetch: Fetch, user_agent: str, extra: Iterable[tuple[str, str]]) -> CIMultiDict[str]:
    """Return the headers of a hop; ``extra`` ones win."""
    headers = CIMultiDict(
        {"User-Agent": user_agent, "Accept": fetch.accept, "Accept-Encoding": ENCODINGS}
    )
    validators = {"If-None-Match": fetch.etag, "If-Modified-Since": fetch.last_modified}
    for name, value in validators.items():
        if value and not _CONTROLS.search(value) and (exact := _exactly(value)) is not None:
            headers[name] = exact
    for name, value in extra:
        headers[name] = value
    return headers


def _exactly(validator: str) -> str | None:
    """Return what aiohttp has to be given so that it sends the very bytes that came.

    None if they are none: a text that an older version had stored.
    """
    try:
        raw = validator.encode("latin-1")
    except UnicodeEncodeError:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return Exactly(validator)


def _validator(response: aiohttp.ClientResponse, name: bytes) -> str | None:
    """Return the first header of this name, a character a byte; None if none can be sent back."""
    raw = next((value for key, value in response.raw_headers if key.lower() == name), b"").strip()
    text = raw.decode("latin-1")
    return text if raw and len(raw) <= VALIDATOR_MOST and not _CONTROLS.search(text) else None


def _told(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Return the headers, names in lower case, without bytes that are no text."""
    told: dict[str, str] = {}
    for name, value in response.headers.items():
        key = name.lower()
        told[key] = f"{told[key]}, {value}" if key in told else value
    for name, value in list(told.items()):
        if _CONTROLS.search(value):
            told[name] = _CONTROLS.sub("\ufffd", value)
    return told


async def _body(response: aiohttp.ClientResponse, errand: _Errand) -> bytes:
    """Read and inflate the body.

    Raises:
        TooMuch: it is larger than a limit, as sent or inflated.
        BadEncoding: it is not what its encoding says.
        NoRoom: other bodies had all the memory.
    """
    room = errand.fetch.wire_bytes
    if (response.content_length or 0) > room:
        raise TooMuch("as sent", room)
    encodings = ", ".join(response.headers.getall("Content-Encoding", ()))
    body = inflater(encodings, errand.fetch.body_bytes)
    parts: list[bytes] = []
    clock = asyncio.get_running_loop().time
    since = clock()

    async def put(pieces: Iterator[bytes]) -> None:
        nonlocal since
        for piece in pieces:
            if piece:
                await errand.place.grow(len(piece), errand.limit)
                parts.append(piece)
            if clock() - since > TURN_S:  # what has arrived is read without a pause otherwise
                await asyncio.sleep(0)
                since = clock()

    async for chunk in response.content.iter_chunked(CHUNK):
        room -= len(chunk)
        if room < 0:
            raise TooMuch("as sent", errand.fetch.wire_bytes)
        await put(body.feed(chunk))
    await put(body.finish())
    return b"".join(parts)
