"""Reading a document of which most was read before."""

from datetime import datetime

from msgspec.structs import replace

from workers.feeds.entries import LazyEntry
from workers.feeds.marks import Marks
from workers.feeds.read import read_feed
from workers.feeds.spans import Spans, find_spans
from workers.model.commit import Knowledge
from workers.model.feed import KnownEntry, ParsedEntry, ParsedFeed

__all__ = ["read_again", "recalled"]


def read_again(  # noqa: PLR0913, PLR0917 - what read_feed takes, and what was seen
    body: bytes,
    url: str,
    content_type: str,
    now: datetime,
    max_entries: int = 2000,
    seen: Marks | None = None,
) -> ParsedFeed:
    """Read a feed as `read_feed` does, but leave out the entries that were ``seen``.

    Returns:
        The feed, with the marks of its entries where the document can be cut at them. What was
        left out is in ``skipped``: nothing is, where anything about the document is unusual.
    """
    spans = find_spans(body, url, content_type, max_entries)
    if spans is None:
        return read_feed(body, url, content_type, now, max_entries)
    if seen is not None and seen.frame == spans.frame:
        known = frozenset(spans.marks) & seen.entries.keys()
        if known and spans.are_single(known):
            part = read_feed(spans.without(known), url, content_type, now, max_entries)
            new = tuple(dict.fromkeys(mark for mark in spans.marks if mark not in known))
            if _is_plain(part) and len(part.entries) == len(new):
                old = dict.fromkeys(mark for mark in spans.marks if mark in known)
                skipped = tuple((mark, seen.entries[mark]) for mark in old)
                return replace(part, frame=spans.frame, marks=new, skipped=skipped)
    return _marked(read_feed(body, url, content_type, now, max_entries), spans)


def recalled(feed: ParsedFeed, known: Knowledge) -> ParsedFeed | None:
    """Return a reading with all that the document lists: what was skipped is as it is stored.

    None where that is not so: something that was skipped is not stored any more, or what was read
    has the identity of something skipped, and they could be told apart only together.
    """
    if not feed.skipped:
        return feed
    found = [known.skipped.get(id_) for _, id_ in feed.skipped]
    before = [one for one in found if one is not None]
    names = {one.identity for one in before}
    if len(before) < len(found) or any(entry.identity in names for entry in feed.entries):
        return None
    return replace(feed, entries=(*feed.entries, *map(_as_listed, before)))


def _as_listed(known: KnownEntry) -> ParsedEntry:
    return ParsedEntry(
        identity=known.identity,
        url=known.url,
        title=known.title,
        published=known.published,
        digest=known.digest,
    )


def _marked(feed: ParsedFeed, spans: Spans) -> ParsedFeed:
    marks = tuple(dict.fromkeys(spans.marks))
    if _is_plain(feed) and len(feed.entries) == len(marks) and spans.are_single():
        return replace(feed, frame=spans.frame, marks=marks)
    return feed


def _is_plain(feed: ParsedFeed) -> bool:
    """Say whether each entry was read for itself, from a document without any fault.

    Entries that share an identity can only be told apart where all of them are read.
    """
    whole = feed.kind != "none" and feed.complete and not feed.warnings
    return whole and all(isinstance(entry, LazyEntry) for entry in feed.entries)
