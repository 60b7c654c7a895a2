"""In which line of a TOML file a key stands: the parser of the standard library does not say."""

import re
import tomllib
from collections.abc import Iterator, Mapping

__all__ = ["Path", "line_of", "lines"]

Path = tuple[str | int, ...]

_WORD = re.compile(
    r'"""(?:\\.|[^\\])*?"""|'
    r"'''.*?'''|"
    r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'|"
    r"#[^\n]*|"
    r"[\[\]{}\n]|"
    r"[^\[\]{}\"'#\n]+|"
    r".",
    re.DOTALL,
)
_KEY_PART = re.compile(r"""\s*("(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)\s*""")


def lines(text: str) -> dict[Path, int]:
    """Return the line (from 1) of each key and table of a valid TOML ``text``.

    Keys inside inline tables are not listed; `line_of` answers for them with the line they are in.
    """
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for line, statement in _statements(text):
        if statement.startswith("[["):
            table = _next_item(_resolved(_keys(statement[2:]), counts), counts)
        elif statement.startswith("["):
            table = _resolved(_keys(statement[1:]), counts)
        else:
            found.setdefault(table + _keys(statement), line)
            continue
        found.setdefault(table, line)
    return found


def line_of(index: Mapping[Path, int], path: Path) -> int | None:
    """Return the line of ``path``, or of the nearest thing around it."""
    for end in range(len(path), 0, -1):
        if path[:end] in index:
            return index[path[:end]]
    return None


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each statement with its first line; white space and comments around it are cut."""
    line, start, depth, parts = 1, 1, 0, list[str]()
    for found in _WORD.finditer(text):
        word = found.group()
        if word == "\n" and depth == 0:
            if parts:
                yield start, "".join(parts)
            parts = []
        elif not word.startswith("#") and (parts or word.strip()):
            start = start if parts else line
            parts.append(word if parts else word.lstrip())
            depth += (word in {"[", "{"}) - (word in {"]", "}"})
        line += word.count("\n")
    if parts:
        yield start, "".join(parts)


def _keys(statement: str) -> Path:
    """Return the dotted key that a statement begins with."""
    parts: list[str] = []
    position = 0
    while found := _KEY_PART.match(statement, position):
        parts.append(_unquoted(found.group(1)))
        position = found.end()
        if statement[position : position + 1] != ".":
            break
        position += 1
    return tuple(parts)


def _unquoted(key: str) -> str:
    if key[0] not in "\"'":
        return key
    try:
        return str(tomllib.loads(f"key = {key}")["key"])
    except tomllib.TOMLDecodeError:
        return key[1:-1]


def _resolved(keys: Path, counts: Mapping[Path, int]) -> Path:
    """Return the path of a table, with the index of each list of tables that it goes through."""
    path: Path = ()
    for position, key in enumerate(keys):
        path = (*path, key)
        if position < len(keys) - 1 and path in counts:
            path = (*path, counts[path] - 1)
    return path


def _next_item(path: Path, counts: dict[Path, int]) -> Path:
    counts[path] = counts.get(path, 0) + 1
    return (*path, counts[path] - 1)
