"""What of a feed document is news: new, edited, known, or only the feed's past.

Pure: rows and ``now`` in, decisions out. `decide` is the whole rule; the rest are its clauses.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from workers.feeds.dates import to_second
from workers.feeds.entries import digest_by_lines
from workers.feeds.twins import twin, twins
from workers.model.base import Record
from workers.model.commit import Knowledge
from workers.model.feed import EntryRow, FeedRow, KnownEntry, Listed, ParsedFeed
from workers.model.ids import entry_id
from workers.options import AlertOptions
from workers.text.urls import identity_key

__all__ = ["Fresh", "News", "decide"]

REDESIGN_LEAST = 10
"""Identities that a document must list before their turnover says anything."""
REDESIGN_MARGIN = timedelta(hours=1)
"""How much older than the last good poll unknown articles must be to count as rebuilt ones."""
REDESIGN_SHARE = 0.8
STILL_CUT_AFTER = timedelta(days=1)
"""A feed whose documents are never whole is taken as it is after so long, lest it never ring."""


class Fresh(Record, frozen=True, kw_only=True):
    """An entry to be stored: new, or a new edition."""

    entry: EntryRow
    key: str | None
    """What its article is known by; None where its link is no page of its own."""
    reads: bool
    """False for what may not ring (baseline, too old): stored and searchable only."""
    edited: bool = False
    because: str


class News(Record, frozen=True, kw_only=True):
    """What one document brought."""

    fresh: tuple[Fresh, ...] = ()
    listed: tuple[str, ...] = ()
    """Identities that the database knows and the feed still lists, unchanged."""
    baseline: bool = False
    """True while the feed has none: what is new is its past."""
    complete: bool = True
    """False where the document was not whole: then it sets no ``baselined_at``."""
    rebaselined: bool = False
    """True where the site was redesigned: what looks new is its past."""


class _View(Record, frozen=True, kw_only=True):
    """All that the rules look at."""

    feed: FeedRow
    parsed: ParsedFeed
    knowledge: Knowledge
    now: datetime
    options: AlertOptions
    identities: frozenset[str]
    replaced: Mapping[str, KnownEntry]
    """Identity of a listed entry → the entry that it is under another name."""
    own: frozenset[str]
    """Identities of entries whose link is a page of its own."""


def decide(
    feed: FeedRow,
    parsed: ParsedFeed,
    knowledge: Knowledge,
    now: datetime,
    options: AlertOptions,
) -> News:
    """Decide what of ``parsed`` is stored, read, or left alone.

    Args:
        feed: The feed as it was loaded, before this poll.
        parsed: The document.
        knowledge: What the database knows of its identities, twins and titles.
        now: When the document was got.
        options: What may ring.
    """
    entries = {entry.identity: entry for entry in reversed(parsed.entries)}
    view = _View(
        feed=feed,
        parsed=parsed,
        knowledge=knowledge,
        now=now,
        options=options,
        identities=frozenset(entries),
        replaced=_replaced(parsed, knowledge),
        own=_own_pages(parsed, knowledge),
    )
    first = feed.baselined_at is None
    rebuilt = frozenset() if first else _rebuilt(view)
    fresh: list[Fresh] = []
    listed: list[str] = []
    for entry in reversed(list(entries.values())):
        known = knowledge.entries.get(entry.identity) or view.replaced.get(entry.identity)
        if known is None:
            fresh.append(_new(view, entry, redesigned=entry.identity in rebuilt))
        elif _same_text(entry, known):
            listed.append(known.identity)
        else:
            fresh.append(_known_as(known, _edited(view, entry, known)))
    return News(
        fresh=tuple(fresh),
        listed=tuple(dict.fromkeys(listed)),
        baseline=first,
        complete=parsed.complete or _never_whole(feed, now),
        rebaselined=bool(rebuilt),
    )


def _never_whole(feed: FeedRow, now: datetime) -> bool:
    since = feed.activity.since
    return since is not None and now - since >= STILL_CUT_AFTER


def _same_text(entry: Listed, known: KnownEntry) -> bool:
    """Say whether an entry says what it said before.

    Lines were part of what was compared once; what was stored then is no edit now.
    """
    return known.digest == entry.digest or (
        "\n" in entry.content and known.digest == digest_by_lines(entry)
    )


def _known_as(known: KnownEntry, fresh: Fresh) -> Fresh:
    """Return an edition under the identity that the entry is known by, if it has another now."""
    row = fresh.entry
    if row.identity == known.identity:
        return fresh
    id_ = entry_id(row.feed_id, known.identity)
    return replace(fresh, entry=replace(row, id=id_, identity=known.identity))


def _twin_of(entry: Listed, knowledge: Knowledge) -> KnownEntry | None:
    """Return the entry that has this one's title and link under another identity."""
    if not knowledge.twins or entry.identity in knowledge.entries:
        return None
    names = twins(entry.title, entry.url)
    return next((knowledge.twins[name] for name in names if name in knowledge.twins), None)


def _replaced(parsed: ParsedFeed, knowledge: Knowledge) -> dict[str, KnownEntry]:
    """Return entries that only changed their guid: same title, link and date, or none in both.

    The known one must have gone from the document: sirens and live pages repeat title and link
    beside the entries they had before, and each of those is news. A title alone, without a link,
    says too little: there the text must be the same too.
    """
    if not knowledge.twins:
        return {}
    here = {entry.identity for entry in parsed.entries}
    counts = Counter(twin(entry.title, entry.url) for entry in parsed.entries)
    found: dict[str, KnownEntry] = {}
    for entry in parsed.entries:
        known = _twin_of(entry, knowledge)
        if (
            known is not None
            and (entry.title or entry.url)
            and known.identity not in here
            and to_second(known.published) == to_second(entry.published)
            and (
                (entry.url and counts[twin(entry.title, entry.url)] == 1)
                or _same_text(entry, known)
            )
        ):
            found[entry.identity] = known
    return found


def _own_pages(parsed: ParsedFeed, knowledge: Knowledge) -> frozenset[str]:
    """Return the identities whose link tells them from others.

    A link is no page of its own if it is the site's front page, if several entries of different
    dates or fragments share it (or, without dates, of different texts), or if an earlier entry had
    it with the same title and another date. An article known by such a link would ring once, and
    never again.
    """
    sharing: dict[str, list[Listed]] = {}
    for entry in parsed.entries:
        if entry.url:
            sharing.setdefault(identity_key(entry.url), []).append(entry)
    shared = {key for key, some in sharing.items() if len(some) > 1 and not _one_post(some)}
    front = identity_key(parsed.link) if parsed.link else ""
    return frozenset(
        entry.identity
        for entry in parsed.entries
        if entry.url
        and (key := identity_key(entry.url)) != front
        and key not in shared
        and not _repeats(entry, knowledge)
    )


def _one_post(entries: Sequence[Listed]) -> bool:
    return len(set(map(_posted, entries))) == 1


def _posted(entry: Listed) -> tuple[object, ...]:
    """Return what tells the posts of one page from each other."""
    return (entry.url or "").partition("#")[2], to_second(entry.published) or entry.digest


def _repeats(entry: Listed, knowledge: Knowledge) -> bool:
    """Say whether an earlier entry had this title and link, at another date."""
    known = _twin_of(entry, knowledge)
    return known is not None and to_second(known.published) != to_second(entry.published)


def _rebuilt(view: _View) -> frozenset[str]:
    """Return the identities of old articles under new names, where a site was rebuilt; else none.

    Old articles that were rebuilt are mostly known by their titles. Without that, only dates well
    before the last poll tell a redesign from a burst: publishers date news by minutes. What came
    with the redesign but is later than the last poll, or has no date and the only new title, is
    news.
    """
    new = [entry for entry in view.parsed.entries if _unknown(view, entry)]
    enough = REDESIGN_SHARE * len(view.identities)
    last = view.feed.last_good_at
    few = len(view.identities) < REDESIGN_LEAST or len(new) <= enough
    if view.parsed.pushed or few or last is None:
        return frozenset()
    old = [entry for entry in new if entry.published is None or entry.published <= last]
    told = {entry.identity for entry in old if entry.title in view.knowledge.titles}
    before = last - REDESIGN_MARGIN
    dated = all(entry.published is not None and entry.published < before for entry in new)
    if not (dated or (len(old) > enough and 2 * len(told) >= len(old))):
        return frozenset()
    sure = len(told) >= REDESIGN_SHARE * len(old)
    return frozenset(
        entry.identity
        for entry in old
        if entry.published is not None or entry.identity in told or not sure
    )


def _unknown(view: _View, entry: Listed) -> bool:
    known = entry.identity in view.knowledge.entries
    return not known and entry.identity not in view.replaced


def _new(view: _View, entry: Listed, *, redesigned: bool) -> Fresh:
    """Decide about an entry that was never seen."""
    dated = entry.published or entry.updated
    age = (view.now - dated).total_seconds() if dated else None
    young = age is not None and age < view.options.backlog_s
    if redesigned:
        return _fresh(view, entry, "baseline: the site was redesigned, and this is its past")
    if view.feed.baselined_at is None and not young:
        return _fresh(view, entry, "baseline: listed when the feed was first read")
    if age is not None and age > view.options.max_age_s and not young:
        return _fresh(view, entry, f"too old: published {dated:%Y-%m-%d}", too_old=True)
    backlog = view.feed.baselined_at is None
    return _fresh(view, entry, "new: within the backlog" if backlog else "new", reads=True)


def _edited(view: _View, entry: Listed, known: KnownEntry) -> Fresh:
    """Decide about a new edition.

    One of the baseline is read only if its title changed, or its own date says it did since:
    otherwise counters and teasers in old texts would ring all of a feed's past.
    """
    told = "title changed" if known.title != entry.title else "text changed"
    dated = max(filter(None, (entry.published, entry.updated)), default=None)
    age = (view.now - dated).total_seconds() if dated else None
    began = view.feed.baselined_at
    past = known.baseline and (
        began is None or (known.title == entry.title and not (dated is not None and dated > began))
    )
    if past:
        return _fresh(view, entry, f"baseline: {told}", edition=known.edition + 1)
    old = age is not None and age > view.options.max_age_s
    because = f"too old: {told}, published {dated:%Y-%m-%d}" if old else f"edited: {told}"
    edition = known.edition + 1
    return _fresh(view, entry, because, reads=not old, too_old=old, edition=edition)


def _fresh(  # noqa: PLR0913 - one row, four facts of the decision
    view: _View,
    entry: Listed,
    because: str,
    *,
    reads: bool = False,
    too_old: bool = False,
    edition: int = 1,
) -> Fresh:
    feed = view.feed
    own = entry.identity in view.own and entry.url is not None
    row = EntryRow(
        id=entry_id(feed.id, entry.identity),
        feed_id=feed.id,
        feed=feed.name,
        feed_url=feed.url,
        identity=entry.identity,
        url=entry.url,
        title=entry.title,
        summary=entry.summary,
        content=entry.content,
        published=entry.published,
        updated=entry.updated,
        seen=view.now,
        authors=entry.authors,
        tags=tuple(dict.fromkeys((*feed.tags, *entry.categories))),
        language=_language(view.parsed),
        digest=entry.digest,
        edition=edition,
        baseline=not reads and not too_old,
        rings=reads,
    )
    key = identity_key(entry.url) if own and entry.url else None
    return Fresh(entry=row, key=key, reads=reads, edited=edition > 1, because=because)


def _language(parsed: ParsedFeed) -> str | None:
    """Return the language without its region: ``en`` of ``en-us``."""
    return parsed.language.partition("-")[0].partition("_")[0] or None if parsed.language else None
