"""What is wrong with the settings, where, and what to do: one record, one way to print it."""

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches

from workers.model.base import Record

__all__ = ["Problem", "dotted", "nearest", "plain", "render", "shown"]

_USERINFO = re.compile(r"//[^/@\s]*@")
_QUERY = re.compile(r"\?.*", re.DOTALL)
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_MOST = 80
_HIDDEN = frozenset(
    {"secret", "password", "token", "headers", "authorization", "cookie", "heartbeat"}
)
_BARE = re.compile(r"[\w-]+")


class Problem(Record, frozen=True, kw_only=True):
    """Something wrong (or doubtful) in a file, an environment variable, or between them."""

    file: str
    """Path of the file, or ``environment variable NAME``; "" where no single file is to blame."""
    line: int | None = None
    """From 1; None where it is not known."""
    key: str = ""
    """Dotted, as ``polling.fastest`` or ``topics."militia strikes".query``."""
    value: str | None = None
    """What was written there, in short, secrets masked; None where it does not help."""
    message: str
    hint: str = ""
    """What to do."""
    detail: str = ""
    """Further lines for people: the place in a query, with a caret."""
    missing: bool = False
    """True for a secret that this process cannot read: whoever only asks the daemon needs none."""
    fatal: bool = True
    """False for what only costs the topic or the file that it stands in: the rest can run."""


def render(problem: Problem) -> str:
    """Return the problem as one line for people, and its further lines if it has any."""
    place = problem.file + (f":{problem.line}" if problem.file and problem.line else "")
    key = problem.key + (f" = {problem.value}" if problem.value is not None else "")
    told = ": ".join(part for part in (place, key, problem.message) if part)
    told = f"{told} ({problem.hint})" if problem.hint else told
    return plain(f"{told}\n{problem.detail}" if problem.detail else told)


def plain(text: str) -> str:
    """Return ``text`` without what could take over a terminal; line breaks and tabs stay."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint that suggests the known word nearest to ``word``, or lists the known ones."""
    names = sorted(known)
    by_lower = {name.lower(): name for name in names}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    if found:
        return f'did you mean "{by_lower[found[0]]}"?'
    if not names:
        return ""
    more = ", …" if len(names) > 12 else ""  # noqa: PLR2004 - as many as an eye takes in
    return f"known: {', '.join(names[:12])}{more}"


def dotted(path: Iterable[str | int]) -> str:
    """Return ``path`` as it could be written in the file."""
    told = ""
    for part in path:
        if isinstance(part, int):
            told += f"[{part + 1}]"
        else:
            name = part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            told += f".{name}" if told else name
    return told


def shown(value: object, path: Iterable[str | int] = ()) -> str | None:
    """Return ``value`` in short as it was written, masked wherever it may hold a secret."""
    if any(str(part).lower() in _HIDDEN for part in path):
        return "<secret>"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        return "[]" if not value else f"a list of {len(value)}"
    if not isinstance(value, str | int | float | bool):
        return None if value is None else str(value)[:_MOST]
    text = _masked(value) if isinstance(value, str) else value
    told = json.dumps(text, ensure_ascii=False)
    return told if len(told) <= _MOST else f"{told[:_MOST]}…"


def _masked(text: str) -> str:
    if "//" not in text and "@" not in text:
        return text
    return _QUERY.sub("?…", _USERINFO.sub("//…@", text)) if "//" in text else text
