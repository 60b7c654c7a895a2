"""A poll: feed state, entries, articles and the work they ask for, in one transaction.

What is committed twice (a crash between commit and acknowledgement, a feed polled twice) changes
nothing the second time: an entry asks for work only if it is new, or its text or edition is.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from msgspec import structs
from sqlalchemy import (
    Connection,
    bindparam,
    select,
    update,
)

from workers.errors import TocsinError
from workers.model.alert import TraceLine
from workers.model.base import Record
from workers.model.commit import DeadEntry, EntryIntent, PollCommit
from workers.model.feed import FeedRow
from workers.model.ids import entry_id
from workers.model.message import Raised
from workers.store import dead, events, traces
from workers.store.apart import apart
from workers.store.feeds import address_key, note_addresses
from workers.store.listed import store_entries, stored_before
from workers.store.sql import Fixed, Several, chunks
from workers.store.tables import addresses, entries, feeds

__all__ = ["Outcome", "bury", "commit", "commit_all"]

_KEPT = frozenset({
    "id", "url", "name", "tags", "weight", "interval_fixed_s", "parked", "full_text",
    "validators", "marks", "baselined_at", "next_poll_at", "disabled_at",
})  # fmt: skip
"""Fields that a poll does not simply write: the operator's, counted elsewhere, or conditional."""
_WRITTEN = (
    "next_poll_at",
    *(name for name in FeedRow.__struct_fields__ if name not in _KEPT),
)


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
        known = stored_before(conn, poll.intents)
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
