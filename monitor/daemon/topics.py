"""Topics survive a typo: a bad one runs in its last accepted version, or is left out.

So does who is told: the sinks of a file that cannot be read at a start are unknown, but not gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import structlog

from monitor.daemon.lost import NOTHING_LOST, Lost
from workers.alerts import SinkRoute
from workers.model.topic import Problem, TopicSpec
from workers.topics import TopicSet, check_examples, compile_topics

__all__ = ["Accepted", "AcceptedTopics", "accept_topics"]

_log = structlog.get_logger()
Aliases = dict[str, tuple[str, ...]]


class AcceptedTopics(msgspec.Struct, frozen=True):
    """Topics and aliases as they were last accepted, and who was told of them."""

    topics: tuple[TopicSpec, ...] = ()
    aliases: Aliases = msgspec.field(default_factory=dict)
    routes: tuple[SinkRoute, ...] = ()


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
    routes: tuple[SinkRoute, ...] = ()
    """Who is told: also sinks of a file that cannot be read, whose deliveries wait for them."""


async def accept_topics(
    wanted: AcceptedTopics,
    languages: Sequence[str],
    keeps: Keeps,
    missing: Lost = NOTHING_LOST,
) -> Accepted:
    """Compile the topics; what cannot be compiled is taken from the last accepted version.

    So is what the files hold in a form in which it could not even be read (``missing``).
    """
    compiled = compile_topics(wanted.topics, wanted.aliases, languages)
    refused = (*compiled.problems, *missing.problems)
    if refused:
        wanted = await _with_last_accepted(wanted, refused, keeps, missing)
        compiled = compile_topics(wanted.topics, wanted.aliases, languages)
        for problem in refused:
            kept = problem.topic in compiled.specs
            _log.error("topic_refused", topic=problem.topic, why=problem.message, last=kept)
    for miss in check_examples(wanted.topics, compiled)[1]:
        _log.warning(
            "example_fails", topic=miss.topic, expected=miss.expected, example=miss.example
        )
    good = AcceptedTopics(
        topics=tuple(
            spec for spec in wanted.topics if spec.name in compiled.specs or not spec.enabled
        ),
        aliases=wanted.aliases,
        routes=wanted.routes,
    )
    number = await keeps.accept(msgspec.json.encode(good).decode())
    return Accepted(topics=compiled, number=number, refused=refused, routes=wanted.routes)


async def _with_last_accepted(
    wanted: AcceptedTopics, refused: Sequence[Problem], keeps: Keeps, missing: Lost
) -> AcceptedTopics:
    """Replace refused topics (and what is gone or bad) by what was accepted before."""
    kept = await keeps.accepted()
    last = msgspec.json.decode(kept[1], type=AcceptedTopics) if kept else AcceptedTopics()
    before = {spec.name: spec for spec in last.topics}
    bad = {problem.topic for problem in refused}
    chosen = [before.get(spec.name) if spec.name in bad else spec for spec in wanted.topics]
    here = {spec.name for spec in wanted.topics}
    chosen += [spec for spec in last.topics if spec.name not in here and missing.holds(spec)]
    good_aliases = {name: said for name, said in wanted.aliases.items() if f"@{name}" not in bad}
    sinks = {route.name for route in wanted.routes}
    left = [route for route in last.routes if route.name not in sinks] if missing.unread else []
    return AcceptedTopics(
        topics=tuple(spec for spec in chosen if spec is not None),
        aliases={**last.aliases, **good_aliases},
        routes=(*wanted.routes, *left),
    )
