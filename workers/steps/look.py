"""The first half of POLL: ask the server, and read what it answers."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from hashlib import blake2b

import structlog
from msgspec.structs import replace

from workers.errors import Permanent, Reason, Transient
from workers.feeds import made, read_again
from workers.feeds.instead import Lead, leads_of
from workers.feeds.marks import Marks, unpack
from workers.gather import Gather
from workers.model.base import Record
from workers.model.feed import FeedRow, ParsedFeed, Validators
from workers.model.net import Answer, Fetch
from workers.steps.documents import reason_of_status
from workers.steps.edges import Edges, Rules
from workers.steps.hosts import leave
from workers.steps.threads import Threads
from workers.text.urls import host_of

__all__ = ["POOL_S", "Look", "SecondOpinion", "Seen", "day_of"]

SecondOpinion = Callable[[bytes, str, str, datetime, int], ParsedFeed]
"""What runs in the pool: body, address, Content-Type, now and the most entries in, a feed out."""

FEEDS = (
    "application/rss+xml,application/atom+xml,application/feed+json,"
    "application/xml;q=0.9,*/*;q=0.5"
)
POOL_S = 10.0
"""Seconds for reading a document in a process of the pool; 8 MiB need one."""
SECOND_OPINION_MOST = 2 << 20
"""Bytes of the largest document that is worth one: beyond, what is no feed for the first parser is
hardly ever one, and the second needs all its time to say so."""
SMALL = 64 << 10
"""Bytes of a feed up to which those that come in together are read in one go, a millisecond each;
to hand one over to a thread and back costs as much as to read it."""
AT_ONCE = 16
LARGE = 256 << 10
"""Bytes of a feed beyond which few are parsed at once; most feeds have a tenth of it."""
HUGE = 512 << 10
"""Bytes of a feed beyond which a process of the pool reads it: a document takes up to thirty times
its size while it is read, and that memory, and its interpreter's lock, are better not ours."""
READABLE = frozenset({200, 203})
"""Statuses that come with the whole document; 203 says that somebody on the way touched it."""
UNCONDITIONAL = 0.01
"""Share of polls without validators: servers that answer 304 for ever exist."""
DAY_S = 86400
_log = structlog.get_logger()


_Told = tuple[bytes, str, str, datetime, int, Marks | None]
"""What `_read` is told."""


class Seen(Record, frozen=True, kw_only=True):
    """What a poll saw: a document, or that nothing changed, or why it failed."""

    answer: Answer | None = None
    parsed: ParsedFeed | None = None
    """None where the document is the one of last time."""
    validators: Validators = Validators()
    reason: Reason | None = None
    detail: str = ""
    retry_after: float | None = None
    lead: Lead | None = None
    """The one feed that is named by what was there, which is none."""


class Look:
    """Looks at one feed. ``again`` reads a document that the fast path could make nothing of.

    ``pool_s`` is how many seconds a process of the pool may read one.
    """

    def __init__(self, edges: Edges, again: SecondOpinion, pool_s: float = POOL_S) -> None:
        self._edges = edges
        self._again = again
        self._pool_s = pool_s
        self._threads = Threads()
        self._reading = Gather(self._read_some, 0.0, AT_ONCE)

    async def __call__(self, feed: FeedRow, rules: Rules) -> Seen:
        """Fetch and parse; a failure is a value, because it too is stored."""
        rest, answered, began = 0.0, None, self._edges.clock.monotonic()
        fetch = self._request(feed, rules)
        try:
            answer = await self._edges.fetcher.get(fetch)
            answered = answer.url
            if answer.status in {429, 503}:
                rest = answer.retry_after if answer.retry_after is not None else 60.0
        except (Transient, Permanent) as error:
            return Seen(reason=error.reason, detail=error.detail)
        finally:
            took = self._edges.clock.monotonic() - began
            self._edges.meter.observe("tocsin_step_seconds", took, step="fetch_feed")
            await leave(self._edges, feed.url, rules.net, rest, answered)
        return await self._understand(feed, fetch, answer, rules)

    async def _understand(self, feed: FeedRow, fetch: Fetch, answer: Answer, rules: Rules) -> Seen:
        """Say what an answer means. Its body is kept only where it may have to be read again."""
        if answer.status in READABLE:
            seen = await self._parse(feed, answer, rules)
            skipped = seen.parsed is not None and seen.parsed.skipped
            return replace(seen, answer=answer if skipped else replace(answer, body=b""))
        if answer.status == 304 and (fetch.etag or fetch.last_modified):  # noqa: PLR2004
            return Seen(answer=answer, validators=feed.validators)
        detail = f"HTTP {answer.status}"
        reason = reason_of_status(answer.status)
        if answer.status == 304:  # noqa: PLR2004 - nothing is known that could be unchanged
            reason, detail = "payload", f"{detail}, but the whole document was asked for"
        return Seen(answer=answer, reason=reason, detail=detail, retry_after=answer.retry_after)

    def _request(self, feed: FeedRow, rules: Rules) -> Fetch:
        source = rules.sources.get(feed.id)
        plain = self._edges.dice.random() < UNCONDITIONAL or unconditional(
            feed, self._edges.clock.now()
        )
        return Fetch(
            url=feed.url,
            headers=source.headers if source and may_tell(source.url, feed.url) else (),
            etag=None if plain else feed.validators.etag,
            last_modified=None if plain else feed.validators.last_modified,
            wire_bytes=rules.poll.wire_bytes,
            body_bytes=rules.poll.body_bytes,
            accept=FEEDS,
        )

    async def _parse(self, feed: FeedRow, answer: Answer, rules: Rules) -> Seen:
        large = len(answer.body) > LARGE  # 8 MiB take a noticeable while
        hashed = await asyncio.to_thread(_hash, answer.body) if large else _hash(answer.body)
        validators = Validators(
            etag=answer.etag, last_modified=answer.last_modified, body_hash=hashed
        )
        if feed.baselined_at and validators.body_hash == feed.validators.body_hash:
            return Seen(validators=validators)
        full = feed.baselined_at is None or unconditional(feed, self._edges.clock.now())
        parsed = await self.read(answer, rules, None if full else feed.marks)
        if parsed.kind == "none":
            return await self._no_feed(feed, answer, parsed)
        if not parsed.complete:
            # What was cut off has not been seen: only the very same bytes say nothing new.
            validators = Validators(body_hash=validators.body_hash)
        return Seen(parsed=parsed, validators=validators)

    async def _no_feed(self, feed: FeedRow, answer: Answer, parsed: ParsedFeed) -> Seen:
        """Say what is there instead, and which feeds it names."""
        found = await asyncio.to_thread(leads_of, answer.body, answer.url, answer.headers, feed)
        told = [parsed.error or "not a feed", found.words]
        return Seen(reason="payload", detail="; ".join(filter(None, told)), lead=found.lead)

    async def read(self, answer: Answer, rules: Rules, marks: bytes | None = None) -> ParsedFeed:
        """Parse off the event loop; where the fast parser fails, ask the slow one in a process.

        Entries with one of these ``marks`` are skipped.
        """
        body, url = answer.body, answer.url
        kind = answer.headers.get("content-type", "")
        now, most = self._edges.clock.now(), rules.poll.max_entries
        began, told = self._edges.clock.monotonic(), (body, url, kind, now, most, unpack(marks))
        try:
            if len(body) > HUGE:
                parsed = await self._edges.pool.call(self._pool_s, _read, *told)
            elif len(body) <= SMALL:
                parsed = _unless_failed(await self._reading(told))
            else:
                async with self._edges.heavy if len(body) > LARGE else nullcontext():
                    parsed = await self._threads.run(len(body), _read, *told)
        except Transient as error:
            return ParsedFeed(kind="none", error=f"reading it failed: {error}")
        finally:
            took = self._edges.clock.monotonic() - began
            self._edges.meter.observe("tocsin_step_seconds", took, step="parse_feed")
        if parsed.kind != "none" or len(body) > SECOND_OPINION_MOST or not body.strip():
            return parsed
        try:
            second = await self._edges.pool.call(
                self._pool_s, self._again, body, url, kind, now, most
            )
        except Transient as error:
            _log.warning("second_opinion_failed", reason=error.reason)
            return parsed
        return second if second.kind != "none" else parsed

    async def _read_some(self, asked: Sequence[_Told]) -> Sequence[ParsedFeed | Exception]:
        """Read small documents that come in together one after the other in one thread."""
        size = sum(len(told[0]) for told in asked)
        return await self._threads.run(size, _read_each, asked)


def _unless_failed(read: ParsedFeed | Exception) -> ParsedFeed:
    if isinstance(read, Exception):
        raise read
    return read


def _read_each(asked: Sequence[_Told]) -> list[ParsedFeed | Exception]:
    """Read each for itself: what one of them does to us is not the others' failure."""
    found: list[ParsedFeed | Exception] = []
    for told in asked:
        try:
            found.append(_read(*told))
        except Exception as error:  # noqa: BLE001 - raised to whose document it is
            found.append(error)
    return found


def _hash(body: bytes) -> str:
    return blake2b(body, digest_size=16).hexdigest()


def _read(  # noqa: PLR0913, PLR0917 - as `read_again`
    body: bytes, url: str, kind: str, now: datetime, most: int, seen: Marks | None
) -> ParsedFeed:
    """Read a feed and make its new entries' texts: here, lest the event loop have to."""
    parsed = read_again(body, url, kind, now, most, seen)
    return replace(parsed, entries=tuple(made(entry) for entry in parsed.entries))


def unconditional(feed: FeedRow, now: datetime) -> bool:
    """Say whether a poll must ask for the whole document: until the baseline, and once a day.

    The day begins at another moment for each feed, so that not all are fetched whole at midnight.
    """
    if feed.baselined_at is None or feed.last_good_at is None:
        return True
    return day_of(feed.id, feed.last_good_at) != day_of(feed.id, now)


def day_of(feed_id: str, moment: datetime) -> int:
    """Return the number of the day that a moment falls in, as the days of this feed go."""
    shift = int.from_bytes(blake2b(feed_id.encode(), digest_size=4).digest(), "big") % DAY_S
    return int(moment.timestamp() + shift) // DAY_S


def may_tell(configured: str, present: str) -> bool:
    """Say whether headers meant for one address may be sent to the one that the feed moved to.

    They may hold secrets: another host, or the same without TLS, never gets them.
    """
    if host_of(configured) != host_of(present):
        return False
    return present.lower().startswith("https:") or not configured.lower().startswith("https:")
