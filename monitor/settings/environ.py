"""Settings from the environment: ``TOCSIN_WEB__LISTEN`` sets ``listen`` of ``[web]``."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.settings.problems import Problem, nearest
from monitor.settings.sections import SECTIONS
from monitor.settings.values import EnvText

__all__ = ["Override", "overrides"]

_PREFIX = "TOCSIN_"
_LISTS = frozenset({"feeds", "topics"})
_LIMIT = 20_000


@dataclass(frozen=True, kw_only=True)
class Override:
    """One value that the environment sets."""

    variable: str
    section: str
    """"" for what stands before the first section."""
    path: tuple[str, ...]
    """Below the section; for sinks the name and the key."""
    value: Any


def overrides(
    environ: Mapping[str, str], sinks: Iterable[str]
) -> tuple[list[Override], list[Problem]]:
    """Return what the environment sets, sorted by name. Names without ``__`` are left alone."""
    known = {_folded(name): name for name in sinks}
    found: list[Override] = []
    problems: list[Problem] = []
    for variable in sorted(environ):
        if not variable.startswith(_PREFIX) or "__" not in variable:
            continue
        read = _override(variable, environ[variable], known)
        (found if isinstance(read, Override) else problems).append(read)  # type: ignore[arg-type]  # told apart by the line itself
    return found, problems


def _override(variable: str, text: str, sinks: Mapping[str, str]) -> Override | Problem:
    name = variable.removeprefix(_PREFIX).lower()
    section, *path = ("", *name[1:].split("__")) if name.startswith("_") else name.split("__")
    if section in _LISTS:
        return _problem(variable, f"[[{section}]] is a list and cannot be set here", "use a file")
    if section not in {"", "sinks", "aliases", *SECTIONS}:
        return _problem(variable, "sets an unknown section", nearest(section, SECTIONS))
    if not all(path) or len(path) != (2 if section == "sinks" else 1):
        like = "TOCSIN_SINKS__OPS__URL" if section == "sinks" else "TOCSIN_WEB__LISTEN"
        return _problem(variable, "does not name one option", f"write it like {like}")
    if section == "sinks":
        path[0] = sinks.get(_folded(path[0]), path[0])
    if len(text) > _LIMIT:
        return _problem(variable, f"is longer than {_LIMIT} characters")
    value = _value(text)
    if isinstance(value, tomllib.TOMLDecodeError):
        return _problem(variable, "is no TOML list or table", 'write it like ["a", "b"]')
    return Override(variable=variable, section=section, path=tuple(path), value=value)


def _value(text: str) -> Any:  # noqa: ANN401 - whatever TOML can say
    """Return lists and tables as TOML reads them, all else as a text that may stand for more."""
    if not text.lstrip().startswith(("[", "{")):
        return EnvText(text)
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        return error


def _folded(name: str) -> str:
    return name.lower().replace("-", "_")


def _problem(variable: str, message: str, hint: str = "") -> Problem:
    return Problem(file=f"environment variable {variable}", message=message, hint=hint)
