"""Which part of which file will become which setting. Names that two files give are found here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.settings.environ import Override, overrides
from monitor.settings.files import ConfigFile, Piece, included
from monitor.settings.model import General
from monitor.settings.problems import Problem, dotted, nearest, shown
from monitor.settings.sections import SECTIONS
from monitor.settings.validate import MOST_TOLD

__all__ = ["Gathered", "gather", "place"]

_LISTS = ("feeds", "topics")
_TABLES = ("aliases", "sinks")
_SHARED = (*_LISTS, *_TABLES)


@dataclass
class Gathered:
    """The parts of all files, each with where it stands."""

    base: Path
    """What relative paths are relative to."""
    general: Piece
    sections: dict[str, Piece] = field(default_factory=dict)
    feeds: list[Piece] = field(default_factory=list)
    topics: list[Piece] = field(default_factory=list)
    aliases: dict[str, Piece] = field(default_factory=dict)
    sinks: dict[str, Piece] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def gather(main: ConfigFile | None, base: Path, environ: Mapping[str, str]) -> Gathered:
    """Return the parts of the main file, of what it includes, and of the environment."""
    data = main.data if main is not None else {}
    plain = {key: value for key, value in data.items() if key in General.model_fields}
    found = Gathered(base=base, general=Piece(file=main, path=(), data=plain))
    if main is not None:
        _sections(main, found)
        for file in [main, *_included(main, found)]:
            found.files.append(file.path)
            _shared(file, found)
    _environment(environ, found)
    return found


def _sections(main: ConfigFile, found: Gathered) -> None:
    known = {*SECTIONS, *General.model_fields, *_SHARED}
    strange = [key for key in main.data if key not in known]
    found.problems.extend(_unknown(main, key, known) for key in strange[:MOST_TOLD])
    found.problems.extend(_more(main, strange))
    for key, value in main.data.items():
        if key not in known:
            continue
        if key in SECTIONS and isinstance(value, dict):
            found.sections[key] = Piece(file=main, path=(key,), data=value)
        elif key in SECTIONS:
            found.problems.append(_wrong(main, key, ("must be a table", f"write [{key}]")))


def _included(main: ConfigFile, found: Gathered) -> list[ConfigFile]:
    patterns = main.data.get("include", [])
    patterns = [patterns] if isinstance(patterns, str) else patterns
    if not isinstance(patterns, list):
        return []
    files, problems = included(main, [item for item in patterns if isinstance(item, str)])
    found.problems.extend(problems)
    for file in files:
        strange = sorted(file.data.keys() - set(_SHARED))
        found.problems.extend(_more(file, strange))
        for key in strange[:MOST_TOLD]:
            hint = "it may hold [[topics]], [aliases], [[feeds]] and [sinks.*]"
            moved = key in SECTIONS or key in General.model_fields
            message = "belongs into the main file" if moved else "is unknown"
            found.problems.append(_wrong(file, key, (message, hint), value=None))
    return files


def _shared(file: ConfigFile, found: Gathered) -> None:
    for key in _LISTS:
        value = file.data.get(key, [])
        if not isinstance(value, list):
            hint = f"write [[{key}]] in double brackets, once for each"
            fatal = key != "topics"
            found.problems.append(
                _wrong(file, key, ("must be a list of tables", hint), fatal=fatal)
            )
            continue
        pieces = found.feeds if key == "feeds" else found.topics
        pieces.extend(
            Piece(file=file, path=(key, position), data=item)
            for position, item in enumerate(value)
        )
    for key in _TABLES:
        value = file.data.get(key, {})
        if isinstance(value, dict):
            _named(file, key, value, found)
        else:
            hint = "write [sinks.name]" if key == "sinks" else "write [aliases]"
            fatal = key == "sinks"
            found.problems.append(_wrong(file, key, ("must be a table", hint), fatal=fatal))


def _named(file: ConfigFile, key: str, items: Mapping[str, Any], found: Gathered) -> None:
    known = found.sinks if key == "sinks" else found.aliases
    for name, item in items.items():
        piece = Piece(file=file, path=(key, name), data=item)
        first = known.setdefault(name, piece)
        if first is not piece:
            found.problems.append(
                piece.problem(
                    key=dotted((key, name)),
                    message=f"is there already: {place(first)}",
                    hint="names are unique over all files: rename or remove one",
                    fatal=key == "sinks",
                )
            )


def place(piece: Piece) -> str:
    """Return file and line of a piece."""
    if piece.file is None:
        return "the environment"
    line = piece.file.line(piece.path)
    return f"{piece.file.path}:{line}" if line else str(piece.file.path)


def _environment(environ: Mapping[str, str], found: Gathered) -> None:
    set_here, problems = overrides(environ, found.sinks)
    found.problems.extend(problems)
    for override in set_here:
        if override.section == "":
            found.general = _overridden(found.general, override, override.path)
        elif override.section in SECTIONS:
            empty = Piece(file=None, path=(override.section,), data={})
            piece = found.sections.get(override.section, empty)
            found.sections[override.section] = _overridden(piece, override, override.path)
        elif override.section == "aliases":
            name = override.path[0]
            piece = Piece(file=None, path=("aliases", name), data=override.value)
            found.aliases[name] = piece
        else:
            name = override.path[0]
            piece = found.sinks.get(name, Piece(file=None, path=("sinks", name), data={}))
            found.sinks[name] = _overridden(piece, override, override.path[1:])


def _overridden(piece: Piece, override: Override, path: tuple[str, ...]) -> Piece:
    data = piece.data if isinstance(piece.data, dict) else {}
    return Piece(
        file=piece.file,
        path=piece.path,
        data={**data, path[0]: override.value},
        variables={**piece.variables, path: override.variable},
    )


def _more(file: ConfigFile, keys: list[str]) -> list[Problem]:
    """Return how many of these keys are not told one by one, if any."""
    rest = len(keys) - MOST_TOLD
    message = f"holds {rest:,} more keys that are unknown"
    return [Problem(file=str(file.path), key="", message=message)] if rest > 0 else []


def _unknown(file: ConfigFile, key: str, known: set[str]) -> Problem:
    return _wrong(file, key, ("is unknown", nearest(key, known)), value=None)


def _wrong(
    file: ConfigFile,
    key: str,
    said: tuple[str, str],
    *,
    value: str | None = "",
    fatal: bool = True,
) -> Problem:
    return Problem(
        file=str(file.path),
        line=file.line((key,)),
        key=dotted((key,)),
        value=shown(file.data[key], (key,)) if value == "" else value,
        message=said[0],
        hint=said[1],
        fatal=fatal,
    )
