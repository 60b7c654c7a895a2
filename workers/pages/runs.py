"""Lines that lead elsewhere by those around them (R3): lists, links in a row, under a label."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from workers.model.article import Zone
from workers.pages.blocks import Block, Page, key_of
from workers.pages.body import Line
from workers.pages.cues import CueBook, Fires

__all__ = ["PARTLY", "R5_LONGEST", "Rule", "leading_runs", "related_lists"]

PARTLY = 0.6
LISTED = 0.8
R5_LONGEST = 60
R3_MEAN = 30
R3_SHARE = 0.25
BETWEEN = 40
"""Characters of a date or a name that may stand between two links under a label."""

HEADLINE = 12, 150
"""Characters of a headline,"""
MOST_PLAIN = 5
"""and how many without link may stand under a label."""
_SENTENCE_ENDS = tuple(".!:;,。！；：،؛؟۔।")  # noqa: RUF001 - as pages write them
_QUOTES = " \"'”’“‘»«›‹)]」』）"  # noqa: RUF001 - as above

Rule = tuple[Zone, str]


def related_lists(lines: Sequence[Line], page: Page, book: CueBook) -> frozenset[int]:
    """Return the lists that only lead elsewhere, or that stand right after a cue label."""
    items: dict[int, list[Block]] = {}
    for block in page.blocks:
        if block.listed:
            items.setdefault(block.listed, []).append(block)
    whole = sum(len(line.text) for line in lines) or 1
    shown = {key_of(line.text) for line in lines}
    found = set()
    for number, blocks in items.items():
        first = blocks[0].order
        before = page.blocks[first - 1] if first else None
        if (before and _is_label(before, book)) or (
            _leads_away(blocks) and _letters_shown(blocks, shown) < R3_SHARE * whole
        ):
            found.add(number)
    return frozenset(found)


def _is_label(block: Block, book: CueBook) -> bool:
    if len(block.text) > R5_LONGEST:
        return False
    label = Fires.LABEL | Fires.TOPIC if block.tag.startswith("h") else Fires.LABEL
    return bool(book.fires(block.text) & label)


def _leads_away(blocks: Sequence[Block]) -> bool:
    """Say whether all of at least two items are links inside the site, of headline length."""
    items: dict[int, list[int]] = {}
    for block in blocks:
        sums = items.setdefault(block.item, [0, 0])
        sums[0] += block.letters
        sums[1] += block.linked
    if len(items) < 2:  # noqa: PLR2004
        return False
    mean = sum(letters for letters, _ in items.values()) / len(items)
    return mean >= R3_MEAN and all(
        linked >= LISTED * letters for letters, linked in items.values()
    )


def _letters_shown(blocks: Sequence[Block], shown: set[str]) -> int:
    return sum(block.letters for block in blocks if key_of(block.text) in shown)


def leading_runs(
    lines: Sequence[Line], rules: Sequence[Rule | None], page: Page
) -> frozenset[int]:
    """Return the places of lines that lead elsewhere by what stands around them.

    * Two or more in a row that are nearly all link, of headline length, in whatever tags: lists
      are written without list tags too. Never a quarter of the text or more.
    * Lines right after a label that are mostly link, with at most a date or name between, and
      short ones without link that end like headlines: without the point of a sentence. So with
      a short one behind the last link that ends the text.

    Args:
        lines: the text.
        rules: what other rules say of each line.
        page: the page's blocks.
    """
    blocks = [page.by_key.get(key_of(line.text)) for line in lines]
    whole = sum(len(line.text) for line in lines) or 1
    found: set[int] = set()
    for run in _runs(blocks, rules):
        sizes = [len(lines[place].text) for place in run]
        if sum(sizes) >= R3_MEAN * len(run) and sum(sizes) < R3_SHARE * whole:
            found.update(run)
    for place, rule in enumerate(rules):
        if rule and rule[1] == "R5":
            found.update(_headed(lines, rules, blocks, place + 1))
    return frozenset(place for place in found if rules[place] is None)


def _runs(
    blocks: Sequence[Block | None], rules: Sequence[Rule | None]
) -> Iterator[tuple[int, ...]]:
    """Yield the places of lines in a row that are nearly all link; of one block's only once."""
    leads = [
        place
        for place, block in enumerate(blocks)
        if _leads(block, LISTED) and (rules[place] or ("", ""))[0] != "title"
    ]
    run = leads[:1]
    for before, place in pairwise(leads):
        if place == before + 1:
            run.append(place)
            continue
        if len(run) > 1:
            yield tuple(run)
        run = [place]
    if len(run) > 1:
        yield tuple(run)


def _headed(
    lines: Sequence[Line],
    rules: Sequence[Rule | None],
    blocks: Sequence[Block | None],
    start: int,
) -> Iterator[int]:
    """Yield the places of the lines that a label before ``start`` heads."""
    between: list[int] = []
    led = False
    plain = 0 if lines[start - 1].tag == "head" else MOST_PLAIN
    for place in range(start, len(lines)):
        rule = rules[place]
        if _leads(blocks[place], PARTLY) or (rule and rule[0] == "related"):
            yield from (*between, place)
            between, plain, led = [], 0, True
        elif plain and _is_headline(lines[place], rule):
            plain -= 1
            yield place
        elif not between and len(lines[place].text) <= BETWEEN:
            between, plain = [place], 0
        else:
            return
    if led:
        yield from (place for place in between if _is_headline(lines[place], rules[place]))


def _is_headline(line: Line, rule: Rule | None) -> bool:
    """Say whether a line without link is worded like a headline, and is no heading of the text."""
    size = len(line.text)
    return (
        rule is None
        and line.tag != "head"
        and HEADLINE[0] <= size <= HEADLINE[1]
        and not line.text.rstrip(_QUOTES).endswith(_SENTENCE_ENDS)
    )


def _leads(block: Block | None, share: float) -> bool:
    return block is not None and block.links > 0 and block.share >= share
