"""What the archive says of topics: how much comes in, which words it holds, what feeds write."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.daemon.build import SqlStore
    from monitor.settings import Loaded
    from workers.model.archive import Extent
    from workers.model.feed import FeedSource
    from workers.topics import TopicSet
    from workers.topics.lint import Archive, Writes
    from workers.topics.tree import Phrase

__all__ = ["Looked", "ask_archive", "nothing_known", "script_hints"]

BACK = timedelta(days=7)
SAMPLE = 2_000
"""Newest articles that are looked at."""
LETTERS = 20_000
"""Of an article, in which words are counted."""
LEAST = timedelta(days=1)
"""An archive that is younger counts as so old: what feeds list at first is not of one hour."""


class Looked(NamedTuple):
    """What is known of the articles that come in."""

    archive: "Archive"
    writes: "list[Writes]"

    def basis(self) -> str:
        """Return on what findings rest, for people."""
        known = self.archive
        if known.per_day is None:
            return "no archive to look at"
        return f"{known.per_day:,.0f} articles a day, {known.seen:,} of them looked at"


def nothing_known() -> Looked:
    """Return what is known without an archive."""
    from workers.topics.lint import Archive

    return Looked(Archive(), [])


async def ask_archive(loaded: "Loaded", topics: "TopicSet", store: "SqlStore") -> Looked:
    """Look at the newest articles of a week: which words, which topics, which scripts.

    Raises:
        StoreDown: the database cannot be read.
    """
    from monitor.daemon.rules import rules_in_force
    from monitor.daemon.topics import Accepted, AcceptedTopics
    from monitor.registry import registry
    from workers.clock import SystemClock
    from workers.steps.archive import Span, look_through
    from workers.text.tokens import tokenize
    from workers.topics.lint import Archive, script_of

    now = SystemClock().now()
    span = Span(since=now - BACK, until=now)
    accepted = Accepted(topics=topics, number=0, refused=(), own=AcceptedTopics())
    rules = await rules_in_force(loaded, registry(loaded.settings), accepted, store, frozenset())
    extent = await store.archive_extent(span.since, span.until)
    words, hits, seen = Counter[str](), Counter[str](), 0
    scripts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    looked = look_through(store, rules, span, newest=True)
    async for one in looked:
        seen += 1
        text = f"{one.document.title}\n{one.document.body}"[:LETTERS]
        words.update({token.folded for token in tokenize(text)})
        hits.update(topics.names(one.document))
        for entry in one.one.entries:
            if script := script_of(entry.title):
                scripts[entry.feed_id, entry.feed][script] += 1
        if seen >= SAMPLE:
            break
    await looked.aclose()
    archive = Archive(per_day=_per_day(extent, span.since, now), seen=seen, words=words, hits=hits)
    return Looked(archive, _writes(scripts, rules.sources))


def _per_day(extent: "Extent", since: "datetime", now: "datetime") -> float | None:
    if extent.oldest is None or not extent.articles:
        return None
    age = max(now - max(extent.oldest, since), LEAST)
    return extent.articles * timedelta(days=1) / age


def _writes(
    scripts: Mapping[tuple[str, str], Counter[str]], sources: "Mapping[str, FeedSource]"
) -> "list[Writes]":
    from workers.topics.lint import Writes

    return [
        Writes(
            feed=name,
            tags=sources[feed_id].tags if feed_id in sources else (),
            scripts=dict(counted),
        )
        for (feed_id, name), counted in scripts.items()
    ]


def script_hints(
    aliases: Mapping[str, Sequence[str]],
) -> "Callable[[Sequence[Phrase], str], str | None]":
    """Return what finds an alias set that has a topic's word, and the script that it lacks.

    The sets of all packs are known to it, whether they are configured or not.
    """
    known: list[tuple[dict[tuple[str, ...], list[str]], dict[str, frozenset[str]]]] = []

    def hint(phrases: "Sequence[Phrase]", script: str) -> str | None:
        if not known:
            known.append(_sets(aliases))
        words, scripts = known[0]
        for phrase in phrases:
            for name in words.get(tuple(element.folded for element in phrase), ()):
                if script in scripts[name]:
                    return f"{name} has it in {script} script"
        return None

    return hint


def _sets(
    aliases: Mapping[str, Sequence[str]],
) -> tuple[dict[tuple[str, ...], list[str]], dict[str, frozenset[str]]]:
    """Return the alias sets by their spellings, and the scripts of each."""
    from monitor.settings.packs import pack_names, packed
    from workers.topics.aliases import read_aliases
    from workers.topics.lint import phrase_script

    words: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    scripts: dict[str, frozenset[str]] = {}
    sets = [("", dict(aliases))]
    sets += [
        (pack, {name: piece.data for name, piece in packed([pack]).items()})
        for pack in pack_names()
    ]
    for pack, given in sets:
        for alias, phrases in read_aliases(given).phrases.items():
            name = f"@{alias} of the alias pack {pack}" if pack else f"@{alias}"
            scripts[name] = frozenset(filter(None, map(phrase_script, phrases)))
            for phrase in phrases:
                words[tuple(element.folded for element in phrase)].append(name)
    return dict(words), scripts
