"""Alias sets: the spellings and scripts of one name, written once.

An entry is a phrase as written, in which ``*`` and ``~`` work; Arabic and Hebrew particles may
stand before its first word. ``{…}`` around an entry asks for exactly this case. An entry that is
``@other`` stands for another set.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NoReturn

from msgspec.structs import replace

from workers.model.base import Record
from workers.model.topic import Problem
from workers.topics.errors import QueryError, no_alias, problem_at, quoted
from workers.topics.lexer import check_characters
from workers.topics.terms import cased_elements, quoted_elements, refuser
from workers.topics.tree import Phrase

__all__ = ["MAX_NESTED", "AliasSets", "read_aliases"]

MAX_NESTED = 5
"""Aliases inside one another."""
MAX_SPELLINGS = 10_000
"""Spellings of one set, those of nested sets included."""
_NAME = re.compile(r"[\w-]{1,80}")


class AliasSets(Record, frozen=True, kw_only=True):
    """The sets that were accepted, and what is wrong with the others."""

    phrases: dict[str, tuple[Phrase, ...]]
    problems: tuple[Problem, ...] = ()


class _Read(Record, frozen=True, kw_only=True):
    """One set as read: its own spellings, and the sets that it names (with their entries)."""

    own: tuple[Phrase, ...]
    uses: tuple[tuple[str, str], ...]


def read_aliases(aliases: Mapping[str, Sequence[str]]) -> AliasSets:
    """Read alias sets. One that cannot be read is left out, with all that use it."""
    problems: list[Problem] = []
    read: dict[str, _Read] = {}
    for name, entries in aliases.items():
        try:
            read[name] = _read(name, entries, aliases)
        except QueryError as error:
            problems.append(replace(error.problem, topic=f"@{name}"))
    phrases = _joined(read, problems)
    return AliasSets(phrases=phrases, problems=tuple(problems))


def _read(name: str, entries: Sequence[str], aliases: Mapping[str, Sequence[str]]) -> _Read:
    if not _NAME.fullmatch(name):
        _refuse(name, f"no name for an alias: {quoted(name)}", "use letters, digits, _ and -")
    if not entries:
        _refuse(name, f"an alias without spellings: {quoted('@' + name)}", "write one at least")
    own: list[Phrase] = []
    uses: list[tuple[str, str]] = []
    for entry in entries:
        check_characters(entry)
        bare = entry.strip()
        if bare.startswith("@"):
            uses.append((_known(bare[1:], entry, aliases), entry))
        else:
            own.append(_phrase(entry))
    return _Read(own=tuple(own), uses=tuple(uses))


def _known(name: str, entry: str, aliases: Mapping[str, Sequence[str]]) -> str:
    if name not in aliases:
        raise QueryError(no_alias(entry, (0, max(1, len(entry))), name, aliases))
    return name


def _phrase(entry: str) -> Phrase:
    bare = entry.strip()
    if not bare:
        _refuse(entry, "an empty spelling", "write a name, or delete the entry")
    start = entry.index(bare)
    if bare.startswith("{") and bare.endswith("}"):
        return cased_elements(bare[1:-1], start + 1, refuser(entry))
    return quoted_elements(bare, start, refuser(entry), particles=True)


def _joined(read: dict[str, _Read], problems: list[Problem]) -> dict[str, tuple[Phrase, ...]]:
    """Put the spellings of nested sets into those that name them, innermost first."""
    phrases: dict[str, tuple[Phrase, ...]] = {}
    depths: dict[str, int] = {}
    refused: set[str] = set()
    waiting = dict(read)
    while waiting:
        ready = [
            name
            for name, one in waiting.items()
            if all(other not in waiting for other, _ in one.uses)
        ]
        for name in ready or list(waiting):
            one = waiting.pop(name)
            problem = _problem(name, one, depths, cyclic=not ready)
            if problem:
                problems.append(problem)
                refused.add(name)
                continue
            depths[name] = 1 + max((depths[other] for other, _ in one.uses), default=-1)
            nested = (phrase for other, _ in one.uses for phrase in phrases[other])
            phrases[name] = tuple(dict.fromkeys((*one.own, *nested)))
    return {name: phrases[name] for name in read if name in phrases}


def _problem(name: str, one: _Read, depths: Mapping[str, int], *, cyclic: bool) -> Problem | None:
    for other, entry in one.uses:
        if cyclic:
            message, hint = "a cycle of aliases", "an alias cannot lead back to itself"
        elif other not in depths:
            message, hint = "an alias that is refused", f"mend @{other} first"
        elif depths[other] >= MAX_NESTED:
            message, hint = f"aliases nested more than {MAX_NESTED} deep", "list the names here"
        else:
            continue
        at = entry.index("@")
        found = problem_at(
            entry,
            at,
            len(entry),
            f"{message}: {quoted('@' + other)} in {quoted('@' + name)}",
            hint,
        )
        return replace(found, topic=f"@{name}")
    return None


def _refuse(text: str, message: str, hint: str) -> NoReturn:
    raise QueryError(problem_at(text, 0, max(1, len(text)), message, hint))
