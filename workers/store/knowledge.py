"""What is known of what a feed lists, in one look."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, select

from workers.model.commit import Knowledge
from workers.model.feed import KnownEntry
from workers.model.ids import entry_id
from workers.store.columns import storable
from workers.store.sql import chunks
from workers.store.tables import TITLE_HEAD, entries, title_head

__all__ = ["load"]

_KNOWN: Select[Any] = select(
    entries.c.id,
    entries.c.identity,
    entries.c.digest,
    entries.c.edition,
    entries.c.title,
    entries.c.url,
    entries.c.published,
    entries.c.baseline,
    entries.c.twin,
).where(entries.c.feed_id == bindparam("feed"))
_some: BindParameter[str] = bindparam("some", expanding=True)
_BY_ID = _KNOWN.where(entries.c.id.in_(_some))
_BY_TWIN = _KNOWN.where(entries.c.twin.in_(_some)).order_by(entries.c.seen)
_TITLES = (
    select(entries.c.title)
    .where(
        entries.c.feed_id == bindparam("feed"),
        entries.c.title.in_(_some),
        title_head.in_(bindparam("heads", expanding=True)),
    )
    .distinct()
)


def load(  # noqa: PLR0913, PLR0917 - four ways to ask for an entry
    conn: Connection,
    _now: datetime,
    feed: str,
    identities: Sequence[str],
    twins: Sequence[str],
    titles: Sequence[str],
    ids: Sequence[str] = (),
) -> Knowledge:
    """Return what is known of these identities, twins, titles and ids of a feed.

    Answers are keyed by what was asked, even where it cannot be stored as it is. Of several
    entries with one twin hash the newest counts.
    """
    asked = {entry_id(feed, identity): identity for identity in identities}
    asked_titles = {storable(title): title for title in titles}
    by_identity = {
        asked[row.id]: _known(row, asked[row.id])
        for some in chunks(asked)
        for row in conn.execute(_BY_ID, {"feed": feed, "some": some})
    }
    by_twin = {
        row.twin: _known(row, row.identity)
        for some in chunks(twins)
        for row in conn.execute(_BY_TWIN, {"feed": feed, "some": some})
    }
    found = frozenset(
        asked_titles[title]
        for some in chunks(asked_titles)
        for title in conn.execute(_TITLES, _titles(feed, some)).scalars()
    )
    by_id = {
        row.id: _known(row, row.identity)
        for some in chunks(ids)
        for row in conn.execute(_BY_ID, {"feed": feed, "some": some})
    }
    return Knowledge(entries=by_identity, twins=by_twin, titles=found, skipped=by_id)


def _titles(feed: str, some: Sequence[str]) -> dict[str, object]:
    return {"feed": feed, "some": some, "heads": [title[:TITLE_HEAD] for title in some]}


def _known(row: Row[Any], identity: str) -> KnownEntry:
    return KnownEntry(
        identity=identity,
        digest=row.digest,
        edition=row.edition,
        title=row.title,
        url=row.url,
        published=row.published,
        baseline=row.baseline,
    )
