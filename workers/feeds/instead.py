"""A page where a feed was: what it names is read in its place, and believed after a day.

Pure: what a page says, rows in, rows out. Each poll asks one address: the page, or what it named;
the page is asked again now and then, since it may be a feed again, or name another one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from workers.errors import Reason
from workers.feeds.discover import Named, feeds_of_page, is_index, same_site, sitemaps_of_index
from workers.feeds.document import is_page
from workers.feeds.schedule import moved
from workers.model.base import Record
from workers.model.feed import FeedRow, StandIn, Validators

__all__ = ["Lead", "Leads", "as_asked", "by_stand_in", "leads_of", "led", "page_failed", "refused"]

PAGE_AGAIN = timedelta(hours=8)
INDEX_AGAIN = timedelta(hours=1)
"""How often the page itself is asked; an index of sitemaps names another one each day or so."""
REFUSED_AGAIN = timedelta(days=1)
"""What was no feed is tried once more after so long, if the page still names it."""
SOON_S = 5.0
"""Until what was named is asked: as long as a host is left alone between two requests."""
SHOWN = 3
_NO_FEED: frozenset[Reason] = frozenset({"payload", "notFound", "gone", "clientError", "blocked"})
_KINDS = {"rss": "rss", "rdf": "rdf", "atom": "atom", "json": "json"}


class Lead(Record, frozen=True, kw_only=True):
    """The one feed that a document, which is none, names."""

    url: str
    page: bool = True
    """False for an index of sitemaps, whose sitemaps come and go: no move."""


class Leads(Record, frozen=True, kw_only=True):
    """What a document that is no feed names."""

    lead: Lead | None = None
    named: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What it names, for people; empty if it names nothing."""
        if not self.named:
            return ""
        more = ", …" if len(self.named) > SHOWN else ""
        return f"it names {', '.join(self.named[:SHOWN])}{more}"


def leads_of(body: bytes, url: str, headers: Mapping[str, str], feed: FeedRow) -> Leads:
    """Return what a document names in the place of ``feed``, which it should have been.

    Only a page for people, or an index of sitemaps, names anything; and a lead is followed only to
    the same site, where it is the only feed that is named. A feed of comments is none, and one
    feed in several formats is one.
    """
    if is_index(body):
        maps = [one for one in sitemaps_of_index(body, url) if same_site(one, feed.url)]
        news = [one for one in maps if "news" in one.lower()]
        lead = Lead(url=news[0], page=False) if news else None
        return Leads(lead=lead, named=tuple(maps))
    kind = headers.get("content-type", "").lower()
    if "html" not in kind and not is_page(body[:5000].decode("utf-8", "replace")):
        return Leads()
    named = [one for one in feeds_of_page(body, url, headers) if not one.comments]
    near = [
        one for one in named if same_site(one.url, feed.url) and one.url not in {feed.url, url}
    ]
    only = _only(near, feed.kind)
    return Leads(
        lead=Lead(url=only.url) if only is not None else None,
        named=tuple(one.url for one in named),
    )


def _only(named: Sequence[Named], kind: str | None) -> Named | None:
    """Return the only feed of these, in the format that it had; None if they are several."""
    if not named:
        return None
    types = [one.kind for one in named]
    if len({one.means for one in named}) > 1 or len(set(types)) < len(types):
        return None
    wanted = _KINDS.get(kind or "", "\0")
    return next((one for one in named if wanted in one.kind), named[0])


def by_stand_in(feed: FeedRow, now: datetime) -> bool:
    """Say whether this poll asks what a page named, and not the page."""
    stand_in = feed.stand_in
    if stand_in is None or stand_in.refused:
        return False
    return now - stand_in.seen_at < (PAGE_AGAIN if stand_in.page else INDEX_AGAIN)


def as_asked(feed: FeedRow, now: datetime) -> FeedRow:
    """Return the feed as it is asked now: where, and with which validators.

    They are those of what was named; the page is asked for as a whole.
    """
    if feed.stand_in is None or feed.stand_in.refused:
        return feed
    if by_stand_in(feed, now):
        marks = feed.marks if feed.stand_in.read else None
        return replace(feed, url=feed.stand_in.url, marks=marks)
    return replace(feed, validators=Validators(), marks=None)


def led(feed: FeedRow, lead: Lead, now: datetime) -> FeedRow | None:
    """Return the row after a page that names a feed: that is asked next, and soon.

    The address itself changes by the rule for permanent redirects, counted from when what is
    named could be read. None where the lead was followed already, and leads to no feed.
    """
    before = feed.stand_in
    same = before is not None and before.url == lead.url
    if before is not None and same and before.refused and now - before.seen_at < REFUSED_AGAIN:
        return None
    read = before is not None and same and before.read
    row = moved(feed, lead.url, now) if lead.page and read else feed
    went = row.url != feed.url
    stand_in = StandIn(url=lead.url, seen_at=now, page=lead.page, read=read)
    return replace(
        row,
        stand_in=None if went else stand_in,
        validators=row.validators if read else Validators(),
        why=(f"its address is no feed; {lead.url}, which it names, is asked next",),
        last_poll_at=now,
        next_poll_at=now + timedelta(seconds=SOON_S),
    )


def page_failed(feed: FeedRow, now: datetime) -> FeedRow:
    """Return the row after a page could not be asked again: what it named is read on."""
    stand_in = replace(feed.stand_in, seen_at=now) if feed.stand_in is not None else None
    return replace(
        feed,
        stand_in=stand_in,
        last_poll_at=now,
        next_poll_at=now + timedelta(seconds=SOON_S),
    )


def refused(feed: FeedRow, reason: Reason, now: datetime) -> FeedRow:
    """Return the row after what a page named failed: if it is no feed, the page is asked again."""
    if feed.stand_in is None or reason not in _NO_FEED:
        return feed
    stand_in = replace(feed.stand_in, refused=True, seen_at=now)
    return replace(feed, stand_in=stand_in, validators=Validators())
