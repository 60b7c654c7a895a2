"""Topics survive a typo: a bad one runs in its last accepted version, or is left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import structlog

from monitor.daemon.lost import NOTHING_LOST, Lost
from workers.model.topic import Problem, TopicSpec
from workers.topics import TopicSet, compile_topics

__all__ = ["Accepted", "AcceptedTopics", "accept_topics"]

_log = structlog.get_logger()
Aliases = dict[str, tuple[str, ...]]


class AcceptedTopics(msgspec.Struct, frozen=True):
    """Topics and aliases as they were last accepted."""

    topics: tuple[TopicSpec, ...] = ()
    aliases: Aliases = msgspec.field(default_factory=dict)


class Keeps(Protocol):
    """What keeps accepted topics."""

    async def accepted(self) -> tuple[int, str] | None:
        """Return the newest number and what was accepted under it."""
        ...

    async def accept(self, content: str) -> int:
        """Keep ``content`` under the next number, if it is not the newest; return its number."""
        ...


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The topics in force, with their number, and what was wrong with those refused."""

    topics: TopicSet
    number: int
    refused: tuple[Problem, ...]


async def accept_topics(
    specs: Sequence[TopicSpec],
    aliases: Aliases,
    languages: Sequence[str],
    keeps: Keeps,
    missing: Lost = NOTHING_LOST,
) -> Accepted:
    """Compile ``specs``; what cannot be compiled is taken from the last accepted version.

    So are topics that the files hold in a form in which they could not even be read (``missing``).
    """
    compiled = compile_topics(specs, aliases, languages)
    refused = (*compiled.problems, *missing.problems)
    if refused:
        specs, aliases = await _with_last_accepted(specs, aliases, refused, keeps, missing)
        compiled = compile_topics(specs, aliases, languages)
        for problem in refused:
            kept = problem.topic in compiled.specs
            _log.error("topic_refused", topic=problem.topic, why=problem.message, last=kept)
    good = AcceptedTopics(
        topics=tuple(spec for spec in specs if spec.name in compiled.specs or not spec.enabled),
        aliases=aliases,
    )
    number = await keeps.accept(msgspec.json.encode(good).decode())
    return Accepted(topics=compiled, number=number, refused=refused)


async def _with_last_accepted(
    specs: Sequence[TopicSpec],
    aliases: Aliases,
    refused: Sequence[Problem],
    keeps: Keeps,
    missing: Lost,
) -> tuple[list[TopicSpec], Aliases]:
    """Replace refused topics (and aliases that are gone or bad) by what was accepted before."""
    kept = await keeps.accepted()
    last = msgspec.json.decode(kept[1], type=AcceptedTopics) if kept else AcceptedTopics()
    before = {spec.name: spec for spec in last.topics}
    bad = {problem.topic for problem in refused}
    chosen = [before.get(spec.name) if spec.name in bad else spec for spec in specs]
    here = {spec.name for spec in specs}
    chosen += [spec for spec in last.topics if spec.name not in here and missing.holds(spec)]
    good_aliases = {name: said for name, said in aliases.items() if f"@{name}" not in bad}
    return [spec for spec in chosen if spec is not None], {**last.aliases, **good_aliases}
