"""POLL: decide what a feed shows that is new, and commit that with the feed's validators."""

import asyncio
from datetime import datetime
from functools import partial

import structlog
from msgspec.structs import replace

from workers.alerts import blind_topics, feed_changes, feed_rebaselined
from workers.errors import StoreDown, Transient
from workers.feeds import http_hints, merge_hints
from workers.feeds.blind import blind_after
from workers.feeds.budget import Spending, eased, share_out
from workers.feeds.hints import kept_hints
from workers.feeds.instead import as_asked, led, page_failed, refused
from workers.feeds.interval import Budget
from workers.feeds.news import News
from workers.feeds.outage import PROBE_S
from workers.feeds.pressure import Moment
from workers.feeds.quiet import quiet_after
from workers.feeds.schedule import after_bad, after_good, after_outage, gone, moved
from workers.model.commit import PollCommit
from workers.model.feed import FeedHints, FeedRow, ParsedFeed
from workers.model.leases import NextPoll
from workers.model.message import EventChanges
from workers.options import PollOptions
from workers.steps.decide import Decided, Forgotten, decide_entries, traced
from workers.steps.edges import Edges, Rules, RulesNow
from workers.steps.events import note
from workers.steps.hosts import take_turn
from workers.steps.look import Look, Seen
from workers.steps.network import is_our_own, network_down
from workers.steps.subscribe import beside_pushes, wish

__all__ = ["Poll"]

GONE_FROM_CONFIG_S = 300.0
LEARNED = 0.05
"""Of all feeds."""
BEHIND_FRESH_S = 5.0
"""How long pages wait is asked for so often, whatever the number of polls."""
_log = structlog.get_logger()


class Poll:
    """Polls one feed."""

    def __init__(self, edges: Edges, rules: RulesNow, look: Look) -> None:
        self._edges = edges
        self._rules = rules
        self._look = look
        self.budget: Budget | None = None
        """What interval "auto" may spend; brought up to date by `weigh`."""
        self._learned = self._weighed = 0
        """Feeds read for the first time since then, and all feeds that were there then."""
        self._behind_s = 0.0
        """How long pages wait for a reader,"""
        self._asked_at: float | None = None
        """as of this moment on the monotonic clock."""

    @property
    def learned_much(self) -> bool:
        """Whether so many feeds were read for the first time that the budget is to be found anew.

        Until then each counts as one that posts once a day.
        """
        return self._learned > LEARNED * self._weighed

    async def weigh(self) -> Spending:
        """Find anew how often feeds can be polled within the budget, from what SQL says of all."""
        now, options = self._edges.clock.now(), self._rules().poll
        self._learned = 0
        if options.interval_s is not None:
            return Spending()  # nobody's interval is "auto"
        needs = await self._edges.store.feed_needs(options.interval_s)
        # In a thread, because with 100,000 feeds it takes some seconds.
        spending = await asyncio.to_thread(share_out, needs, now, options)
        self.budget = eased(self.budget, spending.budget)
        self._weighed = len(needs)
        return spending

    async def _feel_pressure(self) -> None:
        now = self._edges.clock.monotonic()
        if self._asked_at is None or now - self._asked_at >= BEHIND_FRESH_S:
            self._asked_at = now  # first: other polls need not ask meanwhile
            self._behind_s = await self._edges.store.behind()

    async def __call__(self, feed_id: str) -> NextPoll:
        """Poll the feed with this id; return when it is to be claimed again.

        Raises:
            StoreDown: nothing could be stored; nothing is lost, the validators stand as they were.
        """
        rules = self._rules()
        feed = await self._edges.store.load_feed(feed_id)
        if feed is None or feed.parked:
            return NextPoll(delay_s=GONE_FROM_CONFIG_S)
        asked = as_asked(feed, self._edges.clock.now())
        wait = await take_turn(self._edges, asked.url, rules.net, feed=feed.id)
        if wait > 0:
            return NextPoll(delay_s=wait, waits=True)
        began, one = self._edges.clock.now(), None
        try:
            seen = await self._look(asked, rules)
            reason = seen.reason if seen.answer is None else None
            if await is_our_own(self._edges, rules, asked.url, reason, feed=feed):
                commit = self._excused(feed, rules)
            else:
                commit = self._noticed(feed, await self._decide(feed, asked, seen, rules), rules)
            if seen.reason is None:
                commit, one = await beside_pushes(self._edges, rules, feed, commit)
            await self._store(commit, began)
        except (StoreDown, Transient):
            raise
        except Exception as error:  # noqa: BLE001 - what a document does to us is its feed's failure
            _log.error("poll_failed", feed=feed.name, exc_info=error)
            seen = Seen(reason="crash", detail=f"{type(error).__name__}: {error}")
            commit = self._failed(feed, seen, rules, self._edges.clock.now())
            commit = self._noticed(feed, commit, rules)
            note(self._edges, await self._edges.store.commit_poll(commit))
        self._report(feed, commit, seen)
        if seen.reason is None:
            await wish(self._edges, rules, commit.feed, one)
        return NextPoll(delay_s=commit.delay_s)

    async def _store(self, commit: PollCommit, began: datetime) -> None:
        """Commit; a trace begins with each entry that asks for work, when its feed was asked."""
        if not commit.intents:
            note(self._edges, await self._edges.store.commit_poll(commit))
            return
        with traced(self._edges, "poll", commit.intents, began) as intents:
            raised = await self._edges.store.commit_poll(replace(commit, intents=intents))
        note(self._edges, raised)

    def _noticed(self, feed: FeedRow, commit: PollCommit, rules: Rules) -> PollCommit:
        """Add what is to be told of the feed itself to what the poll decided."""
        source = rules.sources.get(feed.id)
        tags = source.tags if source else ()
        topics = partial(blind_topics, rules.topics.specs.values(), feed.name, tags)
        now = self._edges.clock.now()
        found = feed_changes(feed, commit.feed, now, rules.sinks, topics)
        events = replace(commit.events, raised=(*commit.events.raised, *found.raised))
        return replace(commit, events=replace(events, ended=found.ended))

    async def _decide(self, feed: FeedRow, asked: FeedRow, seen: Seen, rules: Rules) -> PollCommit:
        """Decide by what was seen at the address that was asked, which a page may have named."""
        now = self._edges.clock.now()
        if seen.reason is not None:
            return self._bad(feed, asked, seen, rules, now)
        await self._feel_pressure()
        if asked.url != feed.url and feed.stand_in is not None:
            feed = replace(feed, stand_in=replace(feed.stand_in, read=True))
        else:
            feed = moved(feed, seen.answer.moved_to if seen.answer else None, now)
            feed = replace(feed, stand_in=None)
        if seen.parsed is None:
            return _commit(feed, self._good(feed, seen, None, rules, now), now)
        seen, decided = await self._entries(feed, seen, seen.parsed, rules)
        news = decided.news
        changes = EventChanges()
        if news.rebaselined:
            self._edges.meter.count("tocsin_rebaselined_total")
            past = sum(1 for fresh in news.fresh if fresh.entry.baseline)
            new = feed_rebaselined(feed, past, rules.sinks)
            changes = EventChanges(raised=(new,))
        row = self._good(feed, seen, news, rules, now)
        return replace(
            _commit(feed, row, now),
            intents=decided.intents,
            listed=news.listed,
            marks=decided.marks if decided.marks != (feed.marks or b"") else None,
            dead=decided.dead,
            events=changes,
            trace=decided.trace,
        )

    async def _entries(
        self, feed: FeedRow, seen: Seen, parsed: ParsedFeed, rules: Rules
    ) -> tuple[Seen, Decided]:
        """Decide about the entries; where what was skipped does not tell enough, read it all."""
        try:
            return seen, await decide_entries(self._edges, rules, feed, parsed)
        except Forgotten:
            if seen.answer is None:
                raise
        parsed = await self._look.read(seen.answer, rules)
        whole = replace(seen, parsed=parsed)
        return whole, await decide_entries(self._edges, rules, feed, parsed)

    def _bad(
        self, feed: FeedRow, asked: FeedRow, seen: Seen, rules: Rules, now: datetime
    ) -> PollCommit:
        """Decide about what is no feed: it may name one, or may have been named by a page."""
        if asked.url != feed.url:
            commit = self._failed(feed, seen, rules, now)
            return replace(commit, feed=refused(commit.feed, seen.reason or "payload", now))
        row = led(feed, seen.lead, now) if seen.lead is not None else None
        if row is None and feed.stand_in is not None and not feed.stand_in.refused:
            row = page_failed(feed, now)
        return self._failed(feed, seen, rules, now) if row is None else _commit(feed, row, now)

    def _failed(self, feed: FeedRow, seen: Seen, rules: Rules, now: datetime) -> PollCommit:
        reason = seen.reason or "connect"
        row = after_bad(feed, reason, seen.detail, seen.retry_after, now, rules.poll)
        return _commit(feed, gone(row, now) if reason == "gone" else row, now)

    def _excused(self, feed: FeedRow, rules: Rules) -> PollCommit:
        """Our own outage is not the feed's fault; it is told of as what it is."""
        now = self._edges.clock.now()
        probes = self._edges.network.probes(self._edges.clock.monotonic())
        row = after_outage(feed, now, rules.poll, soon_s=PROBE_S if probes else None)
        commit = _commit(feed, row, now)
        told = network_down(self._edges, rules.sinks)
        return replace(commit, events=EventChanges(raised=(told,)))

    def _good(
        self, feed: FeedRow, seen: Seen, news: News | None, rules: Rules, now: datetime
    ) -> FeedRow:
        """Return the feed's row after a poll that worked."""
        hints = _hints(feed, seen, now)
        fresh = [item.entry for item in news.fresh if not item.edited] if news else []
        row = after_good(
            feed,
            hints,
            [] if news and news.rebaselined else [entry.published or now for entry in fresh],
            now,
            _options(feed, rules),
            moment=Moment(
                jitter=self._edges.dice.uniform(-1.0, 1.0),
                budget=self.budget or Budget(),
                behind_s=self._behind_s,
            ),
        )
        row = quiet_after(feed, blind_after(feed, row, news, now), now)
        if any(phrase.startswith("slowed:") for phrase in row.why):
            self._edges.meter.count("tocsin_polls_slowed_total")
        if seen.parsed is not None and news is not None:
            row = replace(
                row,
                title=seen.parsed.title or row.title,
                kind=seen.parsed.kind,
                baselined_at=row.baselined_at or (now if news.complete else None),
                last_new_at=now if fresh else row.last_new_at,
            )
        return replace(row, validators=seen.validators, hints=hints)

    def _report(self, feed: FeedRow, commit: PollCommit, seen: Seen) -> None:
        outcome: str = seen.reason or ("unchanged" if seen.parsed is None else "read")
        if seen.lead is not None and commit.feed.errors == feed.errors:
            outcome = "led"
        self._edges.meter.count("tocsin_polls_total", outcome=outcome)
        self._edges.meter.count("tocsin_entries_total", len(commit.intents))
        if outcome == "led":
            _log.info("feed_led", feed=feed.name, to=seen.lead.url if seen.lead else None)
        elif seen.reason is not None:
            _log.warning("feed_failed", feed=feed.name, reason=seen.reason, detail=seen.detail)
        elif commit.intents:
            first = feed.baselined_at is None
            self._learned += first
            _log.info("feed_read", feed=feed.name, entries=len(commit.intents), baseline=first)


def _hints(feed: FeedRow, seen: Seen, now: datetime) -> FeedHints:
    """Return what the publisher says now, with what it said before and did not take back."""
    headers = seen.answer.headers if seen.answer else {}
    if seen.parsed is not None:
        kept = seen.parsed.hints
    else:
        same = seen.answer is None or seen.answer.status == 304  # noqa: PLR2004
        kept = kept_hints(feed.hints, headers, same_answer=same)
    base = seen.answer.url if seen.answer else None
    return merge_hints(http_hints(headers, now, base), kept)


def _options(feed: FeedRow, rules: Rules) -> PollOptions:
    """Return the options of polls, as they are for this feed."""
    source = rules.sources.get(feed.id)
    if source is None or source.skip_hours is None:
        return rules.poll
    return replace(rules.poll, skip_hours=source.skip_hours)


def _commit(feed: FeedRow, row: FeedRow, now: datetime) -> PollCommit:
    delay = (row.next_poll_at - now).total_seconds() if row.next_poll_at else 0.0
    return PollCommit(feed=row, loaded_at=feed.last_poll_at, delay_s=max(0.0, delay))
