"""Alias packs that Tocsin brings: sets of names, which a configuration asks for by the pack."""

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import BeforeValidator

from monitor import shipped
from monitor.settings.files import ConfigFile, Piece
from monitor.settings.problems import nearest
from monitor.settings.values import Kind, refuse

__all__ = ["Pack", "pack_names", "packed"]

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
