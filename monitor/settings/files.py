"""Reading TOML files: the main one, those that it includes, and what each of them holds."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from monitor.settings.lines import Path as KeyPath
from monitor.settings.lines import line_of, lines
from monitor.settings.problems import Problem

__all__ = ["ConfigFile", "Piece", "Placed", "find_config", "included", "read_config"]

_LIMIT = 64 << 20
_MOST_FILES = 1000
_MOST_TABLES = 200_000
"""``[[topics]]`` and ``[[feeds]]`` of one file: the parser takes 60 µs for each."""
_MOST_SIGNS = 4_000_000
"""Keys, values, lists and tables of one file, about: each takes up to 200 bytes of memory."""
_PLACES = ("tocsin.toml", "/etc/tocsin/tocsin.toml")
_AT = re.compile(r"\s*\(at line (\d+), column (\d+)\)$")
_TABLE = re.compile(r"^[ \t]*\[\[", re.MULTILINE)
_APOSTROPHE = re.compile(r"(?<!')'[^'\n]*'(?=\w)")


@dataclass(frozen=True)
class ConfigFile:
    """A TOML file as read."""

    path: Path
    text: str = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    main: bool = True

    @cached_property
    def index(self) -> dict[KeyPath, int]:
        """The line of each key, worked out only when there is a problem to place."""
        return lines(self.text)

    def line(self, path: KeyPath) -> int | None:
        """Return the line of a key, None if it is not known."""
        return line_of(self.index, path)


class Placed(Protocol):
    """A file that knows in which line each of its keys stands."""

    @property
    def path(self) -> Path:
        """Return where it is."""
        ...

    def line(self, path: KeyPath) -> int | None:
        """Return the line of a key, None if it is not known."""
        ...


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a file: what will become a section, a feed, a topic, a sink."""

    file: Placed | None
    """None: it is from the environment alone."""
    path: KeyPath
    data: Any = field(repr=False)
    variables: Mapping[KeyPath, str] = field(default_factory=dict)
    """Environment variables that set what is below, by the path below ``path``."""

    def problem(
        self,
        below: KeyPath = (),
        *,
        message: str,
        hint: str = "",
        **more: Any,  # noqa: ANN401 - passed on
    ) -> Problem:
        """Return a problem at a place below this piece."""
        variable = self._variable(below)
        place = more.pop("key", None)
        known: dict[str, Any] = {"key": place, "message": message, "hint": hint, **more}
        if variable is not None:
            return Problem(file=f"environment variable {variable}", **known)
        if self.file is None:
            return Problem(file="", **known)
        line = self.file.line(self.path + below)
        return Problem(file=str(self.file.path), line=line, **known)

    def _variable(self, below: KeyPath) -> str | None:
        for end in range(len(below), 0, -1):
            if below[:end] in self.variables:
                return self.variables[below[:end]]
        return None


def find_config(argument: str | Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the config file that is meant: ``-c``, ``$TOCSIN_CONFIG``, here, or /etc.

    A file that was named is returned even if it does not exist (reading it says so); None if none
    was named and there is none in the usual places.
    """
    named = argument or environ.get("TOCSIN_CONFIG")
    if named:
        return Path(named).expanduser().absolute()
    for place in _PLACES:
        if Path(place).is_file():
            return Path(place).absolute()
    return None


def read_config(path: Path, *, main: bool = True) -> ConfigFile | Problem:
    """Return the file, or the problem that makes it unreadable."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LIMIT + 1)
    except OSError as error:
        return _unreadable(path, f"cannot be read: {error.strerror or error}", main=main)
    if len(raw) > _LIMIT:
        return _unreadable(path, f"is larger than {_LIMIT >> 20} MiB", main=main)
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _unreadable(path, "is not UTF-8", "save it as UTF-8", line=line, main=main)
    too_much = _too_much(text)
    if too_much:
        return _unreadable(path, too_much, "split it, and join topics with OR", main=main)
    return _parsed(path, text, main=main)


def _too_much(text: str) -> str | None:
    """Return what there is too much of in a file, before it is parsed: that takes long."""
    if text.count("[[") > _MOST_TABLES:
        tables = sum(1 for _ in _TABLE.finditer(text))
        if tables > _MOST_TABLES:
            return f"holds {tables:,} [[topics]] and the like, more than {_MOST_TABLES:,}"
    if sum(map(text.count, "=,[{")) > _MOST_SIGNS:
        return f"holds more than {_MOST_SIGNS:,} keys and values"
    return None


def _parsed(path: Path, text: str, *, main: bool) -> ConfigFile | Problem:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, message = _where(str(error), text)
        return _unreadable(path, message, _syntax_hint(text, line), line=line, main=main)
    except RecursionError:
        return _unreadable(path, "is nested too deeply", main=main)
    return ConfigFile(path=path, text=text, data=data, main=main)


def _unreadable(
    path: Path, message: str, hint: str = "", *, line: int | None = None, main: bool
) -> Problem:
    return Problem(file=str(path), line=line, message=message, hint=hint, fatal=main)


def _where(message: str, text: str) -> tuple[int, str]:
    found = _AT.search(message)
    if found is None:
        return text.count("\n") + 1, f"is no TOML: {message.removesuffix(' (at end of document)')}"
    return int(found[1]), f"is no TOML: {_AT.sub('', message)} (column {found[2]})"


def _syntax_hint(text: str, line: int) -> str:
    written = text.split("\n")[line - 1 : line]
    if written and _APOSTROPHE.search(written[0]):
        return "an apostrophe ended the '…' text early: write '''…''' around it"
    return ""


def included(main: ConfigFile, patterns: Iterable[str]) -> tuple[list[ConfigFile], list[Problem]]:
    """Return the files that ``include`` names, each once, and those that cannot be read."""
    files: list[ConfigFile] = []
    problems: list[Problem] = []
    seen = {main.path.resolve()}
    for position, pattern in enumerate(patterns):
        found = _matching(main.path.parent, pattern)
        if isinstance(found, str):
            problems.append(_bad_pattern(main, position, pattern, found))
            continue
        for path in found:
            if path.resolve() in seen or len(seen) > _MOST_FILES:
                continue
            seen.add(path.resolve())
            read = read_config(path, main=False)
            (files if isinstance(read, ConfigFile) else problems).append(read)  # type: ignore[arg-type]  # told apart by the line itself
    return files, problems


def _matching(folder: Path, pattern: str) -> list[Path] | str:
    """Return the files that a pattern finds, sorted, or what is wrong with it."""
    if not any(letter in pattern for letter in "*?["):
        path = folder / pattern
        return [path] if path.exists() else "there is no such file"
    absolute = Path(pattern)
    root, rest = (
        (Path(absolute.anchor), str(absolute.relative_to(absolute.anchor)))
        if absolute.is_absolute()
        else (folder, pattern)
    )
    try:
        return sorted(path for path in root.glob(rest) if path.is_file())
    except (ValueError, NotImplementedError, OSError) as error:
        return f"is no pattern of files: {error}"


def _bad_pattern(main: ConfigFile, position: int, pattern: str, message: str) -> Problem:
    return Problem(
        file=str(main.path),
        line=main.line(("include", position)),
        key="include",
        value=f'"{pattern}"',
        message=message,
        hint=f"paths are relative to {main.path.parent}",
        fatal=False,
    )
