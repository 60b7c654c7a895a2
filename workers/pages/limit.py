"""Limits that hold before a parser sees the page: what is beyond them is cut off or dropped."""

import re
from collections.abc import Iterator
from itertools import islice

from workers.model.article import FetchedPage
from workers.pages.rules import PageRules
from workers.text.markup import clean

__all__ = ["bound", "foreign", "is_noise", "too_large"]

_TAG = re.compile(
    r"<([a-z][a-z0-9]*)"
    r"(?:[^>=]++|=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+)?+)*+>?",
    re.IGNORECASE,
)
"""One tag, brackets inside of quoted values included. Every quantifier is possessive: linear."""
_OPENING = re.compile("<[a-zA-Z]")
_VALUE = re.compile(r"=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+|[^\s>]*+)")
_NAME = re.compile(r"[^\s/]+")
_SEPARATORS = b"=\t\n\f\r /"
_MEDIA = ("image/", "audio/", "video/", "font/", "application/pdf", "application/zip")
_MAGIC = (
    (b"%PDF-", "a PDF file"),
    (b"PK\x03\x04", "a ZIP file or an office document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound file"),
    (b"\x1aE\xdf\xa3", "a film"),
)
"""How files that news pages link to begin."""
_RAW = re.compile(r"</(?:script|style)", re.IGNORECASE)
_NOISE = re.compile(r"[\x01-\x08\x0e-\x1f\x7f\ufffd]")
NOISE_LETTERS = 8192
"""Characters at the start of a page in which noise is looked for."""


def too_large(body: bytes, rules: PageRules) -> str:
    """Return why the page is too large to be read at all, "" if it is not."""
    if len(body) <= rules.body_bytes:
        return ""
    return f"too large: {len(body)} bytes, the limit is {rules.body_bytes}"


def foreign(page: FetchedPage) -> str:
    """Return why the bytes are no page but a file that one can link to, "" if they may be one.

    Its bytes read as text would be noise, in which words are found that nobody wrote. Servers call
    pages many things, so what begins with a tag is taken for one.
    """
    if page.body[:1000].lstrip().startswith(b"<"):
        return ""
    media = page.content_type.partition(";")[0].strip().lower()
    if media.startswith(_MEDIA):
        return f"not a page: {media[:60]}"
    known = next((name for start, name in _MAGIC if page.body.startswith(start)), "")
    return known and f"not a page: {known}"


def is_noise(text: str) -> bool:
    """Say whether bytes never were text: one of 30 characters is none that people write."""
    start = text[:NOISE_LETTERS]
    return 30 * len(_NOISE.findall(start)) > len(start)


def bound(text: str, rules: PageRules) -> tuple[str, tuple[str, ...]]:
    """Return the markup within its limits, and what was cut off or dropped, in words."""
    notes: list[str] = []
    text = clean(text)
    cut = _cut(text, rules.max_tags)
    if len(cut) < len(text):
        notes.append(f"cut off after {rules.max_tags} tags")
    text, cut = cut, _cut_elements(cut, rules.max_elements)
    if len(cut) < len(text):
        notes.append(f"cut off after {rules.max_elements} elements")
    whole = _without_giants(cut, rules.max_attributes)
    if len(whole) < len(cut):
        notes.append(f"dropped a tag with over {rules.max_attributes} attributes")
    bare = _without_excess(whole, rules.all_attributes)
    if len(bare) < len(whole):
        notes.append(f"dropped what goes beyond {rules.all_attributes} attributes")
    return bare, tuple(notes)


def _cut(text: str, most: int) -> str:
    """Return the text up to the bracket that is one too many."""
    if text.count("<") <= most:
        return text
    at = -1
    for _ in range(most + 1):
        at = text.find("<", at + 1)
    return text[:at]


def _cut_elements(text: str, most: int) -> str:
    """Return the text up to the opening tag that is one too many."""
    if text.count("<") <= most:
        return text
    beyond = next(islice(_OPENING.finditer(text), most, None), None)
    return text if beyond is None else text[: beyond.start()]


def _without_giants(text: str, most: int) -> str:
    """Drop every tag with more than ``most`` attributes; scripts are not looked into."""
    kept: list[str] = []
    done = 0
    for found in _tags(text):
        start, end = found.span()
        if end - start > 2 * most and _attributes(found[0]) > most:
            kept.append(text[done:start])
            done = end
    return "".join([*kept, text[done:]])


def _tags(text: str) -> Iterator[re.Match[str]]:
    """Yield every opening tag that is outside of scripts and styles."""
    at = 0
    while found := _TAG.search(text, at):
        yield found
        at = found.end()
        if found[1].lower() in {"script", "style"}:
            end = _RAW.search(text, at)
            at = end.start() if end else len(text)


def _without_excess(text: str, most: int) -> str:
    """Drop all attributes from the tag on that has one too many for the page.

    Most pages are told by their separators, of which an attribute needs at least one.
    """
    data = text.encode()
    if len(data) - len(data.translate(None, _SEPARATORS)) <= most:
        return text
    kept: list[str] = []
    number = done = 0
    for found in _tags(text):
        number += _attributes(found[0])
        if number > most:
            kept += (text[done : found.start()], f"<{found[1]}>")
            done = found.end()
    return "".join([*kept, text[done:]])


def _attributes(tag: str) -> int:
    """Return how many attributes a tag has, with a value or without."""
    return len(_NAME.findall(_VALUE.sub(" ", tag)))
