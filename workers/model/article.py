"""Articles: a page as fetched, as extracted, as kept."""

from datetime import datetime
from typing import Literal

from msgspec import field

from workers.model.base import Record
from workers.model.feed import EntryRow, Validators

__all__ = [
    "ArticleRow",
    "Cues",
    "Edition",
    "Extracted",
    "FetchedPage",
    "HostLines",
    "Live",
    "LiveCues",
    "PageJob",
    "PublishedFrom",
    "TextFrom",
    "Verdict",
    "Work",
    "Zone",
    "ZoneLine",
]

Verdict = Literal["article", "doubtful", "not_article", "thin", "unreadable"]
Zone = Literal["title", "body", "caption", "related", "boilerplate"]
TextFrom = Literal["page", "articleBody", "feed", "none"]
PublishedFrom = Literal["feed", "jsonld", "meta", "microdata", "time", "url", "guessed"]


class ZoneLine(Record, frozen=True, kw_only=True):
    """A line of the page that is kept but not searched as body, with the rule that said so."""

    zone: Zone
    text: str
    rule: str
    at: int | None = None
    """Lines of the text that stand before it; None where it was none of the page's."""


class Cues(Record, frozen=True, kw_only=True):
    """The cue lists of one language, read from ``seeds/``; each cue is a lower-case phrase."""

    language: str
    strong: tuple[str, ...]
    """Openings that mark a related line even without a link: "read more", "read also".

    With an ellipsis at the end those of headings that name what they lead to: "more from …".
    """
    weak: tuple[str, ...]
    """Openings that count only where the line is mostly a link: "see", "plus", "more"."""
    ads: tuple[str, ...]
    """Whole lines that label an advertisement."""
    service: tuple[str, ...]
    """Openings of service wording: sign up, follow us, share, leave a comment, rights."""


class LiveCues(Record, frozen=True, kw_only=True):
    """By what a page looks live, in all languages, read from ``seeds/``; in lower case."""

    titles: tuple[str, ...] = ()
    """Stand alone at the beginning or end of a title."""
    phrases: tuple[str, ...] = ()
    """Stand anywhere in a title."""
    slugs: tuple[str, ...] = ()
    """Begin, end, or are a part of an address's path."""
    ended: tuple[str, ...] = ()
    """Stand anywhere in a title, and say that it is over."""


class FetchedPage(Record, frozen=True, kw_only=True):
    """What a page is extracted from: bytes as they came, already inflated and bounded."""

    url: str
    """Where the page was finally found."""
    body: bytes
    content_type: str = ""
    """The HTTP header Content-Type as sent."""
    fetched_at: datetime | None = None
    """When it was fetched: no later date is one of publication. None: all dates are believed."""
    known: frozenset[int] = frozenset()
    """Hashes of lines that stand in several stories of its host (`workers.pages.memory`)."""


class HostLines(Record, frozen=True, kw_only=True):
    """What a page adds to the memory of its host."""

    host: str
    story: int
    """The hash of its article's id."""
    lines: tuple[tuple[int, int], ...]
    """Of each line of its text its hash and its weight."""


class Live(Record, frozen=True, kw_only=True):
    """That a page is still being written: a live report."""

    sure: bool
    """Whether its JSON-LD says so; else only its title or address does."""
    until: datetime | None = None
    """When the coverage ends; of a page as extracted None, where it does not say."""


class Extracted(Record, frozen=True, kw_only=True):
    """What a page says. A page that cannot be read has the verdict ``unreadable`` and a reason."""

    url: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    title: str = ""
    text: str = ""
    """What a topic search sees as body: lines joined by a line feed."""
    zones: tuple[ZoneLine, ...] = ()
    doubted: tuple[str, ...] = ()
    """Lines of the text that the page's own copy of it, its ``articleBody``, does not have."""
    published: datetime | None = None
    published_from: PublishedFrom | None = None
    author: str | None = None
    language: str | None = None
    canonical: str | None = None
    text_from: TextFrom = "none"
    live: Live | None = None
    """None for a page that is done."""
    twins: tuple[str, ...] = ()
    """Addresses of the same site under which the page says it is also to be had (AMP, mobile)."""
    standin: bool = False
    """True for consent, challenge and not-found pages: the feed's own text is searched instead."""
    origins: dict[str, str] = field(default_factory=dict)
    """Which places of the page say its title, author, language and canonical address."""
    ms: dict[str, float] = field(default_factory=dict)
    """Milliseconds by stage."""


class ArticleRow(Record, frozen=True, kw_only=True):
    """An article as the database keeps it."""

    id: str
    url: str | None
    title: str = ""
    text: str = ""
    zones: tuple[ZoneLine, ...] = ()
    doubted: tuple[str, ...] = ()
    """Lines of the text that the page's own copy of it, its ``articleBody``, does not have."""
    published: datetime | None = None
    published_from: PublishedFrom | None = None
    author: str | None = None
    language: str | None = None
    canonical: str | None = None
    verdict: Verdict | None = None
    """None until a page was read, or given up."""
    reasons: tuple[str, ...] = ()
    text_from: TextFrom = "none"
    first_seen: datetime
    fetched_at: datetime | None = None
    """When its page was last read; None if it never was."""
    settled_at: datetime | None = None
    """When it was last matched with all that could be had of it."""
    settled_entries: int = 0
    """How many editions of entries were known then: more now means a match is due again."""
    topics_version: int | None = None
    """The number of the accepted topics that it was matched with last, None if it never was."""
    validators: Validators | None = None
    """By which a server can say that its page is still the one whose text is stored."""
    live: Live | None = None
    """While it is read again every few minutes; until when is always known here."""
    reread_at: datetime | None = None
    """When its page is to be read again without anybody's asking."""
    changed_at: datetime | None = None
    """When a reading last found its text to be another."""
    hint: str | None = None
    """The key of another address that its page calls its own (canonical), or its twin's."""


class Edition(Record, frozen=True, kw_only=True):
    """What a later reading of a page found to be otherwise. Long ones are not whole."""

    since: datetime
    """When the former text had been read."""
    at: datetime
    because: str
    """Why it was read again."""
    title: str
    """The former title."""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    left_out: int = 0
    """Lines, added or removed, that are not kept here."""


class Work(Record, frozen=True, kw_only=True):
    """A row that wants work: the relay moves it into a stream when it is due."""

    kind: Literal["page", "ring", "delivery", "beat"]
    id: str
    """The article's or the delivery's id."""
    stream: str
    """``pages:hot``, ``pages:warm``, ``pages:cold``, ``ring`` or ``sink:<name>``."""
    turn: int
    """Grows with each request for work; a worker closes only the turn that it loaded."""
    due: bool
    """False if it is closed, or its time has not come: acknowledge and skip."""
    attempts: int = 0
    deaths: int = 0
    first_at: datetime | None = None
    """When the first attempt was made."""
    traceparent: str | None = None
    """W3C trace context of who asked for it; while it is worked on, of that work's own span."""
    host: str | None = None
    """Of a page: whom it is asked for, as politeness counts."""
    asked: float = 0.0
    """Since when it is open, and"""
    since: float = 0.0
    """since when it is due: seconds since 1970 of the database."""


class PageJob(Record, frozen=True, kw_only=True):
    """All that reading (or ringing) an article needs, in one load."""

    work: Work
    article: ArticleRow
    entries: tuple[EntryRow, ...]
    """Oldest first."""
    rung: frozenset[str] = frozenset()
    """Topics that have rung for this article."""
