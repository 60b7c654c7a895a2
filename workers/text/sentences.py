"""The sentence around a place in a text, short enough for a receipt."""

# ruff: noqa: RUF001 -- the letters that look like others are what this is about

import re

__all__ = ["sentence_around"]

REACH = 600
"""Characters looked at on either side: no sentence that people read is longer."""
_END = re.compile(r"[.!?؟…۔।]+[\"'”’»)\]]*(?=\s)|[。！？]+[」』”’]*")
_ABBREVIATION = re.compile(
    r"(?:\b[^\W\d_]|\b(?:Mr|Mrs|Ms|Dr|St|Gen|Col|Lt|Sgt|Sen|Rep|Gov|Prof|No|vs|Jan|Feb|Aug|Sept|Oct"
    r"|Nov|Dec))\.$"
)


def sentence_around(text: str, start: int, end: int, limit: int = 300) -> str:
    """Return the sentence of ``text`` that holds ``start`` to ``end``, at most ``limit`` long.

    It never crosses a line. What is too long is cut on both sides, marked by an ellipsis. Control
    characters and lone surrogates are replaced, for what follows writes JSON and terminals.
    """
    left = max(text.rfind("\n", 0, start) + 1, start - REACH)
    line_end = text.find("\n", end)
    right = min(len(text) if line_end < 0 else line_end, end + REACH)
    left, right = _begin(text, left, start), _finish(text, end, right)
    return _clean(_shorten(text, left, right, (start, end), limit))


def _begin(text: str, left: int, start: int) -> int:
    for found in _END.finditer(text, left, start):
        if not _ABBREVIATION.search(text[max(left, found.end() - 6) : found.end()]):
            left = found.end()
    return left


def _finish(text: str, end: int, right: int) -> int:
    for found in _END.finditer(text, end, right):
        if not _ABBREVIATION.search(text[max(0, found.end() - 6) : found.end()]):
            return found.end()
    return right


def _shorten(text: str, left: int, right: int, place: tuple[int, int], limit: int) -> str:
    while left < place[0] and text[left].isspace():
        left += 1
    if right - left <= limit:
        return text[left:right].rstrip()
    room = max(0, limit - 2 - (place[1] - place[0])) // 2
    first = max(left, place[0] - room)
    last = min(right, first + limit - 2)
    first = max(left, min(first, last - limit + 2))
    before = "…" if first > left else ""
    after = "…" if last < right else ""
    return f"{before}{text[first:last].strip()}{after}"


def _clean(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(_printable(character) for character in text)


def _printable(character: str) -> str:
    if character.isprintable() or character.isspace():
        return character if character.isprintable() else " "
    return "\ufffd" if "\ud800" <= character <= "\udfff" else ""
