"""A poll: feed state, entries, articles and the work they ask for, in one transaction.

What is committed twice (a crash between commit and acknowledgement, a feed polled twice) changes
nothing the second time: an entry asks for work only if it is new, or its text or edition is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from msgspec import structs
from sqlalchemy import (
    BindParameter,
    Connection,
    bindparam,
    case,
    false,
    insert,
    select,
    true,
    update,
)

from workers.errors import TocsinError
from workers.feeds.twins import twin
from workers.model.alert import TraceLine
from workers.model.base import Record
from workers.model.commit import DeadEntry, EntryIntent, PollCommit
from workers.model.feed import FeedRow
from workers.model.ids import article_id, entry_id
from workers.model.message import Raised
from workers.store import dead, events, merge, traces, work
from workers.store.apart import apart
from workers.store.columns import bounded, storable
from workers.store.feeds import address_key, note_addresses
from workers.store.sql import Fixed, Several, chunks, lock, put_new
from workers.store.tables import addresses, articles, entries, feeds, keys
from workers.text.same_page import direct
from workers.text.urls import canonical, host_of

__all__ = ["Outcome", "bury", "commit", "commit_all", "store_entries"]

_KEPT = frozenset({
    "id", "url", "name", "tags", "weight", "interval_fixed_s", "parked", "full_text",
    "validators", "marks", "baselined_at", "next_poll_at", "disabled_at",
})  # fmt: skip
"""Fields that a poll does not simply write: the operator's, counted elsewhere, or conditional."""
_WRITTEN = (
    "next_poll_at",
    *(name for name in FeedRow.__struct_fields__ if name not in _KEPT),
)


class _Known(Record, frozen=True, kw_only=True):
    """An entry as stored."""

    digest: str
    edition: int
    article: str


class _Placed(Record, frozen=True, kw_only=True):
    """An intent that changes something, with the article it belongs to."""

    intent: EntryIntent
    article: str
    known: _Known | None


_STORED = Several(
    lambda places: (
        select(feeds.c.id, feeds.c.url, feeds.c.last_poll_at, feeds.c.last_new_at)
        .where(feeds.c.id.in_(places("some", feeds.c.id.type)))
        .order_by(feeds.c.id)
        .with_for_update(key_share=True)
    )
)
Outcome = tuple[Raised, ...] | BaseException
"""What a poll raised, or why it could not be stored."""


class _Poll(Record, frozen=True, kw_only=True):
    """A poll, and what it found when it came to be stored."""

    told: PollCommit
    url: str
    """The feed's, as stored."""
    intents: tuple[EntryIntent, ...]
    """What of its own it may store."""
    overtaken: bool
    left_out: bool
    """Whether it may not store all of them."""


def commit_all(conn: Connection, now: datetime, some: Sequence[PollCommit]) -> list[Outcome]:
    """Store polls; return what became of each.

    They share their statements. One that fails is stored by itself, and costs no other.
    """
    if len(some) == 1:
        return [commit(conn, now, some[0])]
    outcomes: list[Outcome] = []
    if len({poll.feed.id for poll in some}) == len(some):  # else one must see what another did
        error = apart(conn, lambda: outcomes.extend(_commit(conn, now, some)))
        if error is None:
            return outcomes
    return [_alone(conn, now, poll) for poll in some]


def _alone(conn: Connection, now: datetime, poll: PollCommit) -> Outcome:
    raised: list[Raised] = []
    error = apart(conn, lambda: raised.extend(commit(conn, now, poll)))
    return tuple(raised) if error is None else error


def commit(conn: Connection, now: datetime, poll: PollCommit) -> tuple[Raised, ...]:
    """Store a poll; return the events that it raised.

    A poll that another one overtook (``last_poll_at`` is not what it loaded) may have taken for
    baseline what has become news since: such entries are left to the next poll, and so are the
    validators, which must not be ahead of the entries.

    Raises:
        TocsinError: there is no such feed.
    """
    return _commit(conn, now, (poll,))[0]


def _commit(
    conn: Connection, now: datetime, some: Sequence[PollCommit]
) -> list[tuple[Raised, ...]]:
    """Store polls of different feeds."""
    found = [_found(conn, poll, stored) for poll, stored in _stored(conn, some)]
    _store_feeds(conn, now, found)
    intents = [intent for poll in found for intent in poll.intents]
    failed = store_entries(conn, now, intents, listed=True)
    _forget_marks(conn, found, failed)
    bury(conn, now, [*(dead for poll in some for dead in poll.dead), *failed])
    _note_listed(conn, now, some)
    traces.write(conn, [line for poll in some for line in poll.trace])
    return events.change_all(conn, now, [poll.events for poll in some])


def _stored(
    conn: Connection, some: Sequence[PollCommit]
) -> Iterator[tuple[PollCommit, Sequence[Any]]]:
    stored = {
        id_: values
        for ids in chunks(poll.feed.id for poll in some)
        for id_, *values in _STORED.rows(conn, {}, some=ids)
    }
    for poll in some:
        if poll.feed.id not in stored:
            raise TocsinError(f"cannot store a poll: {poll.feed.id}: there is no such feed")
        yield poll, stored[poll.feed.id]


def _found(conn: Connection, poll: PollCommit, stored: Sequence[Any]) -> _Poll:
    """Return a poll with what of it may be stored, by what its feed's row has come to be."""
    url, last_poll_at, last_new_at = stored
    overtaken = last_poll_at != poll.loaded_at
    own = {intent.entry.id: intent for intent in poll.intents}
    kept = own
    if overtaken:
        known = _known(conn, poll.intents)
        kept = {id_: one for id_, one in own.items() if not one.entry.baseline or id_ in known}
    return _Poll(
        told=structs.replace(poll, feed=_with_pushed(poll.feed, last_new_at)),
        url=url,
        intents=tuple(kept.values()),
        overtaken=overtaken,
        left_out=len(kept) < len(own),
    )


def _with_pushed(feed: FeedRow, last_new_at: datetime | None) -> FeedRow:
    """Return the row with the time of what was pushed while its feed was polled."""
    if last_new_at is None or (feed.last_new_at is not None and feed.last_new_at >= last_new_at):
        return feed
    return structs.replace(feed, last_new_at=last_new_at)


def _forget_marks(conn: Connection, polls: Sequence[_Poll], failed: Sequence[DeadEntry]) -> None:
    """Marks would say that all is stored; the next poll reads those documents whole."""
    hurt = {one.intent.entry.feed_id for one in failed}
    for poll in polls:
        if poll.told.marks and poll.told.feed.id in hurt:
            feed = feeds.c.id == poll.told.feed.id
            conn.execute(update(feeds).where(feed).values(marks=None))


def bury(conn: Connection, now: datetime, failed: Sequence[DeadEntry]) -> None:
    """Keep what could not be decided about, or stored: its feed goes on without it."""
    dead.keep_entries(conn, now, failed)
    told = [
        TraceLine(
            stage="poll",
            decision="dead letter",
            because=f"{one.reason}: {one.detail}"[:500],
            entry=one.intent.entry.id,
            at=now,
        )
        for one in failed
    ]
    traces.write(conn, told)


# ── the feed ────────────────────────────────────────────────────────────────────────────────────


def _store_feeds(conn: Connection, now: datetime, polls: Sequence[_Poll]) -> None:
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for poll in polls:
        values = _written(conn, now, poll)
        alike.setdefault(tuple(values), []).append(values)
    for names, rows in alike.items():
        _store(names).run(conn, *rows)


def _written(conn: Connection, now: datetime, poll: _Poll) -> dict[str, Any]:
    """Return what a poll writes of its feed's row, with the id."""
    told, feed = poll.told, poll.told.feed
    values = {f"to_{name}": getattr(feed, name) for name in _WRITTEN}
    values["the_id"] = feed.id
    values["to_next_poll_at"] = now + timedelta(seconds=told.delay_s)
    if not poll.overtaken:
        values["to_baselined_at"] = feed.baselined_at
    if not poll.left_out:
        values["to_validators"] = feed.validators
    if not poll.overtaken and told.marks is not None:
        values["to_marks"] = told.marks
    if feed.url != poll.url and _is_news(conn, feed.url, poll.url):
        values["to_url"] = feed.url
        note_addresses(conn, feed.id, (poll.url, feed.url), "moved")
    return values


@cache
def _store(bound: tuple[str, ...]) -> Fixed:
    names = [name.removeprefix("to_") for name in bound if name != "the_id"]
    values = {name: bindparam(f"to_{name}", type_=feeds.c[name].type) for name in names}
    return Fixed(update(feeds).where(feeds.c.id == bindparam("the_id")).values(values))


def _is_news(conn: Connection, url: str, present: str) -> bool:
    """Say whether a poll has learned an address, or has overlooked the operator's new one.

    A poll that began before the operator wrote another address still has the old one, which is
    known; the way back to https is the only known address that counts.
    """
    key = address_key(url)
    if key == address_key(present):
        return url.lower().startswith("https:")
    found = conn.execute(select(addresses.c.feed_id).where(addresses.c.key == key)).first()
    return found is None


# ── entries and articles ────────────────────────────────────────────────────────────────────────

_some: BindParameter[str] = bindparam("some", expanding=True)
_BY_ID = Several(
    lambda places: select(
        entries.c.id, entries.c.digest, entries.c.edition, entries.c.article_id
    ).where(entries.c.id.in_(places("some", entries.c.id.type)))
)
_OWNERS = Several(
    lambda places: select(keys.c.key, keys.c.article_id).where(
        keys.c.key.in_(places("some", keys.c.key.type))
    )
)
_BY_KEY = select(keys.c.key, keys.c.article_id).where(keys.c.key.in_(_some))


def store_entries(
    conn: Connection, now: datetime, intents: Sequence[EntryIntent], *, listed: bool = False
) -> list[DeadEntry]:
    """Store entries, their articles and the work that they ask for.

    ``listed`` are those that a feed's document lists: it is noted with those that are new.

    Returns:
        What the database refused, each entry for itself; all others are stored.
    """
    if not intents:
        return []
    error = apart(conn, lambda: _store_all(conn, now, intents, listed=listed))
    if error is None:
        return []
    if len(intents) == 1:
        first = str(error).partition("\n")[0]  # PostgreSQL adds the row itself
        detail = f"{type(error).__name__}: {first}"
        return [DeadEntry(intent=intents[0], reason="payload", detail=detail)]
    middle = len(intents) // 2
    return [
        *store_entries(conn, now, intents[:middle], listed=listed),
        *store_entries(conn, now, intents[middle:], listed=listed),
    ]


def _store_all(
    conn: Connection, now: datetime, intents: Sequence[EntryIntent], *, listed: bool
) -> None:
    placed = _place(conn, intents, _known(conn, intents))
    _write_entries(conn, now, placed, listed=listed)
    _ask(conn, now, placed)
    dead.forget_all(conn, "entry", (place.intent.entry.id for place in placed))


def _known(conn: Connection, intents: Iterable[EntryIntent]) -> dict[str, _Known]:
    return {
        id_: _Known(digest=digest, edition=edition, article=article)
        for some in chunks(intent.entry.id for intent in intents)
        for id_, digest, edition, article in _BY_ID.rows(conn, {}, some=some)
    }


def _key(intent: EntryIntent) -> str:
    """Return the key of the entry's article; an entry without a link is an article of its own."""
    return bounded(intent.key) if intent.key is not None else f"entry:{intent.entry.id}"


def _changed(intent: EntryIntent, known: _Known | None) -> bool:
    if known is None:
        return True
    entry = intent.entry
    return entry.edition > known.edition or (
        entry.edition == known.edition and storable(entry.digest) != known.digest
    )


def _place(
    conn: Connection,
    intents: Sequence[EntryIntent],
    known: Mapping[str, _Known],
) -> list[_Placed]:
    """Find or make the article of each entry that is new or edited."""
    changed = [intent for intent in intents if _changed(intent, known.get(intent.entry.id))]
    owners: dict[str, str] = {
        key: article
        for some in chunks(_key(intent) for intent in changed)
        for key, article in _OWNERS.rows(conn, {}, some=some)
    }
    new: dict[str, EntryIntent] = {}
    placed = []
    for intent in changed:
        before, key = known.get(intent.entry.id), _key(intent)
        if before is not None:
            if key not in owners:
                owners[key] = before.article
                _learn_address(conn, before.article, key, intent)
            article = before.article
        else:
            if key not in owners:
                owners[key] = article_id(key)
                new[key] = intent
            article = owners[key]
        placed.append(_Placed(intent=intent, article=article, known=before))
    _make_articles(conn, new)
    return _held(conn, placed, new)


def _held(
    conn: Connection, placed: Sequence[_Placed], new: Mapping[str, EntryIntent]
) -> list[_Placed]:
    """Keep others from merging the articles away until the entries are in them.

    What somebody else has made or merged meanwhile is followed: the owner of a key that was new
    when we looked, and the elder of an article.
    """
    owners = {
        article_id(row.key): row.article_id
        for some in chunks(new)
        for row in lock(conn, _BY_KEY, {"some": some})
    }
    elders = merge.share(conn, (owners.get(place.article, place.article) for place in placed))
    found = []
    for place in placed:
        owner = owners.get(place.article, place.article)
        found.append(structs.replace(place, article=elders.get(owner, owner)))
    return found


def _learn_address(conn: Connection, article: str, key: str, intent: EntryIntent) -> None:
    """An edited entry has a link that nobody knew: it is its article's, to be read from now on.

    A link that belongs to another article joins nothing: a feed whose links all point to one
    consent page for an hour would join everything it lists.
    """
    put_new(conn, keys, [{"key": key, "article_id": article}])
    if intent.entry.url is not None:
        conn.execute(
            update(articles)
            .where(articles.c.id == article, articles.c.fetched_at.is_(None))
            .values(url=_clean(intent.entry.url))
        )


def _clean(url: str | None) -> str | None:
    """Return an address as people are shown it: without what tracks them, and from no cache."""
    return direct(canonical(url) or url) if url is not None else None


def _make_articles(conn: Connection, new: Mapping[str, EntryIntent]) -> None:
    rows = [
        {
            "id": article_id(key),
            "url": _clean(intent.entry.url),
            "title": intent.entry.title,
            "text": "",
            "zones": (),
            "language": intent.entry.language,
            "reasons": (),
            "text_from": "none",
            "first_seen": intent.entry.seen,
            "settled_entries": 0,
            "topics_version": intent.topics_version,
        }
        for key, intent in sorted(new.items())
    ]
    put_new(conn, articles, rows)
    put_new(conn, keys, [{"key": key, "article_id": article_id(key)} for key in sorted(new)])


_NEW = ("id", "feed_id", "identity", "article_id", "seen", "listed", "last_listed")
_EDITED = (
    "url", "title", "summary", "content", "published", "updated", "authors", "tags", "language",
    "digest", "twin", "edition", "baseline", "rings",
)  # fmt: skip
_INSERT = Fixed(insert(entries), (*_NEW, *_EDITED))
_TO = {name: bindparam(f"to_{name}", type_=entries.c[name].type) for name in _EDITED}
# What may ring still may after an edit, even one that comes when the entry has grown too old:
# its page may not have been read yet.
_UPDATE = Fixed(
    update(entries)
    .where(entries.c.id == bindparam("the_id"))
    .values(
        _TO
        | {
            "rings": case((entries.c.rings, true()), else_=_TO["rings"]),
            "baseline": case((entries.c.baseline, _TO["baseline"]), else_=false()),
        }
    )
)


def _write_entries(
    conn: Connection, now: datetime, placed: Iterable[_Placed], *, listed: bool
) -> None:
    fresh, edited = [], []
    for place in placed:
        values = _values(place)
        if place.known is None:
            entry = place.intent.entry
            fresh.append(
                values
                | {
                    "id": entry.id,
                    "feed_id": entry.feed_id,
                    "identity": entry.identity,
                    "article_id": place.article,
                    "seen": entry.seen,
                    "listed": listed,
                    "last_listed": now,
                }
            )
        else:
            changed = {f"to_{name}": value for name, value in values.items()}
            edited.append({"the_id": place.intent.entry.id} | changed)
    _INSERT.run(conn, *fresh)
    _UPDATE.run(conn, *edited)


def _values(place: _Placed) -> dict[str, Any]:
    entry = place.intent.entry
    edition = entry.edition if place.known is None else max(entry.edition, place.known.edition + 1)
    return {
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "content": entry.content,
        "published": entry.published,
        "updated": entry.updated,
        "authors": entry.authors,
        "tags": entry.tags,
        "language": entry.language,
        "digest": entry.digest,
        "twin": twin(entry.title, entry.url),
        "edition": edition,
        "baseline": entry.baseline,
        "rings": entry.rings,
    }


# ── the work they ask for ───────────────────────────────────────────────────────────────────────

_UNSETTLED = Several(
    lambda places: select(articles.c.id).where(
        articles.c.id.in_(places("some", articles.c.id.type)), articles.c.settled_at.is_(None)
    )
)


def _host(intent: EntryIntent) -> str | None:
    return bounded(host_of(intent.entry.url)) or None if intent.entry.url else None


def _ask(conn: Connection, now: datetime, placed: Sequence[_Placed]) -> None:
    """Ask for pages to be read, and for obvious hits to ring unless their page has been read."""
    pages = [
        work.Ask(
            kind="page",
            id=place.article,
            stream=place.intent.stream,
            at=now,
            traceparent=place.intent.traceparent,
            host=_host(place.intent),
        )
        for place in placed
        if place.intent.stream is not None
    ]
    work.ask_all(conn, now, pages)
    ringing = {
        place.article: (place.intent.ring_after_s, place.intent.traceparent)
        for place in placed
        if place.intent.ring_after_s is not None
    }
    unsettled = [
        id_ for some in chunks(ringing) for (id_,) in _UNSETTLED.rows(conn, {}, some=some)
    ]
    rings = []
    for id_ in unsettled:
        after_s, traceparent = ringing[id_]
        at = now + timedelta(seconds=after_s)
        rings.append(work.Ask(kind="ring", id=id_, stream="ring", at=at, traceparent=traceparent))
    work.ask_all(conn, now, rings)


# ── what the feed lists ─────────────────────────────────────────────────────────────────────────

_LISTED = Several(
    lambda places: select(entries.c.id).where(
        entries.c.feed_id.in_(places("some", entries.c.feed_id.type)), entries.c.listed.is_(True)
    )
)
_NOTE = Fixed(
    update(entries)
    .where(entries.c.id == bindparam("the_id"))
    .values(
        listed=bindparam("is_listed", type_=entries.c.listed.type),
        last_listed=bindparam("present", type_=entries.c.last_listed.type),
    )
)


def _note_listed(conn: Connection, now: datetime, polls: Sequence[PollCommit]) -> None:
    """Note what has left the feeds' documents and what has come into them.

    Only differences are written. A poll that brought no document lists nothing, and then the last
    one stands: a feed that answers 304 for months still lists what it listed.
    """
    listed: set[str] = set()
    told = []
    for poll in polls:
        if poll.listed or poll.intents:
            told.append(poll.feed.id)
            listed.update(entry_id(poll.feed.id, identity) for identity in poll.listed)
            listed.update(intent.entry.id for intent in poll.intents)
    before = {id_ for ids in chunks(told) for (id_,) in _LISTED.rows(conn, {}, some=ids)}
    notes = [
        {"the_id": id_, "is_listed": id_ in listed, "present": now}
        for id_ in sorted(before ^ listed)
    ]
    _NOTE.run(conn, *notes)
