"""What is known of what a feed lists, in one look."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Text, bindparam, select

from workers.model.commit import Knowledge
from workers.model.feed import KnownEntry
from workers.model.ids import entry_id
from workers.store.columns import storable
from workers.store.sql import Fixed, Several, chunks
from workers.store.tables import TITLE_HEAD, entries, title_head

__all__ = ["ID", "IDENTITY", "KNOWN", "Asked", "known", "load_all"]

KNOWN: Select[Any] = select(
    entries.c.id,
    entries.c.identity,
    entries.c.digest,
    entries.c.edition,
    entries.c.title,
    entries.c.url,
    entries.c.published,
    entries.c.baseline,
    entries.c.twin,
)
"""What `known` makes an entry of."""
ID, IDENTITY, TWIN = 0, 1, -1
"""Places in a row of it."""
# By id alone, which is of one feed: asked for the feed too, SQLite reads all that it ever listed.
_BY_ID = Several(lambda places: KNOWN.where(entries.c.id.in_(places("some", entries.c.id.type))))
_BY_TWIN = Several(
    lambda places: KNOWN.where(
        entries.c.feed_id == bindparam("feed"),
        entries.c.twin.in_(places("some", entries.c.twin.type)),
    ).order_by(entries.c.seen)
)
_TITLES = Several(
    lambda places: (
        select(entries.c.title)
        .where(
            entries.c.feed_id == bindparam("feed"),
            entries.c.title.in_(places("some", entries.c.title.type)),
            title_head.in_(places("heads", Text())),
        )
        .distinct()
    )
)
_ANY = Fixed(select(entries.c.id).where(entries.c.feed_id == bindparam("feed")).limit(1))


class Asked(NamedTuple):
    """What somebody wants to know of a feed."""

    feed: str
    identities: Sequence[str]
    twins: Sequence[str]
    titles: Sequence[str]
    ids: Sequence[str]


def load_all(conn: Connection, _now: datetime, asked: Sequence[Asked]) -> list[Knowledge]:
    """Return what is known, for each question."""
    return [_load(conn, one) for one in asked]


def _load(conn: Connection, one: Asked) -> Knowledge:
    """Return what is known of these identities, twins, titles and ids of a feed.

    Answers are keyed by what was asked, even where it cannot be stored as it is. Of several
    entries with one twin hash the newest counts.
    """
    feed, identities, twins, titles, ids = one
    asked = {entry_id(feed, identity): identity for identity in identities}
    asked_titles = {storable(title): title for title in titles}
    which = {"feed": feed}
    by_identity = {
        asked[row[ID]]: known(row, asked[row[ID]])
        for some in chunks(asked)
        for row in _BY_ID.rows(conn, which, some=some)
    }
    if not by_identity and not _ANY.fetch(conn, which):
        return Knowledge(entries={}, twins={}, blank=True)
    by_twin = {
        row[TWIN]: known(row, row[IDENTITY])
        for some in chunks(twins)
        for row in _BY_TWIN.rows(conn, which, some=some)
    }
    found = frozenset(
        asked_titles[title]
        for some in chunks(asked_titles)
        for (title,) in _TITLES.rows(
            conn, which, some=some, heads=[title[:TITLE_HEAD] for title in some]
        )
    )
    by_id = {
        row[ID]: known(row, row[IDENTITY])
        for some in chunks(ids)
        for row in _BY_ID.rows(conn, which, some=some)
    }
    return Knowledge(entries=by_identity, twins=by_twin, titles=found, skipped=by_id)


def known(row: Sequence[Any], identity: str) -> KnownEntry:
    """Return what a row says of an entry, under the identity that was asked for."""
    _id, _identity, digest, edition, title, url, published, baseline, _twin = row
    return KnownEntry(
        identity=identity,
        digest=digest,
        edition=edition,
        title=title,
        url=url,
        published=published,
        baseline=baseline,
    )
