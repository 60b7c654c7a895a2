"""Feeds: found by any address they ever had, configured, loaded."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, bindparam, func, select, update

from workers.feeds.schedule import RESTS
from workers.model.base import Record
from workers.model.feed import (
    Activity,
    FeedHints,
    FeedNeed,
    FeedRow,
    FeedSource,
    Validators,
)
from workers.model.ids import feed_id
from workers.store.columns import bounded, seconds
from workers.store.sql import Fixed, Values, chunks, put_new
from workers.store.tables import addresses, feeds
from workers.text.urls import host_of

__all__ = [
    "address_key",
    "delays",
    "ids",
    "load_some",
    "needs",
    "note_addresses",
    "park",
    "resting",
    "rows",
    "survey",
    "switch",
    "take_over",
]

_SPLIT = ("pages_got", "pages_tried", "configured")


SOONEST_LOOKED = 8
"""Rows that are looked at for each of another host."""
MOST_MEANT = 20
"""Feeds that are found by one name; names are unique in the config, not in what was."""


def address_key(url: str) -> str:
    """Return ``url`` without its scheme: editing http to https makes no new feed."""
    scheme, mark, rest = url.strip().partition("://")
    key = rest if mark and scheme.lower() in {"http", "https"} else url.strip()
    host, slash, path = key.partition("/")
    return bounded(f"{host.lower()}{slash}{path}")


_ALL = select(*(column for column in feeds.c if column.name != "marks")).order_by(
    feeds.c.name, feeds.c.id
)
_PLACES = (1, 8, 64)
"""How many feeds one statement looks for; unused places are empty."""
_COLUMNS = [column for column in feeds.c if column.name != "configured"]
_PAGES = [_COLUMNS.index(feeds.c[name]) for name in ("pages_got", "pages_tried")]
_OTHERS = [(place, column.name) for place, column in enumerate(_COLUMNS) if place not in _PAGES]


def load_some(conn: Connection, _now: datetime, ids: Sequence[str]) -> dict[str, FeedRow]:
    """Return those of these feeds that there are, by id."""
    found: dict[str, FeedRow] = {}
    rest = list(ids)
    while rest:
        places = next((many for many in _PLACES if many >= len(rest)), _PLACES[-1])
        some, rest = rest[:places], rest[places:]
        which = {f"id{place}": "" for place in range(places)}
        which |= {f"id{place}": id_ for place, id_ in enumerate(some)}
        for values in _load(places).typed(conn, which):
            row = _feed_of(values)
            found[row.id] = row
    return found


@cache
def _load(places: int) -> Fixed:
    wanted = [bindparam(f"id{place}", type_=feeds.c.id.type) for place in range(places)]
    return Fixed(select(*_COLUMNS).where(feeds.c.id.in_(wanted)))


def _feed_of(values: Sequence[Any]) -> FeedRow:
    got, tried = _PAGES
    fields = {name: values[place] for place, name in _OTHERS}
    return FeedRow(**fields, full_text=(values[got], values[tried]))


def rows(conn: Connection, _now: datetime) -> list[FeedRow]:
    """Return all feeds, parked ones too, by name."""
    return [_feed(row) for row in conn.execute(_ALL)]


def _feed(row: Row[Any]) -> FeedRow:
    fields = {name: value for name, value in row._mapping.items() if name not in _SPLIT}  # noqa: SLF001 - SQLAlchemy's public name for it
    return FeedRow(**fields, full_text=(row.pages_got, row.pages_tried))


def find(conn: Connection, _now: datetime, words: str) -> list[FeedRow]:
    """Return the feeds that somebody means: by id, name, or any address they ever had."""
    words = words.strip()
    of_address = select(addresses.c.feed_id).where(addresses.c.key == address_key(words))
    meant = (feeds.c.id == words) | (feeds.c.name == words) | feeds.c.id.in_(of_address)
    found = [_feed(row) for row in conn.execute(_ALL.where(meant).limit(MOST_MEANT))]
    if found:
        return found
    named = _ALL.where(func.lower(feeds.c.name) == words.lower()).limit(MOST_MEANT)
    return [_feed(row) for row in conn.execute(named)]


def polled_ids(conn: Connection, _now: datetime, *, failing: bool) -> list[str]:
    """Return the feeds that are not parked; with ``failing`` those whose last poll failed."""
    found = select(feeds.c.id).where(feeds.c.parked.is_(False))
    if failing:
        found = found.where(feeds.c.errors > 0, feeds.c.gone_at.is_(None))
    return list(conn.execute(found.order_by(feeds.c.id)).scalars())


_DELAYS = Fixed(
    select(
        feeds.c.id,
        feeds.c.next_poll_at,
        func.coalesce(feeds.c.interval_fixed_s, feeds.c.interval_s),
    )
    .where(feeds.c.parked.is_(False), feeds.c.id > bindparam("after"))
    .order_by(feeds.c.id)
    .limit(bindparam("most", type_=Integer))
)


def delays(
    conn: Connection, now: datetime, after: str, most: int
) -> list[tuple[str, float, float | None]]:
    """Return id, seconds until the next poll, and interval of feeds that are not parked.

    In pieces, ``most`` of them that come after the id ``after``: there may be 100,000.
    """
    present = seconds(now)
    return [
        (id_, 0.0 if at is None else at - present, interval)
        for id_, at, interval in _DELAYS.fetch(conn, {"after": after, "most": most})
    ]


_RESTING = select(feeds.c.url, feeds.c.next_poll_at, feeds.c.why).where(
    feeds.c.errors > 0, feeds.c.next_poll_at.is_not(None), feeds.c.parked.is_(False)
)


def resting(conn: Connection, now: datetime) -> dict[str, float]:
    """Return the hosts that asked for rest by Retry-After, and for how many seconds still."""
    found: dict[str, float] = {}
    for row in conn.execute(_RESTING):
        left = (row.next_poll_at - now).total_seconds()
        if RESTS in row.why and left > 0:
            host = host_of(row.url)
            found[host] = max(left, found.get(host, 0.0))
    return found


_SOONEST = (
    select(feeds.c.id, feeds.c.url)
    .where(feeds.c.parked.is_(False), feeds.c.errors == 0)
    .order_by(feeds.c.next_poll_at, feeds.c.id)
    .limit(bindparam("most"))
)


def soonest(conn: Connection, _now: datetime, most: int) -> list[str]:
    """Return feeds that do not fail and are due soonest, no two of one host."""
    by_host: dict[str, str] = {}
    for row in conn.execute(_SOONEST, {"most": SOONEST_LOOKED * most}):
        by_host.setdefault(host_of(row.url), row.id)
    return list(by_host.values())[:most]


_NEEDS: Select[Any] = select(
    feeds.c.weight, feeds.c.activity, feeds.c.hints, feeds.c.interval_fixed_s, feeds.c.errors,
    feeds.c.last_poll_at, feeds.c.next_poll_at,
).where(feeds.c.parked.is_(False))  # fmt: skip


def needs(conn: Connection, _now: datetime, interval_s: float | None) -> list[FeedNeed]:
    """Return what says how often each feed that is not parked is to be polled.

    ``interval_s`` is that of feeds without an interval of their own; None is "auto".
    """
    return [_need(row, interval_s) for row in conn.execute(_NEEDS)]


def _need(row: Row[Any], interval_s: float | None) -> FeedNeed:
    waits = None
    if row.errors and row.last_poll_at is not None and row.next_poll_at is not None:
        waits = max(1.0, (row.next_poll_at - row.last_poll_at).total_seconds())
    own = row.interval_fixed_s
    return FeedNeed(
        weight=row.weight,
        activity=row.activity,
        hints=row.hints,
        fixed_s=own if own is not None else interval_s,
        waits_s=waits,
    )


def note_addresses(conn: Connection, feed: str, urls: Iterable[str], how: str) -> None:
    """Remember that these addresses are this feed's, unless they are another's already."""
    put_new(conn, addresses, _addresses(feed, urls, how))


def _addresses(feed: str, urls: Iterable[str], how: str) -> list[Values]:
    return [
        {"key": address_key(url), "feed_id": feed, "url": url, "how": how}
        for url in urls
        if url.strip()
    ]


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
            *_addresses(id_, (source.url,), "configured"),
            *_addresses(id_, source.former, "former"),
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
    stored = row._mapping  # noqa: SLF001 - as above
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
