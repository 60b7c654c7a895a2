"""The newswire's data: publishers, their feeds and their stories, read from one folder.

``publishers/*.toml`` hold a publisher each, ``templates/*.html`` the page designs, and
``expected.toml`` what must ring. All times are seconds on the timeline; at 0 it is first seen.
"""

import re
import unicodedata
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import quote

import msgspec

from workers.model.base import Record

__all__ = [
    "Expected",
    "FeedSpec",
    "PageKind",
    "Publisher",
    "Story",
    "Wire",
    "load_wire",
    "slug_of",
]

T = TypeVar("T")
HOUR_S = 3600.0
PageKind = Literal[
    "article", "missing", "consent", "challenge", "teaser", "shell", "listing", "file"
]
"""What a story's address answers: its page; not found; a wall that asks for consent, or for proof
of being human; its beginning alone; a page of which only the JSON-LD has the text; a list of
stories; a PDF file."""


class FeedSpec(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a publisher's feed is written and served."""

    name: str
    kind: Literal["rss", "rdf", "atom", "json"]
    path: str
    tags: tuple[str, ...] = ()
    content: bool = False
    """Give the text beside the summary (``content:encoded``, Atom ``content``)."""
    relative: bool = False
    """Write links relative to ``xml:base``, as Atom allows."""
    gzip: bool = False
    """Send it compressed, asked or not."""
    weak: bool = False
    """Send a weak ETag."""
    query: str = ""
    """Tracking parameters appended to each link."""
    failing: tuple[float, float] | None = None
    """From and until when it answers 500."""
    moved_at: float | None = None
    """From when on ``path`` answers 301."""
    moved_to: str = ""
    """The path that it moves to."""
    gone_at: float | None = None
    """From when on it answers 410."""
    rests: tuple[float, float] | None = None
    """From and until when it answers 429."""
    retry_after: int = 0
    """Seconds that it asks for then."""
    pushed: bool = False
    """Name the newswire's own hub, which pushes what is new."""


class Story(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A story as its publisher wrote it; ``wire_pages`` says how the body is marked up."""

    key: str
    """The last part of its address."""
    at: float
    """When its feed first lists it; negative for the backlog."""
    title: str
    summary: str
    section: str
    author: str = ""
    tags: tuple[str, ...] = ()
    body: str = ""
    content: str = ""
    """Paragraphs that the feed gives beside the summary; empty is the body's first two."""
    page: PageKind = "article"
    delay: float = 0.0
    """Seconds that its page takes to answer."""
    also: tuple[str, ...] = ()
    """Other publishers whose feeds list the same address."""
    copy_of: str = ""
    """``publisher/key`` of the story whose body it carries word for word."""
    related: tuple[str, ...] = ()
    """Headlines of the box "More on this story"; empty is the publisher's latest."""
    comments: tuple[str, ...] = ()
    """``Name: what they wrote``."""


class Backlog(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A story that is already listed when the feed is first seen."""

    hours: float
    """Its age in hours."""
    title: str
    summary: str
    section: str = "news"


class Publisher(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A publisher: one feed, one page design, stories old and new."""

    name: str
    tagline: str
    template: str
    address: str
    """Path of a story's page, with ``{section}`` and ``{key}``."""
    feed: FeedSpec
    nav: tuple[str, ...]
    """Names of the sections in the navigation bar."""
    language: str = "en"
    charset: str = "utf-8"
    standing: str = ""
    """A line that ends the text on each of its pages."""
    article_body: bool = False
    """Repeat the whole text in the page's JSON-LD."""
    stories: tuple[Story, ...] = ()
    backlog: tuple[Backlog, ...] = ()

    def path_of(self, story: Story) -> str:
        """Return the path of the story's page, as written in a link."""
        return quote(self.address.format(section=story.section, key=story.key))

    def path_of_headline(self, headline: str) -> str:
        """Return the path of the story so headed, or the one under which it would stand."""
        for story in self.stories:
            if story.title == headline:
                return self.path_of(story)
        return quote(self.address.format(section="news", key=slug_of(headline)))


class Expected(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of ``expected.toml``."""

    topic: str
    story: str
    """``publisher/key``."""
    evidence: Literal["page", "feed"] | None = None


class _ExpectedFile(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    alerts: tuple[Expected, ...]


class Wire(Record, frozen=True, kw_only=True):
    """All that the folder holds."""

    publishers: dict[str, Publisher]
    templates: dict[str, str]
    expected: tuple[Expected, ...]


def slug_of(text: str) -> str:
    """Return ``text`` as the last part of an address: small letters, digits and hyphens."""
    parts = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(c for c in parts if not (unicodedata.combining(c) or c in "'\u2019"))
    return re.sub(r"[^\w]+", "-", plain).strip("-")


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except (OSError, ValueError) as error:
        raise ValueError(f"newswire file cannot be read: {path}: {error}") from error


def _as_story(item: Backlog) -> Story:
    return Story(
        key=slug_of(item.title),
        at=-item.hours * HOUR_S,
        title=item.title,
        summary=item.summary,
        section=item.section,
        body=item.summary,
    )


def _whole(publisher: Publisher) -> Publisher:
    """Return the publisher with its backlog turned into stories."""
    old = tuple(_as_story(item) for item in publisher.backlog)
    return msgspec.structs.replace(publisher, stories=(*publisher.stories, *old), backlog=())


def _fill_copies(publishers: dict[str, Publisher]) -> dict[str, Publisher]:
    bodies = {f"{k}/{s.key}": s.body for k, p in publishers.items() for s in p.stories}
    return {
        key: msgspec.structs.replace(
            publisher,
            stories=tuple(
                msgspec.structs.replace(s, body=bodies[s.copy_of]) if s.copy_of else s
                for s in publisher.stories
            ),
        )
        for key, publisher in publishers.items()
    }


def load_wire(folder: Path) -> Wire:
    """Read the newswire from its folder.

    Raises:
        ValueError: a file is missing, is no TOML, or holds unknown or ill-typed keys.
    """
    files = sorted((folder / "publishers").glob("*.toml"))
    if not files:
        raise ValueError(f"newswire has no publishers: {folder}: no publishers/*.toml there")
    publishers = {path.stem: _whole(_read(path, Publisher)) for path in files}
    return Wire(
        publishers=_fill_copies(publishers),
        templates={
            path.stem: path.read_text("utf-8") for path in (folder / "templates").glob("*.html")
        },
        expected=_read(folder / "expected.toml", _ExpectedFile).alerts,
    )
