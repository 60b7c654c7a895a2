"""What topics that are new, or say something else than before, would have rung for of late.

Told at once, so that a topic that rings all day, or never, is noticed before the day is over. It
is counted beside all else: no article waits for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any

import msgspec
import structlog

from monitor.daemon.state import State
from monitor.daemon.topics import AcceptedTopics
from workers.clock import Clock
from workers.errors import StoreDown
from workers.model.topic import Document
from workers.steps.archive import Archive
from workers.steps.edges import Rules
from workers.steps.lookback import LookedBack, Naming, look_back
from workers.steps.match import naming
from workers.topics.renewed import renewed

__all__ = [
    "BACKTEST",
    "Aside",
    "Hindsight",
    "TopicHits",
    "WouldHaveRung",
    "count_renewed",
    "in_words",
    "matching_aside",
    "some_of",
]

TOLD = 20
"""Topics that are named."""
SHARE = 2.0
"""After each article the loop is left to others for so many times what it took."""
AGAIN_S, LONGEST_S = 2.0, 60.0
"""What failed because the database was away is tried again so soon, then less and less often,"""
GIVES_UP_S = 3600.0
"""for so long."""
BACKTEST = "`tocsin topics backtest`"
_log = structlog.get_logger()


class TopicHits(msgspec.Struct, frozen=True, kw_only=True):
    """A topic, and of how many articles it is true."""

    topic: str
    hits: int


class WouldHaveRung(msgspec.Struct, frozen=True, kw_only=True):
    """What new and changed topics would have rung for in the last 24 hours."""

    pending: bool = False
    """It is still being counted, and the log will tell."""
    articles: int = 0
    """How many were looked at."""
    whole: bool = True
    """Whether those are all of the last 24 hours; else they are the newest."""
    topics: tuple[TopicHits, ...] = ()
    """Those with most hits first, some without any among them."""
    more: int = 0
    """Topics that are not named, because they are too many."""


async def count_renewed(
    store: Archive, rules: Rules, before: AcceptedTopics | None, naming_: Naming, clock: Clock
) -> WouldHaveRung | None:
    """Count for the topics of ``rules`` that were not among those ``before``; None if none are.

    Raises:
        StoreDown: the database cannot be read.
    """
    old, topics = before or AcceptedTopics(), rules.topics
    new = await asyncio.to_thread(
        renewed, old.topics, old.aliases, topics.specs.values(), topics.aliases
    )
    if not new:
        return None
    found = await look_back(store, rules, naming_, clock.now())
    return _told(new, found)


def _told(new: Collection[str], found: LookedBack) -> WouldHaveRung:
    ranked = sorted(new, key=lambda name: -found.hits.get(name, 0))
    return WouldHaveRung(
        articles=found.articles,
        whole=found.whole,
        topics=tuple(
            TopicHits(topic=name, hits=found.hits.get(name, 0)) for name in ranked[:TOLD]
        ),
        more=max(0, len(ranked) - TOLD),
    )


def in_words(told: WouldHaveRung) -> str:
    """Return it in one line."""
    if told.pending:
        return (
            "what new topics would have rung for in the last 24 h takes longer to count: the log "
            "will tell (would_have_rung)"
        )
    if not told.articles:
        return f"there are no articles of the last 24 h for new topics to ring for ({BACKTEST})"
    newest = "" if told.whole else "newest "
    named = some_of(((one.topic, one.hits) for one in told.topics), told.more, _times)
    return (
        f"{named} of the {told.articles} {newest}articles of the last 24 h, not rung ({BACKTEST})"
    )


def _times(number: int) -> str:
    return f"would have rung for {number or 'none'}"


def some_of(counts: Iterable[tuple[str, int]], more: int, words: Callable[[int], str]) -> str:
    """Return topics with what is said of each one's number, and how many are not named."""
    named = ", ".join(f"'{name}' {words(number)}" for name, number in counts)
    return f"{named} and {more} more topics" if more else named


def matching_aside(state: State, rules: Rules) -> Naming:
    """Return what matches a document with ``rules``, and then leaves the loop to others."""
    clock = state.clock

    async def names(document: Document) -> Collection[str]:
        began = clock.monotonic()
        found = await naming(state.parts.edges, rules, document)
        await clock.sleep(SHARE * (clock.monotonic() - began))
        return found

    return names


class Aside:
    """One piece of work at a time that nothing waits for.

    While the database is away it is tried again, for an hour at most.
    """

    def __init__(self, name: str, clock: Clock, ended: Callable[[], None] = lambda: None) -> None:
        self._name = name
        self._clock = clock
        self._ended = ended
        """Called when it has come to an end, if only to a bad one; not when it is given up."""
        self._task: asyncio.Task[Any] | None = None

    @property
    def under_way(self) -> bool:
        """Say whether it has not come to its end."""
        return self._task is not None and not self._task.done()

    def begin(self, work: Callable[[], Awaitable[None]]) -> None:
        """Begin anew; what is under way is given up."""
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._guarded(work), name=self._name)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await self._tried(work)
        except StoreDown as error:
            _log.warning("not_looked_back", what=self._name, error=str(error))
        except Exception as error:  # noqa: BLE001 - it is told, and nothing hangs on it
            _log.error("not_looked_back", what=self._name, exc_info=error)
        self._ended()

    async def _tried(self, work: Callable[[], Awaitable[None]]) -> None:
        pause_s, end = AGAIN_S, self._clock.monotonic() + GIVES_UP_S
        while True:
            try:
                await work()
            except StoreDown as error:
                if self._clock.monotonic() >= end:
                    raise
                _log.info("looks_back_later", what=self._name, error=str(error))
            else:
                return
            await self._clock.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_S)

    async def wait(self, within_s: float) -> None:
        """Wait until it has ended, for so many seconds at most."""
        if self._task is not None:
            await asyncio.wait((self._task,), timeout=within_s)

    async def end(self) -> None:
        """Give it up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


class Hindsight:
    """Looks back for topics as they are taken over, and tells the log."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._aside = Aside("hindsight", state.clock, self._let_go)
        self._before: AcceptedTopics | None = None
        """What had been in force, while it is compared with that; None if nothing had."""
        self._told: WouldHaveRung | None = None

    def begin(self, before: AcceptedTopics | None) -> None:
        """Look back for what is in force now, and was not ``before``.

        What comes while it looks makes it begin anew, with what is new since it was done last.
        """
        if not self._aside.under_way:
            self._before = before
        self._told = None
        self._aside.begin(self._look)

    async def _look(self) -> None:
        state, rules = self._state, self._state.rules
        self._told = told = await count_renewed(
            state.parts.store, rules, self._before, matching_aside(state, rules), state.clock
        )
        if told is not None and told.articles:
            hits = {one.topic: one.hits for one in told.topics}
            _log.info("would_have_rung", text=in_words(told), topics=hits, more=told.more)

    def _let_go(self) -> None:
        self._before = None  # with many topics it is large

    async def answer(self, within_s: float) -> Mapping[str, Any] | None:
        """Return what was found for what was taken over last; None if no topic of it is new."""
        await self._aside.wait(within_s)
        told = WouldHaveRung(pending=True) if self._aside.under_way else self._told
        return None if told is None else msgspec.to_builtins(told)

    async def end(self) -> None:
        """Stop looking."""
        await self._aside.end()
