"""What is wrong with a query, where, and how people see it."""

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

from msgspec.structs import replace
from typing_extensions import override

from workers.errors import TocsinError
from workers.model.topic import Problem

__all__ = ["QueryError", "nearest", "no_alias", "problem_at", "quoted", "render_caret"]

SHOWN = 100
"""Characters of the query line that are shown around the place."""
QUOTED = 40
"""Characters of a token that a message quotes."""
BEGINNING = 3
"""Letters by which a longer name is known."""


class QueryError(TocsinError):
    """A query that is refused; ``problem`` says what, where and what to write instead."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"line {problem.line}, column {problem.column}: {problem.message}")
        self.problem = problem

    @override
    def __reduce__(self) -> "tuple[type[QueryError], tuple[Problem]]":
        return type(self), (self.problem,)


def problem_at(query: str, start: int, end: int, message: str, hint: str = "") -> Problem:
    """Return a problem with ``query[start:end]``; a place outside is moved inside.

    The underlined part ends with its line and is one character at least.
    """
    start = max(0, min(start, len(query) - 1))
    line_start = query.rfind("\n", 0, start) + 1
    if start > line_start and query[start] == "\n":
        start -= 1  # what is wrong with a line's end is shown under its last character
    line_end = query.find("\n", start)
    line_end = len(query) if line_end < 0 else line_end
    return Problem(
        topic="",
        line=query.count("\n", 0, start) + 1,
        column=start - line_start + 1,
        length=max(1, min(end, line_end) - start),
        message=message,
        hint=hint,
    )


def no_alias(query: str, span: tuple[int, int], name: str, known: Iterable[str]) -> Problem:
    """Return that ``query`` names an alias set at ``span`` that is not among those ``known``."""
    near = nearest(name, known)
    hint = f"did you mean @{near}?" if near else "write it under [aliases]"
    problem = problem_at(query, *span, f"there is no alias {quoted('@' + name)}", hint)
    return replace(problem, unknown_alias=name)


def quoted(token: str) -> str:
    """Return a token for a message: in quotes, shortened, nothing in it that moves a terminal."""
    shown = token if len(token) <= QUOTED else f"{token[:QUOTED]}…"
    return f"`{''.join(map(_visible, shown))}`"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of ``names`` that ``name`` was probably meant to be."""
    folded = {other.casefold(): other for other in names}
    wanted = name[:QUOTED].casefold()
    found = get_close_matches(wanted, folded, n=1, cutoff=0.6)
    if not found and len(wanted) >= BEGINNING:  # @kataib for @kataib_hezbollah
        found = sorted(other for other in folded if other.startswith(wanted))
    return folded[found[0]] if found else None


def render_caret(problem: Problem, query: str) -> str:
    """Return what people see: message, the line of the query, carets under the place, the hint.

    A long line is shown around the place only. Characters that could move the terminal's cursor or
    turn its direction are shown as a box. In right-to-left text a caret cannot be trusted; for
    that, messages quote the token too.
    """
    line = _line(query, problem.line)
    at = min(problem.column - 1, len(line))
    first = max(0, at - SHOWN // 2)
    shown = line[first : first + SHOWN]
    before = "…" if first else ""
    after = "…" if first + SHOWN < len(line) else ""
    marked = shown[at - first : at - first + problem.length]
    pad = " " * (_width(shown[: at - first]) + len(before))
    lines = [
        f"line {problem.line}, column {problem.column}: {problem.message}",
        f"  {before}{''.join(map(_visible, shown))}{after}",
        f"  {pad}{'^' * max(1, _width(marked))}",
    ]
    return "\n".join([*lines, *([f"  hint: {problem.hint}"] if problem.hint else [])])


def _line(query: str, number: int) -> str:
    start = 0
    for _ in range(number - 1):
        start = query.find("\n", start) + 1
    end = query.find("\n", start)
    return query[start:] if end < 0 else query[start:end]


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character in "\t\r\n\u3000" or character.isspace() else "▯"


def _width(text: str) -> int:
    """Return the columns that a terminal takes for ``text`` as shown."""
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if not character.isprintable():
        return 1
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
