"""The text of an article: trafilatura's choice, checked against the paragraphs of the page."""

import re
from collections.abc import Iterator

import msgspec
from lxml import etree, html

from workers.model.article import TextFrom
from workers.pages.blocks import Block, Page, key_of
from workers.pages.lean import join_parts, make_lean
from workers.pages.metadata import Metadata
from workers.pages.rules import PageRules, Way

__all__ = ["THIN", "Body", "Line", "take_text"]

THIN = 250
"""Characters below which a text is thin: a teaser, a notice, a wall."""
PARAGRAPH = 50
"""Characters of a paragraph that is prose,"""
LOOSE = 100
"""and of text that stands in no paragraph, between line breaks maybe."""
MUCH = 0.5
"""Share of the page's prose that an extraction must hold, or the next way is tried;"""
MOST = 0.8
"""and the share below which it is looked whether the text lies in parts."""
MISSING = 0.2
"""Letters of blocks in the midst of a text that it lacks, by its own, with which it has holes,"""
HOLE = 300
"""if they are at least so many;"""
LONGER = 1.1
"""and how much longer another must be to be taken for it."""
NAMED = 8
"""Letters of a block that can be looked for in a text."""
TRUSTED_BODY = 500
"""Characters of an articleBody that is more than a teaser."""
PIECE, PIECES = 20, 50
"""Letters of a piece of it that is looked for in the text, and how many pieces there are;"""
SHARED = 0.3
"""where fewer are found, the text is another one."""
LOOKED_AT = 200_000

LACKING = 2
"""Headings amid the text that an extraction may not miss."""

_SUBHEADS = frozenset({"h2", "h3", "h4"})
_INLINE = frozenset(
    {
        "a", "abbr", "b", "code", "del", "done", "em", "font", "graphic", "hi", "i", "ins", "mark",
        "q", "ref", "small", "span", "strong", "sub", "sup", "u",
    }
)  # fmt: skip
_FRAMES = frozenset({
    "article", "blockquote", "body", "center", "div", "main", "pre", "section", "td",
})  # fmt: skip
_HELD = frozenset({
    "blockquote", "dd", "dt", "h2", "h3", "h4", "li", "p", "pre", "td", "th",
})  # fmt: skip
"""What texts are made of."""
_DEARER: tuple[Way, ...] = ("compared", "balanced")
"""Ways that cost more than the first, which is enough for most pages."""
_BREAK = "\x1e"
"""Stands for a line break while a block is put together: line ends of the source mean nothing."""
_NO_LETTER = re.compile(r"[\W_]+")


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
    make_lean(root)
    if rules.mode == "throughput":
        etree.strip_tags(root, "span")  # a tenth of all elements
        lines, notes = _extracted(root, "recall")
    else:
        lines, notes = _precise(root, page)
    says_article = metadata.jsonld_article or metadata.says_published
    if says_article and _size(lines) < THIN <= _prose_length(page):
        lines = tuple(Line(tag="p", text=one.text) for one in _prose(page))
        notes = (*notes, "nothing extracted: all paragraphs taken")
    size = _size(lines)
    told = metadata.article_body
    if (told and _is_other(told, lines)) or (size < THIN and len(told) > size):
        own = tuple(Line(tag="p", text=text) for text in told.splitlines() if text.strip())
        return Body(lines=own, text_from="articleBody", notes=(*notes, "text from articleBody"))
    return Body(lines=lines, text_from="page" if lines else "none", notes=notes)


def _precise(root: html.HtmlElement, page: Page) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """Return the shortest way's lines that hold half of the page's prose, else the longest.

    Where the first misses much, the text may lie in parts: these are joined, and it tries again.
    A text with holes is left for the one without that preference, which keeps lists and sections.
    """
    prose = _prose_length(page)
    lines, notes = _extracted(root, "precision")
    if (_size(lines) < MOST * prose or _lacks_headings(lines, page)) and join_parts(root):
        lines = max(lines, _extracted(root, "precision")[0], key=_size)
    for way in _DEARER:
        if lines and _size(lines) >= MUCH * prose:
            break
        found, more = _extracted(root, way)
        notes += more
        lines = max(lines, found, key=_size)
    if lines and _has_holes(lines, page):
        found, more = _extracted(root, "recall")
        notes += more
        if _size(found) > LONGER * _size(lines):
            lines = found
    return lines, notes


def _has_holes(lines: tuple[Line, ...], page: Page) -> bool:
    """Say whether much that is no link stands between a text's lines and is not in it."""
    places = [block.order for line in lines if (block := page.by_key.get(key_of(line.text)))]
    if not places:
        return False
    allowed = max(HOLE, MISSING * _size(lines))
    shown = _letters("\n".join(line.text for line in lines))
    for block in page.blocks[min(places) : max(places) + 1]:
        if (
            block.tag in _HELD
            and not block.chrome
            and block.linked + block.linked_out <= block.letters / 2
            and len(block.key) >= NAMED
            and block.key not in shown
        ):
            allowed -= block.letters
            if allowed <= 0:
                return True
    return False


def _lacks_headings(lines: tuple[Line, ...], page: Page) -> bool:
    """Say whether headings that stand amid the text are not in it: those of updates, mostly."""
    keys = {key_of(line.text) for line in lines}
    places = [page.by_key[key].order for key in keys if key in page.by_key]
    if not places:
        return False
    amid = page.blocks[min(places) : max(places)]
    lacking = sum(
        block.tag in _SUBHEADS and not block.chrome and not block.links and block.key not in keys
        for block in amid
    )
    return lacking >= LACKING


def _extracted(root: html.HtmlElement, way: Way) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """Return trafilatura's lines; on a tree that it stumbles over none, and a note."""
    from workers.pages.libraries import body_of  # noqa: PLC0415 - it takes long to load

    try:
        body = body_of(root, way)
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


def _prose_length(page: Page) -> int:
    return sum(block.letters for block in _prose(page))


def _prose(page: Page) -> Iterator[Block]:
    """Yield the blocks that look like text: long, little link, no chrome."""
    for block in page.blocks:
        if (
            block.letters >= PARAGRAPH
            and (block.tag == "p" or (block.tag in _FRAMES and block.letters >= LOOSE))
            and not block.chrome
            and block.linked + block.linked_out < block.letters / 2
        ):
            yield block


def _is_other(told: str, lines: tuple[Line, ...]) -> bool:
    """Say whether a long articleBody is another text than the one extracted.

    Pieces of it, taken at even distances, are looked for: letters alone, so that it does not
    matter how words are spaced and whether they are.
    """
    wanted = _letters(told)
    if len(told) < TRUSTED_BODY or len(wanted) <= PIECE:
        return False
    found = _letters("\n".join(line.text for line in lines))
    places = range(0, len(wanted) - PIECE, max(1, len(wanted) // PIECES))
    shared = sum(wanted[at : at + PIECE] in found for at in places)
    return shared < SHARED * len(places)


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text[:LOOKED_AT]).casefold()
