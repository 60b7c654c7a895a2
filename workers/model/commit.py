"""What a step wants written, and what it must know before it can decide."""

from datetime import datetime
from typing import Literal

from msgspec import field

from workers.model.alert import DeadLine, RingUnit, TraceLine
from workers.model.article import ArticleRow, Edition, HostLines, Work
from workers.model.base import Record
from workers.model.feed import EntryRow, FeedRow, KnownEntry
from workers.model.message import EventChanges
from workers.model.sink import SinkNote

__all__ = [
    "AddedLine",
    "ArticleCommit",
    "DeadEntry",
    "DeliveryCommit",
    "EntryIntent",
    "Knowledge",
    "Likeness",
    "Name",
    "PollCommit",
]


class EntryIntent(Record, frozen=True, kw_only=True):
    """What a poll wants written for one entry that is new or edited."""

    entry: EntryRow
    key: str | None
    """The canonicalised link that its article is known by; None makes an article of the entry."""
    stream: Literal["pages:hot", "pages:warm", "pages:cold"] | None
    """Where its page waits; None for what is not read (baseline, too old)."""
    ring_after_s: float | None = None
    """Ring on the feed's text after so long; None where title and summary matched nothing."""
    traceparent: str | None = None
    """W3C trace context that its page, and what follows from it, go on with."""
    topics_version: int | None = None
    """The accepted topics that it was matched with; None where it was not."""


class DeadEntry(Record, frozen=True, kw_only=True):
    """An entry that could not be decided about, with what a replay wants written for it."""

    intent: EntryIntent
    reason: str
    detail: str


class PollCommit(Record, frozen=True, kw_only=True):
    """All that one poll decided."""

    feed: FeedRow
    """The feed's new state."""
    loaded_at: datetime | None
    """``last_poll_at`` of the row as it was loaded: another value now voids ``baselined_at``."""
    intents: tuple[EntryIntent, ...] = ()
    listed: tuple[str, ...] = ()
    """Identities that the feed still lists, unchanged."""
    marks: bytes | None = None
    """Of all that it lists, packed; None leaves what is stored."""
    dead: tuple[DeadEntry, ...] = ()
    """Entries that could not be decided about: kept as dead letters, the others go on."""
    delay_s: float
    """Until the next poll."""
    trace: tuple[TraceLine, ...] = ()
    events: EventChanges = EventChanges()
    """What is to be told of the feed itself."""


class AddedLine(Record, frozen=True, kw_only=True):
    """A paragraph that a live page has got, and what matched in it: an event of its own."""

    key: str
    """A hash of the paragraph."""
    unit: RingUnit


class Name(Record, frozen=True, kw_only=True):
    """An address, and the key that an article is known by there."""

    key: str
    url: str


class Likeness(Record, frozen=True, kw_only=True):
    """What else may show that a page is another article's too. Decided where both are at hand."""

    own: Name
    """Where it was finally found,"""
    moved: bool = False
    """which is elsewhere than it is asked for."""
    title: str
    """Letters and digits of the page's title, and of the first feed's."""
    text: str
    """The page's own text: of two pages that name each other half the lines must agree."""
    content: str | None = None
    """A hash of that text, None where it is no proof (too short, or no article)."""
    site: str = ""
    """Whose articles of the same text are this one; of others' only what rang counts."""
    names: tuple[Name, ...] = ()
    """What the page calls its own address, or its twins'."""


class ArticleCommit(Record, frozen=True, kw_only=True):
    """All that one reading (or ringing) of an article decided."""

    work: Work
    """As loaded. Closed by this commit, or set to ``again_s``, if its turn is still the same."""
    article: ArticleRow | None = None
    """The article's new state; None leaves it."""
    keys: tuple[str, ...] = ()
    """Addresses learned for it."""
    likeness: Likeness | None = None
    """None where the page is no proof of anything."""
    edition: Edition | None = None
    """What changed since it was read before."""
    added: tuple[AddedLine, ...] = ()
    """Paragraphs of a live page that matched; which of them are new is decided here."""
    removed: tuple[str, ...] = ()
    """Hashes of what a live page has lost: should it come back, it is no news."""
    ring: RingUnit | None = None
    again_s: float | None = None
    """Ask for this work again after so long; None closes it."""
    attempts: int = 0
    """Attempts made, this one included."""
    stream: str | None = None
    """Move the work to this stream."""
    full_text: bool | None = None
    """Whether the page's own text was got, counted for the feeds that list it; None counts not."""
    topics_version: int | None = None
    """The accepted topics that it was matched with; None where it was not."""
    dead: DeadLine | None = None
    """A dead letter to keep."""
    trace: tuple[TraceLine, ...] = ()
    lines: HostLines | None = None
    """What the page adds to the memory of its host; None where no page was read."""


class DeliveryCommit(Record, frozen=True, kw_only=True):
    """How one attempt ended."""

    work: Work
    state: Literal["retry", "sent", "held", "dead"]
    attempts: int
    again_s: float | None = None
    """Seconds until the next attempt; only with ``retry``."""
    answer: str | None = None
    """The last answer, for people, at most 500 characters, without secrets."""
    dead: DeadLine | None = None
    trace: tuple[TraceLine, ...] = ()
    sink: SinkNote | None = None
    """What the attempt says of the sink; None where it says nothing."""


class Knowledge(Record, frozen=True, kw_only=True):
    """What the database knows of what a feed lists."""

    entries: dict[str, KnownEntry]
    """By identity."""
    twins: dict[str, KnownEntry]
    """By (title, link) hash (`workers.feeds.news.twin`): the same text under another identity."""
    titles: frozenset[str] = frozenset()
    """Those of the given titles that are stored for this feed."""
    skipped: dict[str, KnownEntry] = field(default_factory=dict)
    """By id: entries that are listed, but were not read."""
    blank: bool = False
    """Whether none of the feed's entries is stored, whatever was asked for."""
