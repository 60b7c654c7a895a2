"""POLL: fetch a feed, decide what in it is new, and commit that with the feed's validators."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b

import structlog

from workers.errors import Permanent, Reason, Transient
from workers.feeds import http_hints, merge_hints, read_feed
from workers.feeds.news import Fresh, News, decide, twin
from workers.feeds.schedule import after_bad, after_good, gone, moved
from workers.model.alert import TraceLine
from workers.model.base import Record
from workers.model.commit import EntryIntent, Knowledge, PollCommit
from workers.model.feed import FeedRow, ParsedFeed, Validators
from workers.model.net import Answer, Fetch
from workers.steps.documents import document_of_entry, reason_of_status
from workers.steps.edges import Edges, Rules, RulesNow
from workers.steps.hosts import leave, take_turn
from workers.steps.match import matching

__all__ = ["Poll", "SecondOpinion"]

SecondOpinion = Callable[[bytes, str, str, datetime, int], ParsedFeed]
"""What runs in the pool: body, address, Content-Type, now and the most entries in, a feed out."""

FEEDS = (
    "application/rss+xml,application/atom+xml,application/feed+json,"
    "application/xml;q=0.9,*/*;q=0.5"
)
SECOND_OPINION_S = 10.0
UNCONDITIONAL = 0.01
"""Share of polls without validators: servers that answer 304 for ever exist."""
GONE_FROM_CONFIG_S = 300.0
_log = structlog.get_logger()


class _Seen(Record, frozen=True, kw_only=True):
    """What a poll saw: a document, or that nothing changed, or why it failed."""

    answer: Answer | None = None
    parsed: ParsedFeed | None = None
    """None where the document is the one of last time."""
    validators: Validators = Validators()
    reason: Reason | None = None
    detail: str = ""
    retry_after: float | None = None


class Poll:
    """Polls one feed. ``again`` reads a document that the fast path could make nothing of."""

    def __init__(self, edges: Edges, rules: RulesNow, again: SecondOpinion) -> None:
        self._edges = edges
        self._rules = rules
        self._again = again

    async def __call__(self, feed_id: str) -> float:
        """Poll the feed with this id; return the seconds until its next poll.

        Raises:
            StoreDown: nothing could be stored; nothing is lost, the validators stand as they were.
        """
        rules = self._rules()
        feed = await self._edges.store.load_feed(feed_id)
        if feed is None or feed.parked:
            return GONE_FROM_CONFIG_S
        wait = await take_turn(self._edges, feed.url, rules.net)
        if wait > 0:
            return wait
        seen = await self._look(feed, rules)
        commit = await self._decide(feed, seen, rules)
        await self._edges.store.commit_poll(commit)
        self._report(feed, commit, seen)
        return commit.delay_s

    async def _look(self, feed: FeedRow, rules: Rules) -> _Seen:
        """Fetch and parse."""
        rest, began = 0.0, self._edges.clock.monotonic()
        try:
            answer = await self._edges.fetcher.get(self._request(feed, rules))
            if answer.status in {429, 503}:
                rest = answer.retry_after if answer.retry_after is not None else 60.0
        except (Transient, Permanent) as error:
            return _Seen(reason=error.reason, detail=error.detail)
        finally:
            took = self._edges.clock.monotonic() - began
            self._edges.meter.observe("tocsin_step_seconds", took, step="fetch_feed")
            await leave(self._edges, feed.url, rules.net, rest)
        if answer.status == 304:  # noqa: PLR2004
            return _Seen(answer=answer, validators=feed.validators)
        if answer.status != 200:  # noqa: PLR2004
            return _Seen(
                answer=answer,
                reason=reason_of_status(answer.status),
                detail=f"HTTP {answer.status}",
                retry_after=answer.retry_after,
            )
        return await self._parse(feed, answer, rules)

    def _request(self, feed: FeedRow, rules: Rules) -> Fetch:
        source = rules.sources.get(feed.id)
        plain = self._edges.dice.random() < UNCONDITIONAL
        return Fetch(
            url=feed.url,
            headers=source.headers if source else (),
            etag=None if plain else feed.validators.etag,
            last_modified=None if plain else feed.validators.last_modified,
            wire_bytes=rules.poll.wire_bytes,
            body_bytes=rules.poll.body_bytes,
            accept=FEEDS,
        )

    async def _parse(self, feed: FeedRow, answer: Answer, rules: Rules) -> _Seen:
        validators = Validators(
            etag=answer.headers.get("etag"),
            last_modified=answer.headers.get("last-modified"),
            body_hash=blake2b(answer.body, digest_size=16).hexdigest(),
        )
        if feed.baselined_at and validators.body_hash == feed.validators.body_hash:
            return _Seen(answer=answer, validators=validators)
        parsed = await self._read(answer, rules)
        if parsed.kind == "none":
            return _Seen(answer=answer, reason="payload", detail=parsed.error or "not a feed")
        return _Seen(answer=answer, parsed=parsed, validators=validators)

    async def _read(self, answer: Answer, rules: Rules) -> ParsedFeed:
        """Parse off the event loop; ask the slow parser, in a process, where the fast one fails."""
        kind = answer.headers.get("content-type", "")
        now, most = self._edges.clock.now(), rules.poll.max_entries
        began = self._edges.clock.monotonic()
        parsed = await asyncio.to_thread(read_feed, answer.body, answer.url, kind, now, most)
        took = self._edges.clock.monotonic() - began
        self._edges.meter.observe("tocsin_step_seconds", took, step="parse_feed")
        if parsed.kind != "none" or not answer.body.strip():
            return parsed
        try:
            second = await self._edges.pool.call(
                SECOND_OPINION_S, self._again, answer.body, answer.url, kind, now, most
            )
        except Transient as error:
            _log.warning("second_opinion_failed", reason=error.reason)
            return parsed
        return second if second.kind != "none" else parsed

    async def _decide(self, feed: FeedRow, seen: _Seen, rules: Rules) -> PollCommit:
        now = self._edges.clock.now()
        if seen.reason is not None or seen.answer is None:
            return self._failed(feed, seen, rules, now)
        if seen.answer.moved_to is not None:
            feed = moved(feed, seen.answer.moved_to, now)
        hints = http_hints(seen.answer.headers, now)
        if seen.parsed is None:
            row = self._good(feed, merge_hints(hints, feed.hints), None, rules, now)
            return self._commit(feed, row, seen, now)
        parsed = seen.parsed
        news = decide(feed, parsed, await self._knowledge(feed, parsed), now, rules.alerts)
        intents, trace = self._intents(feed, news, rules, now)
        row = self._good(feed, merge_hints(hints, parsed.hints), news, rules, now, parsed)
        return self._commit(feed, row, seen, now, news=news, intents=intents, trace=trace)

    def _failed(self, feed: FeedRow, seen: _Seen, rules: Rules, now: datetime) -> PollCommit:
        reason: Reason = seen.reason or "connect"
        row = after_bad(feed, reason, seen.detail, seen.retry_after, now, rules.poll)
        if reason == "gone":
            row = gone(row, now)
        return PollCommit(
            feed=row,
            loaded_at=feed.last_poll_at,
            delay_s=_delay(row, now),
        )

    async def _knowledge(self, feed: FeedRow, parsed: ParsedFeed) -> Knowledge:
        return await self._edges.store.load_knowledge(
            feed.id,
            [entry.identity for entry in parsed.entries],
            [twin(entry.title, entry.url) for entry in parsed.entries],
            [entry.title for entry in parsed.entries],
        )

    def _intents(
        self, feed: FeedRow, news: News, rules: Rules, now: datetime
    ) -> tuple[tuple[EntryIntent, ...], tuple[TraceLine, ...]]:
        pairs = [self._intent(feed, fresh, rules, now) for fresh in news.fresh]
        return tuple(pair[0] for pair in pairs), tuple(line for pair in pairs for line in pair[1])

    def _intent(
        self, feed: FeedRow, fresh: Fresh, rules: Rules, now: datetime
    ) -> tuple[EntryIntent, list[TraceLine]]:
        """An obvious hit is read first, and rings soon even if its page is not read by then."""
        entry = fresh.entry
        hits = []
        if fresh.reads:
            source = rules.sources.get(feed.id)
            hits = matching(self._edges, rules, document_of_entry(entry, source))
        told = "edited" if fresh.edited else "read next" if fresh.reads else "stored only"
        lines = [_line("poll", told, f"{feed.name}: {fresh.because}", entry.id, now)]
        if hits:
            names = ", ".join(spec.name for spec, _ in hits)
            lines.append(_line("match", names, "title and the feed's own text", entry.id, now))
        intent = EntryIntent(
            entry=entry,
            key=fresh.key,
            stream=("pages:hot" if hits else "pages:warm") if fresh.reads else None,
            ring_after_s=rules.alerts.ring_after_s if hits else None,
        )
        return intent, lines

    def _good(
        self, feed: FeedRow, seen: _Seen, news: News | None, rules: Rules, now: datetime
    ) -> FeedRow:
        """Return the feed's row after a poll that worked."""
        headers = seen.answer.headers if seen.answer else {}
        hints = merge_hints(http_hints(headers, now), (seen.parsed or feed).hints)
        fresh = [item.entry for item in news.fresh if not item.edited] if news else []
        row = after_good(
            feed,
            hints,
            [entry.published or now for entry in fresh if not entry.baseline],
            now,
            rules.poll,
            jitter=self._edges.dice.uniform(-1.0, 1.0),
            budget_k=self._budget(rules),
        )
        if seen.parsed is not None and news is not None:
            row = replace(
                row,
                title=seen.parsed.title or row.title,
                kind=seen.parsed.kind,
                baselined_at=row.baselined_at or (now if news.baseline else None),
                last_new_at=now if fresh else row.last_new_at,
            )
        return replace(row, validators=seen.validators, hints=hints)

    def _report(self, feed: FeedRow, commit: PollCommit, seen: _Seen) -> None:
        outcome = seen.reason or ("unchanged" if seen.parsed is None else "read")
        self._edges.meter.count("tocsin_polls_total", outcome=outcome)
        self._edges.meter.count("tocsin_entries_total", len(commit.intents))
        if seen.reason is not None:
            _log.warning("feed_failed", feed=feed.name, reason=seen.reason, detail=seen.detail)
        elif commit.intents:
            first = feed.baselined_at is None
            _log.info("feed_read", feed=feed.name, entries=len(commit.intents), baseline=first)


def _line(stage: TraceStage, decision: str, because: str, entry: str, now: datetime) -> TraceLine:
    return TraceLine(stage=stage, decision=decision, because=because[:500], entry=entry, at=now)
