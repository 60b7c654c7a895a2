"""Alias packs that Tocsin brings: sets of names, which a configuration asks for by the pack."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath
from typing import Annotated

from msgspec.structs import replace
from pydantic import BeforeValidator

from monitor import shipped
from monitor.settings.files import ConfigFile, Piece
from monitor.settings.problems import Problem, dotted, nearest
from monitor.settings.values import Kind, refuse
from workers.model.topic import Problem as QueryProblem
from workers.topics.errors import nearest as nearest_name

__all__ = ["Pack", "hinted", "pack_names", "pack_of", "packed", "shadowing"]

_FOLDER = "aliases"


@cache
def pack_names() -> tuple[str, ...]:
    """Return the names of all packs, sorted."""
    found = shipped.names("seeds", f"{_FOLDER}/*.toml")
    return tuple(PurePosixPath(name).stem for name in found)


def packed(packs: Iterable[str]) -> dict[str, Piece]:
    """Return the alias sets of packs by their names, each with where it stands.

    Raises:
        Missing: a pack is not there.
    """
    return {
        name: Piece(file=file, path=("aliases", name), data=entries)
        for file in map(_file, dict.fromkeys(packs))
        for name, entries in file.data["aliases"].items()
    }


def hinted(problem: QueryProblem) -> QueryProblem:
    """Return what is wrong with a query, naming the pack that would have its unknown alias."""
    asked = problem.unknown_alias.casefold()
    if not asked:
        return problem
    sets = packed(pack_names())
    near = problem.hint if problem.hint.startswith("did you mean") else ""
    name = asked if asked in sets or near else nearest_name(asked, sets)
    if name not in sets:
        return problem
    pack = pack_of(sets[name])
    asks = f'add "{pack}" to packs under [matching]'
    if name != asked:
        return replace(problem, hint=f"did you mean @{name} of an alias pack? {asks}")
    return replace(problem, hint=f"an alias pack has it: {asks}{f'; or {near}' if near else ''}")


def shadowing(own: Mapping[str, Piece], packs: Mapping[str, Piece]) -> Iterator[Problem]:
    """Yield a warning for each set of the operator's that takes the place of one of a pack."""
    for name in sorted(own.keys() & packs.keys()):
        if pack_of(own[name]) is not None:
            continue
        yield own[name].problem(
            key=dotted(("aliases", name)),
            message=f"takes the place of the set of that name in the pack {pack_of(packs[name])}",
            hint="your spellings count, the pack's do not: rename or remove it to have those",
            fatal=False,
        )


def pack_of(piece: Piece) -> str | None:
    """Return the pack that an alias set comes from, None for a set of the operator's own."""
    path = piece.file.path if piece.file is not None else None
    if path is None or path.stem not in pack_names():
        return None
    return path.stem if path == shipped.path("seeds", f"{_FOLDER}/{path.stem}.toml") else None


@cache
def _file(pack: str) -> ConfigFile:
    name = f"{_FOLDER}/{pack}.toml"
    text = shipped.read("seeds", name)
    path = shipped.path("seeds", name)
    return ConfigFile(path=path, text=text, data=tomllib.loads(text), main=False)


def _pack(value: object) -> str:
    if not isinstance(value, str) or value not in pack_names():
        hint = nearest(value if isinstance(value, str) else "", pack_names())
        raise refuse("is no alias pack", hint)
    return value


Pack = Annotated[
    str, BeforeValidator(_pack), Kind(name="alias pack", like='"middle-east-armed-groups"')
]
"""The name of a pack."""
