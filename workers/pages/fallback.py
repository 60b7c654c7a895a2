"""What is finally searched of an article: its page, or what its feeds say, or both."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from workers.model.article import Extracted, TextFrom
from workers.model.feed import EntryRow
from workers.pages.blocks import key_of

__all__ = ["settle"]


def settle(
    extracted: Extracted | None, entries: Sequence[EntryRow], reason: str = ""
) -> Extracted:
    """Return what is searched of an article, from its page and the entries that list it.

    * No page, an unreadable one, or one that stands in for it: the feed's title and text.
    * A thin page, or less text than the feed has: its own lines, the feed's title and text.
    * Else the page.

    Verdict and reasons are kept, ``reason`` is added. The feed's date wins over the page's; title,
    author and language of the page win over the feed's.

    Args:
        extracted: what the page says, None if there is none.
        entries: the entries that list the article, oldest first.
        reason: why there is no page, "" if there is one.
    """
    page = extracted or Extracted(
        url=next((entry.url for entry in reversed(entries) if entry.url), ""),
        verdict="unreadable",
    )
    told = _feed_text(entries)
    title = next((entry.title for entry in reversed(entries) if entry.title.strip()), "")
    hidden = page.verdict == "unreadable" or page.standin
    short = page.verdict == "thin" or len(page.text) < len(told)
    if hidden:
        own, note = _told(told, title), "searched in the feed's title and text"
    elif short and (told or title):
        own, note = _together(page, told, title), "searched with the feed's title and text"
    else:
        own, note = (page.title.strip() or title, page.text, page.text_from), ""
    published = _published(entries)
    wanted = dict.fromkeys(one for one in (*page.reasons, reason, note) if one)
    return msgspec.structs.replace(
        page,
        title=own[0],
        text=own[1],
        text_from=own[2],
        reasons=tuple(wanted),
        published=published or page.published,
        published_from="feed" if published else page.published_from,
        author=page.author or _author(entries),
        language=page.language or _language(entries),
    )


_Own = tuple[str, str, TextFrom]
"""Title, text, and where the text is from."""


def _told(told: str, title: str) -> _Own:
    return title, told, "feed" if told or title else "none"


def _together(page: Extracted, told: str, title: str) -> _Own:
    """Return the page's lines and the feed's after them, each once."""
    lines = page.text.splitlines()
    keys = {key_of(line) for line in (*lines, page.title)}
    own_title = page.title.strip() or title
    keys.add(key_of(own_title))
    for line in (title, *told.splitlines()):
        key = key_of(line)
        if key and key not in keys:
            keys.add(key)
            lines.append(line.strip())
    mostly_feed = len(told) > len(page.text) or not page.text
    source: TextFrom = "feed" if mostly_feed else page.text_from
    return own_title, "\n".join(lines), source if lines or own_title else "none"


def _feed_text(entries: Sequence[EntryRow]) -> str:
    """Return the longest content that an entry has; without content, the longest summary."""
    content = max((entry.content.strip() for entry in entries), key=len, default="")
    return content or max((entry.summary.strip() for entry in entries), key=len, default="")


def _published(entries: Sequence[EntryRow]) -> datetime | None:
    """Return the earliest date that a feed gives."""
    return min((entry.published for entry in entries if entry.published), default=None)


def _author(entries: Sequence[EntryRow]) -> str | None:
    return next((", ".join(entry.authors) for entry in entries if entry.authors), None)


def _language(entries: Sequence[EntryRow]) -> str | None:
    return next((entry.language for entry in entries if entry.language), None)
