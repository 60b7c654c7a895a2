"""What a host's pages have in common: lines that stand in several of its stories are no news (B3).

A host's memory is a small piece of data, little-endian: the lines that are known to be common, and
the stories that were read lately, the latest last, with the other lines that each of them had::

    version B, common lines H, stories H
    common lines: hashes I, days H (since 1970, on which a page had them last)
    stories: hashes I, days H, weights H, numbers of lines H
    lines: hashes I

A commit of a reading opens it and closes it again, so what is done to it is mostly copying.
Hashes are of 32 bits: a line of a page is taken for one of the 2,000 that it is not once in fifty
thousand pages, and one host can mislead only itself.
"""

import sys
from array import array
from hashlib import blake2b
from itertools import chain
from struct import Struct

import msgspec

from workers.model.article import Extracted, HostLines
from workers.pages.blocks import key_of

__all__ = ["hash_of", "known_lines", "lines_of", "noted"]

MOST_LINES = 2_000
"""Lines of one host that are remembered, 8 kB: of 20,000 hosts 170 MB."""
MOST_COMMON = 500
"""Of these, lines that are known to be common."""
MOST_OF_A_PAGE = 200
"""Lines of one page, half of them its first and half its last: one page must not fill a memory."""
DAYS = 30
"""What no page had for so long is forgotten."""
STORIES = 3
"""Distinct stories in which a line stands before it is boilerplate."""
SAME_STORY = 0.3
"""Pages that share more of their letters than this are one story, told twice."""
LETTERS = 12
"""Letters below which a line says too little to be known again."""
_MOST_WEIGHT = 0xFFFF
_VERSION = 1
_HEAD = Struct("<BHH")
_COLUMNS = "IHIHHH"
"""Of the common lines, then of the stories."""
_OF_LINES = 2
"""So many of these columns are of the common lines."""


class _Story(msgspec.Struct):
    """A story that was read."""

    story: int
    day: int
    weight: int
    """Letters of its lines that were not common."""
    lines: "array[int]"


class _Memory(msgspec.Struct):
    """A host's memory, opened."""

    common: dict[int, int]
    """The day of each common line, the longest unseen first."""
    stories: list[_Story]


def hash_of(text: str) -> int | None:
    """Return the hash by which a line is known again, None if it says too little for that."""
    key = key_of(text)
    if sum(map(str.isalpha, key)) < LETTERS:
        return None
    return _hashed(key)


def lines_of(read: Extracted, host: str, story: str) -> HostLines | None:
    """Return what a page adds to the memory of its host; None if it is no page of it.

    Lines that other rules keep aside are left out: they are known by their words or links.

    Args:
        read: what was read from the page itself.
        host: whose page it is.
        story: the id of its article.
    """
    if read.verdict == "unreadable" or read.standin or read.text_from != "page" or not host:
        return None
    aside = (line.text for line in read.zones if line.rule == "B3")
    found: dict[int, int] = {}
    for text in chain(read.text.splitlines(), aside):
        hashed = hash_of(text)
        if hashed is not None:
            found[hashed] = len(key_of(text))
    lines = list(found.items())
    if len(lines) > MOST_OF_A_PAGE:
        lines = lines[: MOST_OF_A_PAGE // 2] + lines[-MOST_OF_A_PAGE // 2 :]
    return HostLines(host=host, story=_hashed(story), lines=tuple(lines)) if lines else None


def known_lines(memory: bytes | None, today: int) -> frozenset[int]:
    """Return the hashes of lines that stood in at least three stories, and did lately."""
    return frozenset(_opened(memory, today).common)


def noted(memory: bytes | None, page: HostLines, today: int) -> bytes:
    """Return a host's memory with a page added; the same page once more changes nothing but days.

    Args:
        memory: as it was stored; None, or what is no memory, is an empty one.
        page: the lines of a page.
        today: days since 1970.
    """
    known = _opened(memory, today)
    lines = dict(page.lines[:MOST_OF_A_PAGE])
    for hashed in lines.keys() & known.common.keys():
        known.common[hashed] = today
    news = {hashed: weight for hashed, weight in lines.items() if hashed not in known.common}
    shared = [[one for one in story.lines if one in news] for story in known.stories]
    place = _place(known, news, shared, page.story)
    if place < len(known.stories):
        story = known.stories.pop(place)
        shared.pop(place)
    else:
        story = _Story(story=page.story, day=today, weight=0, lines=array("I"))
    story.day = today
    if story.story == page.story:  # not of another page that tells the same
        story.lines = array("I", news)
    known.stories.append(story)
    _promote(known, story, shared, today)
    if story.story == page.story:
        story.weight = sum(news[hashed] for hashed in story.lines)
    _shorten(known)
    return _closed(known)


def _hashed(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=4).digest())


def _place(known: _Memory, news: dict[int, int], shared: list[list[int]], own: int) -> int:
    """Return the place of the story that a page tells: its own, the latest that is like it, new.

    What is common already proves nothing: else a page of little text would be one story with every
    other page of its host.
    """
    for place, story in enumerate(known.stories):
        if story.story == own:
            return place
    whole = sum(news.values())
    for place in reversed(range(len(known.stories))):
        weight = sum(news[hashed] for hashed in shared[place])
        if weight > SAME_STORY * min(whole, known.stories[place].weight):
            return place
    return len(known.stories)


def _promote(known: _Memory, story: _Story, shared: list[list[int]], today: int) -> None:
    """Let lines of a story that now stand in enough of them be common.

    ``shared`` are the lines that other stories share with the page.
    """
    own = set(story.lines)
    counts: dict[int, int] = {}
    for hashed in chain.from_iterable(shared):
        counts[hashed] = counts.get(hashed, 1) + 1
    found = {hashed for hashed, count in counts.items() if count >= STORIES and hashed in own}
    if found:
        known.common.update(dict.fromkeys(found, today))
        for one in known.stories:
            one.lines = array("I", (hashed for hashed in one.lines if hashed not in found))


def _shorten(known: _Memory) -> None:
    """Drop what is too much: the common lines unseen for longest, and the earliest stories."""
    over = len(known.common) - MOST_COMMON
    if over > 0:
        by_day = sorted(known.common, key=known.common.__getitem__)
        known.common = {hashed: known.common[hashed] for hashed in by_day[over:]}
    room = MOST_LINES - len(known.common)
    for place in range(len(known.stories) - 1, -1, -1):
        room -= max(1, len(known.stories[place].lines))
        if room < 0:
            del known.stories[: place + 1]
            break


def _opened(memory: bytes | None, today: int) -> _Memory:
    """Unpack a memory, without what is too old; what is none of ours is an empty one."""
    found = _Memory(common={}, stories=[])
    if memory is None or len(memory) < _HEAD.size:
        return found
    version, commons, stories = _HEAD.unpack_from(memory)
    columns, at = [], _HEAD.size
    for number, kind in enumerate(_COLUMNS):
        column = array(kind)
        size = (commons if number < _OF_LINES else stories) * column.itemsize
        if version != _VERSION or at + size > len(memory):
            return found
        columns.append(_read(column, memory[at : at + size]))
        at += size
    common, seen, *told = columns
    if len(memory) - at != sum(told[-1]) * array("I").itemsize:
        return found
    lines = _read(array("I"), memory[at:])
    young = range(today - DAYS, today + DAYS + 1)  # a clock that was ahead is no reason to forget
    found.common = {one: day for one, day in zip(common, seen, strict=True) if day in young}
    start = 0
    for story, day, weight, count in zip(*told, strict=True):
        if day in young:
            own = lines[start : start + count]
            found.stories.append(_Story(story=story, day=day, weight=weight, lines=own))
        start += count
    return found


def _closed(known: _Memory) -> bytes:
    """Pack a memory."""
    common, stories = known.common, known.stories
    values = (
        common,
        common.values(),
        [one.story for one in stories],
        [one.day for one in stories],
        [min(one.weight, _MOST_WEIGHT) for one in stories],
        [len(one.lines) for one in stories],
    )
    columns = [array(kind, column) for kind, column in zip(_COLUMNS, values, strict=True)]
    columns += [one.lines for one in stories]
    head = _HEAD.pack(_VERSION, len(common), len(stories))
    return head + b"".join(map(_written, columns))


def _read(column: "array[int]", data: bytes) -> "array[int]":
    column.frombytes(data)
    if sys.byteorder == "big":
        column.byteswap()
    return column


def _written(column: "array[int]") -> bytes:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column.tobytes()
