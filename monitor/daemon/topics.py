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
    "goes_on",
    "in_force",
    "said_by",
    "start",
]

TRIES = 10
"""Whoever is overtaken so often by other processes' topics gives up."""
_log = structlog.get_logger()
T = TypeVar("T")
Aliases = dict[str, tuple[str, ...]]


class AcceptedTopics(msgspec.Struct, frozen=True, weakref=True):
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
    """What had been in force, or accepted last, until then; None if nothing (legible) had.

    Whoever runs by the topics lets it go: with many topics it is as large as they are.
    """


async def accept(wanted: Wanted, keeps: Keeps, before: AcceptedTopics | None = None) -> Accepted:
    """Make the topics of the files the newest; what cannot be compiled stays as last accepted.

    With ``before``, what the files said until now, only what they changed since is taken over.

    Raises:
        TocsinError: other processes accept other topics all the time.
    """
    for _ in range(TRIES):
        number, newest = await _newest(keeps)
        ready = await asyncio.to_thread(_ready, wanted, newest, before)
        kept: int | None = number
        if ready.content is not None:
            kept = await keeps.accept(ready.content, after=number)
        if kept is not None:
            await _warn(ready.refused, ready.compiled, ready.own)
            return Accepted(
                topics=ready.compiled,
                number=kept,
                refused=ready.refused,
                own=ready.own,
                differs=ready.differs,
                routes=ready.own.routes,
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
    own = await asyncio.to_thread(_own, wanted, newest)
    if newest is not None and await asyncio.to_thread(_same, own.topics, newest):
        return await accept(wanted, keeps)
    compiled = own.compiled
    if newest is not None:
        mine = dataclasses.replace(wanted, present=own.compiled)
        compiled = await asyncio.to_thread(_compiled, newest, mine)
    await _warn(own.refused, compiled, own.topics)
    _log.warning(
        "topics_differ",
        number=number,
        why="the database's topics are other than those of the files, and are followed",
        hint="`tocsin topics publish` makes those of the files the newest",
    )
    return Accepted(
        topics=compiled,
        number=number,
        refused=own.refused,
        own=own.topics,
        differs=True,
        routes=own.topics.routes,
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
    own = await asyncio.to_thread(_own, wanted, newest)
    said, compiled = own.topics, own.compiled
    if not files and newest is not None:
        said = newest
        mine = dataclasses.replace(wanted, present=own.compiled)
        compiled = await asyncio.to_thread(_compiled, newest, mine)
    return Accepted(
        topics=compiled,
        number=number,
        refused=own.refused,
        own=own.topics,
        differs=newest is None or not await asyncio.to_thread(_same, newest, said),
        routes=own.topics.routes,
        before=newest,
    )


async def follow(present: Accepted, wanted: Wanted, keeps: Keeps) -> Accepted:
    """Return the newest that was accepted, if that is not what is in force at ``present``."""
    number, newest = await _newest(keeps)
    if number == present.number:
        return present
    if newest is None:  # it is looked at once, and the topics in force stay
        stays = said_by(present.topics)
        return dataclasses.replace(present, number=number, differs=True, before=stays)
    differs = not await asyncio.to_thread(_same, newest, present.own)
    compiled = await asyncio.to_thread(_compiled, newest, wanted)
    _log.info("topics_followed", number=number, topics=len(compiled.specs), files_differ=differs)
    return Accepted(
        topics=compiled,
        number=number,
        refused=present.refused,
        own=present.own,
        differs=differs,
        routes=present.routes,
        before=said_by(present.topics),
    )


def goes_on(problem: Problem, topics: TopicSet) -> bool:
    """Say whether a topic, alias set or file that was refused goes on as it was accepted last."""
    name = problem.topic
    if name.startswith("@"):
        return name[1:] in topics.aliases
    return problem.of_file or name in topics.specs


def said_by(topics: TopicSet) -> AcceptedTopics:
    """Return what topics in force say."""
    return AcceptedTopics(
        topics=tuple(topics.specs.values()),
        aliases={name: tuple(said) for name, said in topics.aliases.items()},
    )


async def _newest(keeps: Keeps) -> tuple[int, AcceptedTopics | None]:
    """Return the newest number (0: none) and topics (None: none, or none that can be read)."""
    kept = await keeps.accepted()
    if kept is None:
        return 0, None
    number, content = kept
    try:
        read = await asyncio.to_thread(msgspec.json.decode, content, type=AcceptedTopics)
    except (msgspec.DecodeError, UnicodeError) as error:
        _log.error(
            "accepted_topics_unreadable",
            number=number,
            error=str(error),
            hint="`tocsin topics publish` writes them anew",
        )
        return number, None
    return number, read


# What looks at every topic, and so runs beside the event loop: there may be a hundred thousand.


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """What is to be accepted."""

    compiled: TopicSet
    refused: tuple[Problem, ...]
    own: AcceptedTopics
    differs: bool
    content: str | None
    """What is to be kept under the next number, None if that is the newest already."""


@dataclass(frozen=True, kw_only=True)
class _Own:
    """What the files say, as far as it is good."""

    topics: AcceptedTopics
    compiled: TopicSet
    refused: tuple[Problem, ...]


def _ready(wanted: Wanted, newest: AcceptedTopics | None, before: AcceptedTopics | None) -> _Ready:
    mine = _own(wanted, newest or before)
    own, compiled, good = mine.topics, mine.compiled, mine.topics
    if before is not None:
        new = _changed(before, own, newest or before)
        compiled = _compiled(new, wanted)
        good = _good(new, compiled)
    same = newest is not None and _same(good, newest) and good.routes == newest.routes
    return _Ready(
        compiled=compiled,
        refused=mine.refused,
        own=own,
        differs=not _same(good, own),
        content=None if same else msgspec.json.encode(good).decode(),
    )


def _same(one: AcceptedTopics, other: AcceptedTopics) -> bool:
    return one is other or one.says() == other.says()


def _own(wanted: Wanted, last: AcceptedTopics | None) -> _Own:
    """Return what the files say, what is bad of it replaced by what was accepted before."""
    compiled = _compiled(wanted.topics, wanted)
    refused = (*compiled.problems, *wanted.missing.problems)
    said = wanted.topics
    if refused:
        said = _with_last_accepted(wanted, refused, last or AcceptedTopics())
        compiled = _compiled(said, dataclasses.replace(wanted, present=compiled))
    return _Own(topics=_good(said, compiled), compiled=compiled, refused=refused)


def _compiled(topics: AcceptedTopics, wanted: Wanted) -> TopicSet:
    return compile_topics(
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
        last = goes_on(problem, compiled)
        _log.error("topic_refused", topic=problem.topic, why=problem.message, last=last)
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
