"""An entry in the making: what each format's reader collects, and how that becomes an entry."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from html import unescape

from msgspec.structs import replace

from workers.feeds.dates import known_date
from workers.model.base import Record
from workers.model.feed import ParsedEntry
from workers.text.markup import clean, plain
from workers.text.urls import LONGEST, absolute, canonical

__all__ = ["Draft", "Reading", "finish", "finish_all", "link_of", "short"]

TITLE = 1000
SUMMARY = 20_000
TEXT = 400_000
NAME = 200
NAMES = 50
"""Characters of a title, a summary, a content, a name; and how many names an entry keeps."""


class Reading(Record, frozen=True, kw_only=True):
    """What every entry of one document is read with."""

    url: str
    """Where the document was found."""
    now: datetime
    most: int
    """Entries read, at most."""


@dataclass(slots=True)
class Draft:
    """What a feed says of an entry, as written."""

    base: str
    guid: str = ""
    links: dict[int, str] = field(default_factory=dict)
    """By rank: 0 for what the feed calls the original, 1 for the usual, and so on."""
    title: str = ""
    literal: bool = False
    """True where the title is text and no markup."""
    summary: str = ""
    content: str = ""
    published: str | None = None
    updated: str | None = None
    authors: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)


def short(text: str, limit: int = NAME) -> str:
    """Return a short text as one line."""
    if len(text) > 8 * limit:
        text = text[: 8 * limit]
    line = plain(text).replace("\n", " ")
    return line if len(line) <= limit else line[: limit - 1] + "…"


def link_of(written: str, base: str) -> str | None:
    """Return the absolute address that a link names, None if that is none of the web's."""
    text = written.strip()
    if not text or len(text) > 2 * LONGEST:
        return None
    if "&amp;" in text:
        text = unescape(text)
    return absolute(text, base)


def finish(draft: Draft, now: datetime) -> ParsedEntry:
    """Return the entry that a draft makes."""
    url = _url(draft)
    title = _title(draft)
    told = plain(draft.summary[:TEXT]) if draft.summary else ""
    whole = plain(draft.content[:TEXT]) if draft.content else told
    html, text = (draft.content, whole) if len(whole) >= len(told) else (draft.summary, told)
    published = known_date(draft.published, now)
    updated = known_date(draft.updated, now)
    return ParsedEntry(
        identity=_identity(draft.guid, url, title, text),
        url=url,
        title=title,
        summary=(told or whole)[:SUMMARY].replace("\n", " "),
        content=text,
        content_html=clean(html[:TEXT]) or clean(draft.summary[:TEXT]),
        published=published,
        updated=updated,
        authors=_names(draft.authors),
        categories=_names(draft.categories),
        digest=_hash(title, text),
    )


def finish_all(drafts: list[Draft], now: datetime) -> tuple[ParsedEntry, ...]:
    """Return the entries of a document, each identity once; true repetitions are dropped.

    A guid that stands for several things identifies none of them: they are known by their links,
    or their texts.
    """
    entries = [finish(draft, now) for draft in drafts]
    told: dict[str, set[tuple[object, ...]]] = {}
    seen: set[tuple[object, ...]] = set()
    for entry in entries:
        told.setdefault(entry.identity, set()).add(_facts(entry))
    kept: dict[str, ParsedEntry] = {}
    for entry in entries:
        name, facts = entry.identity, _facts(entry)
        if (name, facts) in seen:
            continue
        seen.add((name, facts))
        if len(told[name]) > 1:
            name = next((other for other in _others(entry) if other not in kept), name)
        if name not in kept:
            kept[name] = entry if name == entry.identity else replace(entry, identity=name)
    return tuple(kept.values())


def _facts(entry: ParsedEntry) -> tuple[object, ...]:
    return entry.url, entry.digest, entry.published


def _others(entry: ParsedEntry) -> tuple[str, ...]:
    """Return what else an entry can be known by, the most lasting first."""
    dated = entry.published.isoformat() if entry.published else ""
    link = (canonical(entry.url),) if entry.url else ()
    hashes = f"text:{entry.digest}", f"text:{_hash(entry.digest, dated)}"
    return tuple(name for name in (*link, *hashes) if name)


def _url(draft: Draft) -> str | None:
    """Return the best link that is an address of the web."""
    for rank in sorted(draft.links):
        found = link_of(draft.links[rank], draft.base)
        if found:
            return found
    return None


def _title(draft: Draft) -> str:
    if not draft.literal:
        return short(draft.title, TITLE)
    line = " ".join(clean(draft.title[: 8 * TITLE]).split())
    return line if len(line) <= TITLE else line[: TITLE - 1] + "…"


def _identity(guid: str, url: str | None, title: str, text: str) -> str:
    """Return the guid as written, else the canonical link, else a hash of title and text."""
    written = clean(guid).strip()
    if written:
        return written if len(written) <= LONGEST else f"long:{_hash(written, '')}"
    link = canonical(url) if url else None
    return link or f"text:{_hash(title, text)}"


def _hash(first: str, second: str) -> str:
    """Return 32 hexadecimal digits over two texts."""
    whole = f"{first}\0{second}".encode("utf-8", "replace")
    return blake2b(whole, digest_size=16).hexdigest()


def _names(written: list[str]) -> tuple[str, ...]:
    """Return names as short lines, each once."""
    lines = (_name(name) for name in written[:NAMES])
    return tuple(dict.fromkeys(line for line in lines if line))


@lru_cache(maxsize=2048)
def _name(written: str) -> str:
    return short(written[: 8 * NAME])
