"""Feeds: as configured, as read, as kept."""

from datetime import datetime
from typing import Protocol

from workers.model.base import Record

__all__ = [
    "Activity",
    "Enclosure",
    "EntryRow",
    "FeedHints",
    "FeedNeed",
    "FeedRow",
    "FeedSource",
    "FirstPolls",
    "KnownEntry",
    "Listed",
    "ParsedEntry",
    "ParsedFeed",
    "StandIn",
    "Validators",
]


class FeedSource(Record, frozen=True, kw_only=True):
    """A feed as the operator configured it."""

    url: str
    name: str
    tags: tuple[str, ...] = ()
    weight: float = 1.0
    """How much its delay matters; 1 is usual."""
    interval_s: float | None = None
    """A fixed interval in seconds; None is "auto"."""
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with each request to the feed; may hold secrets, so it is never stored."""
    enabled: bool = True
    former: tuple[str, ...] = ()
    """Addresses it had before (``was``), so that it stays the same feed."""
    skip_hours: bool | None = None
    """Whether its skipHours and skipDays are obeyed; None is what `PollOptions` says."""


class FeedHints(Record, frozen=True, kw_only=True):
    """What the publisher says about how often to look."""

    ttl: float | None = None
    """Seconds, from RSS ``ttl`` (which is written in minutes)."""
    update_period_s: float | None = None
    """Seconds, from ``sy:updatePeriod`` / ``sy:updateFrequency``."""
    max_age_s: float | None = None
    """Seconds, from the HTTP header Cache-Control."""
    expires: datetime | None = None
    hub: str | None = None
    self: str | None = None
    skip_hours: tuple[int, ...] = ()
    """Hours of the day, in GMT, in which the publisher asks not to be read."""
    skip_days: tuple[int, ...] = ()
    """Days of the week, Monday is 0, of the same kind."""
    age_s: float | None = None
    """Seconds for which a cache between us had the answer already (HTTP header Age)."""


class Enclosure(Record, frozen=True, kw_only=True):
    """A file that comes with an entry: what is heard or seen."""

    url: str
    """Absolute http(s) address."""
    type: str | None = None
    """As the feed says, in lower case: ``audio/mpeg``."""
    length: int | None = None
    """Bytes, as the feed says; None where it says none."""


class Listed(Protocol):
    """An entry of a document. What its text is made into may be made when it is first asked for.

    The attributes are those of `ParsedEntry`.
    """

    @property
    def identity(self) -> str: ...  # noqa: D102 - as ParsedEntry says, like all that follow
    @property
    def url(self) -> str | None: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def published(self) -> datetime | None: ...  # noqa: D102
    @property
    def updated(self) -> datetime | None: ...  # noqa: D102
    @property
    def summary(self) -> str: ...  # noqa: D102
    @property
    def content(self) -> str: ...  # noqa: D102
    @property
    def content_html(self) -> str: ...  # noqa: D102
    @property
    def authors(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def categories(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def enclosures(self) -> tuple[Enclosure, ...]: ...  # noqa: D102
    @property
    def digest(self) -> str: ...  # noqa: D102


class ParsedEntry(Record, frozen=True, kw_only=True):
    """What a feed lists, with its texts made."""

    identity: str
    """guid as written, else the canonical link, else a hash of title and content."""
    url: str | None
    """Absolute http(s) link to the page, None where the feed gives none."""
    title: str = ""
    """Plain text."""
    summary: str = ""
    """Plain text."""
    content: str = ""
    """Plain text, lines kept; the longest text that the feed gives for the entry."""
    content_html: str = ""
    """The content as the feed wrote it, for the fallback when the page fails."""
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    digest: str = ""
    """Hash over title and content: another value under the same identity is an edit."""


class ParsedFeed(Record, frozen=True, kw_only=True):
    """A feed document as read. ``kind`` is ``none``, with ``error``, if it is no feed."""

    kind: str
    """One of rss, rdf, atom, json, sitemap, none."""
    title: str = ""
    link: str | None = None
    charset: str | None = None
    parser: str | None = None
    """``fast`` (lxml or JSON) or ``second`` (feedparser)."""
    language: str | None = None
    warnings: tuple[str, ...] = ()
    hints: FeedHints = FeedHints()
    entries: tuple[Listed, ...] = ()
    error: str | None = None
    complete: bool = True
    """False where the document was cut off or had to be recovered: such a parse is no baseline."""
    pushed: bool = False
    """True for what a hub sent, put before what the feed listed when it was last read."""
    frame: bytes = b""
    """Hash over what the entries were read with, where the document can be cut at them."""
    marks: tuple[bytes, ...] = ()
    """Hash of each of ``entries`` as written; empty where the document cannot be cut."""
    skipped: tuple[tuple[bytes, str], ...] = ()
    """Mark and id of the entries that are listed, but were not read: they are as before."""


class Validators(Record, frozen=True, kw_only=True):
    """What a conditional GET sends back, and the hash that tells an unchanged body."""

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


class StandIn(Record, frozen=True, kw_only=True):
    """A feed that a page names, where a feed used to be: it is read in the page's place."""

    url: str
    seen_at: datetime
    """When the page was last seen to name it."""
    page: bool = True
    """False where an index of sitemaps names it."""
    read: bool = False
    """Whether it was read as a feed."""
    refused: bool = False
    """True where it is no feed: not asked for again for a day, or until the page names another."""


class Activity(Record, frozen=True, kw_only=True):
    """A feed's posting habit: what interval "auto" comes from, and what is unusual for it."""

    since: datetime | None = None
    """When counting began."""
    at: datetime | None = None
    """When the decayed numbers were last brought up to date."""
    posts: float = 0.0
    """Posts, each decayed by 7 days."""
    hours: tuple[float, ...] = ()
    """Posts per UTC hour of day (24 numbers), each decayed by 21 days."""
    day: int | None = None
    """The UTC day, counted from 1970, of the last of ``days``."""
    days: tuple[int, ...] = ()
    """Posts on each of the last 28 days, and on the present one; -1 where nobody looked."""
    gaps: tuple[int, ...] = ()
    """The longest silence, in minutes, that ended on each of these days."""
    last: datetime | None = None
    """The latest post."""
    returned: int | None = None
    """The UTC day on which it was last quiet no more."""
    turned: int = 0
    """Polls in a row at which everything that is listed was new,"""
    turned_at: datetime | None = None
    """and when that was last so, if within a day."""


class FeedNeed(Record, frozen=True, kw_only=True):
    """What of a feed says how often it is to be polled: all that sharing out the budget needs."""

    weight: float = 1.0
    activity: Activity = Activity()
    hints: FeedHints = FeedHints()
    fixed_s: float | None = None
    """Seconds between two polls, where the operator says so."""
    waits_s: float | None = None
    """Seconds between its last poll and the next, where a failure set them; else None."""


class FeedRow(Record, frozen=True, kw_only=True):
    """A feed as the database keeps it: all that one poll leaves for the next."""

    id: str
    url: str
    """Where it is fetched now (after permanent moves)."""
    name: str
    tags: tuple[str, ...] = ()
    weight: float = 1.0
    interval_fixed_s: float | None = None
    parked: bool = False
    """No file lists it any more, or it is disabled: never claimed."""
    title: str = ""
    kind: str | None = None
    validators: Validators = Validators()
    marks: bytes | None = None
    """Of the entries that the last document listed, packed (`workers.feeds.marks`)."""
    hints: FeedHints = FeedHints()
    activity: Activity = Activity()
    baselined_at: datetime | None = None
    next_poll_at: datetime | None = None
    last_poll_at: datetime | None = None
    last_good_at: datetime | None = None
    last_new_at: datetime | None = None
    interval_s: float | None = None
    why: tuple[str, ...] = ()
    """How the interval was found, a phrase a step."""
    score: float = 0.0
    """Error score: the interval is multiplied by 2 to this power."""
    errors: int = 0
    """Failed polls in a row."""
    last_error: str | None = None
    failing_since: datetime | None = None
    moved_to: str | None = None
    moved_count: int = 0
    moved_since: datetime | None = None
    gone_count: int = 0
    gone_since: datetime | None = None
    gone_at: datetime | None = None
    """When it was given up after several 410s; it is asked once a week since."""
    excused_at: datetime | None = None
    """When a poll failed last because our own network was down."""
    quiet: str | None = None
    """In what it is quieter than it ever was, in words; None if it is not."""
    disabled_at: datetime | None = None
    """When a command said that it is not to be polled, in the config or not."""
    stand_in: StandIn | None = None
    full_text: tuple[int, int] = (0, 0)
    """Pages whose text was got, of pages tried."""


class KnownEntry(Record, frozen=True, kw_only=True):
    """What the database knows of an identity that a feed lists."""

    identity: str
    digest: str
    edition: int
    title: str
    url: str | None
    published: datetime | None
    baseline: bool


class EntryRow(Record, frozen=True, kw_only=True):
    """An entry as the database keeps it."""

    id: str
    feed_id: str
    feed: str
    """The feed's name."""
    feed_url: str
    identity: str
    url: str | None
    title: str
    summary: str
    content: str
    published: datetime | None
    updated: datetime | None
    seen: datetime
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """The feed's tags and the entry's categories."""
    language: str | None = None
    digest: str = ""
    edition: int = 1
    baseline: bool = False
    rings: bool = True
    """False for what may not ring (baseline, too old): it is stored and searchable only."""


class FirstPolls(Record, frozen=True, kw_only=True):
    """How the feeds that are polled stand, all told."""

    states: dict[str, int]
    """How many are ``ok``, ``failing``, ``quiet``, ``new`` or ``parked`` (gone)."""
    unpolled: int
    """How many were never polled."""
    next_poll_at: datetime | None
