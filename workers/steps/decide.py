"""What a document brought: decided about, matched, and made ready to be stored."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime

from msgspec.structs import replace

from workers.feeds.again import recalled
from workers.feeds.marks import pack
from workers.feeds.news import Fresh, News
from workers.feeds.twins import twins
from workers.model.alert import TraceLine, TraceStage
from workers.model.base import Record
from workers.model.commit import DeadEntry, EntryIntent, Knowledge
from workers.model.feed import FeedRow, Listed, ParsedFeed
from workers.model.ids import entry_id
from workers.steps.documents import document_of_entry
from workers.steps.edges import Edges, Rules
from workers.steps.match import matching
from workers.steps.undecided import decide_apart, undecided
from workers.text.same_page import article_key

__all__ = ["Decided", "Forgotten", "decide_entries", "traced"]


MANY = 300
"""Entries that are decided about beside the event loop, if they are more: 2,000 take 0.1 s."""


class Forgotten(Exception):
    """What was left out of a reading is not known any more, or is listed under another name."""


class Decided(Record, frozen=True, kw_only=True):
    """What is to be stored of a document."""

    news: News
    intents: tuple[EntryIntent, ...]
    dead: tuple[DeadEntry, ...]
    """Entries that could not be decided about: the others go on."""
    trace: tuple[TraceLine, ...]
    marks: bytes = b""
    """Of what the document lists and is stored then, packed."""


async def decide_entries(edges: Edges, rules: Rules, feed: FeedRow, parsed: ParsedFeed) -> Decided:
    """Decide what of ``parsed`` is news, match it, and say what is to be stored.

    Raises:
        Forgotten: the document must be read whole, with what was skipped.
    """
    now = edges.clock.now()
    known = await _knowledge(edges, feed, parsed)
    whole = recalled(parsed, known)
    if whole is None:
        raise Forgotten
    told = (feed, whole, known, now, rules.alerts)
    many = len(whole.entries) > MANY
    news, dead = await asyncio.to_thread(decide_apart, *told) if many else decide_apart(*told)
    pairs = []
    for fresh in news.fresh:
        try:
            pairs.append(await _intent(edges, rules, feed, fresh, now, pushed=parsed.pushed))
        except Exception as error:  # noqa: BLE001 - one bad entry must not hide all others
            dead += (undecided(fresh, error),)
        await asyncio.sleep(0)  # noqa: TID251 - a turn for others: there may be 2,000 entries
    intents = tuple(intent for intent, _ in pairs)
    return Decided(
        news=news,
        intents=intents,
        dead=dead,
        trace=tuple(line for _, lines in pairs for line in lines),
        marks=_marks(
            feed, parsed, {*known.entries, *(one.entry.identity for one in intents)}, dead
        ),
    )


@contextmanager
def traced(
    edges: Edges, name: str, intents: Sequence[EntryIntent], began: datetime
) -> Iterator[tuple[EntryIntent, ...]]:
    """Begin a trace with each entry that asks for work, when its feed was asked or pushed."""
    with ExitStack() as spans:
        yield tuple(
            intent
            if intent.stream is None
            else replace(intent, traceparent=_begin(edges, name, spans, intent, began))
            for intent in intents
        )


def _begin(edges: Edges, name: str, spans: ExitStack, intent: EntryIntent, began: datetime) -> str:
    entry = intent.entry
    facts = {
        "tocsin.feed": entry.feed,
        "tocsin.entry": entry.id,
        "tocsin.stream": intent.stream or "",
    }
    span = spans.enter_context(edges.tracer.span(name, began=began, facts=facts))
    return span.traceparent


def _marks(
    feed: FeedRow, parsed: ParsedFeed, stored: set[str], dead: tuple[DeadEntry, ...]
) -> bytes:
    """Return the marks of what will be known as it is: not of what could not be decided about."""
    failed = {one.intent.entry.identity for one in dead}
    read = (
        (mark, entry_id(feed.id, entry.identity))
        for mark, entry in zip(parsed.marks, parsed.entries, strict=False)
        if entry.identity in stored and entry.identity not in failed
    )
    return pack(parsed.frame, (*parsed.skipped, *read))


async def _knowledge(edges: Edges, feed: FeedRow, parsed: ParsedFeed) -> Knowledge:
    """Return what is known of a document; twins and titles only of what is new to the database.

    Of a document that was read before, what is left is new: then all is asked for in one look.
    """
    identities = [entry.identity for entry in parsed.entries]
    ids = [id_ for _, id_ in parsed.skipped]
    new = list(parsed.entries) if ids else []
    known = await edges.store.load_knowledge(
        feed.id, identities, _names(new), [entry.title for entry in new], ids
    )
    before = {one.identity: one for one in known.skipped.values()}
    known = replace(known, entries=before | known.entries)
    new = [entry for entry in parsed.entries if entry.identity not in known.entries]
    if ids or known.blank or not new:
        return known
    names = await asyncio.to_thread(_names, new) if len(new) > MANY else _names(new)
    like = await edges.store.load_knowledge(feed.id, [], names, [entry.title for entry in new])
    return replace(like, entries=known.entries, skipped=known.skipped)


def _names(entries: Sequence[Listed]) -> list[str]:
    return [name for entry in entries for name in twins(entry.title, entry.url)]


async def _intent(  # noqa: PLR0913 - an entry, whose it is, and how it came
    edges: Edges, rules: Rules, feed: FeedRow, fresh: Fresh, now: datetime, *, pushed: bool
) -> tuple[EntryIntent, list[TraceLine]]:
    """An obvious hit is read first, and rings soon even if its page is not read by then."""
    entry = fresh.entry
    hits = []
    if fresh.reads:
        source = rules.sources.get(feed.id)
        hits = await matching(edges, rules, document_of_entry(entry, source, rules.cues))
    because = f"{fresh.because}, pushed by its hub" if pushed else fresh.because
    told = "edited" if fresh.edited else "read next" if fresh.reads else "stored only"
    lines = [_line("poll", told, f"{feed.name}: {because}", entry.id, now)]
    if hits:
        names = ", ".join(spec.name for spec, _ in hits)
        lines.append(_line("match", names, "title and the feed's own text", entry.id, now))
    intent = EntryIntent(
        entry=entry,
        key=article_key(entry.url, rules.tracking) if fresh.key and entry.url else fresh.key,
        stream=("pages:hot" if hits else "pages:warm") if fresh.reads else None,
        ring_after_s=rules.alerts.ring_after_s if hits else None,
        topics_version=rules.topics_version if fresh.reads else None,
    )
    return intent, lines


def _line(stage: TraceStage, decision: str, because: str, entry: str, now: datetime) -> TraceLine:
    return TraceLine(stage=stage, decision=decision, because=because[:500], entry=entry, at=now)
