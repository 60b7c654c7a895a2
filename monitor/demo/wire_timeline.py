"""The newswire as a function of time: what each address answers at a moment of the timeline."""

import gzip
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from monitor.demo.expect import ExpectedAlert
from monitor.demo.wire_data import Publisher, Story, Wire, load_wire
from monitor.demo.wire_feeds import MEDIA_TYPES, FeedItem, FeedPage, write_feed
from monitor.demo.wire_pages import Scene, feed_content, write_page, write_plain
from workers.model.base import Record

__all__ = ["HUB", "Newswire", "Reply", "dated"]

BEHIND_S = 90.0
"""The timeline's dates lie this far behind the clock: skipping ahead dates nothing tomorrow."""

FeedState = Literal["good", "failing", "moved", "gone", "resting"]
HUB = "/_wire/hub"
"""Where the newswire's own hub is."""
_WALLS = frozenset({"consent", "challenge"})
"""Pages that stand before a story and say nothing of it,"""
_OWN = frozenset({"teaser", "shell", "listing"})
"""and pages that have a design of their own; both by the names of their templates."""
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
_PLAIN = (("Content-Type", "text/plain; charset=utf-8"),)


class Reply(Record, frozen=True, kw_only=True):
    """What an address answers."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay_s: float = 0.0
    """How long the publisher takes to answer."""


def dated(started: datetime, at: float) -> datetime:
    """Return the date of the moment ``at`` of a timeline ``started`` then, to the second."""
    return (started + timedelta(seconds=at - BEHIND_S)).replace(microsecond=0)


class Newswire:
    """A folder of invented publishers, played along a timeline.

    Pure: the same moment and start give the same bytes. ``t`` is seconds on the timeline,
    ``started`` the date of its beginning, ``base_url`` is ``http://host:port``.
    """

    def __init__(self, wire: Wire) -> None:
        """Take the data, and make sure that what refers to a story or page design finds it.

        Raises:
            ValueError: a template, a feed, an expected story is missing, or an address is double.
        """
        self.publishers = wire.publishers
        self._templates = wire.templates
        self._expected = wire.expected
        self._feeds = {p.feed.path: key for key, p in wire.publishers.items()}
        self._moved = {p.feed.moved_to: k for k, p in wire.publishers.items() if p.feed.moved_to}
        self._pages: dict[str, tuple[str, Story]] = {}
        self._fill_pages()
        self._check()

    @classmethod
    def load(cls, folder: Path) -> "Newswire":
        """Read the newswire from its folder.

        Raises:
            ValueError: the folder lacks something, or something in it is wrong.
        """
        return cls(load_wire(folder))

    def _fill_pages(self) -> None:
        for key, publisher in self.publishers.items():
            for story in publisher.stories:
                path = publisher.path_of(story)
                if path in self._pages:
                    raise ValueError(f"newswire address is given twice: {path}: {key}/{story.key}")
                self._pages[path] = (key, story)

    def _check(self) -> None:
        known = {f"{key}/{story.key}" for key, story in self._pages.values()}
        if strangers := {line.story for line in self._expected} - known:
            raise ValueError(f"expected.toml names stories that are not there: {strangers}")
        wanted = {p.template for p in self.publishers.values()} | _WALLS | _OWN | {"missing"}
        if lacking := wanted - self._templates.keys():
            raise ValueError(f"newswire lacks templates: {lacking}")

    # What there is.

    @property
    def feeds(self) -> tuple[str, ...]:
        """Return the keys of the feeds, which are those of their publishers."""
        return tuple(self.publishers)

    @property
    def stories(self) -> tuple[tuple[str, Story], ...]:
        """Return the new stories as (feed, story), in the order in which they appear."""
        new = [(key, story) for key, story in self._pages.values() if story.at >= 0]
        return tuple(sorted(new, key=lambda pair: pair[1].at))

    @property
    def moments(self) -> tuple[float, ...]:
        """Return every moment at which some address begins to answer otherwise, in order."""
        return tuple(sorted(set(self._moments())))

    def _moments(self) -> Iterator[float]:
        yield from (story.at for _, story in self.stories)
        for publisher in self.publishers.values():
            yield from publisher.feed.failing or ()
            yield from publisher.feed.rests or ()
            for at in (publisher.feed.moved_at, publisher.feed.gone_at):
                if at is not None:
                    yield at

    @property
    def end(self) -> float:
        """Return the moment after which nothing changes, in seconds."""
        return self.moments[-1]

    def feed_sources(self, base_url: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """Return (name, address, tags) of each feed."""
        feeds = [publisher.feed for publisher in self.publishers.values()]
        return tuple((feed.name, base_url + feed.path, feed.tags) for feed in feeds)

    def expected(self, base_url: str) -> tuple[ExpectedAlert, ...]:
        """Return what must ring when the whole timeline is played, and nothing else may."""
        return tuple(
            ExpectedAlert(
                topic=line.topic, url=base_url + self.path_of(line.story), evidence=line.evidence
            )
            for line in self._expected
        )

    def story(self, name: str) -> Story:
        """Return the story called ``publisher/key``.

        Raises:
            KeyError: there is none.
        """
        feed, _, key = name.partition("/")
        return {story.key: story for story in self.publishers[feed].stories}[key]

    def path_of(self, name: str) -> str:
        """Return the path of the page of the story called ``publisher/key``."""
        return self.publishers[name.partition("/")[0]].path_of(self.story(name))

    # Feeds.

    def listing(self, feed: str, t: float) -> tuple[tuple[str, Story], ...]:
        """Return what a feed lists at ``t`` as (publisher, story), newest first."""
        listed = [
            (key, story)
            for key, story in self._pages.values()
            if story.at <= t and feed in (key, *story.also)
        ]
        return tuple(sorted(listed, key=lambda pair: pair[1].at, reverse=True))

    def state_of(self, feed: str, t: float) -> FeedState:
        """Say how a feed's own address behaves at ``t``."""
        spec = self.publishers[feed].feed
        if spec.failing and spec.failing[0] <= t < spec.failing[1]:
            return "failing"
        if spec.rests and spec.rests[0] <= t < spec.rests[1]:
            return "resting"
        if spec.gone_at is not None and t >= spec.gone_at:
            return "gone"
        if spec.moved_at is not None and t >= spec.moved_at:
            return "moved"
        return "good"

    def changed(self, feed: str, t: float, started: datetime) -> datetime:
        """Return when a feed last changed."""
        listed = self.listing(feed, t)
        return dated(started, listed[0][1].at if listed else 0.0)

    def changes(self, feed: str) -> bool:
        """Say whether a feed ever lists anything new."""
        return any(story.at > 0 for _, story in self.listing(feed, self.end))

    def body_of(self, feed: str, t: float, base_url: str, started: datetime) -> bytes:
        """Return the feed's document as it is at ``t``."""
        publisher = self.publishers[feed]
        spec = publisher.feed
        items = [
            self._item(publisher, key, s, base_url, started) for key, s in self.listing(feed, t)
        ]
        return write_feed(
            FeedPage(
                kind=spec.kind,
                title=publisher.name,
                about=publisher.tagline,
                url=base_url + spec.path,
                home=f"{base_url}/{feed}/",
                language=publisher.language,
                charset=publisher.charset,
                base=base_url + "/" if spec.relative else None,
                hub=base_url + HUB if spec.pushed else None,
                changed=self.changed(feed, t, started),
                items=tuple(items),
            )
        )

    def _item(
        self, lister: Publisher, key: str, story: Story, base_url: str, started: datetime
    ) -> FeedItem:
        spec = lister.feed
        path = self.publishers[key].path_of(story)
        query = f"?{spec.query}" if spec.query else ""
        return FeedItem(
            guid=f"{base_url}/{key}/id/{story.key}"
            if spec.kind != "rss"
            else f"{key}:{story.key}",
            url=(path.removeprefix("/") if spec.relative else base_url + path) + query,
            title=story.title,
            summary=story.summary,
            content=feed_content(story) if spec.content else "",
            author=story.author,
            published=dated(started, story.at),
            tags=story.tags,
        )

    # What an address answers.

    def answer(self, path: str, t: float, base_url: str, started: datetime) -> Reply:
        """Return what ``path`` answers at ``t``, as if nothing were known of it yet."""
        if path in self._feeds:
            return self._feed_reply(self._feeds[path], t, base_url, started)
        if path in self._moved:
            return self._document(self._moved[path], t, base_url, started)
        if path in self._pages and self._pages[path][1].at <= t:
            return self._page_reply(*self._pages[path], base_url, started)
        return self._missing(path, base_url)

    def feed_at(self, path: str) -> str | None:
        """Return the feed that ``path`` is, or was, the address of; None if of none."""
        return self._feeds.get(path) or self._moved.get(path)

    def _feed_reply(self, feed: str, t: float, base_url: str, started: datetime) -> Reply:
        match self.state_of(feed, t):
            case "failing":
                return Reply(
                    status=500,
                    headers=_PLAIN,
                    body=b"upstream connect error: feed builder is restarting\n",
                )
            case "resting":
                after = str(self.publishers[feed].feed.retry_after)
                headers = (*_PLAIN, ("Retry-After", after))
                return Reply(status=429, headers=headers, body=b"too many readers\n")
            case "gone":
                return Reply(status=410, headers=_PLAIN, body=b"this feed has ended\n")
            case "moved":
                there = base_url + self.publishers[feed].feed.moved_to
                return Reply(status=301, headers=(("Location", there),))
            case "good":
                return self._document(feed, t, base_url, started)

    def _document(self, feed: str, t: float, base_url: str, started: datetime) -> Reply:
        publisher = self.publishers[feed]
        body = self.body_of(feed, t, base_url, started)
        tag = f'"{blake2b(body, digest_size=8).hexdigest()}"'
        squeezed = publisher.feed.gzip
        return Reply(
            status=200,
            headers=(
                (
                    "Content-Type",
                    f"{MEDIA_TYPES[publisher.feed.kind]}; charset={publisher.charset}",
                ),
                ("ETag", f"W/{tag}" if publisher.feed.weak else tag),
                ("Last-Modified", format_datetime(self.changed(feed, t, started), usegmt=True)),
                *((("Content-Encoding", "gzip"),) if squeezed else ()),
            ),
            body=gzip.compress(body, mtime=0) if squeezed else body,
        )

    def _page_reply(self, key: str, story: Story, base_url: str, started: datetime) -> Reply:
        publisher = self.publishers[key]
        if story.page == "missing":
            return self._missing(publisher.path_of(story), base_url)
        scene = Scene(
            publisher=publisher,
            story=story,
            base=base_url,
            home=f"/{key}",
            published=dated(started, story.at),
        )
        if story.page == "file":
            kind, body = "application/pdf", _PDF
        elif story.page in _WALLS:
            wall = self._templates[story.page]
            kind = "text/html; charset=utf-8"
            body = write_plain(wall, site=publisher.name, url=scene.url)
        else:
            template = story.page if story.page in _OWN else publisher.template
            kind = f"text/html; charset={publisher.charset}"
            body = write_page(self._templates[template], scene)
        return Reply(status=200, headers=(("Content-Type", kind),), body=body, delay_s=story.delay)

    def _missing(self, path: str, base_url: str) -> Reply:
        key = path.strip("/").partition("/")[0]
        site = self.publishers[key].name if key in self.publishers else "Newswire"
        return Reply(
            status=404,
            headers=(("Content-Type", "text/html; charset=utf-8"),),
            body=write_plain(self._templates["missing"], site=site, url=base_url + path),
        )
