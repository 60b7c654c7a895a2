"""An entry in the making: what each format's reader collects, and how that becomes an entry.

What tells entries apart is made at once: identity, link, title, dates. What is made of their texts
costs ten times as much, and is made for those that somebody asks about.
"""

from collections import Counter
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from html import unescape

from msgspec import Struct
from msgspec.structs import replace

from workers.feeds.dates import known_date, to_second
from workers.model.base import Record
from workers.model.feed import Enclosure, Listed, ParsedEntry
from workers.text.markup import clean, plain
from workers.text.urls import LONGEST, absolute, canonical

__all__ = [
    "NAMES",
    "Draft",
    "LazyEntry",
    "Reading",
    "digest_by_lines",
    "finish_all",
    "link_of",
    "made",
    "short",
]

TITLE = 1000
SUMMARY = 20_000
TEXT = 400_000
NAME = 200
NAMES = 50
"""Characters of a title, a summary, a content, a name; and how many names an entry keeps."""
ENCLOSURES = 20
TYPE = 100
"""Files that an entry keeps, and characters of a media type."""


class Reading(Record, frozen=True, kw_only=True):
    """What every entry of one document is read with."""

    url: str
    """Where the document was found."""
    now: datetime
    most: int
    """Entries read, at most."""


class Draft(Struct):
    """What a feed says of an entry, as written."""

    base: str
    guid: str = ""
    links: dict[int, str] = {}
    """By rank: 0 for what the feed calls the original, 1 for the usual, and so on."""
    title: str = ""
    literal: bool = False
    """True where the title is text and no markup."""
    summary: str = ""
    content: str = ""
    described: str = ""
    """What a video shows: the text of an entry that has no other."""
    published: str | None = None
    updated: str | None = None
    authors: list[str] = []
    categories: list[str] = []
    enclosures: list[tuple[str, str, str]] = []
    """Address, media type and length of each, as written."""


class LazyEntry:
    """An entry whose texts are made, once, when the first of them is asked for.

    Its attributes are those of `ParsedEntry`.
    """

    __slots__ = ("_draft", "_made", "_texts", "identity", "published", "title", "updated", "url")

    def __init__(self, draft: Draft, now: datetime) -> None:
        self._draft = draft
        self._made: ParsedEntry | None = None
        self._texts: _Texts | None = None
        self.url = _url(draft)
        self.title = _title(draft)
        published, updated = draft.published, draft.updated
        self.published = known_date(published, now)
        self.updated = self.published if updated == published else known_date(updated, now)
        self.identity = _identity(draft.guid, self.url) or ""
        if not self.identity:  # it has no name but its text
            self.identity = f"text:{digest_by_lines(self)}"

    def made(self) -> ParsedEntry:
        """Return the entry with its texts."""
        if self._made is None:
            self._made = _made(self, self._draft, self.texts())
        return self._made

    def texts(self) -> "_Texts":
        """Return what its markup says: all that tells apart entries without a name."""
        if self._texts is None:
            self._texts = _texts(self._draft)
        return self._texts

    @property
    def summary(self) -> str:
        """Plain text."""
        return self.made().summary

    @property
    def content(self) -> str:
        """Plain text, lines kept."""
        return self.texts()[1]

    @property
    def content_html(self) -> str:
        """The content as the feed wrote it."""
        return self.made().content_html

    @property
    def authors(self) -> tuple[str, ...]:
        """Names."""
        return self.made().authors

    @property
    def categories(self) -> tuple[str, ...]:
        """Labels."""
        return self.made().categories

    @property
    def enclosures(self) -> tuple[Enclosure, ...]:
        """Files that come with it."""
        return self.made().enclosures

    @property
    def digest(self) -> str:
        """Hash over title and content."""
        return _hash(self.title, self.content.replace("\n", " "))


def made(entry: Listed) -> ParsedEntry:
    """Return an entry with its texts made."""
    if isinstance(entry, ParsedEntry):
        return entry
    if isinstance(entry, LazyEntry):
        return entry.made()
    raise TypeError(f"no entry of this reader: {type(entry).__name__}")


_Texts = tuple[str, str, str]
"""Summary and content as plain text, and the markup of the content."""


def _texts(draft: Draft) -> _Texts:
    told = plain(draft.summary[:TEXT]) if draft.summary else ""
    whole = plain(draft.content[:TEXT]) if draft.content else told
    if len(whole) >= len(told):
        return told or whole, whole, draft.content
    return told, told, draft.summary


def _made(entry: LazyEntry, draft: Draft, texts: _Texts) -> ParsedEntry:
    summary, text, html = texts
    return ParsedEntry(
        identity=entry.identity,
        url=entry.url,
        title=entry.title,
        summary=summary[:SUMMARY].replace("\n", " "),
        content=text,
        content_html=clean(html[:TEXT]) or clean(draft.summary[:TEXT]),
        published=entry.published,
        updated=entry.updated,
        authors=_names(draft.authors),
        categories=_names(draft.categories),
        enclosures=_enclosures(draft),
        digest=_hash(entry.title, text.replace("\n", " ")),
    )


def short(text: str, limit: int = NAME) -> str:
    """Return a short text as one line."""
    if len(text) > 8 * limit:
        text = text[: 8 * limit]
    if "<" in text or "&" in text:
        line = plain(text).replace("\n", " ")
    else:
        line = " ".join(clean(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def link_of(written: str, base: str) -> str | None:
    """Return the absolute address that a link names, None if that is none of the web's."""
    text = written.strip()
    if not text or len(text) > 2 * LONGEST:
        return None
    if "&amp;" in text:
        text = unescape(text)
    found = absolute(text, base)
    if found is not None and found != text and text.startswith(("http://", "https://")):
        # what differs only in the case of its host, or a slash after it, is shown as written
        lower = text.lower()
        return text if found.lower() in {lower, f"{lower}/"} else found
    return found


def finish_all(drafts: list[Draft], now: datetime) -> tuple[Listed, ...]:
    """Return the entries of a document, each identity once; true repetitions are dropped.

    A guid that stands for several things identifies none of them: they are known by their links,
    or their texts.
    """
    entries = [LazyEntry(draft, now) for draft in drafts]
    if len({entry.identity for entry in entries}) == len(entries):
        return tuple(entries)
    times = Counter(entry.identity for entry in entries)
    told: dict[str, set[tuple[object, ...]]] = {}
    for entry in entries:
        if times[entry.identity] > 1:
            told.setdefault(entry.identity, set()).add(_facts(entry))
    kept: dict[str, Listed] = {}
    seen: set[tuple[object, ...]] = set()
    for entry in entries:
        name = entry.identity
        if name in told:
            facts = name, *_facts(entry)
            if facts in seen:
                continue
            seen.add(facts)
            if len(told[name]) > 1:
                name = next((other for other in _others(entry) if other not in kept), name)
        if name not in kept:
            kept[name] = entry if name == entry.identity else replace(entry.made(), identity=name)
    return tuple(kept.values())


def _facts(entry: LazyEntry) -> tuple[object, ...]:
    return entry.url, entry.digest, to_second(entry.published)


def _others(entry: LazyEntry) -> tuple[str, ...]:
    """Return what else an entry can be known by, the most lasting first."""
    published = to_second(entry.published)
    dated = published.isoformat() if published else ""
    link = (canonical(entry.url),) if entry.url else ()
    digest = digest_by_lines(entry)
    hashes = f"text:{digest}", f"text:{_hash(digest, dated)}"
    return tuple(name for name in (*link, *hashes) if name)


def _url(draft: Draft) -> str | None:
    """Return the best link that is an address of the web."""
    links = draft.links
    for rank in links if len(links) < 2 else sorted(links):  # noqa: PLR2004 - nothing to sort
        found = link_of(links[rank], draft.base)
        if found:
            return found
    return None


def _title(draft: Draft) -> str:
    if not draft.literal:
        return short(draft.title, TITLE)
    line = " ".join(clean(draft.title[: 8 * TITLE]).split())
    return line if len(line) <= TITLE else line[: TITLE - 1] + "…"


def _identity(guid: str, url: str | None) -> str | None:
    """Return the guid as written, else the canonical link, None if there is neither."""
    written = clean(guid).strip()
    if written:
        return written if len(written) <= LONGEST else f"long:{_hash(written, '')}"
    return canonical(url) if url else None


def _hash(first: str, second: str) -> str:
    """Return 32 hexadecimal digits over two texts."""
    whole = f"{first}\0{second}".encode("utf-8", "replace")
    return blake2b(whole, digest_size=16).hexdigest()


def digest_by_lines(entry: Listed) -> str:
    """Return the digest that an entry had while its lines were part of it.

    Identities are still made of it, because they outlive every way to make them.
    """
    return _hash(entry.title, entry.content)


def _names(written: list[str]) -> tuple[str, ...]:
    """Return names as short lines, each once."""
    lines = (_name(name) for name in written[:NAMES])
    return tuple(dict.fromkeys(line for line in lines if line))


@lru_cache(maxsize=2048)
def _name(written: str) -> str:
    return short(written[: 8 * NAME])


def _enclosures(draft: Draft) -> tuple[Enclosure, ...]:
    """Return the files that come with an entry, each address once."""
    found: dict[str, Enclosure] = {}
    for address, kind, length in draft.enclosures[:ENCLOSURES]:
        url = link_of(address, draft.base)
        if url and url not in found:
            told = short(kind, TYPE).lower() or None
            found[url] = Enclosure(url=url, type=told, length=_bytes(length))
    return tuple(found.values())


def _bytes(text: str) -> int | None:
    digits = text.strip()
    if not digits.isdecimal() or len(digits) > 15:  # noqa: PLR2004
        return None
    return int(digits) or None
