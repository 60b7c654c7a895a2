"""What ``tocsin why`` says of an address that no feed has shown: what is nearest to it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.cli.feed_words import clock, counted, in_words, line_of, state_of
from monitor.journey import Step
from workers.model.base import Record
from workers.pages.sites import site_of
from workers.text.same_page import host_like
from workers.text.urls import host_of, origin_of

if TYPE_CHECKING:
    from workers.model.article import ArticleRow
    from workers.model.feed import FeedRow
    from workers.model.journey import AtSite, Known, Nearby
    from workers.model.message import EventLine

__all__ = ["Alike", "Near", "alike", "hosts_near", "near_feeds", "near_object", "near_steps"]

MOST_FEEDS, MOST_ALIKE = 10, 5
LEAST_SLUG = 6
"""Letters of a path's last part that tell a page from others."""
LEAST_NUMBER = 5
LIKE_WORDS = 0.6
"""Words that two paths have in common, as a share of all, to count as alike."""
_WORDS = re.compile(r"[^\W_]+")


class Alike(Record, frozen=True, kw_only=True):
    """An address that is known, and how it is like the one that is not."""

    known: "Known"
    how: str
    score: float


class Near(Record, frozen=True, kw_only=True):
    """All that is known near an address that no feed has shown."""

    url: str
    now: datetime
    feeds: tuple["FeedRow", ...]
    """Those of its site, or that list entries of it; the ones with most of them first."""
    of: "Nearby"
    alike: tuple[tuple[Alike, "ArticleRow | None"], ...]
    events: tuple["EventLine", ...]
    """Conditions that hold now, of any feed."""
    skipping: frozenset[str]
    """Ids of feeds whose skipHours and skipDays are obeyed."""


def hosts_near(url: str, feeds: "Iterable[FeedRow]") -> list[str]:
    """Return hosts of the address's site, as the keys of articles begin with them."""
    site = site_of(url)
    own = _host(url)
    views = [f"{view}.{site}" for view in ("m", "amp", "mobile", "news", "edition")]
    found = [own, host_like(url).partition(":")[0], site, *views]
    found += [_host(feed.url) for feed in feeds if site_of(feed.url) == site]
    return list(dict.fromkeys(filter(None, found)))


def _host(url: str) -> str:
    """Return the host without port and ``www.``."""
    host = host_of(url)
    bare = host if host.endswith("]") else host.rpartition(":")[0] or host
    return bare.removeprefix("www.")


def near_feeds(
    url: str, rows: "Sequence[FeedRow]", at_site: "Sequence[AtSite]" = ()
) -> "list[FeedRow]":
    """Return the feeds of the address's site, and those that listed entries of it."""
    counts = {one.feed: one.entries for one in at_site}
    site = site_of(url)
    found = [row for row in rows if row.id in counts or site in _sites(row)]
    return sorted(found, key=lambda row: (-counts.get(row.id, 0), row.name))


def _sites(row: "FeedRow") -> set[str]:
    others = [row.moved_to, row.stand_in.url if row.stand_in else None]
    return {site_of(url) for url in (row.url, *others) if url}


# ── addresses that are alike ────────────────────────────────────────────────────────────────────


def alike(key: str, known: "Iterable[Known]") -> list[Alike]:
    """Return the addresses most like ``key``, the likest first, `MOST_ALIKE` at most."""
    mine = _Parts(key)
    found = [one for other in known if (one := _alike(mine, other)) is not None]
    return sorted(found, key=lambda one: (-one.score, one.known.key))[:MOST_ALIKE]


class _Parts:
    """A key, taken apart."""

    def __init__(self, key: str) -> None:
        whole, _, self.query = key.partition("?")
        self.host, _, self.path = whole.partition("/")
        self.last = self.path.rpartition("/")[2].partition(".")[0].casefold()
        words = {word.casefold() for word in _WORDS.findall(self.path)}
        self.words = {word for word in words if not word.isdigit()} - {"html", "htm", "php"}
        self.numbers = {word for word in words if word.isdigit() and len(word) >= LEAST_NUMBER}


def _alike(mine: _Parts, known: "Known") -> Alike | None:
    other = _Parts(known.key)
    if not (mine.path or mine.query):
        return None  # the front page is like everything
    if mine.path == other.path and (mine.path or mine.query):
        how = "another query" if mine.host == other.host else f"the same path at {other.host}"
        return Alike(known=known, how=how, score=4.0) if mine.path or other.query else None
    if mine.last == other.last and len(mine.last) >= LEAST_SLUG:
        return Alike(known=known, how="the same last part of its path", score=3.0)
    if mine.numbers & other.numbers:
        return Alike(known=known, how="the same number in its path", score=2.0)
    both, either = mine.words & other.words, mine.words | other.words
    share = len(both) / len(either) if either else 0.0
    if len(both) > 1 and share >= LIKE_WORDS:
        return Alike(known=known, how="mostly the same words in its path", score=1 + share / 2)
    return None


# ── in words ────────────────────────────────────────────────────────────────────────────────────


def near_steps(near: Near) -> Iterator[Step]:
    """Yield what there is to say of an address that no feed has shown."""

    def step(decision: str, because: str = "") -> Step:
        return Step(at=near.now, stage="poll", decision=decision, because=because)

    yield step(
        "never listed",
        "no feed has shown this address, as far back as entries are kept (while a feed lists "
        "them, and 30 days more at least)",
    )
    for letter in near.of.dead:
        yield step(
            "dead letter",
            f"a feed listed it, but it could not be stored: {letter.reason}: "
            f"{letter.last_answer or 'no answer'}; `tocsin dead replay {letter.id}` tries again",
        )
    counts = {one.feed: one for one in near.of.at_site}
    for row in near.feeds[:MOST_FEEDS]:
        yield step(f"{row.name}: did not list it", _feed(near, row, counts))
    if len(near.feeds) > MOST_FEEDS:
        yield step(f"and {counted(len(near.feeds) - MOST_FEEDS)} more of its site")
    for one, article in near.alike:
        title = f": {article.title}" if article is not None else ""
        when = f", first seen at {clock(article.first_seen, near.now)}" if article else ""
        yield step(f"known: {one.known.key}", f"{one.how}; {one.known.article}{when}{title}")
    if not near.feeds:
        yield step(
            f"no feed is of {site_of(near.url) or host_of(near.url)}",
            f"`tocsin feeds add {origin_of(near.url)}/` looks for the site's feeds and adds one",
        )


def _feed(near: Near, row: "FeedRow", counts: "Mapping[str, AtSite]") -> str:
    """Return how a feed stands, what it has listed of the site, and what it may have missed."""
    parts = [state_of(row)]
    wrong = in_words(row, near.now)
    if wrong:
        parts.append(wrong)
    if row.last_poll_at is None:
        parts.append("not polled yet" if not row.parked else "never polled")
    else:
        parts.append(f"last polled at {clock(row.last_poll_at, near.now)}")
    if row.last_good_at is not None and row.last_good_at != row.last_poll_at:
        parts.append(f"last read well at {clock(row.last_good_at, near.now)}")
    parts.append(_listed(near, counts.get(row.id)))
    parts += [
        f"{event.text} (since {clock(event.since, near.now)})"
        for event in near.events
        if event.subject == row.name
        and event.kind in {"feed_blind", "feed_quiet", "budget_exhausted"}
    ]
    skipped = " ".join(f"{hour:02}" for hour in row.hints.skip_hours)
    if row.id in near.skipping and (skipped or row.hints.skip_days):
        parts.append(f"it asks not to be read at some times, which is obeyed ({skipped} GMT)")
    return "; ".join(parts)


def _listed(near: Near, one: "AtSite | None") -> str:
    if one is None:
        return "it has listed nothing of this site that is kept"
    more = "at least " if near.of.more else ""
    entries = f"{one.entries} {'entry' if one.entries == 1 else 'entries'}"
    return (
        f"it listed {more}{entries} of this site since {clock(one.first, near.now)}, the last at "
        f"{clock(one.last, near.now)}; this address was not among them"
    )


def near_object(near: Near) -> dict[str, Any]:
    """Return the same as ``--json`` prints it."""
    counts = {one.feed: one for one in near.of.at_site}
    feeds = []
    for row in near.feeds[:MOST_FEEDS]:
        one = counts.get(row.id)
        feeds.append(
            {
                **line_of(row, near.now),
                "entries": one.entries if one else 0,
                "first_entry": one.first if one else None,
                "last_entry": one.last if one else None,
            }
        )
    return {
        "feeds": feeds,
        "articles": [
            {
                "article": one.known.article,
                "key": one.known.key,
                "how": one.how,
                "url": article.url if article is not None else None,
                "title": article.title if article is not None else None,
                "first_seen": article.first_seen if article is not None else None,
            }
            for one, article in near.alike
        ],
        "more": near.of.more,
    }
