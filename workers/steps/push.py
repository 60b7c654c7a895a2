"""PUSH: what hubs ask and send on a subscription's path.

::

    GET   does the hub ask for what we want? then its challenge, word for word; else 404
    POST  signed? a feed? of this topic? ─► read as a poll reads it ─► commit ─► 200
            │        │        └ no ┐
            │        └ no ─────────┴► the feed is polled soon ─► 202
            └ no ─► 202, and nothing else: who does not know the secret cannot make us do anything
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Literal

import structlog
from msgspec.structs import replace

from workers.errors import StoreDown, TocsinError, Transient
from workers.feeds.websub import is_live, lease_of, signed, speaks_of, subscription_of_token
from workers.model.feed import FeedRow, ParsedEntry, ParsedFeed
from workers.model.net import Answer
from workers.model.websub import HubAnswer, HubRequest, PushCommit, Subscription
from workers.steps.decide import decide_entries, traced
from workers.steps.edges import Edges, Rules, RulesNow
from workers.steps.look import Look
from workers.text.urls import host_of, show

__all__ = ["Hear", "Inflate", "Read"]

Inflate = Callable[[bytes, str, int], bytes]
"""Undoes a Content-Encoding: body, encoding and the most bytes in. ValueError if it cannot."""
Read = Callable[[int], Awaitable[bytes | None]]
"""Reads a body, at most so many bytes of it: None if there are more."""
Outcome = Literal[
    "read",
    "known",
    "unsigned",
    "forged",
    "thin",
    "foreign",
    "unreadable",
    "early",
    "refused",
    "too_large",
]
POLL_AGAIN_S = 10.0
"""A hub that pings does not make us poll its feed more often."""
RETRY_S = 30
ACCEPTED, UNKNOWN, GONE, TOO_LARGE, BUSY = 202, 404, 410, 413, 503
LONGEST_CHALLENGE = 4096
_log = structlog.get_logger()


class Hear:
    """Answers hubs."""

    def __init__(self, edges: Edges, rules: RulesNow, look: Look, inflate: Inflate) -> None:
        self._edges = edges
        self._rules = rules
        self._look = look
        self._inflate = inflate
        self._key: bytes | None = None

    async def subscription(self, token: str) -> Subscription | None:
        """Return the subscription on whose path somebody came, None if there is none.

        Nothing is looked up for a token that we did not make.

        Raises:
            StoreDown: nobody can say.
        """
        if self._key is None:
            self._key = bytes.fromhex(await self._edges.store.websub_key())
        id_ = subscription_of_token(self._key, token)
        return None if id_ is None else await self._edges.store.subscription(id_)

    async def asked(self, request: HubRequest) -> HubAnswer:
        """Answer a hub that asks whether we meant it, or says that it will not."""
        try:
            one = await self.subscription(request.token)
            return HubAnswer(status=UNKNOWN) if one is None else await self._confirm(one, request)
        except (StoreDown, Transient):
            return HubAnswer(status=BUSY, retry_after_s=RETRY_S)

    async def _confirm(self, one: Subscription, request: HubRequest) -> HubAnswer:
        query, store = request.query, self._edges.store
        topic, challenge = query.get("hub.topic", ""), query.get("hub.challenge", "")
        good = False
        match query.get("hub.mode", ""):
            case "subscribe":
                lease_s = lease_of(query.get("hub.lease_seconds"))
                if lease_s is not None and 0 < len(challenge) <= LONGEST_CHALLENGE:
                    good = await store.verify_subscription(one.id, topic, lease_s)
                outcome = "verified" if good else "refused"
            case "unsubscribe":
                good = bool(challenge) and await store.let_go_subscription(one.id, topic)
                outcome = "left" if good else "refused"
            case "denied":
                reason = " ".join(query.get("hub.reason", "").split())[:300]
                good = await store.refuse_subscription(one.id, topic, reason or "no reason given")
                challenge, outcome = "", "denied" if good else "refused"
            case _:
                outcome = "refused"
        self._edges.meter.count("tocsin_websub_questions_total", outcome=outcome)
        _log.info(f"hub_{outcome}", hub=show(one.hub), feed=one.feed_id)
        return HubAnswer(status=200, text=challenge) if good else HubAnswer(status=UNKNOWN)

    async def __call__(self, request: HubRequest, read: Read, most: int) -> HubAnswer:
        """Take what a hub sends, at most ``most`` bytes, if it comes on a path of ours.

        It is answered 2xx only once it is committed, or is to be ignored.
        """
        try:
            one = await self.subscription(request.token)
            if one is None:
                return HubAnswer(status=UNKNOWN)
            body = await read(most)
            if body is None:
                outcome, answer = "too_large", HubAnswer(status=TOO_LARGE)
            else:
                outcome, answer = await self._take(one, request.headers, body)
        except (StoreDown, Transient) as error:
            _log.warning("push_not_taken", error=str(error))
            return HubAnswer(status=BUSY, retry_after_s=RETRY_S)
        self._edges.meter.count("tocsin_websub_pushes_total", outcome=outcome)
        _log.info("pushed", outcome=outcome, hub=show(one.hub), feed=one.feed_id)
        return answer

    async def _take(
        self, one: Subscription, headers: Mapping[str, str], body: bytes
    ) -> tuple[Outcome, HubAnswer]:
        if not is_live(one, self._edges.clock.now()):
            left = one.state == "leaving"
            return "refused", HubAnswer(status=GONE if left else UNKNOWN)
        signature = headers.get("x-hub-signature", "")
        if one.secret is not None and not signed(one.secret, signature, body):
            return "forged" if signature else "unsigned", HubAnswer(status=ACCEPTED)
        feed = await self._edges.store.load_feed(one.feed_id)
        if feed is None or feed.parked or feed.gone_at is not None:
            return "refused", HubAnswer(status=GONE)
        if feed.baselined_at is None:
            await self._poll_soon(feed)
            return "early", HubAnswer(status=BUSY, retry_after_s=RETRY_S)
        if one.secret is None:  # anybody on the way could have written it
            return "thin", await self._poll_soon(feed)
        return await self._guarded(one, feed, headers, body)

    async def _guarded(
        self, one: Subscription, feed: FeedRow, headers: Mapping[str, str], body: bytes
    ) -> tuple[Outcome, HubAnswer]:
        """Read it, whatever its document does to us."""
        try:
            return await self._read(one, feed, headers, body)
        except (StoreDown, Transient):
            raise
        except TocsinError as error:
            _log.warning("push_refused", feed=feed.name, error=str(error))
            return "refused", HubAnswer(status=GONE)
        except Exception as error:  # noqa: BLE001 - what a document does to us is its own failure
            _log.error("push_failed", feed=feed.name, exc_info=error)
            return "unreadable", await self._poll_soon(feed)

    async def _read(
        self, one: Subscription, feed: FeedRow, headers: Mapping[str, str], body: bytes
    ) -> tuple[Outcome, HubAnswer]:
        rules, began = self._rules(), self._edges.clock.now()
        parsed = await self._parse(feed, headers, body, rules)
        if parsed is None:
            return "unreadable", await self._poll_soon(feed)
        if parsed.kind == "none" or not parsed.entries:
            return "thin", await self._poll_soon(feed)
        if not speaks_of(one, feed, headers.get("link", ""), parsed):
            return "foreign", await self._poll_soon(feed)
        whole = await self._with_listed(feed, parsed, rules)
        decided = await decide_entries(self._edges, rules, feed, whole)
        posted = {
            item.entry.id: item.entry.published or began
            for item in decided.news.fresh
            if not item.edited
        }
        commit = PushCommit(
            subscription=one.id,
            feed_id=feed.id,
            posted=posted,
            dead=decided.dead,
            trace=decided.trace,
        )
        with traced(self._edges, "push", decided.intents, began) as intents:
            await self._edges.store.commit_push(replace(commit, intents=intents))
        self._edges.meter.count("tocsin_entries_total", len(decided.intents))
        return "read" if decided.intents else "known", HubAnswer(status=200)

    async def _parse(
        self, feed: FeedRow, headers: Mapping[str, str], body: bytes, rules: Rules
    ) -> ParsedFeed | None:
        """Return the document, None if its bytes make no sense or are too many."""
        try:
            encoding = headers.get("content-encoding", "")
            plain = await asyncio.to_thread(self._inflate, body, encoding, rules.poll.body_bytes)
        except ValueError as error:
            _log.warning("push_unreadable", feed=feed.name, error=str(error))
            return None
        kind = {"content-type": headers.get("content-type", "")}
        return await self._look.read(
            Answer(status=200, url=feed.url, headers=kind, body=plain), rules
        )

    async def _with_listed(self, feed: FeedRow, parsed: ParsedFeed, rules: Rules) -> ParsedFeed:
        """Return the document as it would be polled: what was pushed, and what was there before.

        Else what a push leaves out would count as gone: an entry that repeats another's title
        would be that one under a new name, and the link of a live page would be a page's own.
        """
        here = {entry.identity for entry in parsed.entries}
        listed = await self._edges.store.load_listed(feed.id, rules.poll.max_entries)
        before = tuple(
            ParsedEntry(
                identity=known.identity,
                url=known.url,
                title=known.title,
                published=known.published,
                digest=known.digest,
            )
            for known in listed
            if known.identity not in here
        )
        return replace(parsed, entries=(*parsed.entries, *before), pushed=True)

    async def _poll_soon(self, feed: FeedRow) -> HubAnswer:
        """Let the feed be polled soon, unless it fails and waits for a reason of its own."""
        if feed.errors:
            return HubAnswer(status=ACCEPTED)
        least = timedelta(seconds=POLL_AGAIN_S)
        next_at = (feed.last_poll_at or feed.next_poll_at or self._edges.clock.now()) + least
        delay = max(0.0, (next_at - self._edges.clock.now()).total_seconds())
        broker = self._edges.broker
        if not await broker.schedule_feeds({feed.id: delay}, soonest=True):
            standing = await broker.feed_standing(feed.id, host_of(feed.url))
            if standing.lease_s is not None:  # being polled, and may have been asked too early
                return HubAnswer(status=BUSY, retry_after_s=RETRY_S)
        return HubAnswer(status=ACCEPTED)
