"""A topic that ``tocsin why`` is asked about: as written, as accepted, and tried on an article."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from monitor.cli.common import FOUND, fail
from monitor.journey import Step
from monitor.journey.topic import Asked
from workers.model.base import Record
from workers.model.topic import TopicTry

if TYPE_CHECKING:
    from monitor.daemon.build import SqlStore
    from monitor.daemon.topics import AcceptedTopics
    from monitor.settings import Loaded, Settings
    from workers.model.article import Extracted
    from workers.model.journey import Journey
    from workers.model.topic import Document, TopicSpec

__all__ = ["Standing", "standing_of", "tried"]

MOST_COMPARED = 20_000
"""Names that are compared with one that no topic has."""
LONGEST = 200
"""Characters of a name that is no topic's and is repeated."""
_ALIAS = re.compile(r"@(\w+)")
Aliases = Mapping[str, Sequence[str]]


class Standing(Record, frozen=True, kw_only=True):
    """A topic, wherever it is written."""

    name: str
    written: "TopicSpec | None"
    in_force: "TopicSpec | None"
    number: int | None
    aliases: Aliases
    """Of the version that is tried."""
    refused: str

    @property
    def untried(self) -> bool:
        """Whether no text of it can be tried: what is written is refused, and nothing accepted."""
        return self.in_force is None and bool(self.refused)

    def left_out(self, facts: "Journey") -> Step:
        """Return the step that says so of a topic that cannot be tried."""
        where = f" in {self.written.file}" if self.written and self.written.file else ""
        because = f"its text{where} is refused: {self.refused}; none was accepted before"
        return Step(
            at=facts.now, stage="match", decision=f"{self.name}: left out", because=because
        )


async def standing_of(store: "SqlStore", loaded: "Loaded", name: str) -> Standing:
    """Return how the topic of this name stands; exit 1 with the nearest names if there is none."""
    from monitor.daemon.lost import lost
    from monitor.settings import topic_spec

    settings = loaded.settings
    number, accepted = await _accepted(store)
    written = {topic.name: topic for topic in settings.topics}
    in_force = {spec.name: spec for spec in accepted.topics} if accepted else {}
    unread = lost(loaded)
    if name not in written and name not in in_force and name not in unread.topics:
        _unknown(name, [*written, *in_force])
    setting = written.get(name)
    spec = topic_spec(setting) if setting is not None else None
    refused = next((one.message for one in unread.problems if one.topic == name), "")
    if spec is not None and spec.enabled:
        refused = refused or _refused(spec, settings)
    found = in_force.get(name)
    if found is None and spec is None:
        refused = refused or "it cannot be read"
    aliases = accepted.aliases if accepted is not None and found is not None else settings.aliases
    return Standing(
        name=name,
        written=spec,
        in_force=found,
        number=number,
        aliases=aliases,
        refused=refused,
    )


async def _accepted(store: "SqlStore") -> "tuple[int | None, AcceptedTopics | None]":
    """Return number and topics of what was accepted last; None for what is not, or unreadable."""
    kept = await store.accepted()
    return (None, None) if kept is None else (kept[0], _decoded(kept[1]))


def _decoded(content: str | None) -> "AcceptedTopics | None":
    import msgspec

    from monitor.daemon.topics import AcceptedTopics

    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=AcceptedTopics)
    except (msgspec.DecodeError, UnicodeError):
        return None


def _refused(spec: "TopicSpec", settings: "Settings") -> str:
    """Return why the topic's text cannot be compiled, "" if it can."""
    from monitor import shipped
    from workers.topics import compile_topics

    compiled = compile_topics(
        [spec], settings.aliases, settings.matching.languages, shipped.common_words()
    )
    return next((one.message for one in compiled.problems if one.topic == spec.name), "")


def _unknown(name: str, names: Sequence[str]) -> None:
    known = {one.casefold(): one for one in reversed(names)}
    some = list(known)[:MOST_COMPARED]
    near = [known[one] for one in get_close_matches(name.casefold()[:LONGEST], some, 3, 0.5)]
    hint = f"is it {' or '.join(map(repr, near))}?" if near else f"there are {len(known)}"
    fail(f"no such topic: {name[:LONGEST]} ({hint})", FOUND)


async def tried(store: "SqlStore", loaded: "Loaded", facts: "Journey", topic: Standing) -> Asked:
    """Try the topic on what is stored of the article; exit 1 if its query cannot be tried."""
    from workers.topics import QueryError, try_query

    spec = topic.in_force or topic.written
    assert spec is not None, "found above, or ended"  # noqa: S101
    read, document = _document(loaded.settings, facts)
    languages = loaded.settings.matching.languages
    try:
        outcome = try_query(spec.query, topic.aliases, languages, document)
        doubted = outcome.matched and _doubted(read, document)
        sure = (
            try_query(spec.query, topic.aliases, languages, doubted).matched if doubted else True
        )
    except QueryError as error:
        fail(f"topic cannot be tried: {topic.name}: {error}", FOUND)
    limited = spec.feeds is not None and not (
        {name.casefold() for name in spec.feeds} & {name.casefold() for name in document.feeds}
    )
    before, known, differ = await _before(store, facts, topic)
    mute = next((one for one in await store.mutes() if one.topic == topic.name), None)
    return Asked(
        name=topic.name,
        written=topic.written,
        in_force=topic.in_force,
        number=topic.number,
        refused=topic.refused,
        mute=mute,
        before=before,
        before_known=known,
        aliases_differ=differ,
        outcome=_limited(spec, outcome) if limited else outcome,
        elsewhere_fed=limited,
        fed_by=tuple(name for name in document.feeds if not name.startswith("tag:")),
        doubted=not sure,
    )


def _limited(spec: "TopicSpec", outcome: TopicTry) -> TopicTry:
    """Return the outcome of a topic that does not listen to the article's feeds."""
    from msgspec.structs import replace

    from workers.model.topic import Clause

    failed = Clause(op="feeds", query=f"feeds = {list(spec.feeds or ())}", span=(0, 0))
    return replace(outcome, matched=False, failed=failed, because="it listens to these alone")


def _document(settings: "Settings", facts: "Journey") -> "tuple[Extracted, Document]":
    """Return what is searched of the article as it is stored."""
    from monitor import shipped
    from monitor.registry import registry
    from workers.pages import settle
    from workers.steps.again import as_stored
    from workers.steps.documents import document_of_page

    read = settle(as_stored(facts.article), facts.entries, "", shipped.cues())
    by_name = {feed.name: feed for feed in registry(settings).feeds}
    sources = {
        entry.feed_id: by_name[entry.feed] for entry in facts.entries if entry.feed in by_name
    }
    return read, document_of_page(read, facts.entries, sources)


def _doubted(read: "Extracted", document: "Document") -> "Document | None":
    """Return the document without the lines that are doubted, None if there are none."""
    from msgspec.structs import replace

    lines = document.body.splitlines()
    firm = [line for line in lines if line not in read.doubted]
    return replace(document, body="\n".join(firm)) if len(firm) < len(lines) else None


async def _before(
    store: "SqlStore", facts: "Journey", topic: Standing
) -> "tuple[TopicSpec | None, bool, bool]":
    """Return the topic as the article was matched with it, and whether that is known.

    Also whether one of its alias sets was another.
    """
    number = facts.article.topics_version
    if number is None or number == topic.number or topic.in_force is None:
        return topic.in_force, True, False
    accepted = _decoded(await store.accepted_as(number))
    if accepted is None:
        return None, False, False
    before = next((spec for spec in accepted.topics if spec.name == topic.name), None)
    if before is None:
        return None, True, False
    was = _used(before.query, accepted.aliases)
    return before, True, was != _used(topic.in_force.query, topic.aliases)


def _used(query: str, aliases: Aliases) -> dict[str, tuple[str, ...]]:
    """Return the alias sets that a query names, and those that they name."""
    found: dict[str, tuple[str, ...]] = {}
    rest: list[str] = _ALIAS.findall(query)
    while rest:
        name = rest.pop()
        if name in aliases and name not in found:
            found[name] = tuple(aliases[name])
            rest += _named(aliases[name])
    return found


def _named(entries: Iterable[str]) -> list[str]:
    return [name for entry in entries for name in _ALIAS.findall(entry)]
