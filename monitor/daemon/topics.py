"""Topics survive a typo: a bad one runs in its last accepted version, or is left out.

So does who is told: the sinks of a file that cannot be read at a start are unknown, but not gone.

What is accepted lies in SQL under a number, and all processes run by the newest. Whose files make
the newest number is the operator's word: a reload that was asked for takes over all of them, a
change that was only seen takes over what changed, a start takes over nothing where SQL says
something else. So two machines whose files differ do not fight.
"""

import asyncio
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import msgspec
import structlog
from msgspec.structs import replace

from monitor import shipped
from monitor.daemon.lost import NOTHING_LOST, Lost
from workers.alerts import SinkRoute
from workers.errors import TocsinError
from workers.model.topic import Problem, TopicSpec
from workers.topics import TopicSet, check_examples, compile_topics

__all__ = [
    "Accepted",
    "AcceptedTopics",
    "Keeps",
    "Wanted",
    "accept",
    "follow",
    "in_force",
    "start",
]

TRIES = 10
"""Whoever is overtaken so often by other processes' topics gives up."""
_log = structlog.get_logger()
T = TypeVar("T")
Aliases = dict[str, tuple[str, ...]]


class AcceptedTopics(msgspec.Struct, frozen=True):
    """Topics and aliases as they were last accepted, and who was told of them."""

    topics: tuple[TopicSpec, ...] = ()
    aliases: Aliases = msgspec.field(default_factory=dict)
    routes: tuple[SinkRoute, ...] = ()

    def says(self) -> object:
        """Return what it means for matching: not in which files or in which order it stands."""
        return {spec.name: replace(spec, file="") for spec in self.topics}, self.aliases


class Keeps(Protocol):
    """What keeps accepted topics."""

    async def accepted(self) -> tuple[int, str] | None:
        """Return the newest number and what was accepted under it."""
        ...

    async def accept(self, content: str, after: int | None = None) -> int | None:
        """Keep ``content`` under the next number, if it is not the newest; return its number.

        None if the newest is not ``after``.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the files of this process say."""

    topics: AcceptedTopics
    languages: Sequence[str]
    present: TopicSet | None = None
    """The topics in force: what did not change is not compiled again."""
    missing: Lost = NOTHING_LOST
    """What the files hold in a form in which it could not even be read."""


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The topics in force, with their number, and what was wrong with those refused."""

    topics: TopicSet
    number: int
    refused: tuple[Problem, ...]
    own: AcceptedTopics
    """What the files of this process say, as far as it is good."""
    differs: bool = False
    """Whether something else than that is in force."""
    routes: tuple[SinkRoute, ...] = ()
    """Who is told: also sinks of a file that cannot be read, whose deliveries wait for them."""
    before: AcceptedTopics | None = None
    """What had been accepted last when these were looked at, None if nothing (legible) had."""


async def accept(wanted: Wanted, keeps: Keeps, before: AcceptedTopics | None = None) -> Accepted:
    """Make the topics of the files the newest; what cannot be compiled stays as last accepted.

    With ``before``, what the files said until now, only what they changed since is taken over.

    Raises:
        TocsinError: other processes accept other topics all the time.
    """
    for _ in range(TRIES):
        number, newest = await _newest(keeps)
        own, refused = await _own(wanted, newest or before)
        new = own if before is None else _changed(before, own, newest or before)
        compiled = await _compiled(new, wanted)
        good = _good(new, compiled)
        if newest and good.says() == newest.says() and good.routes == newest.routes:
            kept: int | None = number
        else:
            content = msgspec.json.encode(good).decode()
            kept = await keeps.accept(content, after=number)
        if kept is not None:
            await _warn(refused, compiled, own)
            return Accepted(
                topics=compiled,
                number=kept,
                refused=refused,
                own=own,
                differs=good.says() != own.says(),
                routes=own.routes,
                before=newest,
            )
    raise TocsinError("topics not accepted: other processes accept others all the time")


async def start(wanted: Wanted, keeps: Keeps) -> Accepted:
    """Return what a process that starts runs by: what SQL says, or its own files if it says none.

    Who is told is always as the files of this process say.
    """
    number, newest = await _newest(keeps)
    if not number:
        return await accept(wanted, keeps)
    own, refused = await _own(wanted, newest)
    if newest and own.says() == newest.says():
        return await accept(wanted, keeps)
    compiled = await _compiled(newest or own, wanted)
    await _warn(refused, compiled, own)
    _log.warning(
        "topics_differ",
        number=number,
        why="the database's topics are other than those of the files, and are followed",
        hint="`tocsin topics publish` makes those of the files the newest",
    )
    return Accepted(
        topics=compiled,
        number=number,
        refused=refused,
        own=own,
        differs=True,
        routes=own.routes,
        before=newest,
    )


async def in_force(wanted: Wanted, keeps: Keeps, *, files: bool) -> Accepted:
    """Return what a process that started now would run by, changing nothing.

    Args:
        wanted: What the files of this process say.
        keeps: What was accepted.
        files: Whether the files win (who has a database to itself goes by them), or what was
            accepted last.
    """
    number, newest = await _newest(keeps)
    compiled = await _compiled(wanted.topics, wanted)
    known = dataclasses.replace(wanted, present=compiled)
    own, refused = await _own(known, newest)
    said = own if files or newest is None else newest
    return Accepted(
        topics=await _compiled(said, known),
        number=number,
        refused=refused,
        own=own,
        differs=newest is None or newest.says() != said.says(),
        routes=own.routes,
        before=newest,
    )


async def follow(present: Accepted, wanted: Wanted, keeps: Keeps) -> Accepted:
    """Return the newest that was accepted, if that is not what is in force at ``present``."""
    number, newest = await _newest(keeps)
    if number == present.number:
        return present
    if newest is None:  # it is looked at once, and the topics in force stay
        return dataclasses.replace(present, number=number, differs=True)
    differs = newest.says() != present.own.says()
    compiled = await _compiled(newest, wanted)
    _log.info("topics_followed", number=number, topics=len(compiled.specs), files_differ=differs)
    return Accepted(
        topics=compiled,
        number=number,
        refused=present.refused,
        own=present.own,
        differs=differs,
        routes=present.routes,
        before=newest,
    )


async def _newest(keeps: Keeps) -> tuple[int, AcceptedTopics | None]:
    """Return the newest number (0: none) and topics (None: none, or none that can be read)."""
    kept = await keeps.accepted()
    if kept is None:
        return 0, None
    try:
        return kept[0], msgspec.json.decode(kept[1], type=AcceptedTopics)
    except (msgspec.DecodeError, UnicodeError) as error:
        _log.error(
            "accepted_topics_unreadable",
            number=kept[0],
            error=str(error),
            hint="`tocsin topics publish` writes them anew",
        )
        return kept[0], None


async def _own(
    wanted: Wanted, last: AcceptedTopics | None
) -> tuple[AcceptedTopics, tuple[Problem, ...]]:
    """Return what the files say, what is bad of it replaced by what was accepted before."""
    compiled = await _compiled(wanted.topics, wanted)
    refused = (*compiled.problems, *wanted.missing.problems)
    if not refused:
        return _good(wanted.topics, compiled), ()
    mended = _with_last_accepted(wanted, refused, last or AcceptedTopics())
    return _good(mended, await _compiled(mended, wanted)), refused


async def _compiled(topics: AcceptedTopics, wanted: Wanted) -> TopicSet:
    """Compile, off the event loop: hundreds of topics take a while."""
    return await asyncio.to_thread(
        compile_topics,
        topics.topics,
        topics.aliases,
        wanted.languages,
        shipped.common_words(),
        wanted.present,
    )


def _good(topics: AcceptedTopics, compiled: TopicSet) -> AcceptedTopics:
    good = (spec for spec in topics.topics if spec.name in compiled.specs or not spec.enabled)
    return replace(topics, topics=tuple(good))


async def _warn(refused: Iterable[Problem], compiled: TopicSet, own: AcceptedTopics) -> None:
    """Tell what was refused, and which examples fail; these run off the event loop."""
    for problem in refused:
        kept = problem.topic in compiled.specs
        _log.error("topic_refused", topic=problem.topic, why=problem.message, last=kept)
    _, failed = await asyncio.to_thread(check_examples, own.topics, compiled)
    for miss in failed:
        _log.warning(
            "example_fails", topic=miss.topic, expected=miss.expected, example=miss.example
        )


def _changed(
    before: AcceptedTopics, after: AcceptedTopics, newest: AcceptedTopics
) -> AcceptedTopics:
    """Return the newest, with what was added, changed and removed from ``before`` to ``after``."""
    topics = _merged(_named(before), _named(after), _named(newest))
    return AcceptedTopics(
        topics=tuple(topics.values()),
        aliases=_merged(before.aliases, after.aliases, newest.aliases),
        routes=after.routes,
    )


def _named(topics: AcceptedTopics) -> dict[str, TopicSpec]:
    return {spec.name: spec for spec in topics.topics}


def _merged(
    before: Mapping[str, T], after: Mapping[str, T], into: Mapping[str, T]
) -> dict[str, T]:
    kept = {name: item for name, item in into.items() if name in after or name not in before}
    new = {name: item for name, item in after.items() if before.get(name) != item}
    return {**kept, **new}


def _with_last_accepted(
    wanted: Wanted, refused: Sequence[Problem], last: AcceptedTopics
) -> AcceptedTopics:
    """Replace refused topics (and what is gone or bad) by what was accepted before."""
    missing, topics = wanted.missing, wanted.topics
    before = _named(last)
    bad = {problem.topic for problem in refused}
    chosen = [before.get(spec.name) if spec.name in bad else spec for spec in topics.topics]
    here = {spec.name for spec in topics.topics}
    chosen += [spec for spec in last.topics if spec.name not in here and missing.holds(spec)]
    good_aliases = {name: said for name, said in topics.aliases.items() if f"@{name}" not in bad}
    sinks = {route.name for route in topics.routes}
    left = [route for route in last.routes if route.name not in sinks] if missing.unread else []
    return AcceptedTopics(
        topics=tuple(spec for spec in chosen if spec is not None),
        aliases={**last.aliases, **good_aliases},
        routes=(*topics.routes, *left),
    )
