"""Which lines of a page are searched as its body, and which are kept aside, and by what rule.

The rules and their names are those of ``docs/pages.md``; of the lines that they
mark in news nine in ten are not in the true text.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

import msgspec
from msgspec.structs import replace

from workers.model.article import ZoneLine
from workers.pages.blocks import Block, Page, key_of
from workers.pages.body import Line
from workers.pages.cues import CueBook, Fires
from workers.pages.memory import hash_of
from workers.pages.runs import PARTLY, R5_LONGEST, Rule, leading_runs, related_lists

__all__ = ["Divided", "divide", "divide_text", "without_common"]

LINKED = 0.9
R1_LONGEST = 300
R2_LONGEST = 250
R6_LONGEST = 200
B2_LONGEST = 260
TITLE_LONGEST = 300
MOST_ASIDES = 8
"""Of one paragraph."""
BEYOND = 20
"""Blocks after the last line of the text that are still looked at for cues."""

_HEADINGS = frozenset({"head", "h1", "h2", "h3", "h4", "h5", "h6"})
_JOINED = tuple(".,;:!?。，、；：！？")  # noqa: RUF001 - as pages write them
"""What stands right behind a word."""
_KICKER = re.compile(r".{2,40}?\s?[:：｜|»›→>]")  # noqa: RUF001
_WORDS = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_CREDIT = re.compile(
    r"\W{0,3}(?:(?:photo(?:graph)?s?|images?|pictures?|illustration|video|credits?|foto|bild|fotos)"
    r"(?:\s(?:credit|courtesy|illustration|by|from|of))*\s?[:/©]\s?|©\s?)[^.!?\n]{2,80}\W{0,2}"
    r"|\(?[^.!?\n]{2,50}/\s?(?:AP|AFP|Reuters|Getty|dpa|EPA|Xinhua|Getty Images|AP Photo|AFP via "
    r"Getty Images|NurPhoto|Anadolu|TASS|Bloomberg)(?:/[\w ]{2,30})?\)?",
    re.IGNORECASE,
)
_BY_CUE: tuple[tuple[Fires, int, Rule], ...] = (
    (Fires.AD, R5_LONGEST, ("boilerplate", "B1")),
    (Fires.SERVICE, B2_LONGEST, ("boilerplate", "B2")),
    (Fires.LABEL, R5_LONGEST, ("related", "R5")),
    (Fires.COLON, R6_LONGEST, ("related", "R6")),
)


class Divided(msgspec.Struct, frozen=True, kw_only=True):
    """The lines that are searched as body, and those that are kept aside."""

    body: tuple[Line, ...]
    zones: tuple[ZoneLine, ...]


class _Around(msgspec.Struct, frozen=True, kw_only=True):
    """What a line is judged against."""

    page: Page
    book: CueBook
    titles: frozenset[str]
    related_lists: frozenset[int]


def divide(lines: Sequence[Line], page: Page, titles: Iterable[str], book: CueBook) -> Divided:
    """Tell the zones of the main text's lines apart; no rule marks a line that repeats a title.

    Captions, and lines that open with a cue, are added where they stand in the page's main
    content and the extraction left them out: they are kept, though not searched as body.
    """
    keys = frozenset(key for title in titles if (key := key_of(title)))
    around = _Around(
        page=page, book=book, titles=keys, related_lists=related_lists(lines, page, book)
    )
    rules = [_rule(line, around) for line in lines]
    for place in leading_runs(lines, rules, page):
        rules[place] = "related", "R3"
    body: list[Line] = []
    zones: list[ZoneLine] = []
    for line, rule in zip(lines, rules, strict=True):
        if rule:
            zones.append(ZoneLine(zone=rule[0], text=line.text, rule=rule[1], at=len(body)))
            continue
        kept, aside = _without_asides(line, around)
        body.append(kept)
        zones.extend(
            ZoneLine(zone="related", text=text, rule="R6", at=len(body)) for text in aside
        )
    zones.extend(_left_out(lines, body, around, zones))
    zones.sort(key=lambda line: line.at or 0)
    return Divided(body=tuple(body), zones=tuple(zones))


def divide_text(text: str, book: CueBook) -> tuple[str, tuple[ZoneLine, ...]]:
    """Tell the zones of plain lines apart by their words alone: what a feed says has no page."""
    body: list[str] = []
    zones: list[ZoneLine] = []
    for line in text.splitlines():
        rule = _by_words(Line(tag="p", text=line), None, book) if line.strip() else None
        if rule:
            zones.append(ZoneLine(zone=rule[0], text=line, rule=rule[1]))
            continue
        kept, aside = _cut(line, book)
        body.append(kept)
        zones.extend(ZoneLine(zone="related", text=text, rule="R6") for text in aside)
    return "\n".join(body).strip(), tuple(zones)


def without_common(divided: Divided, known: frozenset[int]) -> Divided:
    """Set aside what stands in several stories of the page's host (B3), by hashes of lines."""
    if not known:
        return divided
    common = [line for line in divided.body if hash_of(line.text) in known]
    if not common:
        return divided
    body: list[Line] = []
    places, aside = [], []
    for line in divided.body:
        places.append(len(body))
        if line in common:
            aside.append(ZoneLine(zone="boilerplate", text=line.text, rule="B3", at=len(body)))
        else:
            body.append(line)
    places.append(len(body))
    moved = [replace(line, at=places[line.at]) for line in divided.zones if line.at is not None]
    loose = [line for line in divided.zones if line.at is None]
    zones = sorted([*loose, *moved, *aside], key=lambda line: line.at or 0)
    return Divided(body=tuple(body), zones=tuple(zones))


def _rule(line: Line, around: _Around) -> Rule | None:
    """Return the zone of a line and the rule that says so, None for the body."""
    key = key_of(line.text)
    if key in around.titles and len(line.text) <= TITLE_LONGEST:
        return "title", "title"
    if not key:
        return None
    block = around.page.by_key.get(key)
    return _by_words(line, block, around.book) or _by_links(line, block, around)


def _by_words(line: Line, block: Block | None, book: CueBook) -> Rule | None:
    """Judge a line by how it is worded: C1, B1, B2, R5, R6, R4."""
    text = line.text
    if (block and block.figure) or (len(text) <= R6_LONGEST and _CREDIT.fullmatch(text)):
        return "caption", "C1"
    fires = book.fires(text)
    if not fires:
        return None
    for kind, longest, rule in _BY_CUE:
        if fires & kind and len(text) <= longest:
            return rule
    heads = line.tag in _HEADINGS or (block is not None and block.tag in _HEADINGS)
    if heads and fires & Fires.TOPIC and len(text) <= R5_LONGEST:
        return "related", "R5"
    if block and block.share >= PARTLY and fires & Fires.OPENS:
        return "related", "R4"
    return None


def _by_links(line: Line, block: Block | None, around: _Around) -> Rule | None:
    """Judge a line by how much of it is link: R2, R1, R3."""
    if block is None:
        return None
    if block.listed and block.listed in around.related_lists:
        return "related", "R3"
    if line.tag in _HEADINGS or block.tag in _HEADINGS or not block.links:
        return None
    size, share = len(line.text), block.share
    kicker = _KICKER.match(line.text)
    if kicker and block.links == 1 and PARTLY <= share < 0.97 and size <= R2_LONGEST:  # noqa: PLR2004
        return "related", "R2"
    if line.tag in {"p", "quote"} and share >= LINKED and size <= R1_LONGEST and _wordy(line.text):
        return "related", "R1"
    return None


def _wordy(text: str) -> bool:
    """Say whether a line is long enough to be a headline."""
    return len(_WORDS.findall(text)) >= 4 or len(_CJK.findall(text)) >= 10  # noqa: PLR2004


def _without_asides(line: Line, around: _Around) -> tuple[Line, list[str]]:
    """Return a paragraph without what leads elsewhere inside of it, and that (R6)."""
    if line.tag in _HEADINGS or key_of(line.text) in around.titles:
        return line, []
    kept, aside = _cut(line.text, around.book)
    return (Line(tag=line.tag, text=kept), aside) if aside else (line, [])


def _cut(text: str, book: CueBook) -> tuple[str, list[str]]:
    found: list[str] = []
    while len(found) < MOST_ASIDES and (span := book.aside(text, R6_LONGEST)):
        start, end = span
        found.append(text[start:end].strip())
        before, after = text[:start].rstrip(), text[end:].lstrip()
        text = (before + after if after.startswith(_JOINED) else f"{before} {after}").strip()
    return text, found


def _left_out(
    lines: Sequence[Line], body: Sequence[Line], around: _Around, zones: Sequence[ZoneLine]
) -> list[ZoneLine]:
    """Return what the extraction left out of the main content: captions, cues, links elsewhere."""
    page = around.page
    known = {key_of(line.text) for line in lines} | {key_of(line.text) for line in zones}
    places = [page.by_key[key].order for key in known if key in page.by_key]
    if not places:
        return []
    before = _orders(body, page)
    found = []
    label = False
    for block in page.blocks[min(places) : max(places) + BEYOND]:
        key = block.key
        if block.chrome or not key or key in known or key in around.titles:
            continue
        line = Line(tag=block.tag, text=block.text)
        rule = _by_words(line, block, around.book) or _by_links(line, block, around)
        if rule is None and label and block.links and block.share >= PARTLY:
            rule = "related", "R3"
        label = rule is not None and (rule[1] == "R5" or (label and rule[1] == "R3"))
        if rule:
            known.add(key)
            at = bisect_left(before, block.order)
            found.append(ZoneLine(zone=rule[0], text=block.text, rule=rule[1], at=at))
    return found


def _orders(body: Sequence[Line], page: Page) -> list[int]:
    """Return for each line of the text how far the page's blocks have come with it, rising."""
    blocks = (page.by_key.get(key_of(line.text)) for line in body)
    return list(accumulate((block.order if block else 0 for block in blocks), max))
