"""What a later reading of a page changed, and the paragraphs that a live page has got by it."""

import asyncio
from datetime import datetime

from msgspec.structs import replace

from workers.model.article import ArticleRow, Edition, Extracted, PageJob
from workers.model.commit import AddedLine
from workers.model.topic import Match, TopicSpec
from workers.steps.again import PAGES
from workers.steps.documents import document_of_page, ring_unit
from workers.steps.edges import Edges, Rules
from workers.steps.match import matching
from workers.text.lines import Change, added_lines, change, hash_of, key_of_line

__all__ = ["added_that_match", "changes", "edition", "lost"]

LARGE = 200_000
"""Characters of texts that are compared in a thread."""
MOST_ADDED = 100
"""Paragraphs of one reading that are matched by themselves; the whole text is in any case."""
MOST_LOST = 200
"""Paragraphs, lost in one reading, that are remembered."""
MOST_LINES = 100
"""Lines, added or removed, that are kept of one reading,"""
MOST_LINE = 500
"""so many characters of each,"""
MOST_LETTERS = 16_000
"""and of all."""
OTHER_PAGE = 5
"""A page of which fewer than one line in so many is left is not the same with more on it."""


async def changes(before: ArticleRow, after: ArticleRow) -> Change | None:
    """Return what changed of a page's text; None where there is no earlier text of a page."""
    if before.text_from not in PAGES or not before.text:
        return None
    if len(before.text) + len(after.text) > LARGE:
        return await asyncio.to_thread(change, before.text, after.text)
    return change(before.text, after.text)


def edition(
    before: ArticleRow, after: ArticleRow, changed: Change | None, because: str, now: datetime
) -> Edition | None:
    """Return what is kept of a change, None if there is none."""
    if changed is None or before.fetched_at is None:
        return None
    if not changed and before.title == after.title:
        return None
    letters = MOST_LETTERS
    kept: tuple[list[str], list[str]] = ([], [])
    for place, lines in enumerate((changed.added, changed.removed)):
        for line in lines[:MOST_LINES]:
            letters -= len(line[:MOST_LINE])
            if letters < 0:
                break
            kept[place].append(line[:MOST_LINE])
    many = len(changed.added) + len(changed.removed)
    return Edition(
        since=before.fetched_at,
        at=now,
        because=because,
        title=before.title,
        added=tuple(kept[0]),
        removed=tuple(kept[1]),
        left_out=many - len(kept[0]) - len(kept[1]),
    )


def lost(changed: Change | None) -> tuple[str, ...]:
    """Return hashes of the paragraphs that a page has lost."""
    return tuple(map(hash_of, changed.removed[:MOST_LOST])) if changed else ()


async def added_that_match(
    edges: Edges, rules: Rules, job: PageJob, read: Extracted, changed: Change | None
) -> tuple[AddedLine, ...]:
    """Return the paragraphs that a live page has got, each with what matched in it.

    Titles count too, as they do for the whole text, but something of the paragraph must have been
    found: else each would ring for what the page is called.

    Args:
        edges: the outside world.
        rules: what is watched.
        job: the live page, as it was before.
        read: what it says now, its own lines alone.
        changed: what is new of that.
    """
    if changed is None or OTHER_PAGE * changed.kept < changed.kept + len(changed.removed):
        return ()
    lines = await asyncio.to_thread(_news, read, changed)
    found = []
    for line in lines:
        alone = replace(_dated(read, job), text=line, zones=())
        matched = await matching(edges, rules, document_of_page(alone, job.entries, rules.sources))
        told = [pair for pair in matched if _in_text(pair)]
        unit = ring_unit(job.article, alone, job.entries, told, rules, edges.clock.now())
        if unit is not None:
            facts = replace(unit.article, summary=line[:MOST_LINE])
            found.append(AddedLine(key=hash_of(line), unit=replace(unit, article=facts)))
    return tuple(found)


def _dated(read: Extracted, job: PageJob) -> Extracted:
    """Return what a page says with the time that its feed has given it, if it has."""
    article = job.article
    if article.published_from != "feed":
        return read
    return replace(read, published=article.published, published_from="feed")


def _news(read: Extracted, changed: Change) -> tuple[str, ...]:
    """Return the lines of the page itself that are new, not old ones in other words."""
    own = {key_of_line(line) for line in read.text.splitlines()}
    added = [line for line in changed.added if key_of_line(line) in own][:MOST_ADDED]
    return added_lines(replace(changed, added=tuple(added)))


def _in_text(pair: tuple[TopicSpec, Match]) -> bool:
    return any(hit.zone != "title" for clause in pair[1].clauses for hit in clause.hits)
