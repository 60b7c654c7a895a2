"""The text of an article: trafilatura's choice, checked against the paragraphs of the page."""

import re
from collections.abc import Iterator

import msgspec
from lxml import etree, html

from workers.model.article import TextFrom
from workers.pages.blocks import Page
from workers.pages.metadata import Metadata
from workers.pages.rules import PageRules

__all__ = ["THIN", "Body", "Line", "take_text"]

THIN = 250
"""Characters below which a text is thin: a teaser, a notice, a wall."""
PARAGRAPH = 50
TRUSTED_BODY = 500
SHINGLE = 4
SHARED = 0.3

_INLINE = frozenset(
    {
        "a", "abbr", "b", "code", "del", "done", "em", "font", "graphic", "hi", "i", "ins", "mark",
        "q", "ref", "small", "span", "strong", "sub", "sup", "u",
    }
)  # fmt: skip
_BREAK = "\x1e"
"""Stands for a line break while a block is put together: line ends of the source mean nothing."""
_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the text, and what it was: p, head, item, row, quote."""

    tag: str
    text: str


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of the main text, before zones are told apart."""

    lines: tuple[Line, ...] = ()
    text_from: TextFrom = "none"
    notes: tuple[str, ...] = ()


def take_text(root: html.HtmlElement, page: Page, metadata: Metadata, rules: PageRules) -> Body:
    """Return the main text of a page, and how it was come by.

    Too little of what the page holds in paragraphs is taken again without preference for
    precision; a text that shares little with a long ``articleBody`` is the wrong block.
    """
    if rules.mode == "throughput":
        lines, notes = _extracted(root, fast=True, favor_recall=True)
    else:
        lines, notes = _precise(root, page)
    size = _size(lines)
    told = metadata.article_body
    if (told and _is_other(told, lines)) or (size < THIN and len(told) > size):
        own = tuple(Line(tag="p", text=text) for text in told.splitlines() if text.strip())
        return Body(lines=own, text_from="articleBody", notes=(*notes, "text from articleBody"))
    return Body(lines=lines, text_from="page" if lines else "none", notes=notes)


def _precise(root: html.HtmlElement, page: Page) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    lines, notes = _extracted(root, favor_precision=True)
    if _size(lines) >= 0.5 * _paragraph_length(page):
        return lines, notes
    again, more = _extracted(root)
    return (again, (*notes, *more)) if _size(again) > _size(lines) else (lines, notes)


def _extracted(
    root: html.HtmlElement,
    *,
    fast: bool = False,
    favor_precision: bool = False,
    favor_recall: bool = False,
) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """Return trafilatura's lines; on a tree that it stumbles over none, and a note."""
    from workers.pages.libraries import body_of  # noqa: PLC0415 - it takes long to load

    try:
        body = body_of(root, fast=fast, favor_precision=favor_precision, favor_recall=favor_recall)
    except Exception as error:  # noqa: BLE001 - a library on hostile markup: a verdict, no crash
        return (), (f"extraction failed: {type(error).__name__}",)
    return (tuple(_lines(body)) if body is not None else ()), ()


def _lines(body: etree._Element) -> Iterator[Line]:
    """Yield the lines of trafilatura's tree: its blocks, cut at line breaks; a row is one line."""
    parts: list[str] = []
    tags = ["p"]
    for event, element in etree.iterwalk(body, events=("start", "end")):
        tag = element.tag
        if tag in _INLINE:
            parts.append((element.text if event == "start" else element.tail) or "")
            continue
        if tag == "lb":
            parts.append(_BREAK if event == "start" else element.tail or "")
            continue
        if tag == "cell" or (tags[-1] == "row" and tag != "row"):
            text = element.text if event == "start" else element.tail
            parts.append(" " + (text or ""))
            continue
        yield from _cut(parts, tags[-1])
        if event == "start":
            tags.append(tag)
            parts = [element.text or ""]
        else:
            tags.pop()
            parts = [element.tail or ""]
    yield from _cut(parts, "p")


def _cut(parts: list[str], tag: str) -> Iterator[Line]:
    whole = "".join(parts)
    for piece in [whole] if tag == "row" else whole.split(_BREAK):
        text = " ".join(piece.split())
        if text:
            yield Line(tag=tag, text=text)


def _size(lines: tuple[Line, ...]) -> int:
    return sum(len(line.text) for line in lines)


def _paragraph_length(page: Page) -> int:
    """Return the characters in paragraphs that look like text: long, little link, no chrome."""
    return sum(
        block.letters
        for block in page.blocks
        if block.tag == "p"
        and not block.chrome
        and block.letters >= PARAGRAPH
        and block.linked + block.linked_out < block.letters / 2
    )


def _is_other(told: str, lines: tuple[Line, ...]) -> bool:
    """Say whether a long articleBody is another text than the one extracted."""
    if len(told) < TRUSTED_BODY:
        return False
    wanted = _shingles(told)
    if not wanted:
        return False
    found = _shingles("\n".join(line.text for line in lines))
    return len(wanted & found) < SHARED * len(wanted)


def _shingles(text: str) -> set[tuple[str, ...]]:
    """Return the sets of four words in a row (characters, where words are not spaced)."""
    words = _WORD.findall(text[:200_000].casefold())
    if len(_CJK.findall(text[:2_000])) > min(len(text), 2_000) / 4:
        words = [letter for word in words for letter in word]
    return set(zip(*(words[start:] for start in range(SHINGLE)), strict=False))
