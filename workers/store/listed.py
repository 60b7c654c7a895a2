"""The entries of a poll or a push: stored with their articles and the work that they ask for."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
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

from workers.feeds.twins import twin
from workers.model.base import Record
from workers.model.commit import DeadEntry, EntryIntent
from workers.model.ids import article_id
from workers.store import dead, merge, work
from workers.store.apart import apart
from workers.store.columns import bounded, storable
from workers.store.sql import Fixed, Several, chunks, lock, put_new
from workers.store.tables import articles, entries, keys
from workers.text.same_page import direct
from workers.text.urls import canonical, host_of

__all__ = ["StoredEntry", "store_entries", "stored_before"]


class StoredEntry(Record, frozen=True, kw_only=True):
    """An entry as stored."""

    digest: str
    edition: int
    article: str


class _Placed(Record, frozen=True, kw_only=True):
    """An intent that changes something, with the article it belongs to."""

    intent: EntryIntent
    article: str
    known: StoredEntry | None


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
    placed = _place(conn, intents, stored_before(conn, intents))
    _write_entries(conn, now, placed, listed=listed)
    _ask(conn, now, placed)
    dead.forget_all(conn, "entry", (place.intent.entry.id for place in placed))


def stored_before(conn: Connection, intents: Iterable[EntryIntent]) -> dict[str, StoredEntry]:
    """Return what is stored of entries before they are, by id."""
    return {
        id_: StoredEntry(digest=digest, edition=edition, article=article)
        for some in chunks(intent.entry.id for intent in intents)
        for id_, digest, edition, article in _BY_ID.rows(conn, {}, some=some)
    }


def _key(intent: EntryIntent) -> str:
    """Return the key of the entry's article; an entry without a link is an article of its own."""
    return bounded(intent.key) if intent.key is not None else f"entry:{intent.entry.id}"


def _changed(intent: EntryIntent, known: StoredEntry | None) -> bool:
    if known is None:
        return True
    entry = intent.entry
    return entry.edition > known.edition or (
        entry.edition == known.edition and storable(entry.digest) != known.digest
    )


def _place(
    conn: Connection,
    intents: Sequence[EntryIntent],
    known: Mapping[str, StoredEntry],
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
