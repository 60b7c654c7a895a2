"""What is finally searched of an article: its page, or what its feeds say, or both."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from workers.model.article import Cues, Extracted, TextFrom, ZoneLine
from workers.model.feed import EntryRow
from workers.pages.blocks import key_of
from workers.pages.cues import CueBook, book_for
from workers.pages.zones import divide_text

__all__ = ["settle"]

SHORT_SUMMARY = 1_000
"""Characters up to which a summary is one, and not the article's text."""
SAME_START = 60
"""Letters and digits by which a summary is known as the beginning of the content."""
AHEAD = timedelta(days=1)
"""How far behind the time of reading a feed's date may lie: zones, and clocks that are fast."""
MOST_HEADLINES = 20
"""Feeds whose wording is added: a story that runs in more says nothing new in the next."""
_FEED_ALONE = "searched in the feed's title and text"
_TOGETHER = "searched with the feed's title and text"


def settle(
    extracted: Extracted | None,
    entries: Sequence[EntryRow],
    reason: str = "",
    cues: tuple[Cues, ...] = (),
) -> Extracted:
    """Return what is searched of an article, from its page and the entries that list it.

    * No page, an unreadable one, or one that stands in for it: the feed's title and text.
    * A thin page, or less text than the feed has: its own lines, the feed's title and text.
    * Else the page, with the feeds' titles and short summaries where they say it otherwise:
      publishers rewrite headlines, and whoever saw the feed's must not miss it.

    Lines that the page keeps aside are not brought back by a feed that repeats them, and what a
    feed says is told apart by the same wording rules. Verdict and reasons are kept, ``reason`` is
    added. The feed's date wins over the page's; title, author and language of the page win over
    the feed's.

    Args:
        extracted: what the page says, None if there is none.
        entries: the entries that list the article, oldest first.
        reason: why there is no page, "" if there is one.
        cues: the cue lists by which lines are told apart.
    """
    page = extracted or Extracted(
        url=next((entry.url for entry in reversed(entries) if entry.url), ""),
        verdict="unreadable",
    )
    own, zones, note = _searched(
        page, entries, book_for(cues, page.language or _language(entries))
    )
    published = _published(entries)
    wanted = dict.fromkeys(one for one in (*page.reasons, reason, note) if one)
    return msgspec.structs.replace(
        page,
        title=own[0],
        text=own[1],
        zones=zones,
        text_from=own[2],
        reasons=tuple(wanted),
        published=published or page.published,
        published_from="feed" if published else page.published_from,
        author=page.author or _author(entries),
        language=page.language or _language(entries),
    )


def _searched(
    page: Extracted, entries: Sequence[EntryRow], book: CueBook
) -> "tuple[_Own, tuple[ZoneLine, ...], str]":
    """Return what is searched, what is kept aside, and a note if the page is not all."""
    told, aside = divide_text(_feed_text(entries), book)
    title = next((entry.title for entry in reversed(entries) if entry.title.strip()), "")
    if page.verdict == "unreadable" or page.standin:
        return _told(told, title), _with(page.zones, aside), _FEED_ALONE
    short = page.verdict == "thin" or len(page.text) < len(told)
    headlines = _headlines(entries, book)
    if short and (told or title):
        own = _together(page, [*headlines, *told.splitlines()], len(told))
        return own, _with(page.zones, aside), _TOGETHER
    return _together(page, headlines, 0), page.zones, ""


_Own = tuple[str, str, TextFrom]
"""Title, text, and where the text is from."""


def _told(told: str, title: str) -> _Own:
    return title, told, "feed" if told or title else "none"


def _together(page: Extracted, told: Sequence[str], feed_letters: int) -> _Own:
    """Return the page's lines and, after them, those of ``told`` that say something else.

    ``feed_letters`` of the feed's own text make it the feed's if the page has fewer.
    """
    lines = page.text.splitlines()
    own_title = page.title.strip() or next((line for line in told if line.strip()), "")
    keys = {key_of(line) for line in (*lines, page.title, own_title)}
    keys.update(key_of(line.text) for line in page.zones)
    for line in told:
        key = key_of(line)
        if key and key not in keys:
            keys.add(key)
            lines.append(line.strip())
    mostly_feed = feed_letters > len(page.text) or not page.text
    source: TextFrom = "feed" if mostly_feed else page.text_from
    return own_title, "\n".join(lines), source if lines or own_title else "none"


def _headlines(entries: Sequence[EntryRow], book: CueBook) -> list[str]:
    """Return the feeds' titles and short summaries; longer ones are texts of their own."""
    told = []
    for entry in entries[:MOST_HEADLINES]:
        told.append(entry.title)
        if len(entry.summary) <= SHORT_SUMMARY:
            told += divide_text(entry.summary, book)[0].splitlines()
    return told


def _with(zones: tuple[ZoneLine, ...], more: tuple[ZoneLine, ...]) -> tuple[ZoneLine, ...]:
    """Return zone lines and those of ``more`` that are not among them."""
    known = {key_of(line.text) for line in zones}
    return (*zones, *(line for line in more if key_of(line.text) not in known))


def _feed_text(entries: Sequence[EntryRow]) -> str:
    """Return the longest summary and content, once where the one begins the other."""
    content = max((entry.content.strip() for entry in entries), key=len, default="")
    summary = max((entry.summary.strip() for entry in entries), key=len, default="")
    if key_of(summary)[:SAME_START] in key_of(content):
        return content
    return f"{summary}\n{content}".strip()


def _published(entries: Sequence[EntryRow]) -> datetime | None:
    """Return the earliest date that a feed gives, if it is not later than the feed was read."""
    return min(
        (
            entry.published
            for entry in entries
            if entry.published and entry.published <= entry.seen + AHEAD
        ),
        default=None,
    )


def _author(entries: Sequence[EntryRow]) -> str | None:
    return next((", ".join(entry.authors) for entry in entries if entry.authors), None)


def _language(entries: Sequence[EntryRow]) -> str | None:
    return next((entry.language for entry in entries if entry.language), None)
