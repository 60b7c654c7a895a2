"""SUBSCRIBE: ask hubs for pushes, ask them again in time, and ask no more where nobody listens.

A poll learns which hub and topic its publisher names and writes what is wanted; whichever process
looks first claims the row and asks. The hub's own questions are answered in `workers.steps.push`.
"""

import asyncio

import structlog
from msgspec.structs import replace

from workers.errors import Permanent, StoreDown, Transient
from workers.feeds.websub import again_s, differs, form_of, missed, paced, wanted_of
from workers.model.commit import PollCommit
from workers.model.feed import FeedRow
from workers.model.net import Posted
from workers.model.websub import Subscription
from workers.steps.edges import Edges, Rules, RulesNow
from workers.steps.hosts import leave, take_turn
from workers.steps.ports import Poster
from workers.text.urls import show

__all__ = ["Subscribe", "beside_pushes", "wish"]

MOST = 20
"""Subscriptions asked for at a look; the next look takes those behind them."""
DAY_S = 86_400.0
_log = structlog.get_logger()


class Subscribe:
    """Speaks to hubs about what is due."""

    def __init__(self, edges: Edges, rules: RulesNow, poster: Poster) -> None:
        self._edges = edges
        self._rules = rules
        self._poster = poster

    async def __call__(self) -> None:
        """Ask the hubs of all subscriptions that are due; what cannot be stored waits."""
        if self._rules().push_base is None:
            return
        try:
            due = await self._edges.store.due_subscriptions(MOST)
            await asyncio.gather(*(self._one(id_) for id_ in due))
        except (StoreDown, Transient) as error:
            _log.debug("hubs_not_asked", error=str(error))

    async def _one(self, id_: str) -> None:
        one = await self._edges.store.claim_subscription(id_)
        if one is None:
            return
        net = self._rules().net
        wait = await take_turn(self._edges, one.hub, net)
        if wait > 0:
            told = replace(one, tries=one.tries - 1)  # the hub has not been asked
            await self._edges.store.subscription_told(told, wait, one.said)
            return
        rest = 0.0
        try:
            posted = await self._poster.post(form_of(one))
            rest = (posted.retry_after or 60.0) if posted.status in {429, 503} else 0.0
            await self._heard(one, posted)
        except Transient as error:
            self._note(one, "failed", str(error))
            await self._edges.store.subscription_told(one)
        except Permanent as error:
            self._note(one, "refused", str(error))
            await self._edges.store.subscription_told(one, DAY_S, str(error)[:300])
        finally:
            await leave(self._edges, one.hub, net, rest)

    async def _heard(self, one: Subscription, posted: Posted) -> None:
        store, status = self._edges.store, posted.status
        if 200 <= status < 300:  # noqa: PLR2004
            self._note(one, "accepted", "")
            await store.subscription_told(one)
        elif status in {408, 429} or status >= 500:  # noqa: PLR2004
            self._note(one, "failed", f"HTTP {status}")
            delay = max(again_s(one.tries), min(posted.retry_after or 0.0, DAY_S))
            await store.subscription_told(one, delay)
        else:
            said = f"HTTP {status}: {posted.said}".rstrip(": ")
            self._note(one, "refused", said)
            await store.subscription_told(one, DAY_S, said)

    def _note(self, one: Subscription, outcome: str, detail: str) -> None:
        mode = "unsubscribe" if one.state == "leaving" else "subscribe"
        self._edges.meter.count("tocsin_websub_requests_total", mode=mode, outcome=outcome)
        tell = _log.info if outcome == "accepted" else _log.warning
        tell(f"hub_{outcome}", mode=mode, hub=show(one.hub), feed=one.feed_id, detail=detail)


async def beside_pushes(
    edges: Edges, rules: Rules, feed: FeedRow, commit: PollCommit
) -> tuple[PollCommit, Subscription | None]:
    """Return what a good poll decided, hourly while the feed is pushed, and its subscription."""
    row = commit.feed
    if rules.push_base is None or not (row.hints.hub or feed.hints.hub):
        return commit, None
    one = await edges.store.subscription_of(feed.id)
    if one is None:
        return commit, None
    now = edges.clock.now()
    if missed(one, feed, commit.intents, now):
        if one.missed_at is None:
            edges.meter.count("tocsin_websub_missed_total")
            _log.warning("push_missed", feed=feed.name, hub=show(one.hub))
            await edges.store.note_missed(one.id)
        one = replace(one, missed_at=one.missed_at or now)
    row = paced(row, one, now, rules.poll, jitter=edges.dice.random())
    delay = (row.next_poll_at - now).total_seconds() if row.next_poll_at else commit.delay_s
    return replace(commit, feed=row, delay_s=max(0.0, delay)), one


async def wish(edges: Edges, rules: Rules, row: FeedRow, present: Subscription | None) -> None:
    """After a good poll: let the feed's subscription be what its publisher names now."""
    if rules.push_base is None:
        return
    wanted = wanted_of(row, rules.sources.get(row.id))
    if differs(present, wanted, rules.push_base):
        one = await edges.store.want_subscription(row.id, wanted, rules.push_base)
        if one is None or present is None or one.id != present.id:
            told = show(one.hub) if one is not None else None
            _log.info("hub_named", feed=row.name, hub=told)
