"""Feeds as the operator configured them: which source is which feed, and what is to change."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select, update

from workers.model.base import Record
from workers.model.feed import Activity, FeedHints, FeedRow, FeedSource, Validators
from workers.model.ids import feed_id
from workers.store.feeds import address_key, address_rows
from workers.store.sql import Fixed, Values, chunks, put_new
from workers.store.tables import addresses, feeds

__all__ = ["Survey", "ids", "park", "survey", "switch", "take_over"]


def ids(conn: Connection, _now: datetime, sources: Sequence[FeedSource]) -> dict[str, str]:
    """Return the id that each source has, or would get, by the address given."""
    known = _known(conn, sources)
    return {source.url: _id_of(source, known) for source in sources}


_WRITTEN: Select[Any] = select(
    feeds.c.id, feeds.c.url, feeds.c.configured, feeds.c.name, feeds.c.tags, feeds.c.weight,
    feeds.c.interval_fixed_s, feeds.c.parked, feeds.c.next_poll_at, feeds.c.errors,
    feeds.c.disabled_at,
)  # fmt: skip
"""What the operator wrote, and when the feed is due: not what is known of its habits, which with
100,000 feeds takes seconds to read."""


class Survey(Record, frozen=True, kw_only=True):
    """What is to become of the feeds, before anything is written."""

    ids: dict[str, str]
    """Each source's feed by the address given."""
    active: list[tuple[str, FeedSource]]
    """Each feed with the source that says how it is called: the first enabled one."""
    addresses: dict[str, list[Values]]
    """What is to be remembered of each feed's addresses."""
    left: list[str]
    """Feeds that no source lists, and that are not parked yet."""


def survey(conn: Connection, _now: datetime, sources: Sequence[FeedSource]) -> Survey:
    """Find which feed each source is, known or new."""
    known = _known(conn, sources)
    noted = frozenset(known)
    found: dict[str, str] = {}
    active: dict[str, FeedSource] = {}
    told: dict[str, list[Values]] = {}
    for source in sources:
        id_ = _id_of(source, known)
        found[source.url] = id_
        for url in _urls(source):
            known.setdefault(address_key(url), id_)
        if id_ not in active or (source.enabled and not active[id_].enabled):
            active[id_] = source
        rows = (
            *address_rows(id_, (source.url,), "configured"),
            *address_rows(id_, source.former, "former"),
        )
        told.setdefault(id_, []).extend(row for row in rows if row["key"] not in noted)
    left = [id_ for (id_,) in _UNPARKED.fetch(conn, {}) if id_ not in active]
    return Survey(ids=found, active=list(active.items()), addresses=told, left=left)


_UNPARKED = Fixed(select(feeds.c.id).where(feeds.c.parked.is_(False)))
_SOME_WRITTEN = _WRITTEN.where(feeds.c.id.in_(bindparam("some", expanding=True)))


def take_over(conn: Connection, now: datetime, survey: Survey, start: int, many: int) -> None:
    """Make ``many`` of the feeds, from the place ``start`` on, be what their sources say.

    In pieces, because nothing else is committed meanwhile, and there may be 100,000.
    """
    active = dict(survey.active[start : start + many])
    stored = {
        row.id: row
        for some in chunks(active)
        for row in conn.execute(_SOME_WRITTEN, {"some": some})
    }
    new = [_new(id_, source) for id_, source in active.items() if id_ not in stored]
    put_new(conn, feeds, new)
    put_new(conn, addresses, [row for id_ in active for row in survey.addresses.get(id_, ())])
    for id_, source in active.items():
        if id_ in stored:
            _configure(conn, now, stored[id_], source)


def park(conn: Connection, _now: datetime, survey: Survey) -> None:
    """Park the feeds that no source lists any more; their history is kept."""
    for some in chunks(survey.left):
        conn.execute(update(feeds).where(feeds.c.id.in_(some)).values(parked=True))


def switch(
    conn: Connection, now: datetime, feed: str, *, on: bool, listed: bool
) -> datetime | None:
    """Let a feed be polled, or not, from now on and over restarts, whatever the files say.

    One that is enabled is due at once, if a file lists it and does not disable it itself.

    Returns:
        Since when it had been disabled, None if it had not.
    """
    was = conn.execute(select(feeds.c.disabled_at).where(feeds.c.id == feed)).scalar_one_or_none()
    if on == (was is None):
        return was
    values: dict[str, Any] = {"disabled_at": None if on else now, "parked": not (on and listed)}
    if on:
        values["next_poll_at"] = now
    conn.execute(update(feeds).where(feeds.c.id == feed).values(values))
    return was


def _urls(source: FeedSource) -> tuple[str, ...]:
    return (source.url, *source.former)


_BY_KEY = select(addresses.c.key, addresses.c.feed_id).where(
    addresses.c.key.in_(bindparam("some", expanding=True))
)


def _known(conn: Connection, sources: Iterable[FeedSource]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in chunks(address_key(url) for source in sources for url in _urls(source)):
        for row in conn.execute(_BY_KEY, {"some": some}):
            found[row.key] = row.feed_id
    return found


def _id_of(source: FeedSource, known: dict[str, str]) -> str:
    """Return the id of the feed that has, or had, one of these addresses; else a new one."""
    for url in _urls(source):
        if (found := known.get(address_key(url))) is not None:
            return found
    return feed_id(source.url)


def _new(id_: str, source: FeedSource) -> Values:
    blank = FeedRow(id=id_, url=source.url, name=source.name)
    return {
        "id": id_,
        "url": source.url,
        "configured": source.url,
        **_settings(source),
        "title": blank.title,
        "validators": Validators(),
        "hints": FeedHints(),
        "activity": Activity(),
        "why": (),
        "score": blank.score,
        "errors": blank.errors,
        "moved_count": 0,
        "gone_count": 0,
    }


def _settings(source: FeedSource) -> dict[str, Any]:
    return {
        "name": source.name,
        "tags": source.tags,
        "weight": source.weight,
        "interval_fixed_s": source.interval_s,
        "parked": not source.enabled,
    }


def _configure(conn: Connection, now: datetime, row: Row[Any], source: FeedSource) -> None:
    """Bring a known feed up to date with what the operator wrote.

    One that a command disabled stays parked, whatever the files say.
    """
    values = _settings(source)
    values["parked"] |= row.disabled_at is not None
    if source.interval_s is not None and source.interval_s != row.interval_fixed_s:
        values |= _sooner(now, row, source.interval_s)
    if source.url != row.configured:
        values |= {"configured": source.url, **_elsewhere(now, row, source)}
    stored = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    if any(name not in stored or stored[name] != value for name, value in values.items()):
        conn.execute(update(feeds).where(feeds.c.id == row.id).values(values))


def _elsewhere(now: datetime, row: Row[Any], source: FeedSource) -> dict[str, Any]:
    """The operator wrote another address: fetch there, now, with nothing of the old server left.

    Neither its validators nor its failures, and no time that it asked to be left alone.
    """
    if source.url == row.url:
        return {}
    return {
        "url": source.url,
        "validators": Validators(),
        "next_poll_at": now,
        "errors": 0,
        "score": 0.0,
        "failing_since": None,
        "last_error": None,
        "moved_to": None,
        "moved_count": 0,
        "moved_since": None,
        "gone_count": 0,
        "gone_since": None,
        "gone_at": None,
        "stand_in": None,
    }


def _sooner(now: datetime, row: Row[Any], interval_s: float) -> dict[str, Any]:
    """A shorter interval counts from now on; what an error or Retry-After has set stands."""
    soonest = now + timedelta(seconds=interval_s)
    if row.errors or row.next_poll_at is None or row.next_poll_at <= soonest:
        return {}
    return {"next_poll_at": soonest}
